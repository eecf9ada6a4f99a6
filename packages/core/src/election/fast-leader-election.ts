/**
 * Fast leader election: how servers without a leader find the one whose history goes furthest.
 *
 *              start ─▶ looking ─▶ finalizing ─▶ decided        each round has a number, the logical clock
 *                          ▲  ▲        │
 *                          │  └────────┘  a better vote came
 *                          └ votes of a higher round: that one is joined
 *
 * Every server tells all others its vote, takes over any better one it hears of, answers a worse one with its own, and is done when a
 * quorum votes alike and for a while nothing better comes. Who is done already answers with its leader, and a quorum of such answers, the leader's
 * own among them, is joined at once.
 *
 * It decides whom to follow. Connections, and what a leader must prove before it leads (an epoch that a quorum accepts), are
 * others'. All times are ms of the monotonic clock.
 *
 * Source: FastLeaderElection.lookForLeader, of which it keeps every rule and adds the answer to a worse vote of its round; Vote.equals.
 */

import { ServerState } from '@zooid/protocol';
import type { Quorum, ServerId } from '../quorum/quorum.ts';
import { isBetter, isSameVote, type Vote } from './vote.ts';

/** A notification of another server, with what its numbers mean here. */
export interface PeerNotification extends Vote {
  readonly from: ServerId;
  readonly state: ServerState;
  /** The sender's round. */
  readonly round: number;
}

/** What a server tells another. */
export interface OwnNotification {
  /** Undefined when this server has no vote: it is an observer. */
  readonly vote: Vote | undefined;
  readonly state: ServerState;
  readonly round: number;
}

/** What the election wants done. It is not called back before it has returned. */
export interface ElectionOutbox {
  /** Tell `to`; only the newest notification to a server need arrive. */
  notify(to: ServerId, notification: OwnNotification): void;
  /** Nothing was heard for a while: see to it that there are connections. */
  connectAll(): void;
}

export interface ElectionOptions {
  readonly serverId: ServerId;
  /** Who decides: of the configuration in force and, while it is being changed, of the next one. */
  readonly quorums: () => readonly Quorum[];
  /** Whether a vote of this server can arrive now. Who cannot be heard need not be waited for. */
  readonly isReachable: (server: ServerId) => boolean;
  /** How long nothing better must come before a quorum is believed. Source: `fastleader.finalizeWait`, 200. */
  readonly finalizeWaitMs: number;
  /** First and longest pause before votes are told again. Source: `fastleader.*NotificationInterval`, 200 and 60,000. */
  readonly notificationIntervalMsMin: number;
  readonly notificationIntervalMsMax: number;
}

/** How an election ended. */
export interface ElectionResult extends Vote {
  readonly round: number;
}

/** The zxid of a server without data that must not begin with none (`zookeeper.db.autocreate=false`). */
export const NO_HISTORY = -1;
const NEVER = Number.POSITIVE_INFINITY;
/** Servers without a say whose last answer is remembered: more than any ensemble has, and no more than whoever connects could make it. */
const OUTSIDER_COUNT_MAX = 1024;

/**
 * So many rounds may begin within so many ms before each waits its full time. Where some servers do not hear each other, but all hear a third, rounds
 * that end at once can end wrongly again and again, as fast as the network is.
 */
const HASTY_ROUNDS_MAX = 4;
const HASTY_MS = 1000;

/** A vote as somebody cast it, in the round and state that it was cast in. */
interface CastVote extends Vote {
  readonly round: number;
  readonly state: ServerState;
}

export class FastLeaderElection {
  readonly #options: ElectionOptions;
  readonly #outbox: ElectionOutbox;

  #state: ServerState = ServerState.looking;
  /** The logical clock: the number of this round, or of the one that found the leader. */
  #round = 0;
  /** What this server can offer itself; undefined for an observer. */
  #own: Vote | undefined;
  /** Undefined while an observer has heard of nobody. */
  #proposal: Vote | undefined;
  #isRunning = false;

