import { ErrorCode, type Id, type JuteReader, MalformedError, OpCode } from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { Outbox } from '../outbox.ts';
import type { Session } from '../session/session.ts';
import { putInt } from '../tree/znode-store.ts';
import type { TurnClock } from '../turn-clock.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { FutureTree } from './future-tree.ts';
import type { PlanReconfig, Preparer, RequestContext } from './prepare.ts';
import type { Proposal, ProposalQueue } from './proposal-queue.ts';
import type { TxnBlock } from './txn-bytes.ts';

const TWO_32 = 0x1_0000_0000;
const noIds: readonly Id[] = [];
/** Bytes of TxnHeader: clientId long · cxid int · zxid long · time long · type int. */
const TXN_HEADER_BYTES = 32;

/**
 * The first half of a write: a request becomes a transaction, is queued as a proposal and handed to the log.
 *
 * A request gets its zxid when it is prepared, also when it is refused: a refusal is a transaction of
 * type error, so that every server sees one order and the reply has its place in it.
 *
 * Source: PrepRequestProcessor, SyncRequestProcessor.
 */
export class Proposer {
  readonly #digestEnabled: boolean;
  readonly #proposals: ProposalQueue;
  readonly #future: FutureTree;
  readonly #preparer: Preparer;
  readonly #outbox: Outbox;
  readonly #clock: TurnClock;
  /** Undefined while the audit log is off. */
  readonly #audit: AuditTrail | undefined;

  /** Where the transaction that is being prepared is written, and from where on. */
  #block: TxnBlock;
  #txnStart = 0;
  readonly #context: RequestContext = { zxid: 0, timeMs: 0, sessionId: 0n, ids: [] };
  /** Told of each proposal, also of those of sessions, when it is with the log. Undefined: there is nobody to tell. */
  #onProposed: ((proposal: Proposal) => void) | undefined;

  constructor(parts: {
    readonly options: { readonly digestEnabled: boolean };
    readonly proposals: ProposalQueue;
    readonly future: FutureTree;
    readonly preparer: Preparer;
    readonly outbox: Outbox;
    readonly clock: TurnClock;
    readonly audit: AuditTrail | undefined;
  }) {
    this.#digestEnabled = parts.options.digestEnabled;
    this.#proposals = parts.proposals;
    this.#future = parts.future;
    this.#preparer = parts.preparer;
    this.#outbox = parts.outbox;
    this.#clock = parts.clock;
    this.#audit = parts.audit;
    this.#block = this.#proposals.begin(0);
  }

  /** From now on each proposal is told to this one as well: whoever leads sends it to its learners. */
  tell(onProposed: ((proposal: Proposal) => void) | undefined): void {
    this.#onProposed = onProposed;
  }

  /** From now on reconfigurations are decided by this one: whoever leads. Undefined: there is nobody who could. */
  reconfigureBy(plan: PlanReconfig | undefined): void {
    this.#preparer.reconfigureBy(plan);
  }

  /**
   * Prepares and proposes a write whose body is at `reader`; the reply follows once it is committed.
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
    const audited = client === undefined ? undefined : this.#audit?.note(op, reader);
    const refusal = session?.isClosing === true ? ErrorCode.sessionExpired : ErrorCode.ok;
    const ids = client === undefined ? noIds : client.ids;
    const zxid = this.#prepareTxn(op, reader, sessionId, xid, ids, requestBytes, refusal, client);
    const proposal = this.#append(zxid, op, sessionId, client, xid, receivedAtMs);
    proposal.requestBytes = requestBytes;
    proposal.audited = audited;
    if (op === OpCode.multi) proposal.create2Indexes = this.#preparer.takeCreate2Indexes();
  }

  /**
   * {@link propose} for a request that a learner handed on: that learner answers, when it has the transaction.
   *
   * @param ids - who the client is, as the learner says.
   * @param refusal - other than ok: what the request is refused with, before anybody looks at it.
   */
  proposeForwarded(
    op: number,
    reader: JuteReader,
    sessionId: bigint,
    xid: number,
    ids: readonly Id[],
    refusal: ErrorCode,
  ): void {
    const requestBytes = reader.remaining;
    const zxid = this.#prepareTxn(
      op,
      reader,
      sessionId,
      xid,
      ids,
      requestBytes,
      refusal,
      undefined,
    );
    this.#append(zxid, op, sessionId, undefined, xid, this.#clock.nowMs);
    if (op === OpCode.multi) this.#preparer.takeCreate2Indexes();
  }

  /** Writes the transaction of a request, or that of its refusal. @returns its zxid. */
  #prepareTxn(
    op: number,
    reader: JuteReader,
    sessionId: bigint,
    xid: number,
    ids: readonly Id[],
    requestBytes: number,
    refusal: ErrorCode,
    client: Client | undefined,
  ): number {
    const zxid = this.#beginTxn(op, sessionId, xid, requestBytes);
    const txn = this.#block.out;
    const context = this.#beginContext(zxid, sessionId);
    context.ids = ids;
    const code = refusal === ErrorCode.ok ? this.#prepare(op, reader, client, context) : refusal;
    if (code !== ErrorCode.ok) {
      txn.truncate(this.#txnStart);
      this.#writeHeader(OpCode.error, sessionId, xid, zxid);
      txn.int(code);
    } else if (this.#digestEnabled) {
      this.#future.writeDigest(txn);
    }
    return zxid;
  }

  /** @param client - who asked for it here; undefined when a learner's client did. */
  proposeCreateSession(session: Session, client: Client | undefined): void {
    const zxid = this.#beginTxn(OpCode.createSession, session.id, 0, 0);
    const txn = this.#block.out;
    txn.int(session.timeoutMs);
    if (this.#digestEnabled) this.#future.writeDigest(txn);
    this.#append(zxid, OpCode.createSession, session.id, client, 0, this.#clock.nowMs);
  }

  /** @param client - who asked for it here; undefined when the session expired, or a learner's client asked. */
  proposeCloseSession(session: Session, client: Client | undefined, xid: number): void {
    session.isClosing = true;
    this.proposeCloseOf(session.id, client, xid);
  }

  /** {@link proposeCloseSession} by id: also of a session that is not known, so that whoever waits for its end hears of it. */
  proposeCloseOf(sessionId: bigint, client: Client | undefined, xid: number): void {
    const zxid = this.#beginTxn(OpCode.closeSession, sessionId, xid, 0);
    const txn = this.#block.out;
    this.#preparer.closeSession(sessionId, txn, this.#beginContext(zxid, sessionId));
    if (this.#digestEnabled) this.#future.writeDigest(txn);
    this.#append(zxid, OpCode.closeSession, sessionId, client, xid, this.#clock.nowMs);
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
    const zxid = this.#proposals.lastZxid + 1;
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
    this.#onProposed?.(proposal);
    return proposal;
  }
}
