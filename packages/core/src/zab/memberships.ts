import { encodeUtf8, formatMembership, type Membership } from '@zooid/protocol';
import { quorumOf } from '../quorum/membership-quorum.ts';
import type { Quorum, ServerId } from '../quorum/quorum.ts';
import type { MemberOutbox } from './member-outbox.ts';

/** A configuration of the ensemble, with what follows from it. */
export interface KnownMembership {
  readonly membership: Membership;
  readonly version: number;
  readonly quorum: Quorum;
  /** As `/zookeeper/config` has it. */
  readonly text: Uint8Array;
}

/** Whether the role of a server ends by a change, for it can no longer be what it is. */
export type ActivationEffect = 'role-goes-on' | 'role-ends';

/**
 * Who belongs to the ensemble: the configuration in force, and the newest one that was proposed, which may or may not be committed.
 * As long as the two differ, a quorum of each decides.
 *
 * Invariant: lastSeen.version >= active.version.
 *
 * Source: QuorumPeer.setQuorumVerifier, setLastSeenQuorumVerifier, processReconfig.
 */
export class Memberships {
  readonly #serverId: ServerId;
  readonly #outbox: Pick<MemberOutbox, 'saveSeenMembership' | 'activateMembership'>;
  #active: KnownMembership;
  #lastSeen: KnownMembership;

  constructor(
    serverId: ServerId,
    active: Membership,
    lastSeen: Membership | undefined,
    outbox: Pick<MemberOutbox, 'saveSeenMembership' | 'activateMembership'>,
  ) {
    this.#serverId = serverId;
    this.#outbox = outbox;
    this.#active = known(active);
    this.#lastSeen =
      lastSeen !== undefined && lastSeen.version > active.version ? known(lastSeen) : this.#active;
  }

  get active(): KnownMembership {
    return this.#active;
  }

  get lastSeen(): KnownMembership {
    return this.#lastSeen;
  }

  /** All of these must agree to anything. */
  get quorums(): readonly Quorum[] {
    const { quorum } = this.#active;
    return this.#lastSeen === this.#active ? [quorum] : [quorum, this.#lastSeen.quorum];
  }

  isQuorum(servers: Iterable<ServerId>): boolean {
    const set = new Set(servers);
    return this.quorums.every((quorum) => quorum.isReachedBy(set));
  }

  /** Whether this server has a say in the configuration in force. */
  get isVoter(): boolean {
    return this.#active.quorum.voters.has(this.#serverId);
  }

  /** Whether this server only observes. One that is in no configuration follows, without a say, until it is taken in. */
  get isObserver(): boolean {
    return this.#active.membership.servers.get(this.#serverId)?.role === 'observer';
  }

  /** Whether this server has a say in the next configuration, and none in the one in force. */
  isVoterToBe(server: ServerId): boolean {
    return !this.#active.quorum.voters.has(server) && this.#lastSeen.quorum.voters.has(server);
  }

  /** By which of the two configurations a server is reached: by the next one, if that is the first that knows it. */
  reaching(server: ServerId): Membership {
    const { membership } = this.#active;
    return membership.servers.has(server) ? membership : this.#lastSeen.membership;
  }

  /** A configuration is proposed, or was by a leader before. An older one is passed over. */
  see(membership: Membership): void {
    if (membership.version <= this.#lastSeen.version) return;
    this.#lastSeen = known(membership);
    this.#outbox.saveSeenMembership(membership);
  }

  /**
   * The log here ends with `zxid`. A configuration that was to be in force behind that is as if this server had never heard of it: were it in
   * force, it would be in the log of whoever leads next.
   */
  forgetAfter(zxid: number): void {
    if (this.#lastSeen === this.#active || this.#lastSeen.version <= zxid) return;
    this.#lastSeen = this.#active;
    this.#outbox.saveSeenMembership(this.#active.membership);
  }

  /**
   * A configuration is in force from now on. An older one is passed over.
   *
   * @param leader - who leads this server, and `next`, who will under the new one, if that is known.
   */
  activate(
    membership: Membership,
    leader: ServerId | undefined,
    next: ServerId | undefined,
  ): ActivationEffect {
    if (membership.version <= this.#active.version) return 'role-goes-on';
    const before = leader === undefined ? undefined : this.reaching(leader);
    const wasObserver = this.isObserver;
    this.#active = known(membership);
    if (this.#lastSeen.version <= membership.version) this.#lastSeen = this.#active;
    this.#outbox.activateMembership(membership);
    if (wasObserver !== this.isObserver) return 'role-ends';
    if (leader === undefined || before === undefined) return 'role-goes-on';
    if (next !== undefined) return next === leader ? 'role-goes-on' : 'role-ends';
    return isSamePlace(before, membership, leader) ? 'role-goes-on' : 'role-ends';
  }
}

/** Whether a server has a say in both, and its learners reach it where they did. */
export function isSamePlace(before: Membership, after: Membership, server: ServerId): boolean {
  const [old] = before.servers.get(server)?.addresses ?? [];
  const line = after.servers.get(server);
  if (old === undefined || line?.role !== 'participant') return false;
  const [address] = line.addresses;
  return old.host === address.host && old.quorumPort === address.quorumPort;
}

function known(membership: Membership): KnownMembership {
  return {
    membership,
    version: membership.version,
    quorum: quorumOf(membership),
    text: encodeUtf8(formatMembership(membership)),
  };
}
