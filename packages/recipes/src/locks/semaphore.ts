import type { ZooKeeper } from '@zooid/client';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { joinPath } from '../paths.ts';
import { CuratorLeases } from './curator-leases.ts';
import { Grant, GrantShare } from './grant.ts';
import { KazooLeases } from './kazoo-leases.ts';
import { fixedCount, type LeaseCount, type LeasePool } from './lease-pool.ts';
import type { HeldZnode, HoldOptions, Lock } from './lock.ts';
import { Mutex } from './mutex.ts';
import { listChildren, type Place, type QueueOptions } from './queue.ts';
import { dataOf, readText } from './queue-lock.ts';

/** Who holds a lease. */
export interface LeaseHolder {
  readonly path: string;
  /** The data of its znode as text. */
  readonly identifier: string;
}

/**
 * Something that so many may hold at a time, in the order in which they asked: Curator's InterProcessSemaphoreV2, or kazoo's Semaphore.
 *
 * All who use it must be told the same count: the znodes do not hold it (in kazoo's layout they do, and who is told another is refused).
 */
export class Semaphore implements Lock<HeldZnode> {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #options: HoldOptions;
  readonly #queue: Mutex;
  readonly #pool: LeasePool;

  /** @param leases - a count, or something that holds one and tells of its changes: a `SharedCount`. */
  constructor(zk: ZooKeeper, path: string, leases: number | LeaseCount, options: HoldOptions = {}) {
    this.path = path;
    this.#zk = zk;
    this.#options = options;
    if (options.layout === 'kazoo') {
      if (typeof leases !== 'number') throw new TypeError("kazoo's layout has a fixed count");
      this.#pool = new KazooLeases(zk, path, fixedCount(leases), options);
      this.#queue = new Mutex(zk, `${path}-__lock__`, options);
    } else {
      const count = typeof leases === 'number' ? fixedCount(leases) : leases;
      this.#pool = new CuratorLeases(zk, joinPath(path, 'leases'), count, options);
      // Curator's have its default data here, whatever the lease holds.
      this.#queue = new Mutex(zk, joinPath(path, 'locks'), { ...options, identifier: undefined });
    }
  }

  /** Waits for a lease. @throws the signal's reason, OperationTimeoutError, the error of the session, NoAuthError */
  async acquire(options: WaitOptions = {}): Promise<HeldZnode> {
    using deadline = new Deadline('acquire', this.path, options);
    return await this.#acquire(deadline.signal);
  }

  /** Waits for several, and holds none in the end if it cannot have all. Two that take more than half each wait for each other. */
  async acquireMany(count: number, options: WaitOptions = {}): Promise<HeldZnode[]> {
    if (!Number.isInteger(count) || count < 1) throw new RangeError(`${count} leases`);
    using deadline = new Deadline('acquireMany', this.path, options);
    const leases: HeldZnode[] = [];
    try {
      while (leases.length < count) leases.push(await this.#acquire(deadline.signal));
    } catch (error) {
      for (const lease of leases) lease.release().catch(() => undefined);
      throw error;
    }
    return leases;
  }

  /** A lease if there is one; undefined when there is none, or somebody else is about to take one. */
  async tryAcquire(options: WaitOptions = {}): Promise<HeldZnode | undefined> {
    using deadline = new Deadline('tryAcquire', this.path, options);
    return await this.#take('never', deadline.signal);
  }

  /** Who holds a lease, in no order. In Curator's layout the one that is next is among them, and waits. */
  async holders(options: WaitOptions = {}): Promise<LeaseHolder[]> {
    using deadline = new Deadline('holders', this.path, options);
    const { signal } = deadline;
    const base = this.#pool.path;
    const reads = (await listChildren(this.#zk, base, signal)).map(async (name) => {
      const path = joinPath(base, name);
      const identifier = await readText(this.#zk, path, signal);
      return identifier === undefined ? undefined : { path, identifier };
    });
    return (await Promise.all(reads)).filter((holder) => holder !== undefined);
  }

  async #acquire(signal: AbortSignal): Promise<HeldZnode> {
    const lease = await this.#take('until-first', signal);
    if (lease === undefined) throw new Error('who waits gets it or an error');
    return lease;
  }

  async #take(waits: QueueOptions['waits'], signal: AbortSignal): Promise<HeldZnode | undefined> {
    const data = dataOf(this.#options);
    for (;;) {
      const turn =
        waits === 'never'
          ? await this.#queue.tryAcquire({ signal })
          : await this.#queue.acquire({ signal });
      if (turn === undefined) return undefined;
      let place: Place | 'none' | 'gone';
      try {
        place = await this.#pool.take(data, { waits, signal, turn: turn.lost });
      } finally {
        // Nobody waits for it: what this session asks for next comes after it.
        turn.release().catch(() => undefined);
      }
      if (place === 'none') return undefined;
      if (place !== 'gone') return new GrantShare(new Grant(this.#zk, place, () => undefined));
    }
  }
}
