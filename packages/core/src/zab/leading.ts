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
 * Here: the epoch, and the handshake with each learner. How a learner gets the history is `learner-sync.ts`, how transactions are decided
 * `broadcast.ts`, what learners ask for their clients `learner-requests.ts`, who is still there `follower-watch.ts`.
 *
 * Source: Leader, LearnerHandler; Zab: Junqueira, Reed, Serafini, "Zab: High-performance broadcast for primary-backup systems", phases 1 to 3.
 */

import {
  decodeAckEpoch,
  decodeLearnerInfo,
  EPOCH_TAKEN_BEFORE,
  JuteReader,
  QUORUM_PROTOCOL_VERSION,
  QuorumPacketType,
} from '@zooid/protocol';
import type { Vote } from '../election/vote.ts';
import type { OutputPool } from '../output-pool.ts';
import type { ServerId } from '../quorum/quorum.ts';
import type { LeadingSubmitter } from '../request/leading-submitter.ts';
import type { Session } from '../session/session.ts';
import { Broadcast } from './broadcast.ts';
import type { CommittedLog } from './committed-log.ts';
import type { Epochs } from './epochs.ts';
import { FollowerWatch } from './follower-watch.ts';
import { LearnerRequests } from './learner-requests.ts';
import { LearnerState } from './learner-state.ts';
import { LearnerSync } from './learner-sync.ts';
import { Learners } from './learners.ts';
import type { MemberOptions } from './member-options.ts';
import type { MemberOutbox } from './member-outbox.ts';
import type { Memberships } from './memberships.ts';
import { dataOf, writeBarePacket, writePacketOf } from './packets.ts';
import type { PeerLink } from './peer-link.ts';
import type { Replica } from './replica.ts';
import type { ZabMeter } from './zab-meter.ts';
import { counterOf, firstZxidOf } from './zxid.ts';

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

export class Leading {
  readonly role = 'leading';
  /** Whose history is longer than that of this server, which so cannot lead. */
  overtakenBy: Vote | undefined;
  readonly #parts: LeadingParts;
  readonly #learners: Learners;
  readonly #sync: LearnerSync;
  readonly #broadcast: Broadcast;
  readonly #requests: LearnerRequests;
  readonly #watch: FollowerWatch;

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

  /** A quorum must be here by then, and have the history. */
  readonly #epochDueMs: number;
  readonly #establishDueMs: number;
  #servingSinceMs: number | undefined;
  #endReason: string | undefined;
  readonly #packet = new JuteReader();
  readonly #body = new JuteReader();

