/** What the administration knows of a member of an ensemble, besides what it knows of every server. */
import type { Member, ServerCore } from '@zooid/core';
import { formatMembership, type Membership, participantsOf } from '@zooid/protocol';
import type { Clock } from '../clock.ts';
import type { EnsembleConfig } from '../config/ensemble-config.ts';
import type { ResponseSizes } from '../report/server-stats.ts';

/** How far a member has come in Zab, in Apache's words. Source: QuorumPeer.ZabState. */
export type ZabState = 'election' | 'discovery' | 'synchronization' | 'broadcast';

/** An observer, as its leader sees it. Source: LearnerHandler.getLearnerHandlerInfo. */
export interface ObserverView {
  readonly address: string;
  readonly serverId: number;
  /** Wall clock. */
  readonly establishedMs: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly requestCount: number;
  /** Zxid of the last transaction that was sent to it. */
  readonly lastZxid: number;
}

/** What only a leader knows. */
export interface LeadingView {
  /** Servers that have said who they are: followers and observers. */
  readonly learnerCount: number;
  /** Followers that new proposals are sent to, those without a vote included. */
  readonly syncedFollowerCount: number;
  readonly syncedNonVotingFollowerCount: number;
  readonly syncedObserverCount: number;
  readonly pendingSyncCount: number;
  readonly uptimeMs: number;
  readonly proposalSizes: Pick<ResponseSizes, 'last' | 'min' | 'max'>;
  observers(): Iterable<ObserverView>;
  /** Sets back what is counted of each observer. */
  resetObserverStats(): void;
}

/** A member of an ensemble. */
export interface EnsembleView {
  readonly serverId: number;
  /** Whether it has a role in an epoch that is established. */
  readonly isInService: boolean;
  readonly zabState: ZabState;
  /** Undefined while nobody is known to lead. */
  readonly leaderId: number | undefined;
  /** What this server is in the configuration in force; undefined when it is not in it. */
  readonly role: 'participant' | 'observer' | undefined;
  readonly voterCount: number;
  /** The configuration in force. */
  readonly membership: Membership;
  /** As `/zookeeper/config` has it. */
  readonly membershipText: string;
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
  /** Undefined unless it leads and serves. */
  readonly leading: LeadingView | undefined;
  /** Every session of the ensemble, by rising id. */
  globalSessions(): Iterable<{ readonly id: bigint; readonly timeoutMs: number }>;
}

export interface MemberViewParts {
  readonly ensemble: EnsembleConfig;
  readonly core: ServerCore;
  readonly clock: Clock;
  readonly proposalSizes: ResponseSizes;
}

/** The one real implementation of `EnsembleView`. */
export class MemberView implements EnsembleView {
  readonly #parts: MemberViewParts;

  constructor(parts: MemberViewParts) {
    this.#parts = parts;
  }

  get serverId(): number {
    return this.#parts.ensemble.serverId;
  }

  get isInService(): boolean {
    return this.#member?.isEstablished === true;
  }

  get zabState(): ZabState {
    return zabStateOf(this.#member);
  }

  get leaderId(): number | undefined {
    return this.#member?.leader;
  }

  get role(): 'participant' | 'observer' | undefined {
    return this.membership.servers.get(this.serverId)?.role;
  }

  get voterCount(): number {
    return participantsOf(this.membership).length;
  }

  get membership(): Membership {
    return this.#member?.memberships.active.membership ?? this.#parts.ensemble.membership;
  }

  get membershipText(): string {
    return formatMembership(this.membership);
  }

  get initLimitTicks(): number {
    return this.#parts.ensemble.initLimitTicks;
  }

  get syncLimitTicks(): number {
    return this.#parts.ensemble.syncLimitTicks;
  }

  get leading(): LeadingView | undefined {
    const { core, clock, proposalSizes } = this.#parts;
    const leading = this.#member?.leading;
    if (leading?.isEstablished !== true) return undefined;
    const learners = [...leading.learners].filter(({ serverId }) => serverId !== undefined);
    const followers = learners.filter(
      ({ kind, isForwarding }) => kind === 'follower' && isForwarding,
    );
    const observers = learners.filter(
      ({ kind, isForwarding }) => kind === 'observer' && isForwarding,
    );
    const voters = new Set(participantsOf(this.membership).map(({ id }) => id));
    return {
      learnerCount: learners.length,
      syncedFollowerCount: followers.length,
      syncedNonVotingFollowerCount: followers.filter(({ serverId }) => !voters.has(serverId!))
        .length,
      syncedObserverCount: observers.length,
      pendingSyncCount: core.pendingSyncCount,
      uptimeMs: clock.nowMs() - leading.servingSinceMs!,
      proposalSizes,
      observers: () =>
        observers.map((observer) => ({
          address: observer.link.address,
          serverId: observer.serverId!,
          establishedMs: clock.wallMs() - (clock.nowMs() - observer.connectedMs),
          packetsReceived: observer.packetsReceived,
          packetsSent: observer.packetsSent,
          requestCount: observer.requestCount,
          lastZxid: core.lastAppliedZxid,
        })),
      resetObserverStats: () => {
        for (const observer of observers) {
          observer.packetsReceived = 0;
          observer.packetsSent = 0;
          observer.requestCount = 0;
        }
      },
    };
  }

  *globalSessions(): Generator<{ readonly id: bigint; readonly timeoutMs: number }> {
    // Without a leader nobody knows which of them live. Source: ReadOnlyZooKeeperServer.createSessionTracker.
    if (this.#member?.isReadOnly === true) return;
    const sessions = [...this.#parts.core.globalSessions];
    sessions.sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [id, timeoutMs] of sessions) yield { id, timeoutMs };
  }

  get #member(): Member | undefined {
    return this.#parts.core.member;
  }
}

function zabStateOf(member: Member | undefined): ZabState {
  switch (member?.leading?.phase) {
    case 'discovering':
      return 'discovery';
    case 'synchronizing':
      return 'synchronization';
    case 'broadcasting':
      return 'broadcast';
    default:
  }
  switch (member?.learning?.phase) {
    case undefined:
    case 'ended':
      return 'election';
    case 'connecting':
    case 'greeting':
      return 'discovery';
    case 'serving':
      return 'broadcast';
    default:
      return 'synchronization';
  }
}
