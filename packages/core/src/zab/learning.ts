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
  QUORUM_PROTOCOL_VERSION,
  QuorumPacketType,
  quorumPacketTypeName,
} from '@zooid/protocol';
import type { NewState } from '../new-state.ts';
import type { OutputPool } from '../output-pool.ts';
import type { ServerId } from '../quorum/quorum.ts';
import type { CommitListener } from '../txn/committer.ts';
import type { Proposal } from '../txn/proposal-queue.ts';
import type { CommittedLog } from './committed-log.ts';
import type { Epochs } from './epochs.ts';
import { LeaderWatch } from './leader-watch.ts';
import { LearnedLog } from './learned-log.ts';
import { LearnedMembership } from './learned-membership.ts';
import { LearningSubmitter } from './learning-submitter.ts';
import type { MemberOptions } from './member-options.ts';
import type { MemberOutbox } from './member-outbox.ts';
import type { Memberships } from './memberships.ts';
import { dataOf, writeBarePacket, writePacketOf } from './packets.ts';
import type { PeerLink } from './peer-link.ts';
import type { Replica } from './replica.ts';
import type { ZabMeter } from './zab-meter.ts';
import { epochOf, firstZxidOf } from './zxid.ts';

/** A connection that ends so soon, before the leader said anything, was taken by something in between that found its port closed. */
const REFUSED_MS_MAX = 100;
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
  readonly #log: LearnedLog;

  readonly #connectDueMs: number;
  #dueMs: number;
  #connectedMs = 0;
  readonly #watch: LeaderWatch;
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
    this.#watch = new LeaderWatch(parts.options.syncLimitMs, nowMs);
    this.#log = new LearnedLog({
      replica: parts.replica,
      meter: parts.meter,
      acknowledges: parts.role === 'following',
      out: () => this.#out(),
      endRole: (reason) => this.#end(reason),
    });
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
    return this.#watch.mayAnswer(this.#nowMs);
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
        return this.#isReconfiguredAway ? 0 : this.#watch.nextDueMs;
      default:
        return this.#dueMs;
    }
  }

  // ── Events ────────────────────────────────────────────────────────────────────────────────────────

  onLeaderConnected(link: PeerLink): void {
    const { options, epochs, memberships } = this.#parts;
    if (this.#phase !== 'connecting') {
      link.closing = 'role-ended';
      this.#parts.outputs.of(link);
      return;
    }
    this.#link = link;
    this.#phase = 'greeting';
    this.#connectedMs = this.#nowMs;
    this.#dueMs = this.#connectedMs + options.initLimitMs;
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
    const nowMs = this.#nowMs;
    this.#watch.onHeard(nowMs);
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
        this.#dueMs = nowMs + this.#parts.options.initLimitMs;
        this.#onStream(type, zxid, packet);
        break;
      default:
    }
    this.#finish();
  }

  onClosed(link: PeerLink): void {
    if (link !== this.#link) return;
    if (this.#phase === 'greeting' && this.#nowMs - this.#connectedMs <= REFUSED_MS_MAX) {
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
    this.#watch.onHeard(this.#nowMs);
    this.#dueMs = this.#nowMs + this.#parts.options.initLimitMs;
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
    this.#watch.onHeard(this.#nowMs);
    this.#dueMs = this.#nowMs + this.#parts.options.initLimitMs;
    this.#log.goOn();
    link.isHeld = false;
    this.#parts.outbox.resume(link);
  }

  onLogSynced(): void {
    if (this.#phase === 'persisting') {
      this.#considerPersisted();
    } else if (this.#phase === 'acknowledged' || this.#phase === 'serving') {
      this.#log.acknowledge(this.#epoch);
    }
    this.#finish();
  }

  decideCommits(): void {
    this.#parts.replica.commitTo(this.#log.committedZxid);
  }

  onCommit(proposal: Proposal): void {
    const { committedLog, meter, replica } = this.#parts;
    committedLog.add(proposal.zxid, proposal.bytes, proposal.start, proposal.end);
    meter.onApplied(replica.parts.clock.wallMs - proposal.timeMs);
    this.#submitter.claim(proposal);
  }

  onTime(nowMs: number): void {
    if (this.#phase === 'serving') {
      const reason = this.#watch.look(nowMs);
      if (reason !== undefined) this.#end(reason);
    } else if (nowMs >= this.#dueMs) {
      this.#end(
        this.#phase === 'connecting'
          ? 'the leader takes no connection'
          : 'the leader did not bring this server up in time (initLimit)',
      );
    }
    this.#finish();
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
        this.#learn(dataOf(packet, this.#body));
        return;
      case QuorumPacketType.commit:
        this.#log.onCommitted(zxid);
        return;
      case QuorumPacketType.inform:
        this.#learn(dataOf(packet, this.#body));
        this.#log.onCommitted(zxid);
        return;
      case QuorumPacketType.commitAndActivate: {
        const next = Number(dataOf(packet, this.#body).long());
        this.#log.onCommitted(zxid);
        this.#activateProposed(zxid, next);
        return;
      }
      case QuorumPacketType.informAndActivate: {
        const body = dataOf(packet, this.#body);
        const next = Number(body.long());
        this.#learn(body);
        this.#log.onCommitted(zxid);
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
        this.#submitter.onSynced(this.#log.committedZxid);
        return;
      default:
        this.#unexpected(type);
    }
  }

  /** The transaction that is the rest of `body`. */
  #learn(body: JuteReader): void {
    if (this.#log.learn(body)) this.#membership.onTxn(body);
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

  #onNewLeader(zxid: number, data: JuteReader): void {
    if (this.#phase !== 'catching-up' || zxid !== firstZxidOf(this.#epoch)) {
      this.#end(`an unexpected NEWLEADER 0x${zxid.toString(16)}`);
      return;
    }
    this.#membership.onNewLeader(data);
    this.#phase = 'persisting';
    this.#log.endHistory(zxid);
    this.#considerPersisted();
  }

  /** The history is acknowledged when it is durable, all of it, and its epoch is. */
  #considerPersisted(): void {
    if (!this.#log.isHistoryDurable) return;
    this.#parts.epochs.adopt(this.#epoch);
    writeBarePacket(this.#out(), QuorumPacketType.ack, firstZxidOf(this.#epoch));
    this.#watch.onReport(this.#nowMs);
    this.#phase = 'acknowledged';
    this.#log.acknowledge(this.#epoch);
  }

  #onUpToDate(): void {
    const { replica, onServing } = this.#parts;
    if (this.#phase !== 'acknowledged') {
      this.#end('an unexpected UPTODATE');
      return;
    }
    const decidedZxid = Math.max(firstZxidOf(this.#epoch), this.#log.committedZxid);
    if (this.#membership.activateNewLeader(decidedZxid) === 'role-ends') {
      this.#end(OTHER_PLACE);
      return;
    }
    writeBarePacket(this.#out(), QuorumPacketType.ack, firstZxidOf(this.#epoch));
    this.#phase = 'serving';
    this.#watch.begin(this.#nowMs);
    replica.parts.sessions.clear();
    replica.serveMembersBy(this.#submitter, firstZxidOf(this.#epoch));
    onServing(this.#epoch);
  }

  #onPing(zxid: number, packet: JuteReader): void {
    this.#watch.onPing(dataOf(packet, this.#body), this.#nowMs);
    this.#watch.onReport(this.#nowMs);
    writePacketOf(this.#out(), QuorumPacketType.ping, zxid, (out) =>
      this.#submitter.writeTouched(out),
    );
  }

  // ── Common ────────────────────────────────────────────────────────────────────────────────────────

  get #nowMs(): number {
    return this.#parts.replica.parts.clock.nowMs;
  }

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
