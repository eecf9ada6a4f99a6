/**
 * What a queue with locks promises: an item that was put stands in the queue, once, until it is done; and nobody can be done with it twice.
 *
 * An item that somebody tried to put, or to be done with, and was not told what came of it, may stand there or not.
 */

import type { World } from '../world.ts';

interface Job {
  put: 'tried' | 'told';
  done: 'no' | 'tried' | 'told';
}

export class QueueChecks {
  readonly #world: World;
  readonly #path: string;
  readonly #jobs = new Map<string, Job>();

  constructor(world: World, path: string) {
    this.#world = world;
    this.#path = path;
  }

  /** A name for the next one, which somebody is about to put. */
  onPutting(): string {
    // No name begins like another.
    const name = `job ${this.#jobs.size + 1}.`;
    this.#jobs.set(name, { put: 'tried', done: 'no' });
    return name;
  }

  onPut(name: string): void {
    this.#job(name).put = 'told';
  }

  /** Somebody is about to be done with it. */
  onEnding(name: string): void {
    const job = this.#job(name);
    if (job.done === 'no') job.done = 'tried';
  }

  onDone(name: string): void {
    const job = this.#job(name);
    if (job.done === 'told') this.#fail(`${name} is done twice`);
    job.done = 'told';
    this.#world.checks.note('item-done');
  }

  /** Nobody works on anything. */
  onRest(): void {
    const { sessions, checks } = this.#world;
    const zxid = checks.committedZxid;
    const standing = sessions.model
      .childrenAt(this.#path, zxid)
      .map((znode) => sessions.model.at(`${this.#path}/${znode}`, zxid)?.data ?? '');
    for (const [name, { put, done }] of this.#jobs) {
      const count = standing.filter((data) => data.includes(name)).length;
      if (count > 1) this.#fail(`${name} stands there ${count} times`);
      if (count === 1 && done === 'told') this.#fail(`${name} is done, and stands there`);
      if (count === 0 && put === 'told' && done === 'no') this.#fail(`${name} is lost`);
    }
  }

  #job(name: string): Job {
    const job = this.#jobs.get(name);
    if (job === undefined) this.#fail(`nobody put ${name}`);
    return job;
  }

  #fail(message: string): never {
    return this.#world.checks.fail('queue', message);
  }
}
