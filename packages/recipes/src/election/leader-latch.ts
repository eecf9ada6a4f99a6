/**
 * One leader at a time, for as long as it likes: Curator's LeaderLatch.
 *
 *     start ──▶ znode made, waits ──first in the queue──▶ leads ──close──▶ znode deleted
 *                     ▲                                     │
 *                     └── znode deleted, or new session ────┤
 *                              connection lost, policy `standard`: does not lead until it is back
 */

import type { Acl, ZooKeeper } from '@zooid/client';
import { deferred, onAbort } from '@zooid/client/waiting';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { guaranteedDelete } from '../guaranteed-delete.ts';
import { JoinedSignal, untilAborted } from '../joined-signal.ts';
import { type ChangesOptions, LatestFeed } from '../latest-feed.ts';
import { listChildren, type Place, takePlace } from '../locks/queue.ts';
import { readText } from '../locks/queue-lock.ts';
import type { QueueRule } from '../locks/queue-rule.ts';
import { orAborted } from '../or-aborted.ts';
import { joinPath } from '../paths.ts';
import { sortBySequence } from '../sequence.ts';
import { type ErrorPolicy, SessionGuard } from '../session-guard.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';

export interface LeaderLatchOptions {
  /** By which the others know this one: the data of its znode. Default: nothing. */
  readonly identifier?: string | undefined;
  /** Whether a leader leads while its connection is lost: see {@link ErrorPolicy}. Default `session`: it does, until the session ends. */
  readonly errorPolicy?: ErrorPolicy | undefined;
  /**
   * Whether a leader that closes its latch hears of it as of a loss: `lost` of its term fires, and `changes` tell it. Default `silent`:
   * it does not.
   */
  readonly closeMode?: 'silent' | 'notify-leader' | undefined;
  /** Of the znodes that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

/** The time in which this one leads. */
export interface LeaderTerm {
  /** Path of the znode that stands for it. */
  readonly path: string;
  /**
   * Greater than that of every leader before. After a mere loss of the connection (`errorPolicy` of `standard`) the same one leads on with
   * the same token: nobody else has led.
   */
  readonly fencingToken: bigint;
  /** Fires when it is over, no later than another one could lead, with the exceptions of `Held.lost`. */
  readonly lost: AbortSignal;
}

/** One who leads, or waits for it. */
export interface Participant {
  readonly identifier: string;
  readonly path: string;
  readonly isLeader: boolean;
}

const LATCH_MARKERS = ['latch-'];
const latchRule: QueueRule = {
  layout: 'curator',
  marker: 'latch-',
  markers: LATCH_MARKERS,
  blockers: LATCH_MARKERS,
  admitsEarlier: false,
};

/**
 * Takes part in an election from `start` to `close`; whoever has taken part longest leads.
 *
 *     await using latch = new LeaderLatch(sessions, '/scheduler/leader', { identifier: 'host-3' });
 *     await latch.start();
 *     const term = await latch.untilLeader({ signal });
 *     await schedule(term.lost);
 */
export class LeaderLatch implements AsyncDisposable {
  readonly path: string;
  readonly #source: SessionSource;
  readonly #options: LeaderLatchOptions;
  readonly #loop: SessionLoop;
  readonly #joined = deferred<void>();
  readonly #terms = new LatestFeed<LeaderTerm | undefined>();
  #term: { readonly term: LeaderTerm; readonly lost: JoinedSignal } | undefined;

  constructor(source: SessionSource, path: string, options: LeaderLatchOptions = {}) {
    this.path = path;
    this.#source = source;
    this.#options = options;
    this.#loop = new SessionLoop(source, (zk, scope) => this.#takePart(zk, scope));
    this.#joined.promise.catch(() => undefined);
    const { failed, closing } = this.#loop;
    onAbort(failed, () => {
      this.#joined.reject(failed.reason);
      this.#terms.end({ error: failed.reason });
    });
    onAbort(closing, () => {
      this.#joined.reject(closing.reason);
      this.#endTerm(options.closeMode === 'notify-leader' ? { reason: closing.reason } : 'silent');
      this.#terms.end('quiet');
    });
  }

  /** Fires when it cannot take part any more; its reason is the error. Not by {@link close}. */
  get failed(): AbortSignal {
    return this.#loop.failed;
  }

  /** The present term; undefined while this one does not lead. */
  get term(): LeaderTerm | undefined {
    return this.#term?.term;
  }

  /** Whether this one leads. */
  get isLeader(): boolean {
    return this.#term !== undefined;
  }

