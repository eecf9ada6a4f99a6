/**
 * The role of a learner: a follower, which acknowledges, or an observer, which only hears what is decided.
 *
 *   connecting ──► greeting ──► choosing ──► catching-up ──► persisting ──► acknowledged ──► serving
 *               (who I am)   (took the   (DIFF, TRUNC or   (NEWLEADER: all (NEWLEADER is   (UPTODATE)
 *                             epoch)      SNAP, proposals)  to disk first)  acknowledged)
 *
 * The order on the way is what keeps committed transactions from being lost: history durable, then the epoch of the history, then the
 * acknowledgement (ZOOKEEPER-4643, 4646, 4785).
 *
 * Source: Learner.registerWithLeader, syncWithLeader; Follower, Observer.
 */

import {
  EPOCH_TAKEN_BEFORE,
  encodeLearnerInfo,
  JuteReader,
  MalformedError,
  QUORUM_PROTOCOL_VERSION,
  QuorumPacketType,
  quorumPacketTypeName,
} from '@zooid/protocol';
import { assert } from '../assert.ts';
import type { NewState } from '../new-state.ts';
import type { OutputPool } from '../output-pool.ts';
import type { ServerId } from '../quorum/quorum.ts';
import { mayFollow, TXN_HEADER_BYTES, txnZxid } from '../storage/log-format.ts';
import type { CommitListener } from '../txn/committer.ts';
import type { Proposal } from '../txn/proposal-queue.ts';
import { AnswerLease } from './answer-lease.ts';
import type { CommittedLog } from './committed-log.ts';
import type { Epochs } from './epochs.ts';
import { LearnedMembership } from './learned-membership.ts';
import { LearningSubmitter } from './learning-submitter.ts';
import type { MemberOptions } from './member-options.ts';
import type { MemberOutbox } from './member-outbox.ts';
import type { Memberships } from './memberships.ts';
import { dataOf, writeBarePacket, writePacketOf } from './packets.ts';
import type { PeerLink } from './peer-link.ts';
import { PingInterval } from './ping-interval.ts';
import type { Replica } from './replica.ts';
import type { ZabMeter } from './zab-meter.ts';
import { epochOf, firstZxidOf } from './zxid.ts';

/** A connection that ends so soon, before the leader said anything, was taken by something in between that found its port closed. */
const REFUSED_MS_MAX = 100;
/** How often a learner looks whether its leader is silent. */
const LOOK_INTERVAL_MS = 250;
/** So long clients wait for their answers at most, before they are sent away to ask elsewhere. */
const UNHEARD_MS_MAX = 2000;
const OTHER_PLACE = 'the configuration has another place for this server';

export interface LearningParts {
  readonly role: 'following' | 'observing';
  readonly leader: ServerId;
  readonly options: MemberOptions;
  readonly memberships: Memberships;
  readonly replica: Replica;
  readonly outbox: MemberOutbox;
  readonly outputs: OutputPool<PeerLink>;
  readonly committedLog: CommittedLog;
  readonly epochs: Epochs;
  readonly meter: ZabMeter;
  /** The leader of this epoch wanted the log cut back to where it cannot be: it is asked for its whole state instead. */
  readonly snapshotEpoch: number | undefined;
  /** The log cannot be cut back to where the leader of this epoch wants it. The role ends. */
  readonly onNotTruncated: (epoch: number) => void;
  readonly onServing: (epoch: number) => void;
  /** This server can follow no longer. Called once, as the last thing of an event. */
  readonly onEnd: (reason: string) => void;
}

/** How far a learner has come. */
export type LearningPhase =
  | 'connecting'
  | 'greeting'
  | 'choosing'
  | 'catching-up'
  | 'persisting'
  | 'acknowledged'
  | 'serving'
  | 'ended';

