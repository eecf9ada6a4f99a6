import { assert } from '../assert.ts';
import { HERE, Session, type SessionScope } from './session.ts';
import { SessionBucket } from './session-bucket.ts';

export { HERE, type Session, type SessionScope } from './session.ts';

/** What sessions get beside their timeout, for what other servers may have promised their clients. Milliseconds. */
export interface SessionGrace {
  /** Those whose clients talk to another server: what it hears is told here a little later. */
  readonly elsewhereMs: number;
  /** Those of which nothing was heard since this server began to watch over them. */
  readonly unclaimedMs: number;
}

const NO_GRACE: SessionGrace = { elsewhereMs: 0, unclaimedMs: 0 };

/**
 * Knows every session and when it expires. Decides nothing about what follows: closing a session is a
 * transaction, and the caller's.
 *
 * Time is cut into ticks. A session waits in the bucket of the tick that follows its timeout, and all
 * sessions of a bucket expire together when that tick begins: between timeout and timeout + tickTime
 * after the last touch, and a grace where other servers may have answered the client. All times are
 * monotonic milliseconds; jumps of the wall clock cannot expire a session. Source: ExpiryQueue,
 * SessionTrackerImpl.
 *
 * Invariants: a session is in exactly one bucket, or in none because it is due and closing; every
 * bucket's expiryMs is its key, a multiple of the tick and at least #nextDueMs.
 */
export class SessionTracker {
  readonly #tickTimeMs: number;
  readonly #scope: SessionScope;
  readonly #grace: SessionGrace;
  readonly #byId = new Map<bigint, Session>();
  /** By expiryMs. An emptied bucket stays until it is due, as in Apache's (`dump` shows it). */
  readonly #buckets = new Map<number, SessionBucket>();
  /** The first bucket that takeDue has not looked at; undefined until time is known. */
  #nextDueMs: number | undefined = undefined;
  /** For how long nobody could be heard: time here is the clock's less this. */
  #deafMs = 0;

  /** @param options - `scope`: of the sessions that are tracked here; global unless given. `grace`: none unless given. */
  constructor(options: {
    readonly tickTimeMs: number;
    readonly scope?: SessionScope;
    readonly grace?: SessionGrace | undefined;
  }) {
    assert(options.tickTimeMs > 0, 'tickTime is positive');
    this.#tickTimeMs = options.tickTimeMs;
    this.#scope = options.scope ?? 'global';
    this.#grace = options.grace ?? NO_GRACE;
  }

  /** Sessions known, those that are closing included. */
  get size(): number {
    return this.#byId.size;
  }