  constructor(parts: LeadingParts, nowMs: number) {
    this.#parts = parts;
    this.#learners = new Learners(parts.outputs);
    const inside = {
      ...parts,
      learners: this.#learners,
      endRole: (reason: string) => this.#end(reason),
      mayAnswer: () => this.mayAnswer,
    };
    this.#sync = new LearnerSync(inside);
    this.#broadcast = new Broadcast(inside);
    this.#requests = new LearnerRequests(inside);
    this.#watch = new FollowerWatch({
      ...inside,
      requests: this.#requests,
      isOwnDiskLate: (now) => this.#broadcast.isOwnDiskLate(now),
    });
    this.#ownEpoch = parts.epochs.current;
    this.#ownZxid = parts.replica.lastLoggedZxid;
    const { initLimitMs, epochWaitMsMax = initLimitMs } = parts.options;
    this.#establishDueMs = nowMs + initLimitMs;
    this.#epochDueMs = nowMs + Math.min(epochWaitMsMax, initLimitMs);
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

  /** Clients may be answered: a quorum followed lately, not only as far as this server has noticed. */
  get mayAnswer(): boolean {
    return this.#watch.mayAnswer;
  }

  /** When it began to serve (monotonic, ms); undefined before. */
  get servingSinceMs(): number | undefined {
    return this.#servingSinceMs;
  }

  /** Everything that is known of each learner, those that have not said who they are included. */
  get learners(): Iterable<LearnerState> {
    return this.#learners.all();
  }

  get nextDueMs(): number {
    if (this.#phase === 'ended') return Number.POSITIVE_INFINITY;
    if (this.#endReason !== undefined) return 0;
    if (this.#phase === 'discovering') return this.#epochDueMs;
    if (this.#phase === 'synchronizing') return this.#establishDueMs;
    return this.#watch.nextDueMs;
  }

  // ── Events ────────────────────────────────────────────────────────────────────────────────────────

  onLearnerConnected(link: PeerLink): void {
    const { nowMs } = this.#parts.replica.parts.clock;
    const dueMs = nowMs + this.#parts.options.initLimitMs;
    this.#learners.add(new LearnerState(link, nowMs, dueMs));
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
    this.#learners.remove(learner);
    this.#parts.outbox.reportMember({
      kind: 'learner-lost',
      server: learner.serverId,
      address: link.address,
      reason: link.closing ?? 'the connection ended',
    });
    // What it has promised and has on disk still counts.
    this.#sync.onClosed(learner);
    this.#finish();
  }

  onSnapshotSent(link: PeerLink): void {
    this.#sync.onSnapshotSent(link);
  }

  onLogRead(link: PeerLink, zxid: number, bytes: Uint8Array, start: number, end: number): void {
    this.#sync.onLogRead(link, zxid, bytes, start, end);
  }

  onLogReadEnd(link: PeerLink, outcome: 'complete' | 'unavailable'): void {
    this.#sync.onLogReadEnd(link, outcome);
  }

  onLogSynced(zxid: number): void {
    this.#broadcast.onLogSynced(zxid);
  }

  decideCommits(): void {
    this.#finish();
    if (this.#phase === 'broadcasting') this.#broadcast.decideCommits();
  }

  onTime(nowMs: number): void {
    if (this.#phase === 'discovering' && nowMs >= this.#epochDueMs) {
      const limit = nowMs < this.#establishDueMs ? 'leader.maxTimeToWaitForEpoch' : 'initLimit';
      this.#end(`no quorum came in time (${limit})`);
    } else if (this.#phase === 'synchronizing' && nowMs >= this.#establishDueMs) {
      this.#end('no quorum came in time (initLimit)');
    } else if (this.#phase === 'broadcasting') {
      this.#watch.onTime(nowMs);
    }
    this.#finish();
  }

  /** Whether a session that was due at `dueMs` must not end yet: a learner may have promised its client more. */
  mustOutlast(session: Session, dueMs: number): boolean {
    return this.#requests.mustOutlast(session, dueMs);
  }

  /** Sessions are about to expire: not by time in which this process stood still. */
  beforeExpiry(nowMs: number): void {
    if (this.#phase !== 'broadcasting') return;
    this.#watch.noteStall(nowMs);
    this.#finish();
  }

  /**
   * A server is in a later election. If a quorum is not here yet and that one was to be of it, it would be waited for in vain: it can
   * join nobody whom no quorum follows.
   */
  onDeserted(by: ServerId): void {
    if (this.#phase !== 'discovering' && this.#phase !== 'synchronizing') return;
    const present = new Set<ServerId>([this.#parts.options.serverId]);
    for (const { serverId, link } of this.#learners.all()) {
      if (serverId !== undefined && serverId !== by && !link.isClosed) present.add(serverId);
    }
    if (this.#parts.memberships.isQuorum(present)) return;
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
      this.#learners.close(learner, 'unexpected-packet');
    }
  }

  #onLearnerInfo(learner: LearnerState, zxid: number, packet: JuteReader): void {
    const info = decodeLearnerInfo(dataOf(packet, this.#body));
    if (info.protocolVersion < QUORUM_PROTOCOL_VERSION) {
      this.#learners.close(learner, 'malformed');
      return;
    }
    if ((info.configVersion ?? 0n) > BigInt(this.#parts.memberships.lastSeen.version)) {
      this.#learners.close(learner, 'config-ahead');
      return;
    }
    const serverId = Number(info.serverId);
    for (const other of this.#learners.all()) {
      if (other.serverId === serverId) this.#learners.close(other, 'replaced');
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
    const { epochs, memberships, options, outbox } = this.#parts;
    if (this.#phase !== 'discovering' || !memberships.isQuorum(this.#acceptedEpochs.keys())) return;
    this.#epoch = Math.max(...this.#acceptedEpochs.values()) + 1;
    epochs.accept(this.#epoch);
    outbox.reportMember({ kind: 'epoch-accepted', epoch: this.#epoch });
    this.#phase = 'synchronizing';
    if (options.isReconfigOn) this.#numberFirstMembership();
    for (const learner of this.#learners.all()) {
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
    writePacketOf(this.#learners.out(learner), QuorumPacketType.leaderInfo, zxid, (out) =>
      out.int(QUORUM_PROTOCOL_VERSION),
    );
  }

  #onAckEpoch(learner: LearnerState, zxid: number, packet: JuteReader): void {
    const { currentEpoch } = decodeAckEpoch(dataOf(packet, this.#body));
    const isAhead =
      currentEpoch > this.#ownEpoch || (currentEpoch === this.#ownEpoch && zxid > this.#ownZxid);
    if (currentEpoch !== EPOCH_TAKEN_BEFORE && isAhead && !this.#isEpochTaken) {
      // The election chose wrongly: whoever has more must lead. Source: Leader.waitForEpochAck.
      const leader = learner.serverId!;
      this.overtakenBy = { leader, zxid, peerEpoch: currentEpoch };
      this.#end(`server ${leader} has a longer history`);
      return;
    }
    learner.lastZxid = zxid;
    learner.phase = 'acknowledged';
    if (this.#isEpochTaken) {
      this.#sync.next();
    } else if (currentEpoch !== EPOCH_TAKEN_BEFORE) {
      if (learner.kind === 'follower') this.#epochTakers.add(learner.serverId!);
      this.#considerTakers();
    }
  }

  /** A quorum follows nobody older any more: this server's history is that of the epoch. */
  #considerTakers(): void {
    if (this.#isEpochTaken || !this.#parts.memberships.isQuorum(this.#epochTakers)) return;
    const { epochs, options } = this.#parts;
    this.#isEpochTaken = true;
    // The history of this server is durable and applied, all of it, since before the election.
    epochs.adopt(this.#epoch);
    this.#synced.add(options.serverId);
    this.#sync.begin({ current: this.#epoch, history: this.#ownEpoch });
    this.#considerSynced();
  }

  /**
   * Servers of Apache's before 3.9.1 log what came with the history in the background, and acknowledge that before NEWLEADER or after.
   * It is noted, and counts as soon as the learner is ready. Source: ZOOKEEPER-4685.
   */
  #onEarlyAck(learner: LearnerState, zxid: number): void {
    if (counterOf(zxid) === 0) this.#learners.close(learner, 'unexpected-packet');
    else this.#broadcast.onAck(learner, zxid);
  }

  #onNewLeaderAck(learner: LearnerState): void {
    learner.phase = 'ready';
    learner.pings.onAnswered(this.#parts.replica.parts.clock.nowMs);
    this.#broadcast.onLearnerReady();
    if (learner.kind === 'follower') this.#synced.add(learner.serverId!);
    this.#parts.outbox.reportMember({ kind: 'learner-synced', server: learner.serverId! });
    if (this.#phase === 'broadcasting') this.#sendUpToDate(learner);
    else this.#considerSynced();
  }

  /** A quorum has the history: the epoch is established, and everything in it committed. */
  #considerSynced(): void {
    if (this.#phase !== 'synchronizing' || !this.#parts.memberships.isQuorum(this.#synced)) return;
    const { replica, submitter, options, onServing } = this.#parts;
    const { nowMs } = replica.parts.clock;
    if (options.isReconfigOn && !this.#completeReconfig()) return;
    this.#phase = 'broadcasting';
    this.#servingSinceMs = nowMs;
    replica.beginProposing(firstZxidOf(this.#epoch));
    this.#broadcast.begin();
    this.#watch.begin(nowMs);
    submitter.expireUnknownOnlyWhile(() => this.mayAnswer);
    if (options.isLeaderServing) replica.serveMembersBy(submitter, firstZxidOf(this.#epoch));
    for (const learner of this.#learners.all()) {
      if (learner.phase === 'ready') this.#sendUpToDate(learner);
    }
    onServing(this.#epoch);
  }

  /** A configuration that was proposed before, and may be in force elsewhere, is in force here, too. @returns false when that ends the role. */
  #completeReconfig(): boolean {
    const { memberships, options } = this.#parts;
    const { membership } = memberships.lastSeen;
    const next = this.#broadcast.designate(membership, 0);
    if (memberships.activate(membership, options.serverId, next) === 'role-goes-on') return true;
    this.#end('the configuration wants another leader');
    return false;
  }

  #sendUpToDate(learner: LearnerState): void {
    writeBarePacket(this.#learners.out(learner), QuorumPacketType.upToDate, -1);
    // So it knows of its lease before it serves anybody.
    this.#watch.ping(learner, this.#parts.replica.parts.clock.nowMs);
  }

  // ── Broadcast ─────────────────────────────────────────────────────────────────────────────────────

  #onReadyPacket(learner: LearnerState, type: number, zxid: number, packet: JuteReader): void {
    switch (type) {
      case QuorumPacketType.ack:
        // Those of the handshake have counter 0.
        if (counterOf(zxid) !== 0) this.#broadcast.onAck(learner, zxid);
        return;
      case QuorumPacketType.ping:
        this.#watch.onPingAnswer(learner, packet);
        return;
      case QuorumPacketType.revalidate:
        this.#requests.onRevalidate(learner, packet);
        return;
      case QuorumPacketType.request:
        this.#requests.onRequest(learner, packet);
        return;
      default:
        this.#learners.close(learner, 'unexpected-packet');
    }
  }

  // ── Common ────────────────────────────────────────────────────────────────────────────────────────

  /** Notes that the role is over; {@link #finish} does it, when the event is dealt with. */
  #end(reason: string): void {
    this.#endReason ??= reason;
  }

  #finish(): void {
    const reason = this.#endReason;
    if (reason === undefined || this.#phase === 'ended') return;
    this.#phase = 'ended';
    const { outbox, onEnd } = this.#parts;
    this.#sync.end();
    outbox.refuseLearners();
    for (const learner of this.#learners.all()) this.#learners.close(learner, 'role-ended');
    this.#broadcast.end();
    onEnd(reason);
  }
}