export class Learning implements CommitListener {
  readonly role: 'following' | 'observing';
  readonly leader: ServerId;
  readonly #parts: LearningParts;
  readonly #submitter: LearningSubmitter;
  readonly #membership: LearnedMembership;
  #phase: LearningPhase = 'connecting';
  #plan: 'diff' | 'trunc' | 'snap' | undefined;
  #planZxid = 0;
  #link: PeerLink | undefined;
  #epoch = 0;
  /** The leader believes that this server has no history, so it sends its state. */
  #claimsNothing = false;
  /** What a quorum has, as the leader says. */
  #committedZxid = 0;
  /** The leader waits for an acknowledgement of everything above. */
  #ackedZxid = 0;
  /** The history that NEWLEADER ends: what comes behind it need not be durable for the acknowledgement. */
  #historyZxid = 0;

  readonly #connectDueMs: number;
  #dueMs: number;
  #heardMs: number;
  #lookedMs: number;
  readonly #pings = new PingInterval();
  readonly #lease = new AnswerLease();
  /** Since when this server has been seen to be without its lease; undefined while it holds it. */
  #unleasedSinceMs: number | undefined;
  #endReason: string | undefined;
  /** The reconfiguration that leaves this server without its role. Whoever asked for it is answered first. */
  #lastReconfigZxid: number | undefined;
  readonly #packet = new JuteReader();
  readonly #body = new JuteReader();