  /** Of this round, by who cast it. */
  readonly #votes = new Map<ServerId, CastVote>();
  /** Of those who have a leader, whatever their round. */
  readonly #settledVotes = new Map<ServerId, CastVote>();
  /** When one without a say was told last what this server is doing now. */
  readonly #answeredMs = new Map<ServerId, number>();

  /** When the last rounds began, oldest first; at most {@link HASTY_ROUNDS_MAX}. */
  readonly #startsMs: number[] = [];
  #isPatient = false;
  #intervalMs: number;
  #tellAgainMs = NEVER;
  #finalMs = NEVER;
  #hasHeard = false;

  constructor(options: ElectionOptions, outbox: ElectionOutbox) {
    this.#options = options;
    this.#outbox = outbox;
    this.#intervalMs = options.notificationIntervalMsMin;
  }

  /** The number of this round, or of the one that found the leader. */
  get round(): number {
    return this.#round;
  }

  /** When {@link onTime} has something to do; Infinity while it has not. */
  get nextDueMs(): number {
    return Math.min(this.#tellAgainMs, this.#finalMs);
  }

  /**
   * Begins a round: this server looks for a leader.
   *
   * @param own - what it can offer; undefined for an observer.
   */
  start(own: Vote | undefined, nowMs: number): void {
    this.#noteStart(nowMs);
    this.#state = ServerState.looking;
    this.#isRunning = true;
    this.#own = own;
    this.#round++;
    this.#votes.clear();
    this.#settledVotes.clear();
    this.#answeredMs.clear();
    this.#proposal = own;
    this.#intervalMs = this.#options.notificationIntervalMsMin;
    this.#finalMs = NEVER;
    this.#castOwnVote();
    this.#tellAll();
    this.#tellAgainMs = nowMs + this.#intervalMs;
    this.#considerQuorum(nowMs);
  }

  /** The server is no longer looking, or will not be: from now on it only answers. */
  settle(state: ServerState, vote: Vote, round: number): void {
    this.#isRunning = false;
    this.#answeredMs.clear();
    this.#state = state;
    this.#proposal = vote;
    this.#round = round;
    this.#tellAgainMs = NEVER;
    this.#finalMs = NEVER;
  }

  /** @returns the result, when this notification made it certain. */
  onNotification(received: PeerNotification, nowMs: number): ElectionResult | undefined {
    if (!this.#isVoter(received.from)) {
      this.#answerOutsider(received.from, nowMs);
      return undefined;
    }
    if (!this.#isRunning) {
      if (received.state === ServerState.looking) this.#tell(received.from);
      return undefined;
    }
    if (!this.#isVoter(received.leader)) {
      const isAhead = received.state === ServerState.looking && received.round > this.#round;
      // One that is to have a say, and has no vote yet. Ours does not count with it before we are where it is.
      if (isAhead) this.#joinRound(received.round, this.#own, nowMs);
      return undefined;
    }
    this.#hasHeard = true;
    this.#tellAgainMs = nowMs + this.#intervalMs;
    switch (received.state) {
      case ServerState.looking:
        this.#onLooking(received, nowMs);
        return undefined;
      case ServerState.following:
      case ServerState.leading:
        return this.#onSettled(received);
      default:
        return undefined;
    }
  }

  /** Somebody can be heard now, or no longer. */
  onReachabilityChanged(nowMs: number): void {
    if (this.#isRunning) this.#considerQuorum(nowMs);
  }

  /** @returns the result, when the time has made it certain. */
  onTime(nowMs: number): ElectionResult | undefined {
    if (!this.#isRunning) return undefined;
    if (nowMs >= this.#finalMs && this.#proposal !== undefined) {
      return this.#decide({ ...this.#proposal, round: this.#round });
    }
    if (nowMs >= this.#tellAgainMs) {
      if (!this.#hasHeard) this.#outbox.connectAll();
      // Also over connections that stand: what was told over those before them may be lost, and who has a leader says nothing unasked.
      this.#tellAll();
      this.#hasHeard = false;
      this.#intervalMs = Math.min(this.#intervalMs * 2, this.#options.notificationIntervalMsMax);
      this.#tellAgainMs = nowMs + this.#intervalMs;
    }
    return undefined;
  }

  /**
   * An observer, or a server that is to become a member, wants to know, and has no say. It may have heard less than an interval ago; two that
   * take each other for such, or are at different rounds, would else go on answering each other's answers for ever.
   */
  #answerOutsider(server: ServerId, nowMs: number): void {
    const answeredMs = this.#answeredMs.get(server);
    const { notificationIntervalMsMin } = this.#options;
    if (answeredMs !== undefined && nowMs - answeredMs < notificationIntervalMsMin) return;
    if (this.#answeredMs.size >= OUTSIDER_COUNT_MAX) this.#answeredMs.clear();
    this.#answeredMs.set(server, nowMs);
    this.#tell(server);
  }

  #onLooking(received: PeerNotification, nowMs: number): void {
    // Neither offers a history yet: `db.autocreate=false` waits for one that does.
    if (received.zxid === NO_HISTORY || this.#own?.zxid === NO_HISTORY) return;
    if (received.round < this.#round) {
      this.#tell(received.from);
      return;
    }
    if (received.round > this.#round) {
      const isBetterThanOwn = this.#own === undefined || this.#isTaken(received, this.#own);
      this.#joinRound(received.round, isBetterThanOwn ? voteOf(received) : this.#own, nowMs);
    } else if (this.#proposal === undefined || this.#isTaken(received, this.#proposal)) {
      this.#proposal = voteOf(received);
      this.#finalMs = NEVER;
      this.#castOwnVote();
      this.#tellAll();
    } else if (this.#isTaken(this.#proposal, received)) {
      // It may have begun to look after our vote came, and lost it: without an answer both would wait for the next time that votes are told.
      this.#tell(received.from);
    }
    this.#votes.set(received.from, received);
    this.#considerQuorum(nowMs);
  }

  #joinRound(round: number, proposal: Vote | undefined, nowMs: number): void {
    this.#round = round;
    this.#votes.clear();
    this.#finalMs = NEVER;
    this.#proposal = proposal;
    // Who answers each of us only now and then may have done so in the round before, and each notification puts off the next time.
    this.#intervalMs = this.#options.notificationIntervalMsMin;
    this.#tellAgainMs = Math.min(this.#tellAgainMs, nowMs + this.#intervalMs);
    this.#castOwnVote();
    this.#tellAll();
  }

  /** The sender has a leader already. Either the votes of this round or those of the settled must bear it out. */
  #onSettled(received: PeerNotification): ElectionResult | undefined {
    if (received.round === this.#round) {
      this.#votes.set(received.from, received);
      if (this.#isBorneOut(this.#votes, received)) return this.#decide(received);
    }
    this.#settledVotes.set(received.from, received);
    if (this.#isBorneOut(this.#settledVotes, received)) return this.#decide(received);
    return undefined;
  }

  /** Whether a quorum has this leader, and the leader itself says that it leads. */
  #isBorneOut(votes: ReadonlyMap<ServerId, CastVote>, received: PeerNotification): boolean {
    const alike = new Set<ServerId>();
    for (const [from, vote] of votes) if (isSameCast(vote, received)) alike.add(from);
    // While the configuration changes, the quorum of the next one may lack nothing but this server.
    const { serverId, quorums } = this.#options;
    if (quorums().length > 1 && this.#isVoter(serverId)) alike.add(serverId);
    if (!this.#isQuorum(alike)) return false;
    // Others may still believe in a leader that has gone. Of itself a server knows better.
    if (received.leader === this.#options.serverId) return received.round === this.#round;
    return votes.get(received.leader)?.state === ServerState.leading;
  }

  /** A quorum votes as we do: if nothing better comes for a while, that is the leader. */
  #considerQuorum(nowMs: number): void {
    const { serverId, finalizeWaitMs } = this.#options;
    const proposal = this.#proposal;
    if (proposal === undefined || this.#own?.zxid === NO_HISTORY) return;
    const alike = new Set<ServerId>();
    for (const [from, vote] of this.#votes) {
      if (from !== serverId && vote.round === this.#round && isSameVote(vote, proposal)) {
        alike.add(from);
      }
    }
    // One that is to have a say cannot be the leader yet, but its word counts, here as with the others.
    if (this.#isVoter(serverId)) alike.add(serverId);
    if (!this.#isQuorum(alike)) return;
    // A better vote can only come from somebody who can be heard. To end too early costs time and never safety: a leader
    // proves itself to a quorum before it leads.
    const isAwaited = (voter: ServerId) =>
      voter !== serverId && !alike.has(voter) && this.#options.isReachable(voter);
    const waitMs = this.#isPatient || this.#voters().some(isAwaited) ? finalizeWaitMs : 0;
    this.#finalMs = Math.min(this.#finalMs, nowMs + waitMs);
  }

  #noteStart(nowMs: number): void {
    const starts = this.#startsMs;
    const first = starts.length < HASTY_ROUNDS_MAX ? undefined : starts.shift();
    this.#isPatient = first !== undefined && nowMs - first < HASTY_MS;
    starts.push(nowMs);
  }

  #decide(result: ElectionResult): ElectionResult {
    const { leader, zxid, peerEpoch, round } = result;
    this.#isRunning = false;
    this.#proposal = { leader, zxid, peerEpoch };
    this.#round = round;
    this.#tellAgainMs = NEVER;
    this.#finalMs = NEVER;
    return { leader, zxid, peerEpoch, round };
  }

  #castOwnVote(): void {
    const { serverId } = this.#options;
    if (!this.#isVoter(serverId) || this.#proposal === undefined) return;
    this.#votes.set(serverId, {
      ...voteOf(this.#proposal),
      round: this.#round,
      state: ServerState.looking,
    });
  }

  /** Whether `vote` is to be preferred; a server without weight never is. */
  #isTaken(vote: Vote, than: Vote): boolean {
    const hasWeight = this.#options.quorums().some((quorum) => quorum.weightOf(vote.leader) > 0);
    return hasWeight && isBetter(vote, than);
  }

  #isQuorum(servers: ReadonlySet<ServerId>): boolean {
    return this.#options.quorums().every((quorum) => quorum.isReachedBy(servers));
  }

  #isVoter(server: ServerId): boolean {
    return this.#options.quorums().some((quorum) => quorum.voters.has(server));
  }

  #tell(to: ServerId): void {
    this.#outbox.notify(to, {
      vote: this.#proposal,
      state: this.#state,
      round: this.#round,
    });
  }

  #tellAll(): void {
    const { serverId } = this.#options;
    for (const voter of this.#voters()) if (voter !== serverId) this.#tell(voter);
  }

  #voters(): ServerId[] {
    return [...new Set(this.#options.quorums().flatMap((quorum) => [...quorum.voters]))];
  }
}

/** Of servers that are not looking only leader and epoch must agree: the rest tells how they found it. */
function isSameCast(vote: CastVote, received: CastVote): boolean {
  const isLooking = vote.state === ServerState.looking || received.state === ServerState.looking;
  if (isLooking) return vote.round === received.round && isSameVote(vote, received);
  return vote.leader === received.leader && vote.peerEpoch === received.peerEpoch;
}

function voteOf({ leader, zxid, peerEpoch }: Vote): Vote {
  return { leader, zxid, peerEpoch };
}
