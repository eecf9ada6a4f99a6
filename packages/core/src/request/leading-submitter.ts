import type { JuteReader } from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { Outbox } from '../outbox.ts';
import type { Replies } from '../replies.ts';
import type { Session } from '../session/session.ts';
import type { SessionIds } from '../session/session-id.ts';
import { HERE, type SessionTracker } from '../session/session-tracker.ts';
import type { TurnClock } from '../turn-clock.ts';
import type { Committer } from '../txn/committer.ts';
import type { Proposer } from '../txn/proposer.ts';
import type { GlobalSubmitter } from './submitter.ts';

/**
 * Clients of a server that decides: one that leads, or is alone.
 *
 * Source: LeaderZooKeeperServer, ZooKeeperServer.reopenSession.
 */
export class LeadingSubmitter implements GlobalSubmitter {
  readonly isReadOnly = false;
  readonly newSessionScope = 'global';
  readonly #sessions: SessionTracker;
  readonly #sessionIds: SessionIds;
  readonly #proposer: Proposer;
  readonly #committer: Committer;
  readonly #replies: Replies;
  readonly #outbox: Outbox;
  readonly #clock: TurnClock;
  /** One that is alone is sure. */
  #isFollowed: () => boolean = () => true;

  constructor(parts: {
    readonly sessions: SessionTracker;
    readonly sessionIds: SessionIds;
    readonly proposer: Proposer;
    readonly committer: Committer;
    readonly replies: Replies;
    readonly outbox: Outbox;
    readonly clock: TurnClock;
  }) {
    this.#sessions = parts.sessions;
    this.#sessionIds = parts.sessionIds;
    this.#proposer = parts.proposer;
    this.#committer = parts.committer;
    this.#replies = parts.replies;
    this.#outbox = parts.outbox;
    this.#clock = parts.clock;
  }

  /**
   * The ensemble may have another leader of which this one has not heard yet, and a session that is unknown here may be known there. While
   * `isFollowed` says no, a client that comes with such a session is sent away without an answer, to ask elsewhere.
   */
  expireUnknownOnlyWhile(isFollowed: () => boolean): void {
    this.#isFollowed = isFollowed;
  }

  write(
    op: number,
    reader: JuteReader,
    client: Client,
    xid: number,
    receivedAtMs: number,
    requestBytes: number,
  ): void {
    this.#proposer.propose(op, reader, client, xid, receivedAtMs, requestBytes);
  }

  openSession(client: Client): void {
    const id = this.#sessionIds.next((taken) => this.#sessions.get(taken) !== undefined);
    const session = this.#sessions.track(id, client.sessionTimeoutMs, this.#clock.nowMs, HERE);
    session.client = client;
    client.session = session;
    client.phase = 'opening';
    this.#proposer.proposeCreateSession(session, client);
  }

  resumeSession(client: Client, sessionId: bigint): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined || session.isClosing) {
      if (!this.#isFollowed()) {
        this.#replies.hangUp(client, 'not-serving');
        return;
      }
      this.#outbox.report({ kind: 'session-refused', sessionId, reason: 'unknown' });
      this.#replies.connected(client, undefined);
      this.#replies.hangUp(client, 'session-invalid');
      return;
    }
    const previous = session.client as Client | undefined;
    if (previous !== undefined) this.#replies.hangUp(previous, 'session-moved');
    session.client = client;
    session.owner = HERE;
    client.session = session;
    client.phase = 'open';
    this.#sessions.setTimeout(session, client.sessionTimeoutMs, this.#clock.nowMs);
    this.#replies.connected(client, sessionId);
    const timeoutMs = client.sessionTimeoutMs;
    this.#outbox.report({ kind: 'session-resumed', sessionId, timeoutMs });
  }

  upgradeSession({ id, timeoutMs }: Session, client: Client): void {
    const session = this.#sessions.track(id, timeoutMs, this.#clock.nowMs, HERE);
    session.client = client;
    client.session = session;
    this.#proposer.proposeCreateSession(session, undefined);
  }

  closeSession(session: Session, client: Client, xid: number): void {
    this.#proposer.proposeCloseSession(session, client, xid);
  }

  sync(client: Client, xid: number, path: Uint8Array, receivedAtMs: number): void {
    client.writesSubmitted++;
    this.#committer.sync(client, xid, path, receivedAtMs);
  }

  touch(session: Session): void {
    this.#sessions.touch(session, this.#clock.nowMs);
  }
}
