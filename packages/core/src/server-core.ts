import {
  type ExtendedTypes,
  JuteReader,
  JuteWriter,
  type Membership,
  OpCode,
} from '@zooid/protocol';
import { assert } from './assert.ts';
import type { AccessRules } from './auth/access-rules.ts';
import { Cleaner, type CleanerOptions } from './cleaner.ts';
import { Client } from './client.ts';
import { DigestLog } from './digest-log.ts';
import { limits } from './limits.ts';
import type { NewState, SnapshotHead } from './new-state.ts';
import type { Meter, Outbox } from './outbox.ts';
import { QuotaTable } from './quota/quota.ts';
import type { Random } from './random.ts';
import { Replies } from './replies.ts';
import { LeadingSubmitter } from './request/leading-submitter.ts';
import type { LocalSessions } from './request/local-session-submitter.ts';
import { Reads } from './request/reads.ts';
import { RequestDesk } from './request/request-desk.ts';
import { WatchRequests } from './request/watch-requests.ts';
import { SessionIds } from './session/session-id.ts';
import { type Session, SessionTracker } from './session/session-tracker.ts';
import {
  ConnectionThrottle,
  type ConnectionThrottleOptions,
} from './throttle/connection-throttle.ts';
import { type LargeRequestOptions, LargeRequests } from './throttle/large-requests.ts';
import type { RequestThrottleOptions } from './throttle/request-throttle.ts';
import { DataTree, type DataTreeOptions } from './tree/data-tree.ts';
import type { TreeImage } from './tree/tree-image.ts';
import type { TurnClock } from './turn-clock.ts';
import { Applier } from './txn/apply.ts';
import { AuditTrail } from './txn/audit-trail.ts';
import { Committer } from './txn/committer.ts';
import { FutureTree } from './txn/future-tree.ts';
import { Preparer } from './txn/prepare.ts';
import { ProposalQueue } from './txn/proposal-queue.ts';
import { Proposer } from './txn/proposer.ts';
import { TxnApplier } from './txn/txn-applier.ts';
import { WatchTable } from './watch/watch-table.ts';
import { sessionGraceOf } from './zab/answer-lease.ts';
import { CommittedLog } from './zab/committed-log.ts';
import type { SavedEpochs } from './zab/epochs.ts';
import { Member } from './zab/member.ts';
import type { MemberOptions } from './zab/member-options.ts';
import type { MemberOutbox } from './zab/member-outbox.ts';
import { Replica } from './zab/replica.ts';
import { noZabMeter, type ZabMeter } from './zab/zab-meter.ts';

/** What an operator may set of the core. Times are milliseconds. */
export interface CoreOptions {
  readonly serverId: number;
  readonly tickTimeMs: number;
  readonly sessionTimeoutMsMin: number;
  readonly sessionTimeoutMsMax: number;
  readonly extendedTypes: ExtendedTypes;
  readonly digestEnabled: boolean;
  /** An int32 that nobody outside knows, against paths made to collide. */
  readonly hashSeed: number;
  readonly enforceQuota: boolean;
  readonly closeSessionTxnEnabled: boolean;
  readonly reconfigEnabled: boolean;
  /** Report a fact for each change that an audit log holds. */
  readonly isAudited: boolean;
  readonly cleaner: CleanerOptions;
  readonly connectionThrottle: ConnectionThrottleOptions;
  readonly largeRequests: LargeRequestOptions;
  /** Undefined: requests never wait for their turn. */
  readonly requestThrottle?: RequestThrottleOptions | undefined;
}

/** What makes a server the member of an ensemble. */
export interface MembershipParts {
  readonly options: MemberOptions;
  /** The configuration in force, and one that was proposed after it, as they were saved. */
  readonly membership: Membership;
  readonly lastSeenMembership: Membership | undefined;
  readonly outbox: MemberOutbox;
  /** What its roles count; nothing unless given. */
  readonly meter?: ZabMeter | undefined;
}

/**
 * The whole server as a state machine without I/O: events in, intentions out. This file builds the
 * parts and passes events on; what happens to a frame is in `request/request-desk.ts`, to a write in
 * `txn/proposer.ts` and `txn/committer.ts`.
 *
 * Every event but the restoring ones comes inside of a turn (`turn.ts`), which `beginTurn` opens.
 */
