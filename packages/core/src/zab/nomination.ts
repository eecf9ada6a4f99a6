/**
 * Whom a server votes for in place of itself, and for how long.
 *
 * While a change of the members is undecided, a server that is only to have a say may have more of the history than all who have one, and be needed for
 * the quorum of the next configuration. None of them can lead then, and it has no vote for itself: so whoever it has kept from leading votes for it in
 * the next election. A quorum of both configurations must follow it as any other, and it knows the change, which is in its log. It may be gone, or
 * unknown to some who lack the change: after `syncLimit` this server stands for itself again.
 */

import type { Vote } from '../election/vote.ts';
import type { Memberships } from './memberships.ts';

export class Nomination {
  readonly #memberships: Memberships;
  readonly #limitMs: number;
  #vote: Vote | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(memberships: Memberships, limitMs: number) {
    this.#memberships = memberships;
    this.#limitMs = limitMs;
  }

  /** Undefined while this server stands for itself. */
  get vote(): Vote | undefined {
    return this.#vote;
  }

  /** When it ends (monotonic, ms); Infinity when there is none. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** This server was kept from leading by that one, which has more. */
  begin(overtakenBy: Vote, nowMs: number): void {
    if (!this.#memberships.isVoterToBe(overtakenBy.leader)) return;
    this.#vote = overtakenBy;
    this.#dueMs = nowMs + this.#limitMs;
  }

  end(): void {
    this.#vote = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
