/**
 * Whether a quorum still follows, and learners are still there: the leader pings them, and their answers tell. Without a quorum its clients wait
 * for their answers first (`answer-lease.ts`), and then the role is over; so it is when its own disk or event loop does not keep up.
 *
 * Source: Leader.lead.
 */

import { type JuteReader, QuorumPacketType } from '@zooid/protocol';
import type { ServerId } from '../quorum/quorum.ts';
import { leaseMsOf, pingIntervalMsOf, writeLease } from './answer-lease.ts';
import type { LearnerRequests } from './learner-requests.ts';
import type { LearnerState } from './learner-state.ts';
import type { Learners } from './learners.ts';
import type { MemberOptions } from './member-options.ts';
import type { Memberships } from './memberships.ts';
import { writePacketOf } from './packets.ts';
import type { Replica } from './replica.ts';

interface FollowerWatchParts {
  readonly options: MemberOptions;
  readonly memberships: Memberships;
  readonly replica: Replica;
  readonly learners: Learners;
  readonly requests: LearnerRequests;
  /** The disk here has not written what it was given for `syncLimit`. */
  readonly isOwnDiskLate: (nowMs: number) => boolean;
  /** Notes that the role is over. */
  readonly endRole: (reason: string) => void;
}

export class FollowerWatch {
  readonly #parts: FollowerWatchParts;
  readonly #learners: Learners;
  readonly #pingIntervalMs: number;
  readonly #leaseMs: number;
  /** Clients are answered until then. */
  #leaseEndMs = Number.NEGATIVE_INFINITY;
  #pingDueMs = 0;
  #checkDueMs = 0;
  #lastTimeMs = 0;

  constructor(parts: FollowerWatchParts) {
    this.#parts = parts;
    this.#learners = parts.learners;
    const { tickTimeMs } = parts.options;
    this.#pingIntervalMs = pingIntervalMsOf(tickTimeMs);
    this.#leaseMs = leaseMsOf(tickTimeMs);
  }

  /** The epoch is established: a quorum has acknowledged NEWLEADER, which counts as a ping. */
  begin(nowMs: number): void {
    this.#lastTimeMs = nowMs;
    this.#pingDueMs = nowMs;
    this.#checkDueMs = nowMs + this.#parts.options.tickTimeMs;
    this.#renewLease(nowMs);
  }

  get nextDueMs(): number {
    return Math.min(this.#pingDueMs, this.#checkDueMs);
  }

  /** Clients may be answered: a quorum followed lately, not only as far as this server has noticed. */
  get mayAnswer(): boolean {
    return this.#parts.replica.parts.clock.nowMs < this.#leaseEndMs;
  }

  onTime(nowMs: number): void {
    this.noteStall(nowMs);
    if (nowMs >= this.#pingDueMs) this.#pingAll(nowMs);
    if (nowMs >= this.#checkDueMs) this.#check(nowMs);
  }

  /** Before anything is decided by the clock: time in which this process stood still is nobody's silence. */
  noteStall(nowMs: number): void {
    const stalledMs = nowMs - this.#lastTimeMs - this.#pingIntervalMs;
    this.#lastTimeMs = nowMs;
    if (stalledMs > this.#parts.options.syncLimitMs) {
      this.#parts.endRole(`this process stood still for ${Math.round(stalledMs)} ms`);
    } else if (stalledMs > this.#pingIntervalMs) {
      // Nobody could be heard meanwhile: no learner, and of no learner's client.
      for (const learner of this.#learners.all()) learner.heardMs += stalledMs;
      this.#parts.replica.parts.sessions.excuse(stalledMs);
    }
  }

  ping(learner: LearnerState, nowMs: number): void {
    const { pings } = learner;
    // Whoever may not answer itself lets nobody else do so.
    if (this.mayAnswer) learner.confirmedCount = pings.count;
    pings.onAsked(nowMs);
    const { lastZxid } = this.#parts.replica.parts.proposals;
    writePacketOf(this.#learners.out(learner), QuorumPacketType.ping, lastZxid, (out) =>
      writeLease(out, learner.confirmedCount, this.#leaseMs),
    );
  }

  onPingAnswer(learner: LearnerState, packet: JuteReader): void {
    this.#parts.requests.onTouched(packet);
    const { nowMs } = this.#parts.replica.parts.clock;
    learner.pings.onAnswered(nowMs);
    this.#renewLease(nowMs);
  }

  #pingAll(nowMs: number): void {
    this.#pingDueMs = nowMs + this.#pingIntervalMs;
    this.#renewLease(nowMs);
    for (const learner of this.#learners.all()) {
      if (learner.phase === 'ready') this.ping(learner, nowMs);
    }
  }

  /** A lease lasts from when a quorum is known to have followed. */
  #renewLease(nowMs: number): void {
    const { memberships, options } = this.#parts;
    const ready = [...this.#learners.all()].filter(({ phase }) => phase === 'ready');
    ready.sort((a, b) => b.pings.provenMs - a.pings.provenMs);
    const followers = new Set<ServerId>([options.serverId]);
    let provenMs = nowMs;
    for (const { serverId, pings } of ready) {
      if (memberships.isQuorum(followers)) break;
      followers.add(serverId!);
      provenMs = pings.provenMs;
    }
    if (memberships.isQuorum(followers)) this.#leaseEndMs = provenMs + this.#leaseMs;
  }

  /** Every tick: who is still there? */
  #check(nowMs: number): void {
    const { options, memberships, isOwnDiskLate, endRole } = this.#parts;
    this.#checkDueMs = nowMs + options.tickTimeMs;
    const present = new Set<ServerId>([options.serverId]);
    for (const learner of this.#learners.all()) {
      const isSilent = nowMs - learner.heardMs > options.syncLimitMs;
      if (learner.phase !== 'ready') {
        if (nowMs >= learner.dueMs) this.#learners.close(learner, 'not-in-time');
      } else if (isSilent) {
        this.#learners.close(learner, 'silent');
      } else if (learner.acks.isLate(nowMs, options.syncLimitMs)) {
        this.#learners.close(learner, 'acks-too-late');
      } else if (learner.link.closing === undefined) {
        present.add(learner.serverId!);
      }
    }
    if (!memberships.isQuorum(present)) {
      endRole(`only servers ${[...present].join(', ')} are left, and they are no quorum`);
    } else if (isOwnDiskLate(nowMs)) {
      endRole('the disk of this server has not written for longer than syncLimit');
    }
  }
}
