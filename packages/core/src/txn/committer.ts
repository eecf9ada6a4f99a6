import { decodeUtf8, ErrorCode, OpCode } from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { Outbox } from '../outbox.ts';
import type { Replies } from '../replies.ts';
import type { SessionTracker } from '../session/session-tracker.ts';
import type { LargeRequests } from '../throttle/large-requests.ts';
import type { DataTree } from '../tree/data-tree.ts';
import type { Applier } from './apply.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { FutureTree } from './future-tree.ts';
import type { LearnerSync, Proposal, ProposalQueue } from './proposal-queue.ts';
import type { TxnApplier } from './txn-applier.ts';

/** Somebody who has a part in what is committed, besides the one who asked for it. */
export interface CommitListener {
  /** This proposal is committed and will be applied next. Whoever knows its client says so in it. */
  onCommit(proposal: Proposal): void;
}

/**
 * The second half of a write: proposals that may be committed are applied in order, and whoever asked is answered.
 *
 * Source: FinalRequestProcessor.
 */
export class Committer {
  readonly #proposals: ProposalQueue;
  readonly #tree: DataTree;
  readonly #sessions: SessionTracker;
  readonly #future: FutureTree;
  readonly #applier: Applier<Client>;
  readonly #txns: TxnApplier;
  readonly #replies: Replies;
  readonly #outbox: Outbox;
  readonly #largeRequests: LargeRequests;
  /** Undefined while the audit log is off. */
  readonly #audit: AuditTrail | undefined;
  readonly #onAnswered: (client: Client) => void;
  /** Undefined while this server is alone. */
  #listener: CommitListener | undefined;

  constructor(parts: {
    readonly proposals: ProposalQueue;
    readonly tree: DataTree;
    readonly sessions: SessionTracker;
    readonly future: FutureTree;
    readonly applier: Applier<Client>;
    readonly txns: TxnApplier;
    readonly replies: Replies;
    readonly outbox: Outbox;
    readonly largeRequests: LargeRequests;
    readonly audit: AuditTrail | undefined;
    /** A write of this client is answered: what waited behind it may go on. */
    readonly onAnswered: (client: Client) => void;
  }) {
    this.#proposals = parts.proposals;
    this.#tree = parts.tree;
    this.#sessions = parts.sessions;
    this.#future = parts.future;
    this.#applier = parts.applier;
    this.#txns = parts.txns;
    this.#replies = parts.replies;
    this.#outbox = parts.outbox;
    this.#largeRequests = parts.largeRequests;
    this.#audit = parts.audit;
    this.#onAnswered = parts.onAnswered;
  }

  /** From now on this one is told of every commit. */
  tell(listener: CommitListener | undefined): void {
    this.#listener = listener;
  }

  /** Highest zxid that the tree shows; never above that of the newest proposal. */
  get lastApplied(): number {
    return this.#txns.lastZxid;
  }

  /** Proposals, and syncs behind them, that are not answered. */
  get inFlight(): number {
    return this.#proposals.size;
  }

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

  /** A request of so many bytes that was taken in will never be answered. */
  forget(requestBytes: number): void {
    this.#largeRequests.release(requestBytes);
  }

  #commit(proposal: Proposal): void {
    let code: ErrorCode = ErrorCode.ok;
    if (!proposal.isSync) {
      this.#listener?.onCommit(proposal);
      const { bytes, start, end } = proposal;
      code = this.#txns.apply(bytes, start, end, proposal, this.#audit);
      if (proposal.audited !== undefined) this.#reportAudited(proposal, code);
      this.#future.applied(proposal.zxid);
      this.#largeRequests.release(proposal.requestBytes);
    } else if (proposal.syncPath.byteLength === 0) {
      code = ErrorCode.marshallingError;
    }
    if (proposal.op === OpCode.closeSession) this.#endSession(proposal);
    proposal.learner?.onSynced();
    const { client } = proposal;
    if (client === undefined) return;
    client.writesDone++;
    if (client.phase !== 'closed' && client.closing === undefined) {
      this.#answer(client, proposal, code);
    }
    if (client.deferred.size > 0) this.#onAnswered(client);
  }

  /**
   * Answers a `sync` when everything that is queued before it is applied. The client has counted it as submitted.
   *
   * @param path - the path to send back, as a jute string; no bytes at all when the request had none.
   */
  sync(client: Client, xid: number, path: Uint8Array, receivedAtMs: number): void {
    this.syncBehind(this.#proposals.lastZxid, client, xid, path, receivedAtMs);
    this.#commitSync();
  }

  /** As {@link sync}, when everything up to `zxid` is applied; {@link commitUpTo} answers it. */
  syncBehind(
    zxid: number,
    client: Client,
    xid: number,
    path: Uint8Array,
    receivedAtMs: number,
  ): void {
    const proposal = this.#queueSync(zxid, path);
    proposal.xid = xid;
    proposal.client = client;
    proposal.receivedAtMs = receivedAtMs;
  }

  /** As {@link sync}, for a learner. */
  syncLearner(learner: LearnerSync): void {
    this.#queueSync(this.#proposals.lastZxid, noSyncPath).learner = learner;
    this.#commitSync();
  }

  #queueSync(zxid: number, path: Uint8Array): Proposal {
    const proposal = this.#proposals.pushSync(zxid, path);
    proposal.op = OpCode.sync;
    return proposal;
  }

  /** There may be nothing ahead of the sync that was queued last. */
  #commitSync(): void {
    if (this.#proposals.size > 1) return;
    this.commitUpTo(this.#proposals.lastZxid, Number.POSITIVE_INFINITY);
  }

  #answer(client: Client, proposal: Proposal, code: ErrorCode): void {
    const replies = this.#replies;
    if (code === ErrorCode.sessionMoved) {
      // The session goes on elsewhere. Source: FinalRequestProcessor.
      replies.hangUp(client, 'session-moved');
      return;
    }
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
    const mark = replies.begin(out, proposal.xid, this.lastApplied);
    if (code === ErrorCode.ok) {
      const applier = this.#applier;
      const { results } = this.#txns;
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
        case OpCode.reconfig:
          this.#tree.writeData(applier.row, out);
          this.#tree.writeStat(applier.row, out);
          break;
        case OpCode.multi:
          out.raw(results.bytes, 0, results.length);
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

  #reportAudited(proposal: Proposal, code: ErrorCode): void {
    const { pathStart, pathEnd } = this.#applier;
    const isCreated = code === ErrorCode.ok && isCreate(proposal.op);
    const path = isCreated ? decodeUtf8(proposal.bytes, pathStart, pathEnd) : undefined;
    this.#audit?.onDone(proposal, code, path);
  }
}

const noSyncPath = new Uint8Array(0);

function isCreate(op: number): boolean {
  return (
    op === OpCode.create ||
    op === OpCode.create2 ||
    op === OpCode.createContainer ||
    op === OpCode.createTTL
  );
}
