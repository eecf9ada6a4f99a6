import { onAbort } from '@zooid/client/waiting';
import { Deadline } from '../deadline.ts';
import type { AcquireOptions, Held, Lock } from './lock.ts';

/**
 * Several locks as one: all of them are held, or none. Curator's InterProcessMultiLock.
 *
 * They are taken in the order given, which must be the same for all who take more than one of them, or two may wait for each other.
 */
export class MultiLock implements Lock {
  readonly #locks: readonly Lock[];

  constructor(locks: readonly Lock[]) {
    if (locks.length === 0) throw new RangeError('no locks');
    this.#locks = [...locks];
  }

  async acquire(options: AcquireOptions = {}): Promise<Held> {
    using deadline = new Deadline('acquire', undefined, options);
    const { signal } = deadline;
    const { owner } = options;
    const held = await this.#takeAll((lock) => lock.acquire({ owner, signal }));
    if (held === undefined) throw new Error('who waits gets it or an error');
    return held;
  }

  async tryAcquire(options: AcquireOptions = {}): Promise<Held | undefined> {
    using deadline = new Deadline('tryAcquire', undefined, options);
    const { signal } = deadline;
    const { owner } = options;
    return await this.#takeAll((lock) => lock.tryAcquire({ owner, signal }));
  }

  async #takeAll(take: (lock: Lock) => Promise<Held | undefined>): Promise<Held | undefined> {
    const taken: Held[] = [];
    try {
      for (const lock of this.#locks) {
        const held = await take(lock);
        if (held === undefined) break;
        taken.push(held);
      }
    } catch (error) {
      // With the connection lost this takes as long as that: who gave up waiting does not wait for it either.
      releaseAll(taken).catch(() => undefined);
      throw error;
    }
    if (taken.length === this.#locks.length) return new HeldTogether(taken);
    await releaseAll(taken);
    return undefined;
  }
}

class HeldTogether implements Held {
  readonly #parts: readonly Held[];
  readonly #lost = new AbortController();
  readonly #stops: (() => void)[] = [];
  #releasing: Promise<void> | undefined;

  constructor(parts: readonly Held[]) {
    this.#parts = parts;
    for (const { lost } of parts) {
      if (lost.aborted) this.#lost.abort(lost.reason);
      else this.#stops.push(onAbort(lost, () => this.#lost.abort(lost.reason)));
    }
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get isHeld(): boolean {
    return this.#releasing === undefined && !this.lost.aborted;
  }

  /** The greatest of all: each grows, so it does. */
  get fencingToken(): bigint {
    let greatest = 0n;
    for (const { fencingToken } of this.#parts) {
      if (fencingToken > greatest) greatest = fencingToken;
    }
    return greatest;
  }

  release(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    this.#releasing ??= releaseAll(this.#parts);
    return this.#releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** The last taken first. @throws what the first that failed says, when all have been tried. */
async function releaseAll(held: readonly Held[]): Promise<void> {
  const releases = [...held].reverse().map((one) => one.release());
  for (const result of await Promise.allSettled(releases)) {
    if (result.status === 'rejected') throw result.reason;
  }
}
