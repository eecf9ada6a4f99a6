/**
 * The role of the leader.
 *
 *   discovering ──► synchronizing ──► broadcasting
 *   │               │                 │
 *   │               │                 └ proposals go out, a quorum of acks commits them, in order
 *   │               └ a quorum has taken the epoch: each learner gets the history it lacks; a quorum has it: the epoch is established
 *   └ a quorum has said which epochs it knows: the new one is above them all
 *
 * It leads only while a quorum is heard of and its own disk and event loop keep up; else it ends, and an election follows.
 *
 * Source: Leader, LearnerHandler; Zab: Junqueira, Reed, Serafini, "Zab: High-performance broadcast for primary-backup systems", phases 1 to 3.
 */

import {
  decodeAckEpoch,
  decodeIds,
  decodeLearnerInfo,
  decodeUtf8,
  EPOCH_TAKEN_BEFORE,
  ErrorCode,
  type Id,
  JuteReader,
  type Membership,
  OpCode,
  QUORUM_PROTOCOL_VERSION,
  QuorumPacketType,
  type ReconfigRequest,
} from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { OutputPool } from '../output-pool.ts';
import { quorumOf } from '../quorum/membership-quorum.ts';
import type { ServerId } from '../quorum/quorum.ts';
import type { LeadingSubmitter } from '../request/leading-submitter.ts';
import type { Session } from '../session/session.ts';
import { getInt } from '../tree/znode-store.ts';
import type { CommitListener } from '../txn/committer.ts';
import type { Proposal } from '../txn/proposal-queue.ts';
import { AckDeadline } from './ack-deadline.ts';
import type { CommittedLog } from './committed-log.ts';
import type { Epochs } from './epochs.ts';
import { LearnerState } from './learner-state.ts';
import type { MemberOptions } from './member-options.ts';
import type { MemberOutbox } from './member-outbox.ts';
import { isSamePlace, type Memberships } from './memberships.ts';
import { writeBarePacket, writePacket, writePacketOf } from './packets.ts';
import type { PeerCloseReason, PeerLink } from './peer-link.ts';
import { planReconfig } from './plan-reconfig.ts';
import type { Replica } from './replica.ts';
import { planSync } from './sync-plan.ts';
import type { ZabMeter } from './zab-meter.ts';
import { counterOf, firstZxidOf } from './zxid.ts';

/** A leader is heard of at least this often, so that its silence tells something soon. A tick's half at most. */
const PING_INTERVAL_MS_MAX = 250;
/**
 * The counter of a zxid has 32 bits. Short of the end a new epoch begins: before it by more than one turn can bring, when many clients
 * write at once or all sessions expire together. Source: ZOOKEEPER-1277.
 */
const COUNTER_MAX = 0xff00_0000;

export interface LeadingParts {
  readonly options: MemberOptions;
  readonly memberships: Memberships;
  readonly replica: Replica;
  readonly outbox: MemberOutbox;
  readonly outputs: OutputPool<PeerLink>;
  readonly committedLog: CommittedLog;
  readonly epochs: Epochs;
  readonly submitter: LeadingSubmitter;
  readonly meter: ZabMeter;
  /** The epoch is established: this server leads. */
  readonly onServing: (epoch: number) => void;
  /** This server can lead no longer. Called once, as the last thing of an event. */
  readonly onEnd: (reason: string) => void;
}

/** How far a leader has come. */
export type LeadingPhase = 'discovering' | 'synchronizing' | 'broadcasting' | 'ended';

export class Leading implements CommitListener {
  readonly role = 'leading';
  readonly #parts: LeadingParts;
  readonly #learners = new Map<PeerLink, LearnerState>();

  #phase: LeadingPhase = 'discovering';
  #epoch = 0;
  /** Servers, observers among them, with the epochs that they have accepted: of the discovery. */
  readonly #acceptedEpochs = new Map<ServerId, number>();
  /** Voters that have taken the new epoch. */
  readonly #epochTakers = new Set<ServerId>();
  #isEpochTaken = false;
  /** Voters that have the whole history. */
  readonly #synced = new Set<ServerId>();
  /** What this server brought to the election: nobody who follows it may have more. */
  readonly #ownEpoch: number;
  readonly #ownZxid: number;

  /** Acknowledgements came that no decision has looked at. */
  #hasNewAcks = false;
  readonly #ownAcks = new AckDeadline();
  /** To whom a snapshot is on its way: one at a time. */
  #snapshotFor: LearnerState | undefined;
  /** Whose missing transactions are read from disk: one at a time. */
  #logReadFor: LearnerState | undefined;
  #logReadTo = 0;
  #isDiffBegun = false;

