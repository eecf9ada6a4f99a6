/**
 * A znode's data, changed by who is first: Curator's DistributedAtomicValue.
 *
 * A change reads, computes and writes with the version that it read. Who loses tries again, and when that goes wrong too often, may
 * take a lock and try among fewer.
 */

import {
  type Acl,
  type NodeData,
  NodeExistsError,
  NoNodeError,
  OperationTimeoutError,
  type ZooKeeper,
} from '@zooid/client';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { exponentialBackoff, type RetryPolicy } from '../framework/retry-policy.ts';
import { Mutex } from '../locks/mutex.ts';
import { parentOf } from '../paths.ts';
import { pause } from '../pause.ts';
import { ensureParent, isLostAnswer } from '../protected-create.ts';
import { isSame, setVersioned } from './versioned-set.ts';

/** How those go on who were not first too often. */
export interface PromotedToLock {
  /** Path of the {@link Mutex}. All who change the value should name the same. */
  readonly path: string;
  /** Longest wait for it, in ms. */
  readonly timeoutMs: number;
  /** Of the tries that are made holding it. */
  readonly retry: RetryPolicy;
}

export interface AtomicOptions {
  /** When to try again. Default: up to 29 times, with random pauses of at most 100 ms. */
  readonly retry?: RetryPolicy | undefined;
  /** Whether to take a lock after that. Default: no. */
  readonly promotedToLock?: PromotedToLock | undefined;
  /** Of the znode and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

/** What it took. */
export interface AtomicStats {
  readonly optimisticTries: number;
  readonly optimisticMs: number;
  readonly promotedTries: number;
  readonly promotedMs: number;
}

/** How a change ended. */
export type AtomicResult<T> =
  | {
      readonly succeeded: true;
      /** What it was right before. */
      readonly before: T;
      /** What it became. */
      readonly after: T;
      readonly stats: AtomicStats;
    }
  | {
      readonly succeeded: false;
      /** What was seen last. Others have changed it since. */
      readonly before: T;
      readonly stats: AtomicStats;
    };

/** Bytes, or undefined for a znode that does not exist. */
export type AtomicBytes = Uint8Array | undefined;

const RETRY_DEFAULT: RetryPolicy = exponentialBackoff({
  baseMs: 1,
  pauseMsMax: 100,
  retriesMax: 29,
});
const NO_STATS: AtomicStats = {
  optimisticTries: 1,
  optimisticMs: 0,
  promotedTries: 0,
  promotedMs: 0,
};

/**
 * Bytes that many change.
 *
 * Nothing here is carried out twice: when an answer is lost and nobody can tell whether the write was ours, the call rejects with
 * `ConnectionLossError` and outcome `unknown`.
 */
export class AtomicValue {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #options: AtomicOptions;
  readonly #mutex: Mutex | undefined;

  constructor(zk: ZooKeeper, path: string, options: AtomicOptions = {}) {
    const { promotedToLock, acl } = options;
    this.path = path;
    this.#zk = zk;
    this.#options = options;
    this.#mutex = promotedToLock && new Mutex(zk, promotedToLock.path, { acl });
  }

