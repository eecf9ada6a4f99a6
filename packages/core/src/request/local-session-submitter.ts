import { ErrorCode, type JuteReader, OpCode } from '@zooid/protocol';
import type { Client } from '../client.ts';
import type { Outbox } from '../outbox.ts';
import type { Replies } from '../replies.ts';
import type { Session } from '../session/session.ts';
import type { SessionIds } from '../session/session-id.ts';
import type { SessionTracker } from '../session/session-tracker.ts';
import type { TurnClock } from '../turn-clock.ts';
import type { Committer } from '../txn/committer.ts';
import { createsEphemeral } from '../txn/request-body.ts';
import type { TxnApplier } from '../txn/txn-applier.ts';
import type { RequestDesk } from './request-desk.ts';
import type { GlobalSubmitter, Submitter } from './submitter.ts';

/**
 * What new sessions of an ensemble are: global ones; or local ones, of one server alone, that may not own ephemeral znodes, or become
 * global when they are about to.
 */
export type LocalSessionMode = 'off' | 'without-ephemerals' | 'upgrading';

/** The sessions that this server alone knows, and what becomes of them. */
export interface LocalSessions {
  readonly mode: Exclude<LocalSessionMode, 'off'>;
  readonly sessions: SessionTracker;
}

/**
 * Sessions that only this server knows: they cost no transaction when they begin, live and end, and are gone with their server. Whatever
 * needs the ensemble goes on to the submitter of the role. There a session of this kind is a number that nobody has heard of, which the
 * leader permits.
 *
 *   local ── first ephemeral znode ──► global: forgotten here, and a createSession goes ahead of that request
 *
 * Source: UpgradeableSessionTracker, LocalSessionTracker, QuorumZooKeeperServer, ZooKeeperServer.reopenSession.
 */
export class LocalSessionSubmitter implements Submitter {
  readonly isReadOnly = false;
  readonly newSessionScope = 'local';
  readonly #global: GlobalSubmitter;
  readonly #mode: Exclude<LocalSessionMode, 'off'>;
  readonly #sessions: SessionTracker;
  readonly #sessionIds: SessionIds;
  readonly #txns: TxnApplier;
  readonly #desk: RequestDesk;
  readonly #committer: Committer;
  readonly #replies: Replies;
  readonly #outbox: Outbox;
  readonly #clock: TurnClock;

  constructor(
    global: GlobalSubmitter,
    local: LocalSessions,
    parts: {
      readonly sessionIds: SessionIds;
      readonly txns: TxnApplier;
      readonly desk: RequestDesk;
      readonly committer: Committer;
      readonly replies: Replies;
      readonly outbox: Outbox;
      readonly clock: TurnClock;
    },
  ) {
    this.#global = global;
    this.#mode = local.mode;
    this.#sessions = local.sessions;
    this.#sessionIds = parts.sessionIds;
    this.#txns = parts.txns;
    this.#desk = parts.desk;
    this.#committer = parts.committer;
    this.#replies = parts.replies;
    this.#outbox = parts.outbox;
    this.#clock = parts.clock;
  }

  /** A refusal of an ephemeral znode takes no zxid here, as a read takes none; in Apache's it is a transaction of type error. */
  write(
    op: number,
    reader: JuteReader,
    client: Client,
    xid: number,
    receivedAtMs: number,
    requestBytes: number,
  ): void {
    const { session } = client;
    if (session?.scope === 'local' && createsEphemeral(op, reader)) {
      if (this.#mode === 'without-ephemerals') {
        this.#committer.forget(requestBytes);
        this.#desk.refuse(client, xid, ErrorCode.ephemeralOnLocalSession);
        return;
      }
      this.#sessions.remove(session);
      this.#global.upgradeSession(session, client);
    }
    this.#global.write(op, reader, client, xid, receivedAtMs, requestBytes);
  }

  openSession(client: Client): void {
    const id = this.#sessionIds.next(
      (taken) => this.#sessions.get(taken) !== undefined || this.#txns.sessions.has(taken),
    );
    const { sessionTimeoutMs: timeoutMs } = client;
    this.#hold(this.#sessions.track(id, timeoutMs, this.#clock.nowMs), client);
    this.#outbox.report({ kind: 'session-established', sessionId: id, timeoutMs });
  }

  resumeSession(client: Client, sessionId: bigint): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) {
      this.#global.resumeSession(client, sessionId);
      return;
    }
    const previous = session.client as Client | undefined;
    if (previous !== undefined) this.#replies.hangUp(previous, 'session-moved');
    const { sessionTimeoutMs: timeoutMs } = client;
    this.#sessions.setTimeout(session, timeoutMs, this.#clock.nowMs);
    this.#hold(session, client);
    this.#outbox.report({ kind: 'session-resumed', sessionId, timeoutMs });
  }

  /** Its end has its place among the answers, as that of a global one has, so it waits for the writes ahead of it. */
  closeSession(session: Session, client: Client, xid: number): void {
    if (session.scope === 'global') {
      this.#global.closeSession(session, client, xid);
    } else if (client.writesSubmitted !== client.writesDone) {
      this.#desk.closeLater(client, xid);
    } else {
      this.#sessions.remove(session);
      this.#outbox.report({ kind: 'session-closed', sessionId: session.id });
      const zxid = this.#txns.lastZxid;
      this.#replies.bare(client, OpCode.closeSession, xid, zxid, ErrorCode.ok);
      this.#replies.hangUp(client, 'session-closed');
    }
  }

  sync(client: Client, xid: number, path: Uint8Array, receivedAtMs: number): void {
    this.#global.sync(client, xid, path, receivedAtMs);
  }

  touch(session: Session): void {
    if (session.scope === 'local') this.#sessions.touch(session, this.#clock.nowMs);
    else this.#global.touch(session);
  }

  #hold(session: Session, client: Client): void {
    session.client = client;
    client.session = session;
    client.phase = 'open';
    this.#replies.connected(client, session.id);
  }
}