  /** A quorum must be here by then, and have the history. */
  readonly #epochDueMs: number;
  readonly #establishDueMs: number;
  #pingDueMs = 0;
  #quorumCheckDueMs = 0;
  #lastTimeMs: number;
  #servingSinceMs: number | undefined;
  #endReason: string | undefined;
  /** The reconfiguration that is being prepared. */
  #planned: Membership | undefined;
  readonly #packet = new JuteReader();
  readonly #body = new JuteReader();

  constructor(parts: LeadingParts, nowMs: number) {
    this.#parts = parts;
    this.#ownEpoch = parts.epochs.current;
    this.#ownZxid = parts.replica.lastLoggedZxid;
    const { initLimitMs, epochWaitMsMax = initLimitMs } = parts.options;
    this.#establishDueMs = nowMs + initLimitMs;
    this.#epochDueMs = nowMs + Math.min(epochWaitMsMax, initLimitMs);
    this.#lastTimeMs = nowMs;
    this.#acceptedEpochs.set(parts.options.serverId, parts.epochs.accepted);
  }

  /** Takes the role up. A leader without any other voter leads when this returns. */
  begin(): void {
    this.#parts.outbox.acceptLearners();
    this.#considerEpoch();
    this.#finish();
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The epoch is established. */
  get isEstablished(): boolean {
    return this.#phase === 'broadcasting';
  }

  get phase(): LeadingPhase {
    return this.#phase;
  }

  /** When it began to serve (monotonic, ms); undefined before. */
  get servingSinceMs(): number | undefined {
    return this.#servingSinceMs;
  }

  /** Everything that is known of each learner, those that have not said who they are included. */
  get learners(): Iterable<LearnerState> {
    return this.#learners.values();
  }

  get nextDueMs(): number {
    if (this.#phase === 'ended') return Number.POSITIVE_INFINITY;
    if (this.#endReason !== undefined) return 0;
    if (this.#phase === 'discovering') return this.#epochDueMs;
    if (this.#phase === 'synchronizing') return this.#establishDueMs;
    return Math.min(this.#pingDueMs, this.#quorumCheckDueMs);
  }

  // ── Events ────────────────────────────────────────────────────────────────────────────────────────

  onLearnerConnected(link: PeerLink): void {
    const { nowMs } = this.#parts.replica.parts.clock;
    const dueMs = nowMs + this.#parts.options.initLimitMs;
    this.#learners.set(link, new LearnerState(link, nowMs, dueMs));
  }

  /** @throws MalformedError */
  onPacket(link: PeerLink, bytes: Uint8Array, start: number, end: number): void {
    const learner = this.#learners.get(link);
    if (learner === undefined) return;
    learner.heardMs = this.#parts.replica.parts.clock.nowMs;
    learner.packetsReceived++;
    const packet = this.#packet;
    packet.reset(bytes, start, end);
    const type = packet.int();
    const zxid = packet.longAsNumber();
    if (learner.phase !== 'ready') this.#onHandshake(learner, type, zxid, packet);
    else this.#onReadyPacket(learner, type, zxid, packet);
    this.#finish();
  }

  onClosed(link: PeerLink): void {
    const learner = this.#learners.get(link);
    if (learner === undefined) return;
    this.#learners.delete(link);
    this.#parts.outbox.reportMember({
      kind: 'learner-lost',
      server: learner.serverId,
      address: link.address,
      reason: link.closing ?? 'the connection ended',
    });
    if (this.#snapshotFor === learner) this.#snapshotFor = undefined;
    if (this.#logReadFor === learner) this.#logReadFor = undefined;
    // What it has promised and has on disk still counts.
    this.#syncNext();
    this.#finish();
  }

  onSnapshotSent(link: PeerLink): void {
    if (this.#snapshotFor?.link === link) this.#snapshotFor = undefined;
    this.#syncNext();
  }

  /** A transaction that a learner lacks, from the log on disk. */
  onLogRead(link: PeerLink, zxid: number, bytes: Uint8Array, start: number, end: number): void {
    const learner = this.#logReadFor;
    if (learner?.link !== link) return;
    const out = this.#out(learner);
    if (!this.#isDiffBegun) {
      writeBarePacket(out, QuorumPacketType.diff, this.#logReadTo);
      this.#isDiffBegun = true;
    }
    writePacket(out, QuorumPacketType.proposal, zxid, bytes, start, end);
    writeBarePacket(out, QuorumPacketType.commit, zxid);
    learner.packetsSent++;
  }

  /** @param outcome - `unavailable`: the log on disk cannot bring the learner up, and none of it was handed in. */
  onLogReadEnd(link: PeerLink, outcome: 'complete' | 'unavailable'): void {
    const learner = this.#logReadFor;
    if (learner?.link !== link) return;
    const { replica, committedLog, outbox, options } = this.#parts;
    const to = this.#logReadTo;
    if (outcome === 'unavailable') {
      this.#logReadFor = undefined;
      learner.needsSnapshot = true;
      // Nothing but the rest of a diff can go behind the beginning of one.
      if (this.#isDiffBegun) this.#close(learner, 'log-unavailable');
      else this.#sendSnapshot(learner);
    } else if (to === replica.lastAppliedZxid || committedLog.floor(to) === to) {
      this.#logReadFor = undefined;
      this.#report(learner, 'diff', to);
      this.#sendCommitted(learner, to);
      this.#endSync(learner);
    } else {
      // More was committed meanwhile than memory holds: on from here.
      this.#logReadTo = replica.lastAppliedZxid;
      outbox.readLog(link, to, this.#logReadTo, options.logSyncBytesMax());
      return;
    }
    this.#syncNext();
  }

  onLogSynced(zxid: number): void {
    const { meter, options, replica } = this.#parts;
    meter.onAck(options.serverId, this.#ownAcks.onAcked(zxid, replica.parts.clock.nowMs));
    this.#hasNewAcks = true;
  }

  /** Decides what a quorum has. Once for each turn, before anything is applied. */
  decideCommits(): void {
    this.#finish();
    if (!this.#hasNewAcks || this.#phase !== 'broadcasting') return;
    this.#hasNewAcks = false;
    const { replica, options, memberships } = this.#parts;
    const { quorums } = memberships;
    const acked: { readonly id: ServerId; readonly zxid: number }[] = [
      { id: options.serverId, zxid: replica.syncedZxid },
    ];
    for (const { serverId, ackedZxid, phase } of this.#learners.values()) {
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
    for (const learner of this.#learners.values()) {
      if (!learner.isForwarding) continue;
      const out = this.#out(learner);
      if (learner.kind === 'follower') writeBarePacket(out, QuorumPacketType.commit, zxid);
      else writePacket(out, QuorumPacketType.inform, zxid, bytes, start, end);
    }
  }

  onTime(nowMs: number): void {
    const { options } = this.#parts;
    if (this.#phase === 'discovering' && nowMs >= this.#epochDueMs) {
      const limit = nowMs < this.#establishDueMs ? 'leader.maxTimeToWaitForEpoch' : 'initLimit';
      this.#end(`no quorum came in time (${limit})`);
    } else if (this.#phase === 'synchronizing' && nowMs >= this.#establishDueMs) {
      this.#end('no quorum came in time (initLimit)');
    } else if (this.#phase === 'broadcasting') {
      const stalledMs = nowMs - this.#lastTimeMs - PING_INTERVAL_MS_MAX;
      this.#lastTimeMs = nowMs;
      if (stalledMs > options.syncLimitMs) {
        this.#end(`this process stood still for ${Math.round(stalledMs)} ms`);
      } else if (stalledMs > PING_INTERVAL_MS_MAX) {
        // Nobody could be heard meanwhile.
        for (const learner of this.#learners.values()) learner.heardMs += stalledMs;
      }
      if (nowMs >= this.#pingDueMs) this.#ping(nowMs);
      if (nowMs >= this.#quorumCheckDueMs) this.#checkQuorum(nowMs);
    }
    this.#finish();
  }

  /**
   * A server is in a later election. If a quorum is not here yet and that one was to be of it, it would be waited for in vain: it can
   * join nobody whom no quorum follows.
   */
  onDeserted(by: ServerId): void {
    if (this.#phase !== 'discovering' && this.#phase !== 'synchronizing') return;
    const present = new Set<ServerId>([this.#parts.options.serverId]);
    for (const { serverId, link } of this.#learners.values()) {
      if (serverId !== undefined && serverId !== by && !link.isClosed) present.add(serverId);
    }
    if (this.#isQuorum(present)) return;
    this.#end(`server ${by} looks for a leader again`);
    this.#finish();
  }

  /** Ends the role for a reason from outside. */
  resign(reason: string): void {
    this.#end(reason);
    this.#finish();
  }

  // ── Handshake ─────────────────────────────────────────────────────────────────────────────────────

  #onHandshake(learner: LearnerState, type: number, zxid: number, packet: JuteReader): void {
    const { phase } = learner;
    const isInfo = type === QuorumPacketType.followerInfo || type === QuorumPacketType.observerInfo;
    if (phase === 'greeting' && isInfo) {
      learner.kind = type === QuorumPacketType.observerInfo ? 'observer' : 'follower';
      this.#onLearnerInfo(learner, zxid, packet);
    } else if (phase === 'informed' && type === QuorumPacketType.ackEpoch) {
      this.#onAckEpoch(learner, zxid, packet);
    } else if (phase === 'synced-up' && type === QuorumPacketType.ack) {
      if (zxid === firstZxidOf(this.#epoch)) this.#onNewLeaderAck(learner);
      else this.#onEarlyAck(learner, zxid);
    } else {
      this.#close(learner, 'unexpected-packet');
    }
  }

  #onLearnerInfo(learner: LearnerState, zxid: number, packet: JuteReader): void {
    dataOf(packet, this.#body);
    const info = decodeLearnerInfo(this.#body);
    if (info.protocolVersion < QUORUM_PROTOCOL_VERSION) {
      this.#close(learner, 'malformed');
      return;
    }
    if ((info.configVersion ?? 0n) > BigInt(this.#parts.memberships.lastSeen.version)) {
      this.#close(learner, 'config-ahead');
      return;
    }
    const serverId = Number(info.serverId);
    for (const other of this.#learners.values()) {
      if (other.serverId === serverId) this.#close(other, 'replaced');
    }
    learner.serverId = serverId;
    this.#parts.outbox.reportMember({
      kind: 'learner-joined',
      server: serverId,
      address: learner.link.address,
    });
    learner.phase = 'informed';
    if (this.#phase === 'discovering') {
      this.#acceptedEpochs.set(serverId, Math.floor(zxid / 2 ** 32));
      this.#considerEpoch();
    } else {
      this.#sendLeaderInfo(learner);
    }
  }

  /** A quorum has said what it knows: the new epoch is above all of it. */
  #considerEpoch(): void {
    if (this.#phase !== 'discovering' || !this.#isQuorum(this.#acceptedEpochs.keys())) return;
    const { epochs, options, outbox } = this.#parts;
    this.#epoch = Math.max(...this.#acceptedEpochs.values()) + 1;
    epochs.accept(this.#epoch);
    outbox.reportMember({ kind: 'epoch-accepted', epoch: this.#epoch });
    this.#phase = 'synchronizing';
    if (options.isReconfigOn) this.#numberFirstMembership();
    for (const learner of this.#learners.values()) {
      if (learner.phase === 'informed') this.#sendLeaderInfo(learner);
    }
    this.#epochTakers.add(options.serverId);
    this.#considerTakers();
  }

  /**
   * What stands in the files of a new ensemble has no version. It gets one with the first epoch, above those of servers that only want to
   * join. Source: ZOOKEEPER-1783.
   */
  #numberFirstMembership(): void {
    const { active, lastSeen } = this.#parts.memberships;
    if (active.version !== 0 || lastSeen.version !== 0) return;
    this.#parts.memberships.see({ ...active.membership, version: firstZxidOf(this.#epoch) });
  }

  #sendLeaderInfo(learner: LearnerState): void {
    const zxid = firstZxidOf(this.#epoch);
    writePacketOf(this.#out(learner), QuorumPacketType.leaderInfo, zxid, (out) =>
      out.int(QUORUM_PROTOCOL_VERSION),
    );
  }

  #onAckEpoch(learner: LearnerState, zxid: number, packet: JuteReader): void {
    dataOf(packet, this.#body);
    const { currentEpoch } = decodeAckEpoch(this.#body);
    const isAhead =
      currentEpoch > this.#ownEpoch || (currentEpoch === this.#ownEpoch && zxid > this.#ownZxid);
    if (currentEpoch !== EPOCH_TAKEN_BEFORE && isAhead && !this.#isEpochTaken) {
      // The election chose wrongly: whoever has more must lead. Source: Leader.waitForEpochAck.
      this.#end(`server ${learner.serverId} has a longer history`);
      return;
    }
    learner.lastZxid = zxid;
    learner.phase = 'acknowledged';
    if (this.#isEpochTaken) {
      this.#syncNext();
    } else if (currentEpoch !== EPOCH_TAKEN_BEFORE) {
      if (learner.kind === 'follower') this.#epochTakers.add(learner.serverId!);
      this.#considerTakers();
    }
  }

  /** A quorum follows nobody older any more: this server's history is that of the epoch. */
  #considerTakers(): void {
    if (this.#isEpochTaken || !this.#isQuorum(this.#epochTakers)) return;
    const { epochs, options } = this.#parts;
    this.#isEpochTaken = true;
    // The history of this server is durable and applied, all of it, since before the election.
    epochs.adopt(this.#epoch);
    this.#synced.add(options.serverId);
    this.#syncNext();
    this.#considerSynced();
  }

  /**
   * Servers of Apache's before 3.9.1 log what came with the history in the background, and acknowledge that before NEWLEADER or after.
   * It is noted, and counts as soon as the learner is ready. Source: ZOOKEEPER-4685.
   */
  #onEarlyAck(learner: LearnerState, zxid: number): void {
    if (counterOf(zxid) === 0) this.#close(learner, 'unexpected-packet');
    else this.#onProposalAck(learner, zxid);
  }

  #onNewLeaderAck(learner: LearnerState): void {
    learner.phase = 'ready';
    this.#hasNewAcks = true;
    if (learner.kind === 'follower') this.#synced.add(learner.serverId!);
    this.#parts.outbox.reportMember({ kind: 'learner-synced', server: learner.serverId! });
    if (this.#phase === 'broadcasting') this.#sendUpToDate(learner);
    else this.#considerSynced();
  }

  /** A quorum has the history: the epoch is established, and everything in it committed. */
  #considerSynced(): void {
    if (this.#phase !== 'synchronizing' || !this.#isQuorum(this.#synced)) return;
    const { replica, submitter, options, onServing } = this.#parts;
    const { nowMs } = replica.parts.clock;
    if (options.isReconfigOn && !this.#completeReconfig()) return;
    this.#phase = 'broadcasting';
    this.#servingSinceMs = nowMs;
    this.#lastTimeMs = nowMs;
    this.#pingDueMs = nowMs;
    this.#quorumCheckDueMs = nowMs + options.tickTimeMs;
    replica.beginProposing(firstZxidOf(this.#epoch));
    replica.parts.proposer.tell((proposal) => this.#onProposed(proposal));
    replica.parts.proposer.reconfigureBy((request, zxid) => this.#planReconfig(request, zxid));
    replica.tellCommits(this);
    if (options.isLeaderServing) replica.serveBy(submitter, firstZxidOf(this.#epoch));
    for (const learner of this.#learners.values()) {
      if (learner.phase === 'ready') this.#sendUpToDate(learner);
    }
    onServing(this.#epoch);
  }

  /** A configuration that was proposed before, and may be in force elsewhere, is in force here, too. @returns false when that ends the role. */
  #completeReconfig(): boolean {
    const { memberships, options } = this.#parts;
    const { membership } = memberships.lastSeen;
    const next = this.#designate(membership, 0);
    if (memberships.activate(membership, options.serverId, next) === 'role-goes-on') return true;
    this.#end('the configuration wants another leader');
    return false;
  }

  #sendUpToDate(learner: LearnerState): void {
    writeBarePacket(this.#out(learner), QuorumPacketType.upToDate, -1);
  }

  // ── Synchronisation ───────────────────────────────────────────────────────────────────────────────

  /** Brings up those that wait for it. */
  #syncNext(): void {
    if (!this.#isEpochTaken || this.#phase === 'ended') return;
    for (const learner of this.#learners.values()) {
      if (learner.phase === 'acknowledged' && this.#logReadFor !== learner) this.#sync(learner);
    }
  }

  #sync(learner: LearnerState): void {
    if (learner.link.closing !== undefined) return;
    if (learner.needsSnapshot) {
      this.#sendSnapshot(learner);
      return;
    }
    const { replica, committedLog, outbox, options } = this.#parts;
    const { lastAppliedZxid } = replica;
    if (options.isSnapshotForced) {
      this.#sendSnapshot(learner);
      return;
    }
    const epochs = [this.#epoch, this.#ownEpoch];
    const plan = planSync(learner.lastZxid, committedLog, lastAppliedZxid, epochs);
    switch (plan.kind) {
      case 'diff':
        this.#report(learner, 'diff', lastAppliedZxid);
        writeBarePacket(this.#out(learner), QuorumPacketType.diff, lastAppliedZxid);
        this.#sendCommitted(learner, plan.from);
        this.#endSync(learner);
        return;
      case 'trunc':
        this.#report(learner, 'trunc', plan.to);
        writeBarePacket(this.#out(learner), QuorumPacketType.trunc, plan.to);
        this.#sendCommitted(learner, plan.to);
        this.#endSync(learner);
        return;
      case 'disk': {
        const bytesMax = options.logSyncBytesMax();
        if (bytesMax === 0) {
          this.#sendSnapshot(learner);
        } else if (this.#logReadFor === undefined) {
          this.#logReadFor = learner;
          this.#isDiffBegun = false;
          this.#logReadTo = lastAppliedZxid;
          outbox.readLog(learner.link, plan.from, lastAppliedZxid, bytesMax);
        }
        return;
      }
      case 'snap':
        this.#sendSnapshot(learner);
    }
  }

  #sendSnapshot(learner: LearnerState): void {
    if (this.#snapshotFor !== undefined) return;
    this.#snapshotFor = learner;
    const { replica, outbox } = this.#parts;
    const { lastAppliedZxid } = replica;
    this.#report(learner, 'snap', lastAppliedZxid);
    writeBarePacket(this.#out(learner), QuorumPacketType.snap, lastAppliedZxid);
    outbox.sendSnapshot(learner.link);
    this.#endSync(learner);
  }

  /** What is committed above `zxid`, each with its commit. */
  #sendCommitted(learner: LearnerState, zxid: number): void {
    const out = this.#out(learner);
    for (const txn of this.#parts.committedLog.after(zxid)) {
      writePacket(out, QuorumPacketType.proposal, txn.zxid, txn.bytes, 0, txn.length);
      writeBarePacket(out, QuorumPacketType.commit, txn.zxid);
      learner.packetsSent += 2;
    }
  }

  /** The learner has all that is applied: what is proposed since then follows, and whatever comes. */
  #endSync(learner: LearnerState): void {
    const { replica, memberships } = this.#parts;
    const { nowMs } = replica.parts.clock;
    const out = this.#out(learner);
    if (learner.kind === 'follower') {
      for (const { isSync, zxid, bytes, start, end } of replica.parts.proposals.pending()) {
        if (isSync) continue;
        writePacket(out, QuorumPacketType.proposal, zxid, bytes, start, end);
        learner.packetsSent++;
        learner.acks.onSent(zxid, nowMs);
      }
    }
    const { text } = memberships.lastSeen;
    const newLeaderZxid = firstZxidOf(this.#epoch);
    writePacket(out, QuorumPacketType.newLeader, newLeaderZxid, text, 0, text.byteLength);
    learner.ackedZxid = replica.lastAppliedZxid;
    learner.isForwarding = true;
    learner.phase = 'synced-up';
    learner.dueMs = nowMs + this.#parts.options.initLimitMs;
  }

  // ── Broadcast ─────────────────────────────────────────────────────────────────────────────────────

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
    for (const learner of this.#learners.values()) {
      if (!learner.isForwarding || learner.kind !== 'follower') continue;
      writePacket(this.#out(learner), QuorumPacketType.proposal, zxid, bytes, start, end);
      learner.acks.onSent(zxid, nowMs);
    }
    if (counterOf(zxid) >= COUNTER_MAX) this.#end('the zxids of this epoch are used up');
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
    for (const { kind, phase, serverId } of this.#learners.values()) {
      if (kind === 'follower' && phase === 'ready') yield serverId!;
    }
  }

  /** A quorum of the configuration in force and of the next one has this: it is in force. Source: Leader.tryToCommit. */
  #onReconfigured(proposal: Proposal): void {
    const { zxid, bytes, start, end } = proposal;
    const { memberships, options, outbox } = this.#parts;
    const { membership, text } = memberships.lastSeen;
    const next = this.#designate(membership, zxid);
    for (const learner of this.#learners.values()) {
      if (!learner.isForwarding) continue;
      const out = this.#out(learner);
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
    if (effect === 'role-ends') this.#end(`the configuration wants server ${next} to lead`);
  }

  /** Who leads under a new configuration: this server, if it can, or one that has everything. Source: Leader.getDesignatedLeader. */
  #designate(next: Membership, zxid: number): ServerId {
    const { memberships, options } = this.#parts;
    const { serverId } = options;
    if (isSamePlace(memberships.active.membership, next, serverId)) return serverId;
    const { voters } = quorumOf(next);
    for (const learner of this.#learners.values()) {
      if (learner.phase !== 'ready' || learner.ackedZxid < zxid) continue;
      if (voters.has(learner.serverId!)) return learner.serverId!;
    }
    return serverId;
  }

  #onReadyPacket(learner: LearnerState, type: number, zxid: number, packet: JuteReader): void {
    switch (type) {
      case QuorumPacketType.ack:
        // Those of the handshake have counter 0.
        if (counterOf(zxid) !== 0) this.#onProposalAck(learner, zxid);
        return;
      case QuorumPacketType.ping:
        this.#onPing(packet);
        return;
      case QuorumPacketType.revalidate:
        this.#revalidate(learner, packet);
        return;
      case QuorumPacketType.request:
        this.#onRequest(learner, packet);
        return;
      default:
        this.#close(learner, 'unexpected-packet');
    }
  }

  /** Everything up to `zxid` is on the learner's disk. An observer has no say, whatever it sends. */
  #onProposalAck(learner: LearnerState, zxid: number): void {
    if (learner.kind === 'observer' || zxid <= learner.ackedZxid) return;
    if (zxid > this.#parts.replica.parts.proposals.lastZxid) {
      this.#close(learner, 'unexpected-packet');
      return;
    }
    learner.ackedZxid = zxid;
    this.#parts.meter.onAck(learner.serverId!, learner.acks.onAcked(zxid, learner.heardMs));
    this.#hasNewAcks = true;
  }

  /** The learner tells which sessions were alive since its last ping. */
  #onPing(packet: JuteReader): void {
    const { sessions, clock } = this.#parts.replica.parts;
    const body = this.#body;
    dataOf(packet, body);
    while (body.remaining > 0) {
      const session = sessions.get(body.long());
      const timeoutMs = body.int();
      if (session === undefined) continue;
      if (session.timeoutMs === timeoutMs) sessions.touch(session, clock.nowMs);
      else sessions.setTimeout(session, timeoutMs, clock.nowMs);
    }
  }

  /** A client of the learner wants to go on with a session. */
  #revalidate(learner: LearnerState, packet: JuteReader): void {
    const { sessions, clock, replies } = this.#parts.replica.parts;
    this.#parts.meter.onRevalidated();
    const body = this.#body;
    dataOf(packet, body);
    const sessionId = body.long();
    const timeoutMs = body.int();
    const session = sessions.get(sessionId);
    const isValid = session !== undefined && !session.isClosing;
    if (isValid) {
      sessions.setTimeout(session, timeoutMs, clock.nowMs);
      const holder = session.client as Client | undefined;
      if (holder !== undefined) {
        replies.hangUp(holder, 'session-moved');
        session.client = undefined;
      }
      session.owner = learner;
    }
    writePacketOf(this.#out(learner), QuorumPacketType.revalidate, -1, (out) => {
      out.long(sessionId);
      out.boolean(isValid);
    });
  }

  /** A client's request that the learner hands on. */
  #onRequest(learner: LearnerState, packet: JuteReader): void {
    const { sessions, proposer, committer, clock } = this.#parts.replica.parts;
    learner.requestCount++;
    const body = this.#body;
    dataOf(packet, body);
    const idsStart = packet.position;
    const sessionId = body.long();
    const xid = body.int();
    const op = body.int();
    switch (op) {
      case OpCode.sync:
        committer.syncLearner({
          onSynced: () => {
            if (learner.isForwarding) {
              writeBarePacket(this.#out(learner), QuorumPacketType.sync, 0);
            }
          },
        });
        return;
      case OpCode.createSession: {
        const session = sessions.track(sessionId, body.int(), clock.nowMs);
        session.owner = learner;
        proposer.proposeCreateSession(session, undefined);
        return;
      }
      case OpCode.closeSession: {
        const session = sessions.get(sessionId);
        if (session !== undefined) session.isClosing = true;
        proposer.proposeCloseOf(sessionId, undefined, xid);
        return;
      }
      default: {
        const session = sessions.get(sessionId);
        const refusal = this.#refusalOf(session, learner);
        const ids = this.#idsOf(session, packet, idsStart);
        proposer.proposeForwarded(op, body, sessionId, xid, ids, refusal);
      }
    }
  }

  /** Source: SessionTrackerImpl.checkSession. */
  #refusalOf(session: Session | undefined, learner: LearnerState): ErrorCode {
    if (session === undefined || session.isClosing) return ErrorCode.sessionExpired;
    session.owner ??= learner;
    return session.owner === learner ? ErrorCode.ok : ErrorCode.sessionMoved;
  }

  /** Who the client is. Requests of a session come with the same ids mostly, and those are read once. */
  #idsOf(session: Session | undefined, packet: JuteReader, start: number): readonly Id[] {
    const { bytes, end } = packet;
    const known = session?.forwardedIds;
    if (known !== undefined && isSameBytes(known.bytes, bytes, start, end)) return known.ids;
    packet.position = start;
    const isNull = packet.int() === -1;
    packet.position = start;
    const ids = isNull ? [] : decodeIds(packet);
    if (session !== undefined) session.forwardedIds = { bytes: bytes.slice(start, end), ids };
    return ids;
  }

  #ping(nowMs: number): void {
    const { options, replica } = this.#parts;
    this.#pingDueMs = nowMs + Math.min(options.tickTimeMs / 2, PING_INTERVAL_MS_MAX);
    for (const learner of this.#learners.values()) {
      if (learner.phase === 'ready') {
        const { lastZxid } = replica.parts.proposals;
        writeBarePacket(this.#out(learner), QuorumPacketType.ping, lastZxid);
      }
    }
  }

  /** Every tick: who is still there? Source: Leader.lead. */
  #checkQuorum(nowMs: number): void {
    const { options } = this.#parts;
    this.#quorumCheckDueMs = nowMs + options.tickTimeMs;
    const present = new Set<ServerId>([options.serverId]);
    for (const learner of this.#learners.values()) {
      const isSilent = nowMs - learner.heardMs > options.syncLimitMs;
      if (learner.phase !== 'ready') {
        if (nowMs >= learner.dueMs) this.#close(learner, 'not-in-time');
      } else if (isSilent) {
        this.#close(learner, 'silent');
      } else if (learner.acks.isLate(nowMs, options.syncLimitMs)) {
        this.#close(learner, 'acks-too-late');
      } else if (learner.link.closing === undefined) {
        present.add(learner.serverId!);
      }
    }
    if (!this.#isQuorum(present)) {
      this.#end(`only servers ${[...present].join(', ')} are left, and they are no quorum`);
    } else if (this.#ownAcks.isLate(nowMs, options.syncLimitMs)) {
      this.#end('the disk of this server has not written for longer than syncLimit');
    }
  }

  // ── Common ────────────────────────────────────────────────────────────────────────────────────────

  /** For a packet: one is counted. */
  #out(learner: LearnerState) {
    learner.packetsSent++;
    return this.#parts.outputs.of(learner.link);
  }

  #close(learner: LearnerState, reason: PeerCloseReason): void {
    const { link } = learner;
    if (link.closing !== undefined || link.isClosed) return;
    link.closing = reason;
    learner.isForwarding = false;
    // Also a link with nothing to send must be seen when the turn ends.
    this.#parts.outputs.of(link);
  }

  #isQuorum(servers: Iterable<ServerId>): boolean {
    const set = new Set(servers);
    return this.#parts.memberships.quorums.every((quorum) => quorum.isReachedBy(set));
  }

  #report(learner: LearnerState, plan: 'diff' | 'trunc' | 'snap', to: number): void {
    const { lastZxid: from, serverId } = learner;
    this.#parts.outbox.reportMember({ kind: 'learner-sync', server: serverId!, plan, from, to });
  }

  /** Notes that the role is over; {@link #finish} does it, when the event is dealt with. */
  #end(reason: string): void {
    this.#endReason ??= reason;
  }

  #finish(): void {
    const reason = this.#endReason;
    if (reason === undefined || this.#phase === 'ended') return;
    this.#phase = 'ended';
    const { outbox, replica, onEnd } = this.#parts;
    outbox.refuseLearners();
    for (const learner of this.#learners.values()) this.#close(learner, 'role-ended');
    replica.parts.proposer.tell(undefined);
    replica.parts.proposer.reconfigureBy(undefined);
    replica.tellCommits(undefined);
    onEnd(reason);
  }
}

/** The data of the packet whose type and zxid were read; `packet` stands behind it then. @throws MalformedError when there is none. */
function dataOf(packet: JuteReader, body: JuteReader): void {
  const length = packet.span();
  if (length >= 0) body.reset(packet.bytes, packet.spanStart, packet.spanStart + length);
  else body.reset(packet.bytes, packet.position, packet.position);
}

const TXN_TYPE_AT = 28;

function txnTypeOf({ bytes, start }: Proposal): number {
  return getInt(bytes, start + TXN_TYPE_AT);
}

function isSameBytes(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.byteLength !== end - start) return false;
  for (let i = 0; i < known.byteLength; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
