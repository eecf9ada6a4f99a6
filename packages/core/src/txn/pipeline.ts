import {
  decodeUtf8,
  ErrorCode,
  type Id,
  JuteReader,
  JuteWriter,
  MalformedError,
  OpCode,
  TXN_DIGEST_VERSION,
} from '@zooid/protocol';
import { assert } from '../assert.ts';
import type { Client } from '../client.ts';
import type { DigestLog } from '../digest-log.ts';
import type { Outbox } from '../outbox.ts';
import type { Replies } from '../replies.ts';
import type { Session } from '../session/session.ts';
import type { SessionTracker } from '../session/session-tracker.ts';
import type { LargeRequests } from '../throttle/large-requests.ts';
import type { DataTree } from '../tree/data-tree.ts';
import { putInt } from '../tree/znode-store.ts';
import type { TurnClock } from '../turn-clock.ts';
import { type Applier, writeMultiEnd, writeMultiResult } from './apply.ts';
import { AuditTrail } from './audit-trail.ts';
import type { FutureTree } from './future-tree.ts';
import type { Preparer, RequestContext } from './prepare.ts';
import { type Proposal, ProposalQueue } from './proposal-queue.ts';
import type { TxnBlock } from './txn-bytes.ts';

export interface PipelineOptions {
  readonly digestEnabled: boolean;
  readonly isAudited: boolean;
}

/** What is known of a transaction before its body is read. */
interface AppliedHeader {
  readonly sessionId: bigint;
  readonly zxid: number;
  readonly timeMs: number;
  /** Which operations of a multi its client sent as create2. */
  readonly create2Indexes?: ReadonlySet<number> | undefined;
}

const TWO_32 = 0x1_0000_0000;
const noIds: readonly Id[] = [];
/** Bytes of TxnHeader: clientId long · cxid int · zxid long · time long · type int. */
const TXN_HEADER_BYTES = 32;
const TXN_TYPE_AT = 28;
/** Bytes of TxnDigest: version int · tree digest long. */
const TXN_DIGEST_BYTES = 12;