  /** Begins to take part. Resolves when the others can see it. @throws what {@link failed} has as its reason; ClosedError */
  async start(options: WaitOptions = {}): Promise<void> {
    this.#loop.start();
    using deadline = new Deadline('start', this.path, options);
    await orAborted(this.#joined.promise, deadline.signal);
  }

  /** Waits until this one leads. @returns the term, which may be over by the time it is looked at. @throws as {@link start} */
  async untilLeader(options: WaitOptions = {}): Promise<LeaderTerm> {
    using deadline = new Deadline('untilLeader', this.path, options);
    const { closing, failed } = this.#loop;
    using end = new JoinedSignal(deadline.signal, closing, failed);
    end.signal.throwIfAborted();
    for await (const term of this.changes({ signal: end.signal })) {
      if (term !== undefined) return term;
    }
    end.signal.throwIfAborted();
    throw closing.reason ?? failed.reason;
  }

  /** The present term and each change; undefined stands for not leading. Of changes that follow each other fast only the last. */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<LeaderTerm | undefined> {
    return this.#terms.follow(options, { value: this.term });
  }

  /** All who take part, the leader first. This one need not take part itself. */
  async participants(options: WaitOptions = {}): Promise<Participant[]> {
    using deadline = new Deadline('participants', this.path, options);
    const { signal } = deadline;
    const zk = await openSession(this.#source, signal);
    const names = await listChildren(zk, this.path, signal);
    const reads = sortBySequence(names, LATCH_MARKERS).map(async ({ name }, index) => {
      const path = joinPath(this.path, name);
      const identifier = await readText(zk, path, signal);
      return identifier === undefined ? undefined : { identifier, path, isLeader: index === 0 };
    });
    return (await Promise.all(reads)).filter((participant) => participant !== undefined);
  }

  /** Who leads; undefined when nobody takes part. */
  async leader(options: WaitOptions = {}): Promise<Participant | undefined> {
    return (await this.participants(options)).find(({ isLeader }) => isLeader);
  }

  /** Takes part no longer. Resolves when its znode is gone. Never rejects; again is harmless. */
  close(): Promise<void> {
    return this.#loop.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #takePart(zk: ZooKeeper, scope: AbortSignal): Promise<void> {
    const { identifier = '', acl } = this.#options;
    try {
      for (;;) {
        const place = await takePlace(zk, this.path, latchRule, identifier, {
          waits: 'until-first',
          signal: scope,
          acl,
          onData: () => this.#joined.resolve(),
        });
        if (place !== undefined) await this.#hold(zk, place, scope);
      }
    } finally {
      await untilCaughtUp(zk, this.path);
    }
  }

  /** Leads until the znode is gone. */
  async #hold(zk: ZooKeeper, place: Place, scope: AbortSignal): Promise<void> {
    const { errorPolicy } = this.#options;
    try {
      while (!place.guard.lost.aborted) {
        using guard = new SessionGuard(zk, { errorPolicy });
        using lost = new JoinedSignal(place.guard.lost, guard.lost);
        using end = new JoinedSignal(scope, lost.signal);
        this.#beginTerm(place, lost);
        await untilAborted(end.signal);
        this.#endTerm({ reason: end.signal.reason });
        scope.throwIfAborted();
        await zk.untilState('connected', { signal: scope });
        // Its deletion may be told of later.
        if ((await zk.exists(place.path, { signal: scope })) === undefined) return;
      }
    } finally {
      place.guard.close();
      await guaranteedDelete(zk, place.path);
    }
  }

  #beginTerm(place: Place, lost: JoinedSignal): void {
    if (lost.signal.aborted || this.#loop.closing.aborted) return;
    const term = { path: place.path, fencingToken: place.token, lost: lost.signal };
    this.#term = { term, lost };
    this.#terms.push(term);
  }

  #endTerm(how: { readonly reason: unknown } | 'silent'): void {
    const present = this.#term;
    if (present === undefined) return;
    this.#term = undefined;
    if (how === 'silent') {
      present.lost[Symbol.dispose]();
    } else {
      present.lost.abort(how.reason);
      this.#terms.push(undefined);
    }
  }
}

/** Waits until the server has carried out what was sent before, and what its answers have led to. Never rejects. */
async function untilCaughtUp(zk: ZooKeeper, path: string): Promise<void> {
  try {
    // Answers come in order. A create that was given up is answered before the first, its deletion before the second.
    await zk.exists(path);
    await zk.exists(path);
  } catch {
    // The session has ended, and its znodes with it.
  }
}
