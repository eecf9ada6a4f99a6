/**
 * Until when a server of an ensemble may answer its clients.
 *
 * An answer promises a client that its session lives on for its whole timeout, counted from the request, and whoever holds a lock builds on
 * that. A server that has lost its leader, and has not noticed, would promise what nobody keeps: the leader hears nothing of the client, and ends
 * the session. So answers wait unless the server holds a lease:
 *
 *   leader    a quorum followed it within the last `leaseMs`, as answers to its pings prove;
 *   learner   a leader with a lease had got a report of its clients that was sent within the last `leaseMs`.
 *
 * Each ping says how many reports have come, and how long a lease is. The other half is with the leader: it ends no session
 * of a learner before that learner has reported once more, or can hold no lease any more; and a leader that begins waits as long as leases
 * of the epoch before can last ({@link sessionGraceOf}).
 *
 * Apache's leader sends pings without data: then there is no lease, and answers never wait. Apache's learner does not look at the data.
 *
 * All times are monotonic milliseconds of one server; what is compared between servers are durations.
 */

import { type JuteReader, type JuteWriter, MalformedError } from '@zooid/protocol';
import { Queue } from '../queue.ts';
import type { SessionGrace } from '../session/session-tracker.ts';

/** A leader is heard of at least this often, so that its silence tells something soon. A tick's half at most. */
const PING_INTERVAL_MS_MAX = 250;
/** A lease lasts for so many pings: what stands still for less is not noticed. */
const LEASE_PINGS = 4;
const LEASE_DATA_BYTES = 12;

export function pingIntervalMsOf(tickTimeMs: number): number {
  return Math.min(tickTimeMs / 2, PING_INTERVAL_MS_MAX);
}

export function leaseMsOf(tickTimeMs: number): number {
  return LEASE_PINGS * pingIntervalMsOf(tickTimeMs);
}

/** What a leader adds to the timeouts of sessions: as long as other servers may answer their clients without its knowledge. */
export function sessionGraceOf(tickTimeMs: number): SessionGrace {
  return {
    // For the next ping and its answer.
    elsewhereMs: 2 * pingIntervalMsOf(tickTimeMs),
    // A leader of the epoch before may have a lease that began when a quorum left it, and may let a learner have one until its end.
    unclaimedMs: 2 * leaseMsOf(tickTimeMs),
  };
}

/** The data of a ping: how many reports of this learner have come, and for how long from its sending the last one is a lease. */
export function writeLease(out: JuteWriter, reportCount: number, leaseMs: number): void {
  out.longFromNumber(reportCount);
  out.int(leaseMs);
}

/** The lease of a learner. */
export class AnswerLease {
  /** When the reports were sent that the leader has not confirmed, oldest first. */
  readonly #sentAtMs = new Queue<number>();
  #confirmedCount = 0;
  /** When it ends; undefined: this leader gives none, as far as is known, and answers need none. */
  #endMs: number | undefined;

  isHeld(nowMs: number): boolean {
    return this.#endMs === undefined || nowMs < this.#endMs;
  }

  /** A report is about to be sent. */
  onReport(nowMs: number): void {
    this.#sentAtMs.push(nowMs);
  }

  /** The data of a ping, empty when there is none. @throws MalformedError when more reports are confirmed than were sent. */
  onPing(data: JuteReader): void {
    if (data.remaining !== LEASE_DATA_BYTES) {
      this.#forget();
      return;
    }
    const count = data.longAsNumber();
    const leaseMs = data.int();
    if (count > this.#confirmedCount + this.#sentAtMs.size) {
      throw new MalformedError('a ping confirms reports that were not sent');
    }
    this.#endMs ??= Number.NEGATIVE_INFINITY;
    for (; this.#confirmedCount < count; this.#confirmedCount++) {
      this.#endMs = this.#sentAtMs.shift()! + leaseMs;
    }
  }

  #forget(): void {
    this.#endMs = undefined;
    while (this.#sentAtMs.shift() !== undefined) this.#confirmedCount++;
  }
}
