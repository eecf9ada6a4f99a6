/**
 * One member of an ensemble: it looks for a leader, takes its role, and looks again when that is over.
 *
 *               ┌────────────────── settling ◄──────────────────┐
 *               ▼    (all that is logged becomes durable and     │ the role is over
 *            looking  is applied; no client is served)           │
 *               │                                                │
 *               ├── elected itself ──► leading ──────────────────┤
 *               ├── elected another, and has a say ──► following ─┤
 *               └── elected another, and has none ──► observing ──┘
 *
 * A role is an object that is replaced; nothing of it is left when it ends but the log, and the state is what the log says (ZOOKEEPER-2845).
 *
 * Source: QuorumPeer.run.
 */

import {
  decodeUtf8,
  MalformedError,
  type Membership,
  parseMembership,
  ServerState,
} from '@zooid/protocol';
import {
  type ElectionResult,
  FastLeaderElection,
  NO_HISTORY,
  type PeerNotification,
} from '../election/fast-leader-election.ts';
import type { NewState } from '../new-state.ts';
import { OutputPool } from '../output-pool.ts';
import type { ServerId } from '../quorum/quorum.ts';
import { LeadingSubmitter } from '../request/leading-submitter.ts';
import { ReadOnlySubmitter } from '../request/read-only-submitter.ts';
import type { CommittedLog } from './committed-log.ts';
import { Epochs, type SavedEpochs } from './epochs.ts';
import { Leading } from './leading.ts';
import { Learning } from './learning.ts';
import type { MemberOptions } from './member-options.ts';
import type { MemberOutbox } from './member-outbox.ts';
import { Memberships } from './memberships.ts';
import { Nomination } from './nomination.ts';
import type { PeerLink } from './peer-link.ts';
import type { Replica } from './replica.ts';
import type { ZabMeter } from './zab-meter.ts';

/** How long a leader is looked for before readers are served. */
const READ_ONLY_AFTER_MS = 2000;

/** What a server is doing in its ensemble. `settling` is shown as looking. */
export type MemberRole = 'settling' | 'looking' | 'leading' | 'following' | 'observing' | 'stopped';

export class Member {
  /** Packets to other servers, sent when the turn ends. */
  readonly outputs: OutputPool<PeerLink> = new OutputPool();
  readonly committedLog: CommittedLog;

  readonly #options: MemberOptions;
  readonly #outbox: MemberOutbox;
  readonly #replica: Replica;
  readonly #meter: ZabMeter;
  readonly #epochs: Epochs;
  readonly #election: FastLeaderElection;
  readonly #submitter: LeadingSubmitter;
  readonly #readOnlySubmitter: ReadOnlySubmitter;
  /** Without a leader for so long, reads are served; Infinity when they are not to be, or are. */
  #readOnlyDueMs = Number.POSITIVE_INFINITY;
  #isReadOnly = false;
  readonly memberships: Memberships;
  #role: Leading | Learning | undefined;
  #phase: 'settling' | 'looking' | 'in-role' | 'stopped' = 'stopped';
  /** The election that is going on, or that found the leader. */
  #lookingSinceMs = 0;
  readonly #nomination: Nomination;
  /** See `LearningParts.snapshotEpoch`. */
  #snapshotEpoch: number | undefined;
  #result: ElectionResult | undefined;
  readonly #reachable = new Set<ServerId>();