  constructor(parts: LearningParts, nowMs: number) {
    this.role = parts.role;
    this.leader = parts.leader;
    this.#parts = parts;
    this.#connectDueMs = nowMs + parts.options.connectLimitMs;
    this.#dueMs = this.#connectDueMs;
    this.#heardMs = nowMs;
    this.#lookedMs = nowMs;
    this.#committedZxid = parts.replica.lastAppliedZxid;
    this.#membership = new LearnedMembership(parts);
    this.#submitter = new LearningSubmitter({
      replica: parts.replica,
      out: () => this.#out(),
    });
  }

  /** Takes the role up. */
  begin(): void {
    this.#parts.replica.tellCommits(this);
    this.#parts.outbox.connectToLeader(this.leader);
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The leader has said that this server is up to date. */
  get isEstablished(): boolean {
    return this.#phase === 'serving';
  }

  get phase(): LearningPhase {
    return this.#phase;
  }

  /** Clients may be answered: this server is known to be heard by a leader that a quorum follows. */
  get mayAnswer(): boolean {
    return this.#lease.isHeld(this.#parts.replica.parts.clock.nowMs);
  }

  /** How the leader brings this server up, and to where; undefined before it has said so. */
  get plan(): { readonly kind: 'diff' | 'trunc' | 'snap'; readonly zxid: number } | undefined {
    return this.#plan === undefined ? undefined : { kind: this.#plan, zxid: this.#planZxid };
  }

  /** Requests of clients that the leader has not decided. */
  get outstandingCount(): number {
    return this.#submitter.outstandingCount;
  }

  get nextDueMs(): number {
    switch (this.#phase) {
      case 'ended':
        return Number.POSITIVE_INFINITY;
      case 'serving':
        return this.#isReconfiguredAway ? 0 : this.#lookedMs + LOOK_INTERVAL_MS;
      default:
        return this.#dueMs;
    }
  }

  // ── Events ────────────────────────────────────────────────────────────────────────────────────────

  onLeaderConnected(link: PeerLink): void {
    const { options, epochs, memberships, replica } = this.#parts;
    if (this.#phase !== 'connecting') {
      link.closing = 'role-ended';
      this.#parts.outputs.of(link);
      return;
    }
    this.#link = link;
    this.#phase = 'greeting';
    this.#heardMs = replica.parts.clock.nowMs;
    this.#dueMs = this.#heardMs + options.initLimitMs;
    const type =
      this.role === 'observing' ? QuorumPacketType.observerInfo : QuorumPacketType.followerInfo;
    writePacketOf(this.#out(), type, firstZxidOf(epochs.accepted), (out) =>
      encodeLearnerInfo(out, {
        serverId: BigInt(options.serverId),
        protocolVersion: QUORUM_PROTOCOL_VERSION,
        configVersion: BigInt(memberships.active.version),
      }),
    );
  }

  /** @throws MalformedError */
  onPacket(link: PeerLink, bytes: Uint8Array, start: number, end: number): void {
    if (link !== this.#link) return;
    this.#heardMs = this.#parts.replica.parts.clock.nowMs;
    const packet = this.#packet;
    packet.reset(bytes, start, end);
    const type = packet.int();
    const zxid = packet.longAsNumber();
    switch (this.#phase) {
      case 'greeting':
        this.#onLeaderInfo(type, zxid);
        break;
      case 'choosing':
        this.#onPlan(link, type, zxid);
        break;
      case 'catching-up':
      case 'persisting':
      case 'acknowledged':
      case 'serving':
        this.#dueMs = this.#heardMs + this.#parts.options.initLimitMs;
        this.#onStream(type, zxid, packet);
        break;
      default:
    }
    this.#finish();
  }

  onClosed(link: PeerLink): void {
    if (link !== this.#link) return;
    const { nowMs } = this.#parts.replica.parts.clock;
    if (this.#phase === 'greeting' && nowMs - this.#heardMs <= REFUSED_MS_MAX) {
      this.#link = undefined;
      this.#phase = 'connecting';
      this.#dueMs = this.#connectDueMs;
      this.#parts.outbox.connectToLeader(this.leader);
      return;
    }
    this.#end('the connection to the leader ended');
    this.#finish();
  }

  /** Some of the stream behind a SNAP packet arrived. */
  onSnapshotProgress(link: PeerLink): void {
    if (link !== this.#link) return;
    const { replica, options } = this.#parts;
    this.#heardMs = replica.parts.clock.nowMs;
    this.#dueMs = this.#heardMs + options.initLimitMs;
  }

  /** The stream behind a SNAP packet was read. */
  onSnapshotReceived(link: PeerLink, state: NewState): void {
    if (link !== this.#link) return;
    link.incoming = 'packets';
    this.#membership.onState(state);
    this.#holdFor(link);
    this.#parts.outbox.installState(state);
  }

  /** The disk works on the state as a whole: nothing is taken in meanwhile, and nobody is impatient. */
  #holdFor(link: PeerLink): void {
    link.isHeld = true;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#parts.replica.isReplacing = true;
  }

  /** The log cannot be cut back: what came before is in a snapshot that goes further. Nothing has changed. */
  onLogNotTruncated(): void {
    this.#parts.onNotTruncated(this.#epoch);
    this.#end('the log cannot be cut back to where the leader ends: its whole state is needed');
    this.#finish();
  }

  /** The log is cut back, or the state installed: memory and disk are where the leader wants them. */
  onStateReplaced(): void {
    const link = this.#link;
    if (this.#phase !== 'catching-up' || link === undefined) return;
    this.#heardMs = this.#parts.replica.parts.clock.nowMs;
    this.#dueMs = this.#heardMs + this.#parts.options.initLimitMs;
    this.#committedZxid = this.#parts.replica.lastAppliedZxid;
    link.isHeld = false;
    this.#parts.outbox.resume(link);
  }

  onLogSynced(zxid: number): void {
    if (this.#phase === 'persisting') this.#considerPersisted();
    else if (this.#phase === 'acknowledged' || this.#phase === 'serving') this.#ackTo(zxid);
    this.#finish();
  }

  decideCommits(): void {
    this.#parts.replica.commitTo(this.#committedZxid);
  }

  onCommit(proposal: Proposal): void {
    const { committedLog, meter, replica } = this.#parts;
    committedLog.add(proposal.zxid, proposal.bytes, proposal.start, proposal.end);
    meter.onApplied(replica.parts.clock.wallMs - proposal.timeMs);
    this.#submitter.claim(proposal);
  }

  onTime(nowMs: number): void {
    if (this.#phase === 'serving') {
      const stalledMs = nowMs - this.#lookedMs - LOOK_INTERVAL_MS;
      this.#lookedMs = nowMs;
      // What came while this process stood still is not read yet.
      if (stalledMs > LOOK_INTERVAL_MS) this.#heardMs += stalledMs;
      const silentMs = nowMs - this.#heardMs;
      if (silentMs > this.#pings.silenceMsMax(this.#parts.options.syncLimitMs)) {
        this.#end(`nothing was heard of the leader for ${Math.round(silentMs)} ms`);
      }
      this.#lookAtLease(nowMs);
    } else if (nowMs >= this.#dueMs) {
      this.#end(
        this.#phase === 'connecting'
          ? 'the leader takes no connection'
          : 'the leader did not bring this server up in time (initLimit)',
      );
    }
    this.#finish();
  }

  /** By what it has seen itself: a lease that ran out while this process stood still may be renewed by what is not read yet. */
  #lookAtLease(nowMs: number): void {
    if (this.#lease.isHeld(nowMs)) {
      this.#unleasedSinceMs = undefined;
      return;
    }
    this.#unleasedSinceMs ??= nowMs;
    if (nowMs - this.#unleasedSinceMs < UNHEARD_MS_MAX) return;
    this.#end('the leader does not hear of this server, or has no quorum itself');
  }

  /** The one that was elected votes for somebody else itself: it will not lead. */
  onDisowned(other: ServerId): void {
    if (this.#phase !== 'connecting' && this.#phase !== 'greeting') return;
    this.#end(`server ${this.leader} votes for server ${other}`);
    this.#finish();
  }

  resign(reason: string): void {
    this.#end(reason);
    this.#finish();
  }

  // ── Handshake ─────────────────────────────────────────────────────────────────────────────────────

  #onLeaderInfo(type: number, zxid: number): void {
    const { epochs, replica, outbox, snapshotEpoch } = this.#parts;
    if (type !== QuorumPacketType.leaderInfo) {
      this.#unexpected(type);
      return;
    }
    const epoch = epochOf(zxid);
    if (epoch < epochs.accepted) {
      this.#end(
        `the leader's epoch ${epoch} is behind ${epochs.accepted}, which this server has accepted`,
      );
      return;
    }
    // Whoever has taken the epoch before is not counted a second time.
    let currentEpoch = EPOCH_TAKEN_BEFORE;
    if (epoch > epochs.accepted) {
      currentEpoch = epochs.current;
      epochs.accept(epoch);
      outbox.reportMember({ kind: 'epoch-accepted', epoch });
    }
    this.#epoch = epoch;
    this.#phase = 'choosing';
    // Only whom the leader does not count may claim to have nothing: what it has may matter to the choice of a leader.
    const isCounted = currentEpoch !== EPOCH_TAKEN_BEFORE;
    this.#claimsNothing = epoch === snapshotEpoch && !isCounted;
    const lastZxid = this.#claimsNothing ? 0 : replica.lastLoggedZxid;
    writePacketOf(this.#out(), QuorumPacketType.ackEpoch, lastZxid, (out) => out.int(currentEpoch));
  }

  #onPlan(link: PeerLink, type: number, zxid: number): void {
    const { outbox, replica, committedLog } = this.#parts;
    if (this.#claimsNothing && type !== QuorumPacketType.snap) {
      // A leader without any transaction sends no state. It will have one soon: that of a session.
      this.#end('the whole state was asked for, and is not sent');
      return;
    }
    switch (type) {
      case QuorumPacketType.diff:
        this.#onPlanned('diff', zxid);
        break;
      case QuorumPacketType.trunc:
        this.#onPlanned('trunc', zxid);
        if (zxid < replica.lastLoggedZxid) {
          this.#holdFor(link);
          committedLog.clear();
          outbox.truncateLog(zxid);
        }
        break;
      case QuorumPacketType.snap:
        this.#onPlanned('snap', zxid);
        committedLog.clear();
        link.incoming = 'snapshot';
        break;
      default:
        this.#unexpected(type);
        return;
    }
    this.#phase = 'catching-up';
  }

  #onPlanned(plan: 'diff' | 'trunc' | 'snap', zxid: number): void {
    this.#plan = plan;
    this.#planZxid = zxid;
    this.#parts.outbox.reportMember({ kind: 'sync-received', plan, zxid });
  }

  // ── Catching up, and broadcast ────────────────────────────────────────────────────────────────────

  #onStream(type: number, zxid: number, packet: JuteReader): void {
    switch (type) {
      case QuorumPacketType.proposal:
        this.#onProposal(packet);
        return;
      case QuorumPacketType.commit:
        this.#onCommitted(zxid);
        return;
      case QuorumPacketType.inform:
        this.#onProposal(packet);
        this.#onCommitted(zxid);
        return;
      case QuorumPacketType.commitAndActivate: {
        const next = Number(dataOf(packet, this.#body).long());
        this.#onCommitted(zxid);
        this.#activateProposed(zxid, next);
        return;
      }
      case QuorumPacketType.informAndActivate: {
        const body = dataOf(packet, this.#body);
        const next = Number(body.long());
        this.#learn(body);
        this.#onCommitted(zxid);
        this.#activateProposed(zxid, next);
        return;
      }
      case QuorumPacketType.newLeader:
        this.#onNewLeader(zxid, dataOf(packet, this.#body));
        return;
      case QuorumPacketType.upToDate:
        this.#onUpToDate();
        return;
      case QuorumPacketType.ping:
        this.#onPing(zxid, packet);
        return;
      case QuorumPacketType.revalidate: {
        const body = dataOf(packet, this.#body);
        const sessionId = body.long();
        this.#submitter.onRevalidated(sessionId, body.boolean());
        return;
      }
      case QuorumPacketType.sync:
        this.#submitter.onSynced(this.#committedZxid);
        return;
      default:
        this.#unexpected(type);
    }
  }

  #onProposal(packet: JuteReader): void {
    this.#learn(dataOf(packet, this.#body));
  }

  /** The transaction that is the rest of `body`. */
  #learn(body: JuteReader): void {
    const { replica } = this.#parts;
    if (body.remaining < TXN_HEADER_BYTES) throw new MalformedError('a proposal without a header');
    const zxid = txnZxid(body.bytes, body.position);
    if (!mayFollow(replica.lastLoggedZxid, zxid)) {
      this.#end(
        `the leader's transaction ${hex(zxid)} does not follow ${hex(replica.lastLoggedZxid)}`,
      );
      return;
    }
    const { timeMs } = replica.learn(zxid, body.bytes, body.position, body.end);
    this.#parts.meter.onProposalReceived(replica.parts.clock.wallMs - timeMs);
    this.#membership.onTxn(body);
  }

  /** @param next - who leads under the new configuration. */
  #activateProposed(zxid: number, next: ServerId): void {
    const effect = this.#membership.activateProposed(zxid, next);
    if (effect !== 'role-ends') return;
    if (this.#phase === 'serving') this.#lastReconfigZxid = zxid;
    else this.#end(OTHER_PLACE);
  }

  /** A reconfiguration that ends the role is applied, and answered. */
  get #isReconfiguredAway(): boolean {
    const zxid = this.#lastReconfigZxid;
    return zxid !== undefined && this.#parts.replica.lastAppliedZxid >= zxid;
  }

  #onCommitted(zxid: number): void {
    const { replica } = this.#parts;
    if (zxid > replica.lastLoggedZxid) {
      this.#end(`the leader commits ${hex(zxid)}, which it has not proposed`);
      return;
    }
    if (zxid > this.#committedZxid) {
      this.#committedZxid = zxid;
      this.#parts.meter.onCommitReceived();
    }
  }

  #onNewLeader(zxid: number, data: JuteReader): void {
    if (this.#phase !== 'catching-up' || zxid !== firstZxidOf(this.#epoch)) {
      this.#end(`an unexpected NEWLEADER ${hex(zxid)}`);
      return;
    }
    this.#membership.onNewLeader(data);
    this.#phase = 'persisting';
    this.#historyZxid = this.#parts.replica.lastLoggedZxid;
    // What came with the history and is not committed yet is waited for.
    this.#ackedZxid = Math.max(this.#committedZxid, zxid);
    this.#considerPersisted();
  }

  /** The history is acknowledged when it is durable, all of it, and its epoch is. */
  #considerPersisted(): void {
    const { replica, epochs } = this.#parts;
    if (replica.syncedZxid < this.#historyZxid) return;
    epochs.adopt(this.#epoch);
    writeBarePacket(this.#out(), QuorumPacketType.ack, firstZxidOf(this.#epoch));
    this.#lease.onReport(replica.parts.clock.nowMs);
    this.#phase = 'acknowledged';
    this.#ackTo(replica.syncedZxid);
  }

  #onUpToDate(): void {
    const { replica, onServing } = this.#parts;
    if (this.#phase !== 'acknowledged') {
      this.#end('an unexpected UPTODATE');
      return;
    }
    const decidedZxid = Math.max(firstZxidOf(this.#epoch), this.#committedZxid);
    if (this.#membership.activateNewLeader(decidedZxid) === 'role-ends') {
      this.#end(OTHER_PLACE);
      return;
    }
    writeBarePacket(this.#out(), QuorumPacketType.ack, firstZxidOf(this.#epoch));
    this.#phase = 'serving';
    this.#lookedMs = replica.parts.clock.nowMs;
    replica.parts.sessions.clear();
    replica.serveMembersBy(this.#submitter, firstZxidOf(this.#epoch));
    onServing(this.#epoch);
  }

  /** Source: SendAckRequestProcessor: one for each proposal, for a Java leader counts them singly. */
  #ackTo(syncedZxid: number): void {
    if (this.role === 'observing' || syncedZxid <= this.#ackedZxid) return;
    const out = this.#out();
    assert(
      epochOf(syncedZxid) === this.#epoch,
      'only proposals of the epoch are acknowledged singly',
    );
    for (let zxid = this.#ackedZxid + 1; zxid <= syncedZxid; zxid++) {
      writeBarePacket(out, QuorumPacketType.ack, zxid);
    }
    this.#ackedZxid = syncedZxid;
  }

  #onPing(zxid: number, packet: JuteReader): void {
    const { nowMs } = this.#parts.replica.parts.clock;
    this.#pings.onPing(nowMs);
    this.#lease.onPing(dataOf(packet, this.#body));
    this.#lease.onReport(nowMs);
    writePacketOf(this.#out(), QuorumPacketType.ping, zxid, (out) =>
      this.#submitter.writeTouched(out),
    );
  }

  // ── Common ────────────────────────────────────────────────────────────────────────────────────────

  #out() {
    return this.#parts.outputs.of(this.#link!);
  }

  #unexpected(type: number): void {
    this.#end(`an unexpected packet: ${quorumPacketTypeName(type)}`);
  }

  #end(reason: string): void {
    this.#endReason ??= reason;
  }

  #finish(): void {
    if (this.#isReconfiguredAway) this.#end(OTHER_PLACE);
    const reason = this.#endReason;
    if (reason === undefined || this.#phase === 'ended') return;
    this.#phase = 'ended';
    const { outbox, outputs, replica, onEnd } = this.#parts;
    outbox.cancelConnect();
    const link = this.#link;
    if (link !== undefined && !link.isClosed) {
      link.closing = 'role-ended';
      outputs.of(link);
    }
    replica.tellCommits(undefined);
    this.#submitter.abandon();
    onEnd(reason);
  }
}

function hex(zxid: number): string {
  return `0x${zxid.toString(16)}`;
}
