import type { JuteReader } from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { Session, SessionScope } from '../session/session.ts';

/**
 * Where the desk takes what only a leader decides: writes, sessions, syncs. Whoever leads (or is alone) decides here and now; a
 * learner hands it on. Replies come through the committer either way.
 */
export interface Submitter {
  /** Only clients that are content to read are taken, and told so. */
  readonly isReadOnly: boolean;
  /** What {@link openSession} makes. */
  readonly newSessionScope: SessionScope;
  /**
   * A write whose body is at `reader`, of a client that may ask.
   *
   * @param requestBytes - length of its frame, for the budget of large requests.
   */
  write(
    op: number,
    reader: JuteReader,
    client: Client,
    xid: number,
    receivedAtMs: number,
    requestBytes: number,
  ): void;
  /** A client without a session asks for one, with `client.sessionTimeoutMs`. */
  openSession(client: Client): void;
  /** A client has shown the right password of this session and wants to go on with it. */
  resumeSession(client: Client, sessionId: bigint): void;
  /** A client ends its session. */
  closeSession(session: Session, client: Client, xid: number): void;
  /** @param path - what to send back, as a jute string; no bytes at all when the request had none. */
  sync(client: Client, xid: number, path: Uint8Array, receivedAtMs: number): void;
  /** The session's client was heard. For every request. */
  touch(session: Session): void;
}

/** One whose sessions are those of the ensemble. */
export interface GlobalSubmitter extends Submitter {
  /**
   * The client's session was one of this server alone, which has forgotten it: it becomes a global one of the same id and timeout, ahead of
   * whatever the client asks next. Source: QuorumZooKeeperServer.makeUpgradeRequest.
   */
  upgradeSession(session: Session, client: Client): void;
}
