import { JuteReader } from '@zooid/protocol';
import { assert } from '../assert.ts';
import type { Client } from '../client.ts';
import type { Outbox } from '../outbox.ts';
import type { Replies } from '../replies.ts';
import { LocalSessionSubmitter, type LocalSessions } from '../request/local-session-submitter.ts';
import type { RequestDesk } from '../request/request-desk.ts';
import type { GlobalSubmitter, Submitter } from '../request/submitter.ts';
import type { SessionIds } from '../session/session-id.ts';
import type { SessionTracker } from '../session/session-tracker.ts';
import type { DataTree } from '../tree/data-tree.ts';
import type { TurnClock } from '../turn-clock.ts';
import type { AuditTrail } from '../txn/audit-trail.ts';
import type { CommitListener, Committer } from '../txn/committer.ts';
import type { FutureTree } from '../txn/future-tree.ts';
import type { Proposal, ProposalQueue } from '../txn/proposal-queue.ts';
import type { Proposer } from '../txn/proposer.ts';
import type { TxnApplier } from '../txn/txn-applier.ts';
import type { WatchTable } from '../watch/watch-table.ts';
import type { CommittedLog } from './committed-log.ts';
import { counterOf } from './zxid.ts';

export interface ReplicaParts {
  readonly proposals: ProposalQueue;
  readonly proposer: Proposer;
  readonly committer: Committer;
  readonly txns: TxnApplier;
  readonly tree: DataTree;
  readonly future: FutureTree;
  readonly watches: WatchTable<Client>;
  readonly sessions: SessionTracker;
  readonly sessionIds: SessionIds;
  /** Sessions that only this server knows; undefined while they are off. */
  readonly localSessions: LocalSessions | undefined;
  readonly desk: RequestDesk;
  readonly replies: Replies;
  /** Undefined while the audit log is off. */
  readonly audit: AuditTrail | undefined;
  readonly outbox: Outbox;
  readonly clock: TurnClock;
}

/**
 * The replicated state, and what leads into it, as the roles of Zab use them: what is logged, what is durable, what may be applied.
 *
 *     applied <= committable <= synced <= logged
 *
 * Nothing is applied here before it is durable here, whatever others have acknowledged: so memory never is ahead of the log.
 */
export class Replica {
  readonly parts: ReplicaParts;
  #syncedZxid = 0;
  #committableZxid = 0;
  readonly #reader = new JuteReader();
  /** The disk works on another state, which will take the place of this one. */
  isReplacing = false;

  constructor(parts: ReplicaParts) {
    this.parts = parts;
  }

  /** Highest zxid that reads show. */
  get lastAppliedZxid(): number {
    return this.parts.txns.lastZxid;
  }

  /** Zxid of the last transaction that the log was given. */
  get lastLoggedZxid(): number {
    const { lastZxid } = this.parts.proposals;
    return counterOf(lastZxid) === 0 ? this.lastAppliedZxid : lastZxid;
  }

  /** Everything up to here is durable. */
  get syncedZxid(): number {
    return this.#syncedZxid;
  }

  /** Everything up to here may be applied. */
  get committableZxid(): number {
    return this.#committableZxid;
  }

  /** The log is durable up to here. */
  onSynced(zxid: number): void {
    this.#syncedZxid = zxid;
  }

  /** A quorum has everything up to here; it is applied as soon as it is durable here, too. */
  commitTo(zxid: number): void {
    const committable = Math.min(zxid, this.#syncedZxid);
    if (committable > this.#committableZxid) this.#committableZxid = committable;
  }

  /** The state was restored or replaced, and the log goes on from it. Nothing is queued. */
  goOn(): void {
    const { proposals, future, txns } = this.parts;
    proposals.goOnFrom(txns.lastZxid);
    future.reset();
    this.#syncedZxid = txns.lastZxid;
    this.#committableZxid = txns.lastZxid;
  }

  /**
   * Requests of clients go this way from now on; undefined: nobody is served. Sessions of this server alone are over.
   *
   * @param firstZxid - that begins the epoch, which a client may have seen elsewhere before any transaction of it.
   */
  serveBy(submitter: Submitter | undefined, firstZxid: number): void {
    this.parts.localSessions?.sessions.clear();
    this.parts.desk.serveBy(submitter, firstZxid);
  }

  /** {@link serveBy} of a role in the ensemble, where a session may be one of this server alone at first. */
  serveMembersBy(submitter: GlobalSubmitter, firstZxid: number): void {
    const { localSessions } = this.parts;
    if (localSessions === undefined) {
      this.serveBy(submitter, firstZxid);
    } else {
      this.serveBy(new LocalSessionSubmitter(submitter, localSessions, this.parts), firstZxid);
    }
  }

  /** Shows the configuration in force as the data of its znode. Source: ZKDatabase.initConfigInZKDatabase. */
  showConfig(text: Uint8Array, version: number): void {
    const { tree, clock } = this.parts;
    const row = tree.findPath('/zookeeper/config');
    if (row >= 0) tree.setData(row, text, 0, text.byteLength, -1, version, clock.wallMs);
  }

  /** This server is told of every commit; undefined: nobody is. */
  tellCommits(listener: CommitListener | undefined): void {
    this.parts.committer.tell(listener);
  }

  /**
   * A role is over: everything logged is durable, and is applied now, without anybody being told or answered, for nobody knows whether it
   * is committed.
   */
  settle(committedLog: CommittedLog): void {
    const { proposals, committer, watches } = this.parts;
    watches.clear();
    for (const proposal of proposals.pending()) {
      proposal.client = undefined;
      proposal.learner = undefined;
      proposal.audited = undefined;
    }
    committer.tell({
      onCommit: ({ zxid, bytes, start, end }) => committedLog.add(zxid, bytes, start, end),
    });
    this.commitTo(this.lastLoggedZxid);
    committer.commitUpTo(proposals.lastZxid, Number.POSITIVE_INFINITY);
    committer.tell(undefined);
  }

  /** New transactions get the zxids after `firstZxid`, and every session is watched over afresh. */
  beginProposing(firstZxid: number): void {
    const { proposals, future, sessions, txns, clock } = this.parts;
    assert(this.lastAppliedZxid === this.lastLoggedZxid, 'a leader begins with all that it logged');
    proposals.goOnFrom(firstZxid);
    future.reset();
    sessions.clear();
    for (const [id, timeoutMs] of txns.sessions) sessions.track(id, timeoutMs, clock.nowMs);
  }

  /** The transaction of a leader, `[start, end)` of `bytes`: to the log, and in the queue of those to be applied. @returns it. */
  learn(zxid: number, bytes: Uint8Array, start: number, end: number): Proposal {
    const { proposals, outbox } = this.parts;
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    const sessionId = reader.long();
    const xid = reader.int();
    reader.longAsNumber();
    const timeMs = reader.longAsNumber();
    const op = reader.int();
    const proposal = proposals.learn(zxid, bytes, start, end);
    proposal.sessionId = sessionId;
    proposal.xid = xid;
    proposal.timeMs = timeMs;
    proposal.op = op;
    proposal.receivedAtMs = this.parts.clock.nowMs;
    outbox.appendTxn(zxid, bytes, start, end);
    return proposal;
  }
}
