/**
 * Whether a learner's leader is still there, and hears of this server: from when on clients wait for their answers (`answer-lease.ts`), and from when on another
 * leader is looked for.
 */

import type { JuteReader } from '@zooid/protocol';
import { AnswerLease } from './answer-lease.ts';
import { PingInterval } from './ping-interval.ts';

/** How often it is looked. */
const LOOK_INTERVAL_MS = 250;
/** So long clients wait for their answers at most, before they are sent away to ask elsewhere. */
const UNHEARD_MS_MAX = 2000;

export class LeaderWatch {
  readonly #syncLimitMs: number;
  readonly #pings = new PingInterval();
  readonly #lease = new AnswerLease();
  #heardMs: number;
  #lookedMs: number;
  /** Since when this server has been seen to be without its lease; undefined while it holds it. */
  #unleasedSinceMs: number | undefined;

  /** @param syncLimitMs - how long a leader may be silent that is not heard of often. */
  constructor(syncLimitMs: number, nowMs: number) {
    this.#syncLimitMs = syncLimitMs;
    this.#heardMs = nowMs;
    this.#lookedMs = nowMs;
  }

  /** This server serves from now on. */
  begin(nowMs: number): void {
    this.#lookedMs = nowMs;
  }

  /** When {@link look} is to be called again (monotonic, ms). */
  get nextDueMs(): number {
    return this.#lookedMs + LOOK_INTERVAL_MS;
  }

  mayAnswer(nowMs: number): boolean {
    return this.#lease.isHeld(nowMs);
  }

  /** Anything came of the leader. */
  onHeard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  /** @throws MalformedError */
  onPing(data: JuteReader, nowMs: number): void {
    this.#pings.onPing(nowMs);
    this.#lease.onPing(data);
  }

  /** The leader is about to be told of the clients here: with the answer to a ping, and of none with the acknowledgement of NEWLEADER. */
  onReport(nowMs: number): void {
    this.#lease.onReport(nowMs);
  }

  /** @returns why this server can follow no longer; undefined when it can. */
  look(nowMs: number): string | undefined {
    const stalledMs = nowMs - this.#lookedMs - LOOK_INTERVAL_MS;
    this.#lookedMs = nowMs;
    // What came while this process stood still is not read yet.
    if (stalledMs > LOOK_INTERVAL_MS) this.#heardMs += stalledMs;
    const silentMs = nowMs - this.#heardMs;
    if (silentMs > this.#pings.silenceMsMax(this.#syncLimitMs)) {
      return `nothing was heard of the leader for ${Math.round(silentMs)} ms`;
    }
    if (this.#lease.isHeld(nowMs)) {
      this.#unleasedSinceMs = undefined;
      return undefined;
    }
    // From when it was seen: a lease that ran out while this process stood still may be renewed by what is not read yet.
    this.#unleasedSinceMs ??= nowMs;
    if (nowMs - this.#unleasedSinceMs < UNHEARD_MS_MAX) return undefined;
    return 'the leader does not hear of this server, or has no quorum itself';
  }
}