export class ServerCore {
  readonly tree: DataTree;
  readonly watches: WatchTable<Client>;
  /** Sessions of the ensemble: on a learner only those whose clients are here. */
  readonly sessions: SessionTracker;
  /** Sessions that only this member of an ensemble knows; undefined while they are off. */
  readonly localSessions: SessionTracker | undefined;
  readonly quotas: QuotaTable;
  readonly access: AccessRules;
  readonly replies: Replies;
  readonly digestLog: DigestLog = new DigestLog();
  readonly connectionThrottle: ConnectionThrottle;
  /** Undefined for a server that is alone. */
  member: Member | undefined;

  readonly #membership: MembershipParts | undefined;
  readonly #replica: Replica;
  readonly #outbox: Outbox;
  readonly #proposals: ProposalQueue;
  readonly #txns: TxnApplier;
  readonly #proposer: Proposer;
  readonly #committer: Committer;
  readonly #desk: RequestDesk;
  readonly #cleaner: Cleaner;
  readonly #committedLog: CommittedLog;
  readonly #clock: TurnClock;
  readonly #treeOptions: DataTreeOptions;

  constructor(parts: {
    readonly options: CoreOptions;
    readonly outbox: Outbox;
    readonly meter: Meter;
    readonly access: AccessRules;
    /** Wall clock at the start, ms: new session ids grow from it. */
    readonly wallMs: number;
    /** Monotonic clock at the start, ms. */
    readonly nowMs: number;
    readonly random: Random;
    /** Of a member of an ensemble: it serves once {@link joinEnsemble} was called and a leader is found. */
    readonly membership?: MembershipParts | undefined;
  }) {
    const { options, outbox, meter, access } = parts;
    const clock = { wallMs: parts.wallMs, nowMs: parts.nowMs };
    const treeOptions = {
      digestEnabled: options.digestEnabled,
      extendedTypes: options.extendedTypes,
      hashSeed: options.hashSeed,
    };
    const tree = new DataTree(treeOptions);
    const watches = new WatchTable<Client>({
      onFired: (eventType, count) => meter.onWatchesFired(eventType, count),
    });
    const { tickTimeMs } = options;
    const grace = parts.membership === undefined ? undefined : sessionGraceOf(tickTimeMs);
    const sessions = new SessionTracker({ tickTimeMs, grace });
    const localSessions = localSessionsOf(tickTimeMs, parts.membership?.options);
    const quotas = new QuotaTable(tree, {
      onExceeded: (exceeded) => outbox.report({ kind: 'quota-exceeded', ...exceeded }),
    });
    const nobody = new Client({ address: '' });
    const replies = new Replies({ access, meter, outbox, clock, nobody });
    const future = new FutureTree(tree, options);
    const preparer = new Preparer({ future, access, quotas, options });
    const applier = new Applier<Client>({
      tree,
      changes: future.changes,
      watches,
      quotas,
      meter,
      fire: (client, eventType, path, zxid, acls) =>
        replies.event(client, eventType, path, zxid, acls),
    });
    const { digestLog } = this;
    const { random } = parts;
    const throttle = new ConnectionThrottle(options.connectionThrottle, random, parts.nowMs);
    const largeRequests = new LargeRequests(options.largeRequests);
    const audit = options.isAudited ? new AuditTrail(outbox) : undefined;
    const proposals = new ProposalQueue();
    const txns = new TxnApplier({ options, tree, applier, outbox, digestLog });
    const proposer = new Proposer({ options, proposals, future, preparer, outbox, clock, audit });
    const committer = new Committer({
      proposals,
      tree,
      sessions,
      future,
      applier,
      txns,
      replies,
      outbox,
      largeRequests,
      audit,
      onAnswered: (client) => this.#desk.drain(client),
    });
    const reads = new Reads({ tree, watches, access, meter });
    const watchRequests = new WatchRequests({ tree, watches, replies });
    this.tree = tree;
    this.watches = watches;
    this.sessions = sessions;
    this.localSessions = localSessions?.sessions;
    this.quotas = quotas;
    this.access = access;
    this.replies = replies;
    this.connectionThrottle = throttle;
    this.#outbox = outbox;
    this.#proposals = proposals;
    this.#txns = txns;
    this.#proposer = proposer;
    this.#committer = committer;
    this.#cleaner = new Cleaner(tree, options.cleaner);
    this.#clock = clock;
    this.#treeOptions = treeOptions;
    this.#desk = new RequestDesk({
      options,
      access,
      committer,
      reads,
      watchRequests,
      replies,
      meter,
      outbox,
      throttle,
      largeRequests,
      clock,
    });
    this.#membership = parts.membership;
    this.#committedLog = new CommittedLog(
      parts.membership?.options.commitLogCount ?? 1,
      limits.committedLogBytesMax,
    );
    this.#replica = new Replica({
      proposals,
      proposer,
      committer,
      txns,
      tree,
      future,
      watches,
      sessions,
      sessionIds: new SessionIds(options.serverId, parts.wallMs),
      localSessions,
      desk: this.#desk,
      replies,
      audit,
      outbox,
      clock,
    });
    if (parts.membership === undefined) {
      this.#replica.serveBy(new LeadingSubmitter(this.#replica.parts), 0);
    }
  }

  /** Highest zxid that reads show. */
  get lastAppliedZxid(): number {
    return this.#txns.lastZxid;
  }

  /** Highest zxid that was given to a proposal. */
  get lastProposedZxid(): number {
    return this.#proposals.lastZxid;
  }

  /** Requests taken in and not answered yet. */
  get outstandingCount(): number {
    const forwarded = this.member?.outstandingCount ?? 0;
    return this.#committer.inFlight + this.#desk.waitingCount + forwarded;
  }

  /** What clients are answered may leave. A member of an ensemble may have to wait with that. */
  get mayAnswer(): boolean {
    return this.member?.mayAnswer !== false;
  }

  /** Every session of the ensemble, with its timeout in ms, as it was committed. */
  get globalSessions(): ReadonlyMap<bigint, number> {
    return this.#txns.sessions;
  }

  /** Syncs that wait for what was proposed before them. */
  get pendingSyncCount(): number {
    let count = 0;
    for (const { isSync } of this.#proposals.pending()) if (isSync) count++;
    return count;
  }

  /** Changes that are proposed and not applied. */
  get outstandingChangeCount(): number {
    return this.#replica.parts.future.changes.size;
  }

  // ── Restoring: before any turn ────────────────────────────────────────────────────────────────────

  /** Empties everything: another restore follows, from what is on disk by now. Nothing may be in work. */
  beginRestore(): void {
    assert(this.outstandingCount === 0, 'nothing is in work when the state is restored again');
    this.tree.takeOver(this.newTree());
    this.#txns.replaceState(0, new Map(), 'exact');
    this.#goOn();
    this.#forgetRest();
    this.sessions.clear();
  }

  /** A session that the snapshot holds. */
  restoreSession(id: bigint, timeoutMs: number): void {
    this.#txns.restoreSession(id, timeoutMs);
  }

  /**
   * The tree was loaded from a snapshot of this zxid; the transactions above it follow.
   *
   * @param fuzzyUntilZxid - the tree is of no single moment until this one is replayed, as Apache's
   *   snapshots are; equal to `zxid` for an exact one.
   */
  restoredSnapshot(zxid: number, fuzzyUntilZxid: number = zxid): void {
    this.#txns.restoredSnapshot(zxid, fuzzyUntilZxid);
    this.quotas.rebuild();
  }

  /** Applies one transaction of the log: header, body and optional digest in `[start, end)`. */
  replayTxn(bytes: Uint8Array, start: number, end: number): void {
    const zxid = this.#txns.replay(bytes, start, end);
    if (this.#membership !== undefined) this.#committedLog.add(zxid, bytes, start, end);
  }

  /**
   * Ends the restore: ephemerals of sessions that nobody knows are gone, every session starts with a
   * fresh timeout, and requests may come. Source: ZooKeeperServer.loadData.
   *
   * @returns how many ephemerals went. If any did, a snapshot must be taken before the first write.
   */
  finishRestore(nowMs: number): number {
    this.#clock.nowMs = nowMs;
    const orphanCount = this.#txns.closeOrphans();
    this.#goOn();
    if (this.#membership !== undefined) return orphanCount;
    for (const [id, timeoutMs] of this.#txns.sessions) {
      this.sessions.track(id, timeoutMs, nowMs);
    }
    return orphanCount;
  }

  /** Restored, and the log open: a member begins to look for a leader. In a turn. @param epochs - as they are on disk. */
  joinEnsemble(epochs: SavedEpochs): Member {
    const membership = this.#membership;
    assert(membership !== undefined, 'only a member of an ensemble joins it');
    const replica = this.#replica;
    const committedLog = this.#committedLog;
    const member = new Member({
      ...membership,
      meter: membership.meter ?? noZabMeter,
      epochs,
      replica,
      committedLog,
    });
    this.member = member;
    member.start();
    return member;
  }

  // ── Events ────────────────────────────────────────────────────────────────────────────────────────

  /** Opens a turn. Both clocks are read once; every time in the turn derives from them. */
  beginTurn(wallMs: number, nowMs: number): void {
    this.#clock.wallMs = wallMs;
    this.#clock.nowMs = nowMs;
  }

  /**
   * One complete frame of a client: `[start, end)` of `bytes`, without its length. The bytes are read
   * during the call only.
   */
  onClientFrame(client: Client, bytes: Uint8Array, start: number, end: number): void {
    this.#desk.onFrame(client, bytes, start, end);
  }

  /** The connection is gone, whoever ended it. Its session lives on until it expires. */
  onClientClosed(client: Client): void {
    if (client.phase === 'closed') return;
    client.phase = 'closed';
    this.#desk.onClientClosed(client);
    this.watches.removeAll(client);
    const { session } = client;
    if (session?.client !== client) return;
    session.client = undefined;
    // A learner knows sessions of others only as long as their clients are here.
    const isLearner = this.member !== undefined && this.member.leading === undefined;
    if (isLearner && session.scope === 'global') this.sessions.remove(session);
  }

  /** Every transaction up to and including `zxid` is on disk. Alone, this server is its own quorum. */
  onLogSynced(zxid: number): void {
    this.#replica.onSynced(zxid);
    if (this.member === undefined) this.#replica.commitTo(zxid);
    else this.member.onLogSynced(zxid);
  }

  /**
   * Applies and answers what may be by now. Once for each turn, by {@link Turn}.
   *
   * @param countMax - so many at most.
   * @returns whether some are left: call it again, in the same turn, once what is answered is sent.
   */
  commitReady(countMax: number): boolean {
    this.member?.decideCommits();
    const isMoreLeft = this.#committer.commitUpTo(this.#replica.committableZxid, countMax);
    if (!isMoreLeft) this.#desk.runQueue();
    return isMoreLeft;
  }

  /** Time passed: sessions expire, empty containers and overdue TTL znodes are deleted. */
  onTick(): void {
    this.#desk.runQueue();
    if (this.localSessions !== undefined) this.#expireLocalSessions(this.localSessions);
    // Whoever leads ends sessions and znodes; the others hear of it.
    const leading = this.member?.leading;
    leading?.beforeExpiry(this.#clock.nowMs);
    if (this.member !== undefined && leading?.isEstablished !== true) return;
    for (const session of this.sessions.takeDue(this.#clock.nowMs, this.#mustOutlast)) {
      const { id: sessionId, timeoutMs } = session;
      this.#outbox.report({ kind: 'session-expired', sessionId, timeoutMs });
      this.#proposer.proposeCloseSession(session, undefined, 0);
    }
    for (const path of this.#cleaner.take(this.#clock.nowMs, this.#clock.wallMs)) {
      this.#outbox.report({ kind: 'cleaner-delete', path });
      const request = new JuteWriter(path.length + 8);
      request.ustring(path);
      const reader = new JuteReader(request.copy());
      this.#proposer.propose(OpCode.deleteContainer, reader, undefined, 0, this.#clock.nowMs, 0);
    }
  }

  readonly #mustOutlast = (session: Session, dueMs: number): boolean =>
    this.member?.leading?.mustOutlast(session, dueMs) === true;

  /** What a snapshot of everything applied so far says besides the znodes. */
  snapshotHead(): SnapshotHead {
    const sessions = [...this.#txns.sessions];
    return {
      zxid: this.#txns.lastZxid,
      digest: this.#treeOptions.digestEnabled ? this.tree.digest : undefined,
      sessions: sessions.map(([id, timeoutMs]) => ({ id, timeoutMs })),
      acls: [...this.tree.acls.entries()],
    };
  }

  /**
   * Begins an exact image of the tree for the snapshot whose head was taken in the same turn. Slices
   * and pre-images go to `out`, which the caller empties between calls. One at a time.
   */
  beginImage(out: JuteWriter): TreeImage {
    return this.tree.beginImage(out);
  }

  /** An empty tree like {@link tree}, to load another state into. */
  newTree(): DataTree {
    return new DataTree(this.#treeOptions);
  }

  /**
   * Replaces everything by another state, within a turn: tree, ACLs, quotas, sessions, and the zxid, which may go back.
   * Nothing may be in work. Watches are gone and do not fire; connections stay, except those whose session the
   * new state does not know. The log must be one that goes on from the state's zxid. Source: ZooKeeperServer.restoreFromSnapshot.
   */
  replaceState(state: NewState): void {
    assert(this.outstandingCount === 0, 'nothing is in work when the state is replaced');
    this.tree.takeOver(state.tree);
    // A member gets another state from a leader only, who may have gone on while it was sent.
    const consistency = this.member === undefined ? 'exact' : 'mixture';
    this.#txns.replaceState(state.zxid, state.sessions, consistency);
    this.#goOn();
    this.#forgetRest();
    for (const session of [...this.sessions.all()]) {
      if (state.sessions.has(session.id)) continue;
      this.sessions.remove(session);
      const holder = session.client as Client | undefined;
      if (holder !== undefined) this.replies.hangUp(holder, 'session-expired');
    }
    if (this.#membership !== undefined) return;
    for (const [id, timeoutMs] of state.sessions) {
      const known = this.sessions.get(id);
      // Whoever is connected agreed on a timeout of its own.
      const isHeld = known?.client !== undefined;
      this.sessions.track(id, isHeld ? known.timeoutMs : timeoutMs, this.#clock.nowMs);
    }
  }

  /** Ends a session as if it had expired; false when there is none of this id. */
  expireSession(sessionId: bigint): boolean {
    const local = this.localSessions?.get(sessionId);
    if (local !== undefined) {
      this.#endLocalSession(local);
      return true;
    }
    const session = this.sessions.get(sessionId);
    if (session === undefined || session.isClosing) return false;
    this.#proposer.proposeCloseSession(session, undefined, 0);
    return true;
  }

  #expireLocalSessions(sessions: SessionTracker): void {
    for (const session of sessions.takeDue(this.#clock.nowMs)) {
      const { id: sessionId, timeoutMs } = session;
      this.#outbox.report({ kind: 'session-expired', sessionId, timeoutMs });
      this.#endLocalSession(session);
    }
  }

  /** Nobody but its client need hear of it. */
  #endLocalSession(session: Session): void {
    this.localSessions?.remove(session);
    const holder = session.client as Client | undefined;
    if (holder !== undefined) this.replies.hangUp(holder, 'session-expired');
  }

  /** Proposals go on from what the tree shows. */
  #goOn(): void {
    this.#replica.goOn();
  }

  /** What was known of the state of before. */
  #forgetRest(): void {
    this.watches.clear();
    this.quotas.rebuild();
    this.digestLog.clear();
    this.#cleaner.reset();
  }
}

/** Undefined while they are off, and for a server that is alone. */
function localSessionsOf(
  tickTimeMs: number,
  options: MemberOptions | undefined,
): LocalSessions | undefined {
  const mode = options?.localSessions ?? 'off';
  if (mode === 'off') return undefined;
  return { mode, sessions: new SessionTracker({ tickTimeMs, scope: 'local' }) };
}