/**
 * The way of a write: request → transaction → proposal → durable → applied → answered.
 *
 * A request gets its zxid when it is prepared, also when it is refused: a refusal is a transaction of
 * type error, so that every server sees one order and the reply has its place in it.
 *
 * Source: PrepRequestProcessor, SyncRequestProcessor, FinalRequestProcessor in one.
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #tree: DataTree;
  readonly #sessions: SessionTracker;
  readonly #future: FutureTree;
  readonly #preparer: Preparer;
  readonly #applier: Applier<Client>;
  readonly #replies: Replies;
  readonly #outbox: Outbox;
  readonly #digestLog: DigestLog;
  readonly #largeRequests: LargeRequests;
  readonly #clock: TurnClock;
  readonly #onAnswered: (client: Client) => void;
  /** Undefined while the audit log is off. */
  readonly #audit: AuditTrail | undefined;

  readonly #proposals = new ProposalQueue();
  /** Sessions that the applied transactions know, with their timeouts: what a snapshot holds. */
  readonly #committedSessions = new Map<bigint, number>();
  #lastProposed = 0;
  #lastApplied = 0;
  /** The tree is a mixture of moments until this zxid is replayed. */
  #fuzzyUntil = 0;

  // Session of the transaction replayed last, and its halves.
  #replayedSessionId = 0n;
  #replayedHigh = 0;
  #replayedLow = 0;

  /** Where the transaction that is being prepared is written, and from where on. */
  #block: TxnBlock;
  #txnStart = 0;
  readonly #txnReader = new JuteReader();
  readonly #subTxnReader = new JuteReader();
  /** Results of the multi that is being applied: its events go out before them. */
  readonly #results = new JuteWriter(1024);
  readonly #context: RequestContext = { zxid: 0, timeMs: 0, sessionId: 0n, ids: [] };

  constructor(parts: {
    readonly options: PipelineOptions;
    readonly tree: DataTree;
    readonly sessions: SessionTracker;
    readonly future: FutureTree;
    readonly preparer: Preparer;
    readonly applier: Applier<Client>;
    readonly replies: Replies;
    readonly outbox: Outbox;
    readonly digestLog: DigestLog;
    readonly largeRequests: LargeRequests;
    readonly clock: TurnClock;
    /** A write of this client is answered: what waited behind it may go on. */
    readonly onAnswered: (client: Client) => void;
  }) {
    this.#options = parts.options;
    this.#tree = parts.tree;
    this.#sessions = parts.sessions;
    this.#future = parts.future;
    this.#preparer = parts.preparer;
    this.#applier = parts.applier;
    this.#replies = parts.replies;
    this.#outbox = parts.outbox;
    this.#digestLog = parts.digestLog;
    this.#largeRequests = parts.largeRequests;
    this.#clock = parts.clock;
    this.#onAnswered = parts.onAnswered;
    this.#block = this.#proposals.begin(0);
    this.#audit = parts.options.isAudited ? new AuditTrail(parts.outbox) : undefined;
  }

  /** Highest zxid given to a proposal. */
  get lastProposed(): number {
    return this.#lastProposed;
  }

  /** Highest zxid that the tree shows; never above {@link lastProposed}. */
  get lastApplied(): number {
    return this.#lastApplied;
  }

  /** Proposals, and syncs behind them, that are not answered. */
  get inFlight(): number {
    return this.#proposals.size;
  }

  get committedSessions(): ReadonlyMap<bigint, number> {
    return this.#committedSessions;
  }

  // ── Restoring ─────────────────────────────────────────────────────────────────────────────────────

  restoreSession(id: bigint, timeoutMs: number): void {
    this.#committedSessions.set(id, timeoutMs);
  }

  /** @param fuzzyUntilZxid - up to here digests of transactions do not fit the tree. */
  restoredSnapshot(zxid: number, fuzzyUntilZxid: number): void {
    this.#lastApplied = zxid;
    this.#lastProposed = zxid;
    this.#fuzzyUntil = fuzzyUntilZxid;
  }

  /** Applies one transaction of the log: header, body, optional digest in `[start, end)`. */
  replay(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#txnReader;
    reader.reset(bytes, start, end);
    const sessionId = this.#readSessionId();
    reader.int();
    const zxid = reader.longAsNumber();
    const timeMs = reader.longAsNumber();
    const type = reader.int();
    this.#apply(type, { sessionId, zxid, timeMs }, undefined);
    this.#lastProposed = zxid;
  }

  /** The long at the reader. The log goes on with the same session mostly, and a bigint takes 0.1 us to make. */
  #readSessionId(): bigint {
    const reader = this.#txnReader;
    const high = reader.int();
    const low = reader.int();
    if (high !== this.#replayedHigh || low !== this.#replayedLow) {
      this.#replayedHigh = high;
      this.#replayedLow = low;
      reader.position -= 8;
      this.#replayedSessionId = reader.long();
    }
    return this.#replayedSessionId;
  }

  /** What was restored is where proposals go on from. @returns how many ephemerals had no session. */
  finishRestore(): number {
    let orphanCount = 0;
    for (const [sessionId] of [...this.#tree.ephemeralSessions()]) {
      if (!this.#committedSessions.has(sessionId)) {
        orphanCount += this.#tree.ephemeralsOf(sessionId)?.size ?? 0;
        this.#applier.closeSession(sessionId, [], this.#lastApplied);
      }
    }
    this.#future.reset();
    return orphanCount;
  }

  /**
   * Goes on from another state, which the tree has taken over. Nothing may be in flight.
   *
   * @param sessions - with their timeouts in ms.
   */
  replaceState(zxid: number, sessions: ReadonlyMap<bigint, number>): void {
    assert(this.#proposals.size === 0, 'no proposal is in flight when the state is replaced');
    this.restoredSnapshot(zxid, zxid);
    this.#committedSessions.clear();
    for (const [id, timeoutMs] of sessions) this.#committedSessions.set(id, timeoutMs);
    this.#future.reset();
  }

  // ── Proposing ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * Prepares and proposes a write whose body is at `reader`; the reply follows once it is durable.
   *
   * @param requestBytes - length of its frame, for the budget of large requests; 0 for one of our own.
   */
  propose(
    op: number,
    reader: JuteReader,
    client: Client | undefined,
    xid: number,
    receivedAtMs: number,
    requestBytes: number,
  ): void {
    const session = client?.session;
    const sessionId = session === undefined ? 0n : session.id;
    const zxid = this.#beginTxn(op, sessionId, xid, requestBytes);
    const txn = this.#block.out;
    const context = this.#beginContext(zxid, sessionId);
    if (client !== undefined) context.ids = client.ids;
    const audited = client === undefined ? undefined : this.#audit?.note(op, reader);
    let code: ErrorCode;
    if (session?.isClosing === true) {
      code = ErrorCode.sessionExpired;
    } else {
      code = this.#prepare(op, reader, client, context);
    }
    if (code !== ErrorCode.ok) {
      txn.truncate(this.#txnStart);
      this.#writeHeader(OpCode.error, sessionId, xid, zxid);
      txn.int(code);
    } else if (this.#options.digestEnabled) {
      this.#future.writeDigest(txn);
    }
    const proposal = this.#append(zxid, op, sessionId, client, xid, receivedAtMs);
    proposal.requestBytes = requestBytes;
    proposal.audited = audited;
    if (op === OpCode.multi) proposal.create2Indexes = this.#preparer.takeCreate2Indexes();
  }

  proposeCreateSession(client: Client, session: Session): void {
    const zxid = this.#beginTxn(OpCode.createSession, session.id, 0, 0);
    const txn = this.#block.out;
    txn.int(session.timeoutMs);
    if (this.#options.digestEnabled) this.#future.writeDigest(txn);
    this.#append(zxid, OpCode.createSession, session.id, client, 0, this.#clock.nowMs);
  }

  /** @param client - who asked for it; undefined when the session expired. */
  proposeCloseSession(session: Session, client: Client | undefined, xid: number): void {
    session.isClosing = true;
    const zxid = this.#beginTxn(OpCode.closeSession, session.id, xid, 0);
    const txn = this.#block.out;
    this.#preparer.closeSession(session.id, txn, this.#beginContext(zxid, session.id));
    if (this.#options.digestEnabled) this.#future.writeDigest(txn);
    this.#append(zxid, OpCode.closeSession, session.id, client, xid, this.#clock.nowMs);
  }

  /**
   * Answers a `sync` when everything that was proposed before it is applied.
   *
   * @param path - the path to send back, as a jute string; no bytes at all when the request had none.
   */
  sync(client: Client, xid: number, path: Uint8Array, receivedAtMs: number): void {
    const proposal = this.#proposals.pushSync(this.#lastProposed, path);
    proposal.op = OpCode.sync;
    proposal.xid = xid;
    proposal.client = client;
    proposal.receivedAtMs = receivedAtMs;
    client.writesSubmitted++;
    if (this.#lastApplied === this.#lastProposed)
      this.commitUpTo(this.#lastApplied, Number.POSITIVE_INFINITY);
  }

  // ── Committing ────────────────────────────────────────────────────────────────────────────────────

  /**
   * Applies and answers proposals up to and including `zxid`, in order, at most `countMax` of them.
   *
   * @returns whether some are left.
   */
  commitUpTo(zxid: number, countMax: number): boolean {
    for (let count = 0; ; count++) {
      const oldest = this.#proposals.peek();
      if (oldest === undefined || oldest.zxid > zxid) return false;
      if (count === countMax) return true;
      this.#proposals.shift();
      this.#commit(oldest);
      this.#proposals.release(oldest);
    }
  }

  #commit(proposal: Proposal): void {
    const { client } = proposal;
    let code: ErrorCode = ErrorCode.ok;
    if (!proposal.isSync) {
      const reader = this.#txnReader;
      reader.reset(proposal.bytes, proposal.start + TXN_TYPE_AT, proposal.end);
      code = this.#apply(reader.int(), proposal, this.#audit);
      if (proposal.audited !== undefined) this.#reportAudited(proposal, code);
      this.#future.applied(proposal.zxid);
      this.#largeRequests.release(proposal.requestBytes);
    } else if (proposal.syncPath.byteLength === 0) {
      code = ErrorCode.marshallingError;
    }
    if (proposal.op === OpCode.closeSession) this.#endSession(proposal);
    if (client === undefined) return;
    client.writesDone++;
    if (client.phase !== 'closed' && client.closing === undefined) {
      this.#answer(client, proposal, code);
    }
    if (client.deferred.size > 0) this.#onAnswered(client);
  }

  /** Applies the transaction whose body is at the reader; its header was read before. */
  #apply(type: number, header: AppliedHeader, audit: AuditTrail | undefined): ErrorCode {
    const { zxid, sessionId } = header;
    assert(zxid > this.#lastApplied, 'zxids are applied in order, each once');
    const reader = this.#txnReader;
    let code: ErrorCode = ErrorCode.ok;
    switch (type) {
      case OpCode.multi:
        this.#applyMulti(header);
        break;
      case OpCode.createSession:
        this.#committedSessions.set(sessionId, reader.int());
        break;
      case OpCode.closeSession: {
        this.#committedSessions.delete(sessionId);
        // Before 3.6, and with closeSessionTxn.enabled=false, there is no list.
        const paths = this.#isDigestNext() ? [] : reader.texts();
        this.#applier.closeSession(sessionId, paths, zxid, audit);
        break;
      }
      default:
        code = this.#applier.apply(type, reader, header);
    }
    this.#lastApplied = zxid;
    if (this.#options.digestEnabled && zxid >= this.#fuzzyUntil) this.#checkDigest(zxid);
    return code;
  }

  #reportAudited(proposal: Proposal, code: ErrorCode): void {
    const { pathStart, pathEnd } = this.#applier;
    const isCreated = code === ErrorCode.ok && isCreate(proposal.op);
    const path = isCreated ? decodeUtf8(proposal.bytes, pathStart, pathEnd) : undefined;
    this.#audit?.onDone(proposal, code, path);
  }

  /** When one operation is an error, all are: those before it answer 0, those after it -2. */
  #applyMulti(header: AppliedHeader): void {
    const { create2Indexes } = header;
    const reader = this.#txnReader;
    const results = this.#results;
    results.clear();
    const count = reader.vectorCount(8);
    const first = reader.position;
    let hasFailed = false;
    for (let i = 0; i < count; i++) {
      if (reader.int() === OpCode.error) hasFailed = true;
      reader.span();
    }
    reader.position = first;
    const sub = this.#subTxnReader;
    for (let i = 0; i < count; i++) {
      const type = reader.int();
      const length = reader.span();
      sub.reset(reader.bytes, reader.spanStart, reader.spanStart + length);
      if (hasFailed && type !== OpCode.error) {
        // It stands before the failure: prepare made errors of those behind it.
        writeMultiResult(results, OpCode.error, ErrorCode.ok, this.#tree, this.#applier, sub.bytes);
        continue;
      }
      const code = this.#applier.apply(type, sub, header);
      const isCreate2 = create2Indexes?.has(i) === true;
      const okType = isCreate2 ? OpCode.create2 : type;
      const resultType = code === ErrorCode.ok ? okType : OpCode.error;
      writeMultiResult(results, resultType, code, this.#tree, this.#applier, sub.bytes);
    }
    writeMultiEnd(results);
  }

  /** Whether the body ends here: nothing follows but a digest. Two paths would take more bytes. */
  #isDigestNext(): boolean {
    const reader = this.#txnReader;
    if (reader.remaining !== TXN_DIGEST_BYTES) return reader.remaining === 0;
    const version = reader.int();
    reader.position -= 4;
    return version === TXN_DIGEST_VERSION;
  }

  /** Compares the digest that the transaction foretold with the tree's. Source: DataTree.compareDigest. */
  #checkDigest(zxid: number): void {
    const reader = this.#txnReader;
    if (reader.remaining >= TXN_DIGEST_BYTES && reader.int() === TXN_DIGEST_VERSION) {
      const at = reader.position;
      const high = reader.int();
      const low = reader.int();
      if (high !== (this.#tree.digestHigh | 0) || low !== (this.#tree.digestLow | 0)) {
        reader.position = at;
        this.#outbox.report({
          kind: 'digest-mismatch',
          zxid,
          expected: BigInt.asUintN(64, reader.long()),
          actual: this.#tree.digest,
        });
      }
    }
    if (this.#digestLog.isDue(zxid)) this.#digestLog.add(zxid, this.#tree.digest);
  }

  #answer(client: Client, proposal: Proposal, code: ErrorCode): void {
    const replies = this.#replies;
    const out = replies.of(client);
    if (proposal.op === OpCode.createSession) {
      client.phase = 'open';
      replies.connected(client, proposal.sessionId);
      this.#outbox.report({
        kind: 'session-established',
        sessionId: proposal.sessionId,
        timeoutMs: client.sessionTimeoutMs,
      });
      return;
    }
    const mark = replies.begin(out, proposal.xid, this.#lastApplied);
    if (code === ErrorCode.ok) {
      const applier = this.#applier;
      switch (proposal.op) {
        case OpCode.create:
          out.bufferOf(proposal.bytes, applier.pathStart, applier.pathEnd);
          break;
        case OpCode.create2:
        case OpCode.createContainer:
        case OpCode.createTTL:
          out.bufferOf(proposal.bytes, applier.pathStart, applier.pathEnd);
          this.#tree.writeStat(applier.row, out);
          break;
        case OpCode.setData:
        case OpCode.setACL:
          this.#tree.writeStat(applier.row, out);
          break;
        case OpCode.multi:
          out.raw(this.#results.bytes, 0, this.#results.length);
          break;
        case OpCode.sync:
          out.raw(proposal.syncPath, 0, proposal.syncPath.byteLength);
          break;
        default:
      }
    }
    replies.end(client, out, mark, code, proposal);
    if (proposal.op === OpCode.closeSession) replies.hangUp(client, 'session-closed');
  }

  #endSession(proposal: Proposal): void {
    const session = this.#sessions.get(proposal.sessionId);
    if (session === undefined) return;
    this.#sessions.remove(session);
    const holder = session.client as Client | undefined;
    if (holder !== undefined && holder !== proposal.client) {
      this.#replies.hangUp(holder, 'session-expired');
    }
    if (proposal.client !== undefined) {
      this.#outbox.report({ kind: 'session-closed', sessionId: session.id });
    }
  }

  #prepare(
    op: number,
    reader: JuteReader,
    client: Client | undefined,
    context: RequestContext,
  ): ErrorCode {
    try {
      return this.#preparer.prepare(op, reader, this.#block.out, context);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      if (client !== undefined) {
        this.#outbox.report({ kind: 'malformed-request', client, op, message: error.message });
      }
      return ErrorCode.marshallingError;
    }
  }

  #beginContext(zxid: number, sessionId: bigint): RequestContext {
    const context = this.#context;
    context.zxid = zxid;
    context.timeMs = this.#clock.wallMs;
    context.sessionId = sessionId;
    context.ids = noIds;
    this.#future.begin(zxid, context.timeMs);
    return context;
  }

  #beginTxn(type: number, sessionId: bigint, xid: number, requestBytes: number): number {
    const zxid = this.#lastProposed + 1;
    this.#lastProposed = zxid;
    this.#block = this.#proposals.begin(requestBytes);
    this.#txnStart = this.#block.out.length;
    this.#writeHeader(type, sessionId, xid, zxid);
    return zxid;
  }

  /** Writes a TxnHeader. Every transaction has one, so its words are stored one by one. */
  #writeHeader(type: number, sessionId: bigint, xid: number, zxid: number): void {
    const txn = this.#block.out;
    const { wallMs } = this.#clock;
    txn.ensure(TXN_HEADER_BYTES);
    txn.long(sessionId);
    const { bytes, length: at } = txn;
    putInt(bytes, at, xid);
    putInt(bytes, at + 4, Math.floor(zxid / TWO_32));
    putInt(bytes, at + 8, zxid | 0);
    putInt(bytes, at + 12, Math.floor(wallMs / TWO_32));
    putInt(bytes, at + 16, wallMs | 0);
    putInt(bytes, at + 20, type);
    txn.length = at + TXN_HEADER_BYTES - 8;
  }

  #append(
    zxid: number,
    op: number,
    sessionId: bigint,
    client: Client | undefined,
    xid: number,
    receivedAtMs: number,
  ): Proposal {
    const txn = this.#block.out;
    const start = this.#txnStart;
    const proposal = this.#proposals.push(zxid, this.#block, start);
    proposal.timeMs = this.#clock.wallMs;
    proposal.op = op;
    proposal.xid = xid;
    proposal.sessionId = sessionId;
    proposal.client = client;
    proposal.receivedAtMs = receivedAtMs;
    if (client !== undefined) client.writesSubmitted++;
    this.#outbox.appendTxn(zxid, txn.bytes, start, txn.length);
    return proposal;
  }
}

function isCreate(op: number): boolean {
  return (
    op === OpCode.create ||
    op === OpCode.create2 ||
    op === OpCode.createContainer ||
    op === OpCode.createTTL
  );
}
