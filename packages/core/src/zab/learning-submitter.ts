import { type JuteReader, JuteWriter, OpCode, QuorumPacketType } from '@zooid/protocol';
import type { Client } from '../client.ts';
import { Queue } from '../queue.ts';
import type { GlobalSubmitter } from '../request/submitter.ts';
import type { Session } from '../session/session.ts';
import type { Proposal } from '../txn/proposal-queue.ts';
import { create2IndexesOf } from '../txn/request-body.ts';
import { ForwardedRequests } from './forwarded-requests.ts';
import { writePacketOf, writeRequestPacket } from './packets.ts';
import type { Replica } from './replica.ts';

/** A sync that the leader has not answered. */
interface WaitingSync {
  readonly client: Client;
  readonly xid: number;
  readonly path: Uint8Array;
  readonly receivedAtMs: number;
}

/**
 * Clients of a learner: what only the leader decides is handed on to it, and answered when its transaction is applied here.
 *
 * Source: LearnerZooKeeperServer, FollowerRequestProcessor, LearnerSessionTracker.
 */
export class LearningSubmitter implements GlobalSubmitter {
  readonly isReadOnly = false;
  readonly newSessionScope = 'global';
  readonly #replica: Replica;
  readonly #out: () => JuteWriter;
  readonly #requests = new ForwardedRequests();
  readonly #syncs = new Queue<WaitingSync>();
  /** Clients that want to go on with a session that the leader has not confirmed, oldest first. */
  readonly #revalidations = new Map<bigint, Client[]>();
  #revalidationCount = 0;
  /** Sessions heard of since the leader was last told. */
  #touched: Session[] = [];

  constructor(parts: {
    readonly replica: Replica;
    /** What is sent to the leader in this turn. */
    readonly out: () => JuteWriter;
  }) {
    this.#replica = parts.replica;
    this.#out = parts.out;
  }

  get outstandingCount(): number {
    return this.#requests.size + this.#syncs.size + this.#revalidationCount;
  }

  // ── What clients ask ──────────────────────────────────────────────────────────────────────────────

