/**
 * What a leader does with transactions: proposed to every follower, acknowledged, committed in order as soon as a quorum has them. A
 * reconfiguration is one of them, and is decided by a quorum of the configuration in force and of the next one.
 *
 * Source: Leader.propose, processAck, tryToCommit.
 */

import {
  decodeUtf8,
  ErrorCode,
  type Membership,
  OpCode,
  QuorumPacketType,
  type ReconfigRequest,
} from '@zooid/protocol';
import { quorumOf } from '../quorum/membership-quorum.ts';
import type { ServerId } from '../quorum/quorum.ts';
import { getInt } from '../tree/znode-store.ts';
import type { CommitListener } from '../txn/committer.ts';
import type { Proposal } from '../txn/proposal-queue.ts';
import { AckDeadline } from './ack-deadline.ts';
import type { CommittedLog } from './committed-log.ts';
import type { LearnerState } from './learner-state.ts';
import type { Learners } from './learners.ts';
import type { MemberOptions } from './member-options.ts';
import type { MemberOutbox } from './member-outbox.ts';
import { isSamePlace, type Memberships } from './memberships.ts';
import { writeBarePacket, writePacket, writePacketOf } from './packets.ts';
import { planReconfig } from './plan-reconfig.ts';
import type { Replica } from './replica.ts';
import type { ZabMeter } from './zab-meter.ts';
import { counterOf } from './zxid.ts';

interface BroadcastParts {
  readonly options: MemberOptions;
  readonly memberships: Memberships;
  readonly replica: Replica;
  readonly outbox: MemberOutbox;
  readonly committedLog: CommittedLog;
  readonly meter: ZabMeter;
  readonly learners: Learners;
  /** Notes that this server can lead no longer, once the event is dealt with. */
  readonly endRole: (reason: string) => void;
}

export class Broadcast implements CommitListener {
  readonly #parts: BroadcastParts;
  readonly #learners: Learners;
  /** Acknowledgements came that no decision has looked at. */
  #hasNewAcks = false;
  readonly #ownAcks = new AckDeadline();
  /** The reconfiguration that is being prepared. */
  #planned: Membership | undefined;

  constructor(parts: BroadcastParts) {
    this.#parts = parts;
    this.#learners = parts.learners;
  }