  constructor(parts: {
    readonly options: MemberOptions;
    /** The configuration in force, and one that was proposed after it, as they were saved. */
    readonly membership: Membership;
    readonly lastSeenMembership: Membership | undefined;
    readonly epochs: SavedEpochs;
    readonly outbox: MemberOutbox;
    readonly replica: Replica;
    readonly meter: ZabMeter;
    /** Holds what was replayed from the log. */
    readonly committedLog: CommittedLog;
  }) {
    const { options, outbox, replica } = parts;
    this.#options = options;
    this.#outbox = outbox;
    this.#replica = replica;
    this.#meter = parts.meter;
    this.memberships = new Memberships(
      options.serverId,
      parts.membership,
      parts.lastSeenMembership,
      outbox,
    );
    this.#nomination = new Nomination(this.memberships, options.syncLimitMs);
    this.#epochs = new Epochs(parts.epochs, outbox);
    this.committedLog = parts.committedLog;
    this.#submitter = new LeadingSubmitter(replica.parts);
    this.#readOnlySubmitter = new ReadOnlySubmitter(replica.parts);
    this.#election = new FastLeaderElection(
      {
        serverId: options.serverId,
        quorums: () => this.memberships.quorums,
        isReachable: (server) => this.#reachable.has(server),
        finalizeWaitMs: options.finalizeWaitMs,
        notificationIntervalMsMin: options.notificationIntervalMsMin,
        notificationIntervalMsMax: options.notificationIntervalMsMax,
      },
      outbox,
    );
  }

  // ── What it is doing ──────────────────────────────────────────────────────────────────────────────

  get role(): MemberRole {
    return this.#phase === 'in-role' ? this.#role!.role : this.#phase;
  }

  /** Clients are served. */
  get isServing(): boolean {
    if (this.#isReadOnly) return true;
    return this.isEstablished && (this.leading === undefined || this.#options.isLeaderServing);
  }

  /** It is in a role whose epoch is established: nothing that is applied here can have to be taken back. */
  get isEstablished(): boolean {
    return this.#role?.isEstablished === true;
  }

  /** What clients are answered may leave; else it waits, and so do they. See `answer-lease.ts`. */
  get mayAnswer(): boolean {
    return !this.isEstablished || this.#role!.mayAnswer;
  }

  /** Clients that are content to read are served, for there is no leader. */
  get isReadOnly(): boolean {
    return this.#isReadOnly;
  }

  /** The server that leads, as far as this one knows. */
  get leader(): ServerId | undefined {
    return this.#phase === 'in-role' ? this.#result?.leader : undefined;
  }

  /** The epoch of the history here. */
  get epoch(): number {
    return this.#epochs.current;
  }

  /** The last epoch that this server has promised to follow. */
  get acceptedEpoch(): number {
    return this.#epochs.accepted;
  }

  /** Undefined unless this server leads. */
  get leading(): Leading | undefined {
    return this.#role instanceof Leading ? this.#role : undefined;
  }

  /** Undefined unless this server follows or observes. */
  get learning(): Learning | undefined {
    return this.#role instanceof Learning ? this.#role : undefined;
  }

  /** Servers that there is an election connection to. */
  get reachable(): ReadonlySet<ServerId> {
    return this.#reachable;
  }

  /** Requests of clients that wait for the leader of this learner. */
  get outstandingCount(): number {
    return this.#role instanceof Learning ? this.#role.outstandingCount : 0;
  }

  /** When {@link onTime} has something to do (monotonic, ms); Infinity while it has not. */
  get nextDueMs(): number {
    const roleDueMs = this.#role?.nextDueMs ?? Number.POSITIVE_INFINITY;
    const lookingDueMs = Math.min(this.#election.nextDueMs, this.#nomination.dueMs);
    return Math.min(roleDueMs, lookingDueMs, this.#readOnlyDueMs);
  }

  // ── Life ──────────────────────────────────────────────────────────────────────────────────────────

  /** Begins to look for a leader: the state is restored, and the log open. */
  start(): void {
    this.#settle();
  }

  /** Ends the role, and takes no other. What is logged stays logged. */
  stop(): void {
    const role = this.#role;
    this.#endReadOnly();
    this.#nomination.end();
    this.#phase = 'stopped';
    role?.resign('this server stops');
  }

  /** Ends the role and looks again. No effect while looking. */
  resign(reason: string): void {
    this.#role?.resign(reason);
  }

  // ── Events: election ──────────────────────────────────────────────────────────────────────────────

  /** @param config - text of the configuration that the other server knows, if it said; read during the call only. */
  onNotification(notification: PeerNotification, config: Uint8Array | undefined): void {
    if (this.#phase === 'stopped') return;
    if (config !== undefined && this.#options.isReconfigOn && this.#phase === 'looking') {
      this.#onConfigHeard(config);
    }
    this.#onResult(this.#election.onNotification(notification, this.#nowMs));
    this.#compareResult(notification);
  }

  /** What others say after the election may show that this server ended it too early. */
  #compareResult({ from, state, leader, round }: PeerNotification): void {
    const result = this.#result;
    if (this.#phase !== 'in-role' || result === undefined) return;
    if (this.#role instanceof Leading) {
      if (state === ServerState.looking && round > result.round) this.#role.onDeserted(from);
    } else if (from === result.leader && leader !== from && round >= result.round) {
      this.#role?.onDisowned(leader);
    }
  }

  /** There is an election connection to this server now, or none any more. */
  onReachable(server: ServerId, state: 'reachable' | 'unreachable'): void {
    if (state === 'reachable') this.#reachable.add(server);
    else this.#reachable.delete(server);
    if (this.#phase === 'looking') this.#election.onReachabilityChanged(this.#nowMs);
  }

  // ── Events: quorum port ───────────────────────────────────────────────────────────────────────────

  onLearnerConnected(link: PeerLink): void {
    if (this.#role instanceof Leading) this.#role.onLearnerConnected(link);
    else this.#refuse(link);
  }

  onLeaderConnected(link: PeerLink): void {
    if (this.#role instanceof Learning) this.#role.onLeaderConnected(link);
    else this.#refuse(link);
  }

  /** One whole packet of another server: `[start, end)` of `bytes`, read during the call only. */
  onPeerPacket(link: PeerLink, bytes: Uint8Array, start: number, end: number): void {
    if (link.closing !== undefined) return;
    try {
      this.#role?.onPacket(link, bytes, start, end);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.onPeerMalformed(link, error.message);
    }
  }

  /** What came over this link is no packet: it is closed. */
  onPeerMalformed(link: PeerLink, message: string): void {
    this.#outbox.reportMember({ kind: 'peer-malformed', address: link.address, message });
    link.closing ??= 'malformed';
    this.outputs.of(link);
  }

  /** The connection is gone, whoever ended it. */
  onPeerClosed(link: PeerLink): void {
    link.isClosed = true;
    this.#role?.onClosed(link);
  }

  /** Some of a snapshot arrived that follows a SNAP. */
  onSnapshotProgress(link: PeerLink): void {
    if (this.#role instanceof Learning) this.#role.onSnapshotProgress(link);
  }

  onSnapshotReceived(link: PeerLink, state: NewState): void {
    if (this.#role instanceof Learning) this.#role.onSnapshotReceived(link, state);
  }

  /** The snapshot for this learner is with its socket, or the link is gone. */
  onSnapshotSent(link: PeerLink): void {
    if (this.#role instanceof Leading) this.#role.onSnapshotSent(link);
  }

  onLogRead(link: PeerLink, zxid: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#role instanceof Leading) this.#role.onLogRead(link, zxid, bytes, start, end);
  }

  onLogReadEnd(link: PeerLink, outcome: 'complete' | 'unavailable'): void {
    if (this.#role instanceof Leading) this.#role.onLogReadEnd(link, outcome);
  }

  // ── Events: disk, time ────────────────────────────────────────────────────────────────────────────

  /** `installState` is done. */
  onStateInstalled(): void {
    this.#onStateReplaced();
  }

  /** `truncateLog` is done. */
  onLogTruncated(): void {
    this.#onStateReplaced();
  }

  /** `truncateLog` is not possible, and has changed nothing: no snapshot is left that the log could be cut back to. */
  onLogNotTruncated(): void {
    this.#replica.isReplacing = false;
    if (this.#phase === 'settling') this.#settle();
    else if (this.#role instanceof Learning) this.#role.onLogNotTruncated();
  }

  /** @internal Called by `ServerCore.onLogSynced`. */
  onLogSynced(zxid: number): void {
    if (this.#phase === 'settling') this.#settle();
    else this.#role?.onLogSynced(zxid);
  }

  /** @internal Called by `ServerCore.commitReady`. */
  decideCommits(): void {
    this.#role?.decideCommits();
  }

  /** Time passed: at {@link nextDueMs}, or later. */
  onTime(): void {
    if (this.#phase === 'stopped') return;
    const nowMs = this.#nowMs;
    this.#onResult(this.#election.onTime(nowMs));
    if (nowMs >= this.#nomination.dueMs) {
      this.#nomination.end();
      if (this.#phase === 'looking') this.#settle();
    }
    if (nowMs >= this.#readOnlyDueMs) this.#beginReadOnly();
    if (this.#role !== undefined && nowMs >= this.#role.nextDueMs) this.#role.onTime(nowMs);
  }

  // ── Roles ─────────────────────────────────────────────────────────────────────────────────────────

  get #nowMs(): number {
    return this.#replica.parts.clock.nowMs;
  }

  /** While it looks, a server that has missed a reconfiguration hears of it. Source: FastLeaderElection.WorkerReceiver. */
  #onConfigHeard(text: Uint8Array): void {
    const reading = parseMembership(decodeUtf8(text, 0, text.byteLength));
    if (!reading.ok || reading.membership.version <= this.memberships.active.version) return;
    this.memberships.activate(reading.membership, undefined, undefined);
    this.#settle();
  }

  #onStateReplaced(): void {
    this.#replica.isReplacing = false;
    // A role may have ended meanwhile: then the election waits for the disk.
    if (this.#phase === 'settling') this.#settle();
    else if (this.#role instanceof Learning) this.#role.onStateReplaced();
  }

  #onResult(result: ElectionResult | undefined): void {
    if (result === undefined || this.#phase !== 'looking') return;
    const nowMs = this.#nowMs;
    const { serverId } = this.#options;
    const { leader } = result;
    const durationMs = nowMs - this.#lookingSinceMs;
    this.#outbox.reportMember({ kind: 'elected', leader, durationMs });
    this.#endReadOnly();
    this.#nomination.end();
    this.#result = result;
    this.#phase = 'in-role';
    const isLeader = leader === serverId;
    const learning = this.memberships.isObserver ? 'observing' : 'following';
    this.#settleElection(isLeader ? 'leading' : learning, result.peerEpoch);
    const common = {
      options: this.#options,
      memberships: this.memberships,
      replica: this.#replica,
      outbox: this.#outbox,
      outputs: this.outputs,
      committedLog: this.committedLog,
      epochs: this.#epochs,
      meter: this.#meter,
    };
    if (isLeader) {
      const role = new Leading(
        {
          ...common,
          submitter: this.#submitter,
          onServing: (epoch) => this.#onServing('leading', epoch),
          onEnd: (reason) => this.#onRoleEnd('leading', reason),
        },
        nowMs,
      );
      this.#role = role;
      role.begin();
    } else {
      const role = new Learning(
        {
          ...common,
          role: learning,
          leader,
          snapshotEpoch: this.#snapshotEpoch,
          onNotTruncated: (epoch) => {
            this.#snapshotEpoch = epoch;
          },
          onServing: (epoch) => this.#onServing(learning, epoch),
          onEnd: (reason) => this.#onRoleEnd(learning, reason),
        },
        nowMs,
      );
      this.#role = role;
      role.begin();
    }
  }

  /** Servers that come later ask who leads, and all must say the same of the epoch. Source: ZOOKEEPER-1732. */
  #settleElection(role: 'leading' | 'following' | 'observing', peerEpoch: number): void {
    const { leader, zxid, round } = this.#result!;
    this.#election.settle(ServerState[role], { leader, zxid, peerEpoch }, round);
  }

  #onServing(role: 'leading' | 'following' | 'observing', epoch: number): void {
    this.#settleElection(role, epoch);
    const { text, version } = this.memberships.active;
    this.#replica.showConfig(text, version);
    this.#outbox.reportMember({
      kind: 'serving',
      role,
      leader: this.#result!.leader,
      epoch,
      durationMs: this.#nowMs - this.#lookingSinceMs,
    });
  }

  #onRoleEnd(role: 'leading' | 'following' | 'observing', reason: string): void {
    this.#outbox.reportMember({ kind: 'role-ended', role, reason });
    // What waits for a lease is never said.
    if (this.#role?.mayAnswer === false) this.#replica.parts.replies.outputs.discard();
    this.#replica.serveBy(undefined, 0);
    this.#outbox.closeClients();
    const overtakenBy = this.leading?.overtakenBy;
    this.#role = undefined;
    this.#result = undefined;
    if (this.#phase === 'stopped') return;
    if (overtakenBy !== undefined) this.#nomination.begin(overtakenBy, this.#nowMs);
    this.#settle();
  }

  /** Everything that is logged becomes durable and is applied, committed or not: the election is about what is in the log. */
  #settle(): void {
    this.#phase = 'settling';
    const replica = this.#replica;
    if (replica.isReplacing || replica.syncedZxid < replica.lastLoggedZxid) return;
    replica.settle(this.committedLog);
    this.#phase = 'looking';
    this.#lookingSinceMs = this.#nowMs;
    if (this.#options.isReadOnlyModeOn && !this.#isReadOnly) {
      this.#readOnlyDueMs = this.#nowMs + Math.max(READ_ONLY_AFTER_MS, this.#options.tickTimeMs);
    }
    this.memberships.forgetAfter(replica.lastLoggedZxid);
    const own = this.memberships.isVoter
      ? {
          leader: this.#options.serverId,
          zxid: this.#hasTrustedHistory ? replica.lastLoggedZxid : NO_HISTORY,
          peerEpoch: this.#epochs.current,
        }
      : undefined;
    this.#election.start(own && (this.#nomination.vote ?? own), this.#nowMs);
    this.#outbox.reportMember({
      kind: 'looking',
      round: this.#election.round,
      zxid: replica.lastLoggedZxid,
      epoch: this.#epochs.current,
    });
  }

  /**
   * A server that has taken part in no epoch may have lost its disk: what it acknowledged before is not here, and must not count as
   * absent. Source: FileTxnSnapLog.restore (ZOOKEEPER-261).
   */
  get #hasTrustedHistory(): boolean {
    if (this.#options.isEmptyDatabaseTrusted) return true;
    return this.#replica.lastLoggedZxid > 0 || this.#epochs.current > 0;
  }

  /** Source: QuorumPeer.run, which waits for as long before it serves readers. */
  #beginReadOnly(): void {
    this.#readOnlyDueMs = Number.POSITIVE_INFINITY;
    if (this.#phase !== 'looking') return;
    this.#isReadOnly = true;
    this.#replica.parts.sessions.clear();
    this.#replica.serveBy(this.#readOnlySubmitter, 0);
    this.#outbox.reportMember({ kind: 'read-only' });
  }

  #endReadOnly(): void {
    this.#readOnlyDueMs = Number.POSITIVE_INFINITY;
    if (!this.#isReadOnly) return;
    this.#isReadOnly = false;
    this.#replica.serveBy(undefined, 0);
    this.#outbox.closeClients();
  }

  #refuse(link: PeerLink): void {
    link.closing = 'role-ended';
    this.outputs.of(link);
  }
}