  write(
    op: number,
    reader: JuteReader,
    client: Client,
    xid: number,
    receivedAtMs: number,
    requestBytes: number,
  ): void {
    const { session } = client;
    if (session === undefined) return;
    const { bytes, position, end } = reader;
    const sessionId = session.id;
    writeRequestPacket(this.#out(), { sessionId, xid, op }, bytes, position, end, client.ids);
    const audited = this.#replica.parts.audit?.note(op, reader);
    reader.position = position;
    const create2Indexes = op === OpCode.multi ? create2IndexesOf(reader) : undefined;
    client.writesSubmitted++;
    this.#requests.add(sessionId, {
      client,
      op,
      xid,
      receivedAtMs,
      requestBytes,
      create2Indexes,
      audited,
    });
  }

  openSession(client: Client): void {
    const { sessionIds, sessions, txns } = this.#replica.parts;
    const id = sessionIds.next((taken) => txns.sessions.has(taken));
    const session = sessions.hold(id, client.sessionTimeoutMs);
    session.client = client;
    client.session = session;
    client.phase = 'opening';
    const body = new JuteWriter(4);
    body.int(client.sessionTimeoutMs);
    this.#forward(OpCode.createSession, client, session, 0, body);
  }

  upgradeSession({ id, timeoutMs }: Session, client: Client): void {
    const session = this.#replica.parts.sessions.hold(id, timeoutMs);
    session.client = client;
    client.session = session;
    const body = new JuteWriter(4);
    body.int(timeoutMs);
    const request = { sessionId: id, xid: 0, op: OpCode.createSession };
    writeRequestPacket(this.#out(), request, body.bytes, 0, body.length, client.ids);
    this.#await(request, undefined);
  }

  resumeSession(client: Client, sessionId: bigint): void {
    const { sessions } = this.#replica.parts;
    const session = sessions.hold(sessionId, client.sessionTimeoutMs);
    const previous = session.client as Client | undefined;
    if (previous !== undefined) this.#replica.parts.replies.hangUp(previous, 'session-moved');
    session.client = client;
    client.session = session;
    client.phase = 'opening';
    // Its reads wait for the answer, as for that of a write; its writes go behind the question.
    client.writesSubmitted++;
    const waiting = this.#revalidations.get(sessionId);
    if (waiting === undefined) this.#revalidations.set(sessionId, [client]);
    else waiting.push(client);
    this.#revalidationCount++;
    writePacketOf(this.#out(), QuorumPacketType.revalidate, -1, (out) => {
      out.long(sessionId);
      out.int(client.sessionTimeoutMs);
    });
  }

  closeSession(session: Session, client: Client, xid: number): void {
    this.#forward(OpCode.closeSession, client, session, xid, noBody);
  }

  sync(client: Client, xid: number, path: Uint8Array, receivedAtMs: number): void {
    const { session } = client;
    if (session === undefined) return;
    const { length } = path;
    const sessionId = session.id;
    const request = { sessionId, xid, op: OpCode.sync };
    writeRequestPacket(this.#out(), request, path, 0, length, client.ids);
    client.writesSubmitted++;
    this.#syncs.push({ client, xid, path, receivedAtMs });
  }

  touch(session: Session): void {
    if (session.isTouched) return;
    session.isTouched = true;
    this.#touched.push(session);
  }

  // ── What the leader says ──────────────────────────────────────────────────────────────────────────

  /** A transaction is about to be applied: if a client here waits for it, that one is answered. */
  claim(proposal: Proposal): void {
    const request = this.#requests.take(proposal.sessionId, proposal.xid);
    if (request === undefined) return;
    proposal.client = request.client;
    proposal.op = request.op;
    proposal.receivedAtMs = request.receivedAtMs;
    proposal.requestBytes = request.requestBytes;
    proposal.create2Indexes = request.create2Indexes;
    proposal.audited = request.audited;
  }

  /**
   * The oldest sync may be answered when everything is applied that is committed by now, and before whatever is committed later: the
   * writes that its client sent behind it are among that.
   */
  onSynced(committedZxid: number): void {
    const sync = this.#syncs.shift();
    if (sync === undefined) return;
    const { client, xid, path, receivedAtMs } = sync;
    this.#replica.parts.committer.syncBehind(committedZxid, client, xid, path, receivedAtMs);
  }

  /** The leader is lost: nothing that was handed on is answered any more, and none of it takes up room. */
  abandon(): void {
    for (const { requestBytes } of this.#requests.all()) {
      this.#replica.parts.committer.forget(requestBytes);
    }
  }

  /** The leader has looked a session up. Source: Follower.revalidate, ZooKeeperServer.finishSessionInit. */
  onRevalidated(sessionId: bigint, isValid: boolean): void {
    const waiting = this.#revalidations.get(sessionId);
    const client = waiting?.shift();
    if (client === undefined) return;
    if (waiting?.length === 0) this.#revalidations.delete(sessionId);
    this.#revalidationCount--;
    client.writesDone++;
    if (client.phase === 'closed' || client.closing !== undefined) return;
    const { replies, outbox, sessions, desk } = this.#replica.parts;
    if (isValid) {
      client.phase = 'open';
      replies.connected(client, sessionId);
      const timeoutMs = client.sessionTimeoutMs;
      outbox.report({ kind: 'session-resumed', sessionId, timeoutMs });
      desk.drain(client);
      return;
    }
    const { session } = client;
    if (session !== undefined && session.client === client) sessions.remove(session);
    outbox.report({ kind: 'session-refused', sessionId, reason: 'unknown' });
    replies.connected(client, undefined);
    replies.hangUp(client, 'session-invalid');
  }

  /** Writes which sessions were heard of since the last time: `(long sessionId · int timeoutMs)*`. */
  writeTouched(out: JuteWriter): void {
    for (const session of this.#touched) {
      session.isTouched = false;
      out.long(session.id);
      out.int(session.timeoutMs);
    }
    this.#touched = [];
  }

  #forward(op: number, client: Client, session: Session, xid: number, body: JuteWriter): void {
    const request = { sessionId: session.id, xid, op };
    writeRequestPacket(this.#out(), request, body.bytes, 0, body.length, client.ids);
    client.writesSubmitted++;
    this.#await(request, client);
  }

  /** @param client - undefined: nobody is answered. */
  #await(
    {
      sessionId,
      xid,
      op,
    }: { readonly sessionId: bigint; readonly xid: number; readonly op: number },
    client: Client | undefined,
  ): void {
    this.#requests.add(sessionId, {
      client,
      op,
      xid,
      receivedAtMs: this.#replica.parts.clock.nowMs,
      requestBytes: 0,
      create2Indexes: undefined,
      audited: undefined,
    });
  }
}

const noBody = new JuteWriter(0);
