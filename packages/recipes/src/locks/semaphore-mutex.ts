import type { ZooKeeper } from '@zooid/client';
import type { WaitOptions } from '../deadline.ts';
import type { HeldZnode, HoldOptions, Lock } from './lock.ts';
import { type LeaseHolder, Semaphore } from './semaphore.ts';

/**
 * A lock that one holds at a time and nobody twice: Curator's InterProcessSemaphoreMutex, whose znodes are those of a semaphore with one
 * lease. For new uses `Mutex` is the simpler and faster one.
 */
export class SemaphoreMutex implements Lock<HeldZnode> {
  readonly path: string;
  readonly #semaphore: Semaphore;

  constructor(zk: ZooKeeper, path: string, options: Omit<HoldOptions, 'layout'> = {}) {
    this.path = path;
    this.#semaphore = new Semaphore(zk, path, 1, { ...options, layout: 'curator' });
  }

  acquire(options?: WaitOptions): Promise<HeldZnode> {
    return this.#semaphore.acquire(options);
  }

  /** The same, but if somebody else has it, or is about to, undefined. */
  tryAcquire(options?: WaitOptions): Promise<HeldZnode | undefined> {
    return this.#semaphore.tryAcquire(options);
  }

  /** Who holds it, and who is next. */
  holders(options?: WaitOptions): Promise<LeaseHolder[]> {
    return this.#semaphore.holders(options);
  }
}
