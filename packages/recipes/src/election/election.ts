/**
 * Leadership in turns: whoever is elected leads for a while, gives it up, and lines up again. Curator's LeaderSelector, and
 * kazoo's Election.
 */

import type { Acl, ZooKeeper } from '@zooid/client';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { isRetryable } from '../framework/retry-policy.ts';
import type { Contender, HeldLock, LockLayout, LockOptions } from '../locks/lock.ts';
import { Mutex } from '../locks/mutex.ts';
import { pause } from '../pause.ts';
import type { ErrorPolicy } from '../session-guard.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';

export interface ElectionOptions {
  /** By which the others know this one: the data of its znode. Default: nothing. */
  readonly identifier?: string | undefined;
  /** Whose names the znodes get. Default `curator`. */
  readonly layout?: LockLayout | undefined;
  /** Names of others that queue here, too: see `LockOptions`. */
  readonly extraPatterns?: readonly string[] | undefined;
  /** When `lost` of a term fires. Default `session`. */
  readonly errorPolicy?: ErrorPolicy | undefined;
  /** Of the znodes that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

export interface TermsOptions {
  /** Ends the iteration, quietly, while it waits for a term. The term that is being served ends when its body does. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to line up again after a term. Default `always`. */
  readonly requeue?: 'always' | 'never' | undefined;
}

/** The time in which this one leads. Disposing of it, or the end of the loop's body, gives leadership to the next. */
export interface Term extends AsyncDisposable {
  /** Path of the znode that stands for it. */
  readonly path: string;
  /** Greater than that of every term before, of whomever. */
  readonly fencingToken: bigint;
  /** Fires when leadership is lost, no later than the next one could have it, with the exceptions of `Held.lost`. Not when it is given up. */
  readonly lost: AbortSignal;
  /** Gives it up. Again is harmless. */
  release(): Promise<void>;
}

const RETRY_PAUSE_MS = 20;

/**
 * An election with terms.
 *
 *     const election = new Election(sessions, '/scheduler/election', { identifier: 'host-3' });
 *     for await (const term of election.terms({ signal })) {
 *       await serveAsLeader(term.lost);
 *     }
 */
export class Election {
  readonly path: string;
  readonly #source: SessionSource;
  readonly #options: LockOptions;

  constructor(source: SessionSource, path: string, options: ElectionOptions = {}) {
    const { identifier = '', layout, extraPatterns, errorPolicy, acl } = options;
    this.path = path;
    this.#source = source;
    this.#options = { identifier, layout, extraPatterns, errorPolicy, acl };
  }

  /**
   * The terms of this one, as they come. It takes part while the loop waits for the next term, and leads while its body runs.
   * Leaving the loop ends the term, and its part in the election.
   *
   * @throws what it cannot go on from: the end of its only session, NoAuthError, ...
   */
  async *terms(options: TermsOptions = {}): AsyncGenerator<Term, void, undefined> {
    const { signal = new AbortController().signal, requeue = 'always' } = options;
    do {
      const held = await this.#untilElected(signal);
      if (held === undefined) return;
      try {
        yield held;
      } finally {
        await held.release();
      }
    } while (requeue === 'always');
  }

  /** All who take part, the leader first. */
  async contenders(options: WaitOptions = {}): Promise<Contender[]> {
    using deadline = new Deadline('contenders', this.path, options);
    const { signal } = deadline;
    return this.#mutex(await openSession(this.#source, signal)).contenders({ signal });
  }

  /** Who leads; undefined when nobody takes part. */
  async leader(options: WaitOptions = {}): Promise<Contender | undefined> {
    return (await this.contenders(options))[0];
  }

  /** @returns undefined when the signal has fired. */
  async #untilElected(signal: AbortSignal): Promise<HeldLock | undefined> {
    for (;;) {
      let zk: ZooKeeper | undefined;
      try {
        zk = await openSession(this.#source, signal);
        return await this.#mutex(zk).acquire({ signal });
      } catch (error) {
        if (signal.aborted) return undefined;
        const hasNext = zk?.lost.aborted && typeof this.#source === 'function';
        if (hasNext) continue;
        if (zk?.lost.aborted !== false || !isRetryable(error)) throw error;
        // Overload: with the same session once more.
        await pause(RETRY_PAUSE_MS, signal).catch(() => undefined);
      }
    }
  }

  #mutex(zk: ZooKeeper): Mutex {
    return new Mutex(zk, this.path, this.#options);
  }
}