  /** The value now; undefined when there is none. */
  async get(options: WaitOptions = {}): Promise<AtomicBytes> {
    using deadline = new Deadline('get', this.path, options);
    return (await this.#read(deadline.signal))?.data;
  }

  /** Makes the znode, unless it exists. @returns whether it did. */
  async initialize(value: Uint8Array, options: WaitOptions = {}): Promise<boolean> {
    using deadline = new Deadline('initialize', this.path, options);
    return this.#create(value, deadline.signal);
  }

  /** Sets it, whatever it was. Changes of others may be lost. */
  async forceSet(value: Uint8Array, options: WaitOptions = {}): Promise<void> {
    using deadline = new Deadline('forceSet', this.path, options);
    const { signal } = deadline;
    for (;;) {
      try {
        await this.#zk.set(this.path, value, { signal, idempotent: true });
        return;
      } catch (error) {
        if (!(error instanceof NoNodeError)) throw error;
      }
      if (await this.#create(value, signal)) return;
    }
  }

  /** Sets it if it is `expected`, which an absent one never is. One try. */
  async compareAndSet(
    expected: Uint8Array,
    value: Uint8Array,
    options: WaitOptions = {},
  ): Promise<AtomicResult<AtomicBytes>> {
    using deadline = new Deadline('compareAndSet', this.path, options);
    const node = await this.#read(deadline.signal);
    const before = node?.data;
    const refused = { succeeded: false, before, stats: NO_STATS } as const;
    if (node === undefined || !isSame(node.data, expected)) return refused;
    const { version } = node.stat;
    const stat = await setVersioned(this.#zk, this.path, value, version, deadline.signal);
    if (stat === undefined) return refused;
    return { succeeded: true, before, after: value, stats: NO_STATS };
  }

  /** Sets it, as a change that follows the one before. */
  trySet(value: Uint8Array, options: WaitOptions = {}): Promise<AtomicResult<AtomicBytes>> {
    return this.update(() => value, options);
  }

  /**
   * Changes it: tries until it was first, as the policy and the lock allow.
   *
   * @param change - makes the new value of the present one; may be called several times. What it throws ends the call.
   */
  async update(
    change: (before: AtomicBytes) => Uint8Array,
    options: WaitOptions = {},
  ): Promise<AtomicResult<AtomicBytes>> {
    using deadline = new Deadline('update', this.path, options);
    const { signal } = deadline;
    const { retry = RETRY_DEFAULT } = this.#options;
    const attempt = new Attempts(retry);
    const optimistic = await attempt.run(signal, () => this.#tryOnce(change, signal));
    const stats = {
      ...NO_STATS,
      optimisticTries: attempt.count,
      optimisticMs: attempt.elapsedMs,
    };
    if (optimistic.succeeded || this.#mutex === undefined) return { ...optimistic, stats };
    const promoted = await this.#updateLocked(change, signal);
    if (promoted === undefined) return { ...optimistic, stats };
    return { ...promoted.outcome, stats: { ...stats, ...promoted.stats } };
  }

  /** @returns undefined when the lock was not to be had in time. */
  async #updateLocked(change: (before: AtomicBytes) => Uint8Array, signal: AbortSignal) {
    const { promotedToLock } = this.#options;
    const startedAtMs = performance.now();
    const held = await this.#mutex
      ?.acquire({ signal, timeoutMs: promotedToLock!.timeoutMs })
      .catch((error: unknown) => {
        if (error instanceof OperationTimeoutError && !signal.aborted) return undefined;
        throw error;
      });
    if (held === undefined) return undefined;
    await using _ = held;
    const attempt = new Attempts(promotedToLock!.retry);
    const outcome = await attempt.run(signal, () => this.#tryOnce(change, signal));
    const promotedMs = performance.now() - startedAtMs;
    return { outcome, stats: { promotedTries: attempt.count, promotedMs } };
  }

  async #tryOnce(
    change: (before: AtomicBytes) => Uint8Array,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const node = await this.#read(signal);
    const before = node?.data;
    const after = change(before);
    const isDone =
      node === undefined
        ? await this.#create(after, signal)
        : await setVersioned(this.#zk, this.path, after, node.stat.version, signal);
    return isDone ? { succeeded: true, before, after } : { succeeded: false, before };
  }

  async #read(signal: AbortSignal): Promise<NodeData | undefined> {
    try {
      return await this.#zk.get(this.path, { signal });
    } catch (error) {
      if (error instanceof NoNodeError) return undefined;
      throw error;
    }
  }

  /** @returns false when it exists. @throws ConnectionLossError when it exists, and may have been made by us or by others. */
  async #create(value: Uint8Array, signal: AbortSignal): Promise<boolean> {
    const { acl } = this.#options;
    for (;;) {
      try {
        await this.#zk.create(this.path, value, { acl, signal });
        return true;
      } catch (error) {
        if (error instanceof NodeExistsError) return false;
        if (error instanceof NoNodeError) {
          await ensureParent(this.#zk, parentOf(this.path), 'container', acl);
          continue;
        }
        if (!isLostAnswer(error)) throw error;
        await this.#zk.sync(this.path, { signal });
        const node = await this.#read(signal);
        if (node === undefined) continue;
        if (node.stat.version === 0 && !isSame(node.data, value)) return false;
        throw error;
      }
    }
  }
}

type Outcome =
  | { readonly succeeded: true; readonly before: AtomicBytes; readonly after: Uint8Array }
  | { readonly succeeded: false; readonly before: AtomicBytes };

/** Tries of one kind, and how long they took. */
class Attempts {
  readonly #policy: RetryPolicy;
  readonly #startedAtMs: number = performance.now();
  count = 0;

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /** Tries until it succeeds, or the policy has had enough. @returns how the last try ended. */
  async run(signal: AbortSignal, tryOnce: () => Promise<Outcome>): Promise<Outcome> {
    for (;;) {
      this.count++;
      const outcome = await tryOnce();
      if (outcome.succeeded) return outcome;
      const pauseMs = this.#policy.pauseMs(this.count - 1, this.elapsedMs);
      if (pauseMs === undefined) return outcome;
      await pause(pauseMs, signal);
    }
  }
}