  /** The epoch is established: what is proposed and committed from now on comes here. */
  begin(): void {
    const { replica } = this.#parts;
    replica.parts.proposer.tell((proposal) => this.#onProposed(proposal));
    replica.parts.proposer.reconfigureBy((request, zxid) => this.#planReconfig(request, zxid));
    replica.tellCommits(this);
  }

  end(): void {
    const { replica } = this.#parts;
    replica.parts.proposer.tell(undefined);
    replica.parts.proposer.reconfigureBy(undefined);
    replica.tellCommits(undefined);
  }

  /** The disk of this server has not written for longer than syncLimit. */
  isOwnDiskLate(nowMs: number): boolean {
    return this.#ownAcks.isLate(nowMs, this.#parts.options.syncLimitMs);
  }

  /** A learner counts from now on, with what it has acknowledged. */
  onLearnerReady(): void {
    this.#hasNewAcks = true;
  }

  onLogSynced(zxid: number): void {
    const { meter, options, replica } = this.#parts;
    meter.onAck(options.serverId, this.#ownAcks.onAcked(zxid, replica.parts.clock.nowMs));
    this.#hasNewAcks = true;
  }

  /** Decides what a quorum has. Once for each turn, before anything is applied. */
  decideCommits(): void {
    if (!this.#hasNewAcks) return;
    this.#hasNewAcks = false;
    const { replica, options, memberships } = this.#parts;
    const { quorums } = memberships;
    const acked: { readonly id: ServerId; readonly zxid: number }[] = [
      { id: options.serverId, zxid: replica.syncedZxid },
    ];
    for (const { serverId, ackedZxid, phase } of this.#learners.all()) {
      if (phase === 'ready' && serverId !== undefined)
        acked.push({ id: serverId, zxid: ackedZxid });
    }
    acked.sort((a, b) => b.zxid - a.zxid);
    const having = new Set<ServerId>();
    for (const { id, zxid } of acked) {
      if (zxid <= replica.committableZxid) return;
      having.add(id);
      if (quorums.every((quorum) => quorum.isReachedBy(having))) {
        replica.commitTo(zxid);
        return;
      }
    }
  }

  onCommit(proposal: Proposal): void {
    const { zxid, timeMs, bytes, start, end } = proposal;
    const { committedLog, meter, replica } = this.#parts;
    committedLog.add(zxid, bytes, start, end);
    const latencyMs = replica.parts.clock.wallMs - timeMs;
    meter.onQuorumAck(latencyMs);
    meter.onApplied(latencyMs);
    if (proposal.op === OpCode.reconfig && zxid === this.#parts.memberships.lastSeen.version) {
      this.#onReconfigured(proposal);
      return;
    }
    for (const learner of this.#learners.all()) {
      if (!learner.isForwarding) continue;
      const out = this.#learners.out(learner);
      if (learner.kind === 'follower') writeBarePacket(out, QuorumPacketType.commit, zxid);
      else writePacket(out, QuorumPacketType.inform, zxid, bytes, start, end);
    }
  }

  /** Everything up to `zxid` is on the learner's disk. An observer has no say, whatever it sends. */
  onAck(learner: LearnerState, zxid: number): void {
    if (learner.kind === 'observer' || zxid <= learner.ackedZxid) return;
    if (zxid > this.#parts.replica.parts.proposals.lastZxid) {
      this.#learners.close(learner, 'unexpected-packet');
      return;
    }
    learner.ackedZxid = zxid;
    this.#parts.meter.onAck(learner.serverId!, learner.acks.onAcked(zxid, learner.heardMs));
    this.#hasNewAcks = true;
  }

  #onProposed(proposal: Proposal): void {
    const { zxid, bytes, start, end } = proposal;
    // From here on a quorum of both decides. A refusal is an error, whatever was asked for.
    if (this.#planned?.version === zxid && txnTypeOf(proposal) === OpCode.reconfig) {
      this.#parts.memberships.see(this.#planned);
    }
    this.#planned = undefined;
    const { nowMs } = this.#parts.replica.parts.clock;
    this.#parts.meter.onProposed(end - start);
    this.#ownAcks.onSent(zxid, nowMs);
    for (const learner of this.#learners.all()) {
      if (!learner.isForwarding || learner.kind !== 'follower') continue;
      writePacket(this.#learners.out(learner), QuorumPacketType.proposal, zxid, bytes, start, end);
      learner.acks.onSent(zxid, nowMs);
    }
    if (counterOf(zxid) >= this.#parts.options.epochTxnCountMax) {
      this.#parts.endRole('the zxids of this epoch are used up');
    }
  }

  #planReconfig(request: ReconfigRequest, zxid: number): Membership | ErrorCode {
    const { memberships, options } = this.#parts;
    const planned = planReconfig(request, {
      active: memberships.active.membership,
      lastSeen: memberships.lastSeen.membership,
      zxid,
      isStandaloneAllowed: options.isStandaloneAllowed,
    });
    if (typeof planned === 'number') return planned;
    const present = new Set([options.serverId, ...this.#readyFollowers()]);
    if (!quorumOf(planned).isReachedBy(present)) return ErrorCode.newConfigNoQuorum;
    this.#planned = planned;
    return planned;
  }

  *#readyFollowers(): Iterable<ServerId> {
    for (const { kind, phase, serverId } of this.#learners.all()) {
      if (kind === 'follower' && phase === 'ready') yield serverId!;
    }
  }

  /** A quorum of the configuration in force and of the next one has this: it is in force. Source: Leader.tryToCommit. */
  #onReconfigured(proposal: Proposal): void {
    const { zxid, bytes, start, end } = proposal;
    const { memberships, options, outbox } = this.#parts;
    const { membership, text } = memberships.lastSeen;
    const next = this.designate(membership, zxid);
    for (const learner of this.#learners.all()) {
      if (!learner.isForwarding) continue;
      const out = this.#learners.out(learner);
      if (learner.kind === 'follower') {
        writePacketOf(out, QuorumPacketType.commitAndActivate, zxid, (data) =>
          data.long(BigInt(next)),
        );
      } else {
        writePacketOf(out, QuorumPacketType.informAndActivate, zxid, (data) => {
          data.long(BigInt(next));
          data.raw(bytes, start, end);
        });
      }
    }
    const effect = memberships.activate(membership, options.serverId, next);
    // What was proposed behind it waited for a quorum of both. Source: Leader.processAck.
    this.#hasNewAcks = true;
    outbox.reportMember({
      kind: 'membership-changed',
      version: zxid,
      text: decodeUtf8(text, 0, text.byteLength),
    });
    if (effect === 'role-ends')
      this.#parts.endRole(`the configuration wants server ${next} to lead`);
  }

  /** Who leads under a new configuration: this server, if it can, or one that has everything. Source: Leader.getDesignatedLeader. */
  designate(next: Membership, zxid: number): ServerId {
    const { memberships, options } = this.#parts;
    const { serverId } = options;
    if (isSamePlace(memberships.reaching(serverId), next, serverId)) return serverId;
    const { voters } = quorumOf(next);
    for (const learner of this.#learners.all()) {
      if (learner.phase !== 'ready' || learner.ackedZxid < zxid) continue;
      if (voters.has(learner.serverId!)) return learner.serverId!;
    }
    return serverId;
  }
}

const TXN_TYPE_AT = 28;

function txnTypeOf({ bytes, start }: Proposal): number {
  return getInt(bytes, start + TXN_TYPE_AT);
}
