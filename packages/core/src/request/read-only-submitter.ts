import { ErrorCode, type JuteReader, OpCode } from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { Outbox } from '../outbox.ts';
import type { Replies } from '../replies.ts';
import type { Session } from '../session/session.ts';
import type { SessionIds } from '../session/session-id.ts';
import type { SessionTracker } from '../session/session-tracker.ts';
import type { TxnApplier } from '../txn/txn-applier.ts';
import type { Submitter } from './submitter.ts';

/**
 * Clients of a server that has no leader, and that said they are content to read: what is here may be old by now, and its end may
 * not have been committed. Their sessions are of this server alone, and end with it.
 *
 * Source: ReadOnlyZooKeeperServer, ReadOnlyRequestProcessor.
 */
export class ReadOnlySubmitter implements Submitter {
  readonly isReadOnly = true;
  readonly newSessionScope = 'global';
  readonly #sessions: SessionTracker;
  readonly #sessionIds: SessionIds;
  readonly #txns: TxnApplier;
  readonly #replies: Replies;
  readonly #outbox: Outbox;

  constructor(parts: {
    readonly sessions: SessionTracker;
    readonly sessionIds: SessionIds;
    readonly txns: TxnApplier;
    readonly replies: Replies;
    readonly outbox: Outbox;
  }) {
    this.#sessions = parts.sessions;
    this.#sessionIds = parts.sessionIds;
    this.#txns = parts.txns;
    this.#replies = parts.replies;
    this.#outbox = parts.outbox;
  }

  write(op: number, _reader: JuteReader, client: Client, xid: number): void {
    this.#refuse(client, op, xid);
  }

  openSession(client: Client): void {
    const id = this.#sessionIds.next((taken) => this.#txns.sessions.has(taken));
    this.#open(client, id);
    const { sessionTimeoutMs: timeoutMs } = client;
    this.#outbox.report({ kind: 'session-established', sessionId: id, timeoutMs });
  }

  resumeSession(client: Client, sessionId: bigint): void {
    if (!this.#txns.sessions.has(sessionId) && this.#sessions.get(sessionId) === undefined) {
      this.#outbox.report({ kind: 'session-refused', sessionId, reason: 'unknown' });
      this.#replies.connected(client, undefined);
      this.#replies.hangUp(client, 'session-invalid');
      return;
    }
    const previous = this.#sessions.get(sessionId)?.client as Client | undefined;
    if (previous !== undefined) this.#replies.hangUp(previous, 'session-moved');
    this.#open(client, sessionId);
    const { sessionTimeoutMs: timeoutMs } = client;
    this.#outbox.report({ kind: 'session-resumed', sessionId, timeoutMs });
  }

  closeSession(session: Session, client: Client, xid: number): void {
    this.#sessions.remove(session);
    this.#replies.bare(client, OpCode.closeSession, xid, this.#txns.lastZxid, ErrorCode.ok);
    this.#replies.hangUp(client, 'session-closed');
  }

  sync(client: Client, xid: number): void {
    this.#refuse(client, OpCode.sync, xid);
  }

  touch(): void {}

  #open(client: Client, id: bigint): void {
    const session = this.#sessions.hold(id, client.sessionTimeoutMs);
    session.client = client;
    client.session = session;
    client.phase = 'open';
    this.#replies.connected(client, id);
  }

  #refuse(client: Client, op: number, xid: number): void {
    this.#replies.bare(client, op, xid, this.#txns.lastZxid, ErrorCode.notReadOnly);
  }
}
