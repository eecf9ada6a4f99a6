import {
  decodeUtf8,
  type JuteReader,
  MalformedError,
  type Membership,
  OpCode,
  parseMembership,
} from '@zooid/protocol';
import type { NewState } from '../new-state.ts';
import type { ServerId } from '../quorum/quorum.ts';
import { TXN_HEADER_BYTES } from '../storage/log-format.ts';
import type { MemberOptions } from './member-options.ts';
import type { MemberOutbox } from './member-outbox.ts';
import type { ActivationEffect, Memberships } from './memberships.ts';

interface LearnedMembershipParts {
  readonly leader: ServerId;
  readonly options: MemberOptions;
  readonly memberships: Memberships;
  readonly outbox: MemberOutbox;
}

/**
 * Configurations as a learner hears of them: with NEWLEADER, in force at UPTODATE; in transactions, in force when those are committed; and in
 * the leader's state, where it may be long before NEWLEADER.
 * Nothing of it counts while reconfiguration is off.
 *
 * Source: Learner.syncWithLeader, Follower.processPacket, Observer.processPacket.
 */
export class LearnedMembership {
  readonly #parts: LearnedMembershipParts;
  /** The configuration that the leader has seen last, which is in force when it says UPTODATE, unless it is still to be decided. */
  #ofLeader: Membership | undefined;
  /** Of a transaction that is not committed yet. */
  #proposed: Membership | undefined;

  constructor(parts: LearnedMembershipParts) {
    this.#parts = parts;
  }

  /**
   * The whole state of the leader takes the place of this one's. Its configuration counts before it is durable: else a server that ends
   * in between would come back with a history that holds a reconfiguration, and without a quorum of it, and could lead so.
   */
  onState({ tree }: NewState): void {
    const { options, memberships } = this.#parts;
    const row = tree.findPath('/zookeeper/config');
    if (!options.isReconfigOn || row < 0) return;
    const membership = membershipOf(tree.copyData(row));
    if (membership !== undefined) memberships.see(membership);
  }

  /** The rest of `txn` is logged: if it changes the members, both configurations count from here on. @throws MalformedError */
  onTxn(txn: JuteReader): void {
    const { options, memberships } = this.#parts;
    if (!options.isReconfigOn) return;
    const at = txn.position;
    txn.position = at + TXN_HEADER_BYTES - 4;
    if (txn.int() !== OpCode.reconfig) return;
    txn.span();
    const membership = membershipOf(txn.buffer());
    if (membership === undefined) throw new MalformedError('a reconfiguration that cannot be read');
    this.#proposed = membership;
    memberships.see(membership);
  }

  /** @param next - who leads under the new configuration. */
  activateProposed(zxid: number, next: ServerId): ActivationEffect {
    const { memberships, outbox, options, leader } = this.#parts;
    const membership = this.#proposed;
    if (!options.isReconfigOn || membership?.version !== zxid) return 'role-goes-on';
    const effect = memberships.activate(membership, leader, next);
    const { text } = memberships.active;
    outbox.reportMember({
      kind: 'membership-changed',
      version: zxid,
      text: decodeUtf8(text, 0, text.byteLength),
    });
    return effect;
  }

  /** @param data - of NEWLEADER. Leaders before 3.5 have nothing to say there. */
  onNewLeader(data: JuteReader): void {
    const { options, memberships } = this.#parts;
    if (!options.isReconfigOn || data.remaining <= 1) return;
    this.#ofLeader = membershipOf(data.bytes.subarray(data.position, data.end));
    if (this.#ofLeader !== undefined) memberships.see(this.#ofLeader);
  }

  /**
   * The leader says that this server is up to date.
   *
   * @param decidedZxid - the beginning of the epoch, or what is committed. A leader of Apache's names what it has proposed behind that as well,
   *   which may never be in force; when it is, the learner is told.
   */
  activateNewLeader(decidedZxid: number): ActivationEffect {
    if (this.#ofLeader === undefined || this.#ofLeader.version > decidedZxid) return 'role-goes-on';
    return this.#parts.memberships.activate(this.#ofLeader, this.#parts.leader, undefined);
  }
}

/** Undefined when the text is none. */
function membershipOf(text: Uint8Array | null): Membership | undefined {
  const reading = parseMembership(text === null ? '' : decodeUtf8(text, 0, text.byteLength));
  return reading.ok ? reading.membership : undefined;
}