  /**
   * Begins to track a session: on createSession, and for each one that a snapshot or log brings. A
   * session that is tracked already gets the new timeout and a fresh start.
   *
   * @param owner - see {@link Session.owner}; that of before unless given.
   */
  track(id: bigint, timeoutMs: number, nowMs: number, owner?: unknown): Session {
    const known = this.#byId.get(id);
    if (known !== undefined) {
      known.owner = owner ?? known.owner;
      this.setTimeout(known, timeoutMs, nowMs);
      return known;
    }
    const session = new Session(id, timeoutMs, this.#scope);
    session.owner = owner;
    this.#byId.set(id, session);
    const ownMs = nowMs - this.#deafMs;
    this.#bucketAt(this.#roundUp(ownMs + this.#patienceMsOf(session), ownMs)).add(session);
    return session;
  }

  /**
   * Begins to know a session that somebody else watches over: it never expires here. For learners. A session that is known already
   * gets the new timeout.
   */
  hold(id: bigint, timeoutMs: number): Session {
    const session = this.#byId.get(id) ?? new Session(id, timeoutMs, this.#scope);
    session.timeoutMs = timeoutMs;
    this.#byId.set(id, session);
    return session;
  }

  /** Forgets every session. */
  clear(): void {
    this.#byId.clear();
    this.#buckets.clear();
  }

  /**
   * The session's client was heard: its timeout starts again. For every request: nothing is
   * allocated, and nothing done while the session stays in its bucket. No effect on a closing session.
   */
  touch(session: Session, nowMs: number): void {
    // Time does not go back and a changed timeout re-buckets, so only the bucket's end matters.
    if (nowMs - this.#deafMs + this.#patienceMsOf(session) < session.expiryMs) return;
    this.#move(session, nowMs);
  }

  /** This server heard nobody for so long, whoever spoke: that time counts against no session. */
  excuse(deafMs: number): void {
    this.#deafMs += deafMs;
  }

  /** Puts another timeout in force and touches the session, even to an earlier expiry. */
  setTimeout(session: Session, timeoutMs: number, nowMs: number): void {
    session.timeoutMs = timeoutMs;
    this.#move(session, nowMs);
  }

  get(id: bigint): Session | undefined {
    return this.#byId.get(id);
  }

  /** Forgets a session: its closeSession was applied. No effect on one that is not tracked. */
  remove(session: Session): void {
    if (this.#byId.get(session.id) !== session) return;
    this.#byId.delete(session.id);
    session.bucket?.delete(session);
  }

  /**
   * Takes the sessions that are due out of their buckets and marks them as closing; they stay tracked
   * until {@link remove}. Those that were closing before are left out: their end is on its way.
   * Costs nothing before {@link nextDueMs}, and never more than the due buckets.
   *
   * @param mustWait - whether a session that was due at `dueMs` (monotonic) is looked at again in the next tick, in place of expiring.
   */
  takeDue(nowMs: number, mustWait: MustWait = neverWaits): Session[] {
    const due: Session[] = [];
    const waiting: Session[] = [];
    const ownMs = nowMs - this.#deafMs;
    const end = Math.floor(ownMs / this.#tickTimeMs) * this.#tickTimeMs;
    this.#nextDueMs ??= end + this.#tickTimeMs;
    if (ownMs < this.#nextDueMs) return due;

    const steps = (end - this.#nextDueMs) / this.#tickTimeMs + 1;
    if (steps <= this.#buckets.size) {
      for (let at = this.#nextDueMs; at <= end; at += this.#tickTimeMs) {
        this.#takeBucket(at, due, waiting, mustWait);
      }
    } else {
      // The server stood still for longer than any session can wait.
      const keys = [...this.#buckets.keys()].filter((key) => key <= end);
      for (const at of keys.sort((a, b) => a - b)) this.#takeBucket(at, due, waiting, mustWait);
    }
    this.#nextDueMs = end + this.#tickTimeMs;
    for (const session of waiting) this.#bucketAt(this.#nextDueMs).add(session);
    return due;
  }

  /** When {@link takeDue} will next find something, at the earliest (monotonic, ms). */
  nextDueMs(nowMs: number): number {
    const ownMs = nowMs - this.#deafMs;
    return (this.#nextDueMs ?? this.#roundUp(ownMs, ownMs)) + this.#deafMs;
  }

  /** Every session, closing ones included, oldest first. */
  all(): IterableIterator<Session> {
    return this.#byId.values();
  }

  /**
   * The buckets, earliest first, each with its expiry time (monotonic, ms), also those that were
   * emptied since: what `dump` shows.
   */
  *buckets(): Generator<[number, Session[]]> {
    for (const key of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      const bucket = this.#buckets.get(key);
      if (bucket !== undefined) yield [key + this.#deafMs, [...bucket]];
    }
  }

  /** When a session expires unless its client is heard (monotonic, ms). */
  expiryMsOf(session: Session): number {
    return session.expiryMs + this.#deafMs;
  }

  #move(session: Session, nowMs: number): void {
    const bucket = session.bucket;
    if (bucket === undefined || session.isClosing) return;
    const ownMs = nowMs - this.#deafMs;
    const expiryMs = this.#roundUp(ownMs + this.#patienceMsOf(session), ownMs);
    if (expiryMs === bucket.expiryMs) return;
    bucket.delete(session);
    this.#bucketAt(expiryMs).add(session);
  }

  /** How long it may be silent. */
  #patienceMsOf({ timeoutMs, owner }: Session): number {
    if (owner === HERE) return timeoutMs;
    const { unclaimedMs, elsewhereMs } = this.#grace;
    return timeoutMs + (owner === undefined ? unclaimedMs : elsewhereMs);
  }

  #roundUp(timeMs: number, nowMs: number): number {
    const tick = this.#tickTimeMs;
    this.#nextDueMs ??= (Math.floor(nowMs / tick) + 1) * tick;
    // A bucket that was taken already would never be looked at again.
    return Math.max((Math.floor(timeMs / tick) + 1) * tick, this.#nextDueMs);
  }

  #bucketAt(expiryMs: number): SessionBucket {
    let bucket = this.#buckets.get(expiryMs);
    if (bucket === undefined) {
      bucket = new SessionBucket(expiryMs);
      this.#buckets.set(expiryMs, bucket);
    }
    return bucket;
  }

  #takeBucket(expiryMs: number, due: Session[], waiting: Session[], mustWait: MustWait): void {
    const bucket = this.#buckets.get(expiryMs);
    if (bucket === undefined) return;
    this.#buckets.delete(expiryMs);
    for (const session of bucket.takeAll()) {
      if (session.isClosing) continue;
      if (mustWait(session, expiryMs + this.#deafMs)) {
        waiting.push(session);
      } else {
        session.isClosing = true;
        due.push(session);
      }
    }
  }
}

type MustWait = (session: Session, dueMs: number) => boolean;

const neverWaits: MustWait = () => false;
