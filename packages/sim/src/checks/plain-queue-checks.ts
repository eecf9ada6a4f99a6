/**
 * What a queue without locks promises: an item that was put comes out at most once, first in, first out; and it is lost only with somebody who takes, and dies or
 * loses the connection.
 */

import type { World } from '../world.ts';

interface Job {
  put: 'tried' | 'told';
  isTaken: boolean;
}

export class PlainQueueChecks {
  readonly #world: World;
  readonly #path: string;
  readonly #jobs = new Map<string, Job>();
  /** Takers of whom nobody knows whether they have taken something. */
  #uncertainCount = 0;

  constructor(world: World, path: string) {
    this.#world = world;
    this.#path = path;
  }

  /** A name for the next one, which somebody is about to put. */
  onPutting(): string {
    // No name begins like another.
    const name = `job ${this.#jobs.size + 1}.`;
    this.#jobs.set(name, { put: 'tried', isTaken: false });
    return name;
  }

  onPut(name: string): void {
    const job = this.#job(name);
    job.put = 'told';
  }

  /** Somebody begins to take an item, and may take one that nobody gets: until it is known that it has not. */
  onTaking(): void {
    this.#uncertainCount++;
  }

  onTaken(name: string): void {
    const job = this.#job(name);
    if (job.isTaken) this.#fail(`${name} comes out twice`);
    job.isTaken = true;
    this.#world.checks.note('plain-item-taken');
  }

  /** It has taken the item that it got, or none. */
  onTakenForSure(): void {
    this.#uncertainCount--;
  }

  /** Whoever has taken it is about to put it at the end. */
  onRequeue(name: string): void {
    this.#jobs.set(name, { put: 'tried', isTaken: false });
  }

  /** Told of each znode that is deleted. */
  onDeleted(path: string, zxid: number): void {
    if (!path.startsWith(`${this.#path}/`)) return;
    const name = path.slice(this.#path.length + 1);
    const rank = name.slice(0, -10);
    const before = this.#world.sessions.model
      .childrenAt(this.#path, zxid)
      .find((other) => other.slice(0, -10) === rank && other < name);
    if (before !== undefined) this.#fail(`${name} is taken before ${before}`);
  }

  /** Nobody takes anything. */
  onRest(): void {
    const { sessions, checks } = this.#world;
    const zxid = checks.committedZxid;
    const standing = sessions.model
      .childrenAt(this.#path, zxid)
      .map((znode) => sessions.model.at(`${this.#path}/${znode}`, zxid)?.data ?? '');
    let lostCount = 0;
    for (const [name, { put, isTaken }] of this.#jobs) {
      const count = standing.filter((data) => data.includes(name)).length;
      if (count > 1) this.#fail(`${name} stands there ${count} times`);
      if (count === 1 && isTaken) this.#fail(`${name} was taken, and stands there`);
      if (count === 0 && put === 'told' && !isTaken) lostCount++;
    }
    if (lostCount > this.#uncertainCount) {
      this.#fail(`${lostCount} items are lost, with ${this.#uncertainCount} who took`);
    }
  }

  #job(name: string): Job {
    const job = this.#jobs.get(name);
    if (job === undefined) this.#fail(`nobody put ${name}`);
    return job;
  }

  #fail(message: string): never {
    return this.#world.checks.fail('plain-queue', `${this.#path}: ${message}`);
  }
}
