/**
 * What a queue with locks promises: an item that was put stands in the queue, once, until it is done; and nobody can be done with it twice.
 *
 * A delayed one is not taken before it is due by the clock of whoever takes it; one that has an id may be removed by that.
 *
 * An item that somebody tried to put, or to be done with, and was not told what came of it, may stand there or not.
 */

import type { World } from '../world.ts';

interface Job {
  put: 'tried' | 'told';
  done: 'no' | 'tried' | 'told';
  /** On the wall clock. */
  dueMs?: number;
  id?: string;
}

export class QueueChecks {
  readonly #world: World;
  readonly path: string;
  readonly #jobs = new Map<string, Job>();

  constructor(world: World, path: string) {
    this.#world = world;
    this.path = path;
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

  /** Nobody is to take it before. */
  onDue(name: string, dueMs: number): void {
    this.#job(name).dueMs = dueMs;
  }

  onNamed(name: string, id: string): void {
    this.#job(name).id = id;
  }

  /** Somebody is about to remove all that have this id. */
  onRemoving(id: string): void {
    for (const [name, job] of this.#jobs) if (job.id === id) this.onEnding(name);
  }

  /** So many were removed. */
  onRemoved(id: string, count: number): void {
    const removable = [...this.#jobs.values()].filter((job) => job.id === id);
    if (count > removable.length)
      this.#fail(`${count} of ${id} are removed, in place of ${removable.length}`);
    if (count > 0) this.#world.checks.note('item-removed');
  }

  /** @param wallMs - by the clock of whoever has taken it. */
  onTaken(name: string, wallMs: number): void {
    const { done, dueMs = 0 } = this.#job(name);
    if (done === 'told') this.#fail(`${name} comes out, and is done`);
    if (wallMs < dueMs) this.#fail(`${name} comes out ${dueMs - wallMs} ms before it is due`);
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
      .childrenAt(this.path, zxid)
      .map((znode) => sessions.model.at(`${this.path}/${znode}`, zxid)?.data ?? '');
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
    return this.#world.checks.fail('queue', `${this.path}: ${message}`);
  }
}
