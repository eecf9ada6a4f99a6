/**
 * The client's half of a session, without I/O: what to send, what an answer means, when to give up.
 *
 * It is told what happened on the connection and what time it is, and asks for what it wants through the
 * {@link SessionOutbox}. Which server comes next, and how its bytes travel, is the shell's.
 *
 *     connecting ──▶ connected ◀──▶ suspended ──▶ expired
 *         │          read-only          │
 *         └────────────┴────────────────┴──▶ auth-failed, closed            (the last three are final)
 *
 * One connection goes through the phases
 *
 *     none ─▶ opening ─▶ handshake ─▶ (authenticating) ─▶ ready ─▶ none
 *
 * and on a new one is sent, in this order: the connect request, SASL tokens, credentials, watches, calls.
 *
 * Source: ClientCnxn (SendThread, primeConnection, conLossPacket).
 */

import {
  type ConnectResponse,
  decodeConnectResponse,
  decodeReplyHeader,
  decodeSaslToken,
  decodeWatcherEvent,
  ErrorCode,
  encodeConnectRequest,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  OpCode,
  type ReplyHeader,
  type Request,
  ReservedXid,
  SESSION_PASSWORD_BYTES,
} from '@zooid/protocol';
import {
  AuthFailedError,
  ClosedError,
  ConnectionLossError,
  errorOfCode,
  type Outcome,
  ProtocolError,
  SessionExpiredError,
  TooManyPendingError,
  type ZooKeeperError,
} from '../errors.ts';
import { Call, type CallSpec } from './call.ts';
import { CallDesk, type CallDeskOptions } from './call-desk.ts';
import { CredentialList } from './credentials.ts';
import { Liveness } from './liveness.ts';
import { WatchRegistry } from './watch-registry.ts';
import { WatchReplay } from './watch-replay.ts';

/** How the session stands. The last three are final. */
export type SessionState =
  | 'connecting'
  | 'connected'
  | 'read-only'
  | 'suspended'
  | 'expired'
  | 'auth-failed'
  | 'closed';

type EndState = 'expired' | 'auth-failed' | 'closed';

/** What a session needs to be taken up again by another client. */
export interface SessionTicket {
  readonly id: bigint;
  /** 16 bytes. */
  readonly password: Uint8Array;
}

/**
 * What the core wants done.
 *
 * None of it may tell the core of an event before it has returned. Who hears of a change of state may make calls and close.
 */
export interface SessionOutbox {
  /** Open a connection to the next server; answered by `onConnectionOpen` or `onConnectionClosed`. */
  openConnection(): void;
  /** End the connection at once, or do not open it. Nothing more of it is told to the core. */
  dropConnection(): void;
  /** Send these bytes, which belong to the receiver from now on. */
  write(bytes: Uint8Array): void;
  /** Call `flush` when this turn of the event loop has run its course. */
  flushSoon(): void;
  /** Call `onWake` at this time, which is earlier than any asked for before that has not come yet. */
  wakeAt(atMs: number): void;
  /** The state has changed; `cause` is why, unless all is well. */
  onStateChange(state: SessionState, cause: Error | undefined): void;
  /** Begin the SASL exchange: `exchangeSasl` sends a token, `endSasl` ends it. Only when `usesSasl`. */
  startSasl(): void;
}

export interface SessionCoreOptions extends CallDeskOptions {
  /** Asked for; the server may grant another. In ms. */
  readonly sessionTimeoutMs: number;
  /** Longest time from asking for a connection to the session on it, in ms. */
  readonly handshakeTimeoutMs: number;
  /** Whether a read-only server will do. */
  readonly allowsReadOnly: boolean;
  readonly usesSasl: boolean;
  /** Longest reply, in bytes. */
  readonly replyBytesMax: number;
  /** Whether each call keeps where it was made, for its error's stack. */
  readonly keepsCallSites: boolean;
  /** A session to take up; a new one otherwise. */
  readonly resume?: SessionTicket | undefined;
}

/** Longest wait for the answer to closeSession, in ms. */
const CLOSE_TIMEOUT_MS_MAX = 5_000;
const NEVER = Number.POSITIVE_INFINITY;

type Phase = 'none' | 'opening' | 'handshake' | 'authenticating' | 'ready';

export class SessionCore {
  readonly watches: WatchRegistry = new WatchRegistry();

  readonly #options: SessionCoreOptions;
  readonly #outbox: SessionOutbox;
  readonly #desk: CallDesk;
  readonly #credentials = new CredentialList();
  readonly #replay = new WatchReplay();
  readonly #liveness: Liveness;

  #state: SessionState = 'connecting';
  #endError: ZooKeeperError | undefined;
  #closing: Call | undefined;
  #ticket: SessionTicket | undefined;
  /** Once a server that can write has given us the session, every server knows it. */
  #hasSeenReadWrite: boolean;
  #isReadOnly = false;
  /** The newest zxid seen, of replies and notifications. */
  #lastZxid = 0;
  /** The newest zxid of a reply: every event up to it has come. */
  #lastReplyZxid = 0;

  #phase: Phase = 'none';
  #splitter: FrameSplitter;
  readonly #reader = new JuteReader();
  readonly #writer = new JuteWriter();
  #isFlushDue = false;

  #nowMs: number;
  /** When the phase must be over. */
  #phaseDeadlineMs = NEVER;
  #closeDeadlineMs = NEVER;
  #wakeAtMs = NEVER;

  constructor(options: SessionCoreOptions, outbox: SessionOutbox, nowMs: number) {
    this.#options = options;
    this.#outbox = outbox;
    this.#nowMs = nowMs;
    this.#desk = new CallDesk(options);
    this.#liveness = new Liveness(options.sessionTimeoutMs, nowMs);
    this.#splitter = new FrameSplitter(options.replyBytesMax);
    this.#ticket = options.resume;
    this.#hasSeenReadWrite = options.resume !== undefined;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The session; undefined before the first connection. */
  get ticket(): SessionTicket | undefined {
    return this.#ticket;
  }

  /** The session's timeout as granted, in ms; what is asked for until then. */
  get timeoutMs(): number {
    return this.#liveness.timeoutMs;
  }

  /** The newest zxid that a server has told of. */
  get lastZxid(): number {
    return this.#lastZxid;
  }

  /** Why the session ended; undefined while it has not. */
  get endError(): ZooKeeperError | undefined {
    return this.#endError;
  }

  /** Calls that wait, sent or not. */
  get pendingCount(): number {
    return this.#desk.pendingCount;
  }

  // ── what is asked of the session ───────────────────────────────────────────────────────────────────────

  /** Begins to connect. Once. */
  open(): void {
    this.#openConnection();
  }

  /**
   * Sends a request, in the order of the calls, as soon as there is a connection.
   *
   * @param deadlineMs - when to give up; Infinity for never.
   * @returns what `spec.decode` makes of the answer. Rejects with the error of the answer, with the reason of the signal, or
   *   when the session ends.
   */
  submit<T>(spec: CallSpec<T>, deadlineMs: number, signal: AbortSignal | undefined): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const call = new Call(spec, deadlineMs, signal);
    if (this.#options.keepsCallSites) call.site = new Error('call');
    if (this.#endError !== undefined || this.#closing !== undefined) {
      call.fail(this.#refusalOf(call, 'not-applied'));
    } else if (!this.#desk.hasRoom()) {
      call.fail(new TooManyPendingError(call.facts));
    } else {
      this.#add(call);
    }
    return call.promise as Promise<T>;
  }

  /** Shows credentials on this connection and on all later ones. Rejects, and ends the session, when they are refused. */
  addAuth(scheme: string, auth: Uint8Array): Promise<void> {
    const call = callWithoutLimit('addAuth', { op: OpCode.auth, type: 0, scheme, auth });
    if (this.#endError !== undefined || this.#closing !== undefined) {
      call.fail(this.#refusalOf(call, 'not-applied'));
    } else {
      const isReady = this.#phase === 'ready';
      this.#credentials.add(scheme, auth, call, isReady ? this.#writer : undefined);
      if (isReady) this.#flushLater();
    }
    return call.promise as Promise<void>;
  }

  /**
   * Ends the session: after the calls made before, if there is a connection; at once if there is none, and then the server
   * will expire it.
   */
  close(nowMs: number): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise as Promise<void>;
    const call = callWithoutLimit('close', { op: OpCode.closeSession });
    if (this.#endError !== undefined) {
      call.succeed(undefined);
      return call.promise as Promise<void>;
    }
    this.#closing = call;
    if (this.#phase === 'ready') {
      this.#add(call);
      this.#closeDeadlineMs = nowMs + Math.min(CLOSE_TIMEOUT_MS_MAX, this.timeoutMs);
      this.#wake(this.#closeDeadlineMs);
    } else {
      this.#end('closed', new ClosedError({ operation: 'close' }));
    }
    return call.promise as Promise<void>;
  }

  /** Drops the connection, if there is one, and keeps the session: another server is to be asked. */
  reconnect(cause: Error): void {
    if (this.#endError === undefined && this.#phase !== 'none') this.#lose(cause);
  }

  // ── what happened on the connection ────────────────────────────────────────────────────────────────────

  /** The shell begins to open the connection now, after whatever pause it thought right. */
  onConnectionStarted(nowMs: number): void {
    if (this.#phase !== 'opening') return;
    this.#phaseDeadlineMs = nowMs + this.#options.handshakeTimeoutMs;
    this.#wake(this.#phaseDeadlineMs);
  }

  onConnectionOpen(nowMs: number): void {
    if (this.#phase !== 'opening') return;
    this.#nowMs = nowMs;
    this.#phase = 'handshake';
    this.#liveness.onConnected(nowMs);
    const ticket = this.#hasSeenReadWrite ? this.#ticket : undefined;
    const mark = this.#writer.startFrame();
    encodeConnectRequest(this.#writer, {
      protocolVersion: 0,
      lastZxidSeen: this.#lastZxid,
      timeoutMs: this.#options.sessionTimeoutMs,
      sessionId: ticket?.id ?? 0n,
      password: ticket?.password ?? new Uint8Array(SESSION_PASSWORD_BYTES),
      readOnly: this.#options.allowsReadOnly,
    });
    this.#writer.endFrame(mark);
    this.#writeOut();
  }

  /** @param chunk - need not stay as it is. */
  onConnectionData(chunk: Uint8Array, nowMs: number): void {
    if (this.#phase === 'none' || this.#phase === 'opening') return;
    this.#nowMs = nowMs;
    this.#liveness.onHeard(nowMs);
    const splitter = this.#splitter;
    try {
      splitter.push(chunk);
      while (splitter.next()) {
        this.#reader.reset(splitter.bytes, splitter.frameStart, splitter.frameEnd);
        this.#onFrame();
        // A frame may have ended the connection, and the rest of it is of no interest then.
        if (this.#splitter !== splitter) return;
      }
    } catch (cause) {
      this.#lose(new ProtocolError({ operation: 'connection', cause }));
      return;
    }
    if (splitter.isRefused) {
      const sentence = `a reply of ${splitter.refusedLength} bytes, the limit is ${this.#options.replyBytesMax}`;
      this.#lose(new ProtocolError({ operation: 'connection', sentence }));
    } else if (this.#phase === 'ready' && this.#desk.sendWaiting(this.#writer)) {
      this.#flushLater();
    }
  }

  /** The connection has ended, or there never was one. */
  onConnectionClosed(error: Error | undefined, nowMs: number): void {
    if (this.#phase === 'none') return;
    this.#nowMs = nowMs;
    this.#lose(error);
  }

  /** Gives the bytes of this turn to the connection. */
  flush(nowMs: number): void {
    this.#isFlushDue = false;
    if (this.#phase !== 'ready' || this.#writer.length === 0) return;
    this.#nowMs = nowMs;
    this.#writeOut();
  }

  /** The time that was asked for has come, or later. What the connection has received by then must have been told before. */
  onWake(nowMs: number): void {
    this.#wakeAtMs = NEVER;
    if (this.#endError !== undefined) return;
    this.#nowMs = nowMs;
    if (this.#isExpired()) {
      this.#end('expired', new SessionExpiredError({ operation: 'session' }));
      return;
    }
    if (nowMs >= this.#closeDeadlineMs) {
      this.#end('closed', new ClosedError({ operation: 'close' }));
      return;
    }
    if (nowMs >= this.#desk.deadlineMs) this.#desk.failLate(nowMs);
    if (nowMs >= this.#phaseDeadlineMs) this.#lose(lossOf('the server gave no session in time'));
    else if (this.#phase === 'ready') this.#keepAlive();
    this.#wakeForNext();
  }

  // ── SASL ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends a token of the exchange. @returns the server's. Rejects when the connection is lost. */
  exchangeSasl(token: Uint8Array | null): Promise<Uint8Array | null> {
    const call = new Call(
      {
        operation: 'sasl',
        request: { op: OpCode.sasl, token },
        decode: (reader) => decodeSaslToken(reader).token?.slice() ?? null,
        // On another connection another exchange begins.
        effect: 'once',
      },
      NEVER,
      undefined,
    );
    if (this.#phase === 'authenticating') {
      // Nothing else may be sent yet: what waits, waits on.
      this.#desk.addAhead(call, this.#writer);
      this.#writeOut();
    } else {
      call.fail(new ConnectionLossError({ operation: 'sasl' }));
    }
    return call.promise as Promise<Uint8Array | null>;
  }

  /** The exchange is over; an error ends the session. */
  endSasl(error: Error | undefined): void {
    if (this.#phase !== 'authenticating') return;
    if (error === undefined) this.#becomeReady();
    else this.#end('auth-failed', new AuthFailedError({ operation: 'sasl', cause: error }));
  }

  // ── sending ────────────────────────────────────────────────────────────────────────────────────────────

  #add(call: Call): void {
    const writer = this.#phase === 'ready' ? this.#writer : undefined;
    if (this.#desk.add(call, writer)) this.#flushLater();
    if (call.deadlineMs < this.#wakeAtMs) this.#wake(call.deadlineMs);
  }

  #flushLater(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#outbox.flushSoon();
  }

  #writeOut(): void {
    const writer = this.#writer;
    this.#liveness.onSent(this.#nowMs);
    this.#desk.markFlushed(this.#nowMs);
    this.#outbox.write(writer.bytes.slice(0, writer.length));
    writer.truncate(0);
  }

  // ── answers ────────────────────────────────────────────────────────────────────────────────────────────

  #onFrame(): void {
    if (this.#phase === 'handshake') {
      this.#onConnectResponse(decodeConnectResponse(this.#reader));
      return;
    }
    const header = decodeReplyHeader(this.#reader);
    switch (header.xid) {
      case ReservedXid.notification: {
        const event = decodeWatcherEvent(this.#reader);
        if (header.zxid > this.#lastZxid) this.#lastZxid = header.zxid;
        this.watches.dispatch(event.type, event.path);
        return;
      }
      case ReservedXid.ping:
        this.#noteZxid(header.zxid);
        this.#liveness.onPingAnswered();
        return;
      case ReservedXid.auth:
        this.#onAuthReply(header);
        return;
      case ReservedXid.setWatches:
        this.#onSetWatchesReply(header);
        return;
      default:
        this.#onReply(header);
    }
  }

  #onReply(header: ReplyHeader): void {
    const call = this.#desk.takeAnswered(header.xid);
    this.#liveness.acknowledge(call.sentAtMs);
    this.#noteZxid(header.zxid);
    if (call === this.#closing) {
      // Whatever the answer is: the session is over.
      this.#end('closed', new ClosedError({ operation: 'close' }));
      return;
    }
    // Whoever gave up waiting has no watch either: an event of the one that the server keeps finds nobody.
    if (!call.isSettled) {
      if (header.err === ErrorCode.ok) this.#onSuccess(call);
      else this.#onRefusal(call, header.err);
    }
  }

  #onSuccess(call: Call): void {
    const { watch } = call.spec;
    if (watch !== undefined) {
      // exists() of a znode that is there leaves a watch on its data.
      this.watches.addOneShot(watch, watch.kind === 'exist' ? 'data' : watch.kind);
    }
    let value: unknown;
    try {
      value = call.spec.decode(this.#reader, call);
    } catch (cause) {
      const outcome = call.outcomeWhenLost;
      const error = new ProtocolError({ ...call.facts, outcome, cause });
      call.fail(error);
      throw error;
    }
    call.succeed(value);
  }

  #onRefusal(call: Call, errorCode: number): void {
    const { watch, whenAbsent } = call.spec;
    if (errorCode === ErrorCode.noNode && whenAbsent !== undefined) {
      // A read of a znode that is not there leaves no watch, unless it asked for its creation.
      if (watch?.kind === 'exist') this.watches.addOneShot(watch);
      call.succeed(whenAbsent(call));
      return;
    }
    const error = errorOfCode(errorCode, { ...call.facts, outcome: call.outcomeWhenLost });
    call.fail(error);
    if (error instanceof SessionExpiredError) this.#end('expired', error);
    else if (error instanceof AuthFailedError) this.#end('auth-failed', error);
    else if (errorCode === ErrorCode.sessionMoved) this.#lose(error);
  }

  #onAuthReply(header: ReplyHeader): void {
    if (header.err === ErrorCode.ok) {
      this.#credentials.onAccepted();
      return;
    }
    const sentence = `the server refused the ${this.#credentials.onRefused()} credentials`;
    this.#end('auth-failed', new AuthFailedError({ operation: 'addAuth', sentence }));
  }

  #onSetWatchesReply(header: ReplyHeader): void {
    if (header.err !== ErrorCode.ok) {
      this.#lose(errorOfCode(header.err, { operation: 'setWatches' }));
      return;
    }
    this.#liveness.acknowledge(this.#replay.onAnswer(header.zxid));
    this.#noteZxid(header.zxid);
  }

  #noteZxid(zxid: number): void {
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    if (zxid > this.#lastReplyZxid) this.#lastReplyZxid = zxid;
  }

  // ── a connection's life ────────────────────────────────────────────────────────────────────────────────

  #openConnection(): void {
    this.#phase = 'opening';
    this.#outbox.openConnection();
    this.#wakeForNext();
  }

  #onConnectResponse(response: ConnectResponse): void {
    const before = this.#hasSeenReadWrite ? this.#ticket : undefined;
    const { protocolVersion, sessionId, timeoutMs, password } = response;
    if (protocolVersion !== 0) {
      this.#lose(lossOf(`the server serves nobody now (protocol version ${protocolVersion})`));
      return;
    }
    if (timeoutMs <= 0 || sessionId === 0n) {
      if (before === undefined) this.#lose(lossOf('the server refused a new session'));
      else this.#end('expired', new SessionExpiredError({ operation: 'session' }));
      return;
    }
    if (before !== undefined && sessionId !== before.id) {
      const sentence = 'the server began another session in place of this one';
      this.#end('expired', new SessionExpiredError({ operation: 'session', sentence }));
      return;
    }
    this.#isReadOnly = response.readOnly ?? false;
    this.#hasSeenReadWrite ||= !this.#isReadOnly;
    this.#ticket = {
      id: sessionId,
      password: password === null ? new Uint8Array(SESSION_PASSWORD_BYTES) : password.slice(),
    };
    this.#liveness.onSessionGranted(timeoutMs, this.#isReadOnly ? 'read-only' : 'read-write');
    if (this.#options.usesSasl) {
      this.#phase = 'authenticating';
      this.#outbox.startSasl();
    } else {
      this.#becomeReady();
    }
  }

  #becomeReady(): void {
    this.#phase = 'ready';
    this.#phaseDeadlineMs = NEVER;
    const writer = this.#writer;
    this.#credentials.writeAll(writer);
    const { watches } = this;
    this.#replay.begin(watches, this.#lastZxid, this.#lastReplyZxid, this.#nowMs, writer);
    this.#setState(this.#isReadOnly ? 'read-only' : 'connected', undefined);
    // Whoever heard of it may have closed us.
    if (this.#endError !== undefined) return;
    this.#desk.sendWaiting(writer);
    if (writer.length > 0) this.#flushLater();
    this.#wakeForNext();
  }

  /** Silence for two thirds of the timeout is a dead connection; pings fill every third that has nothing to say. */
  #keepAlive(): void {
    if (this.#nowMs >= this.#liveness.silenceEndMs) {
      this.#lose(lossOf(`the server was silent for two thirds of ${this.timeoutMs} ms`));
    } else if (this.#nowMs >= this.#liveness.pingDueMs) {
      const mark = this.#writer.startFrame();
      this.#writer.int(ReservedXid.ping);
      this.#writer.int(OpCode.ping);
      this.#writer.endFrame(mark);
      this.#liveness.onPingSent(this.#nowMs);
      this.#writeOut();
    }
  }

  /** The connection is of no use any more, or gone. The session goes on without, if it can. */
  #lose(cause: Error | undefined): void {
    this.#detach();
    if (this.#closing !== undefined) {
      this.#end('closed', new ClosedError({ operation: 'close', cause }));
      return;
    }
    this.#desk.onConnectionLost(cause);
    if (this.#isExpired()) {
      this.#end('expired', new SessionExpiredError({ operation: 'session', cause }));
      return;
    }
    if (this.#state !== 'connecting') this.#setState('suspended', cause);
    // Whoever heard of it may have closed us.
    if (this.#endError === undefined) this.#openConnection();
  }

  /** Forgets all that belongs to the connection, except for the calls on it. */
  #detach(): void {
    if (this.#phase !== 'none') this.#outbox.dropConnection();
    this.#phase = 'none';
    this.#phaseDeadlineMs = NEVER;
    this.#splitter = new FrameSplitter(this.#options.replyBytesMax);
    this.#writer.truncate(0);
  }

  /** The session is over: nobody waits for it any longer than this. */
  #end(state: EndState, error: ZooKeeperError): void {
    this.#endError = error;
    this.#detach();
    const abandoned = this.#desk.abandon();
    this.#setState(state, error);
    for (const { call, outcome } of abandoned) {
      if (call !== this.#closing) call.fail(this.#refusalOf(call, outcome));
    }
    for (const call of this.#credentials.pendingCalls()) {
      call.fail(this.#refusalOf(call, 'not-applied'));
    }
    this.watches.end(error);
    this.#closing?.succeed(undefined);
  }

  /** Why a call cannot be carried out any more. */
  #refusalOf(call: Call, outcome: Outcome): ZooKeeperError {
    const facts = { ...call.facts, outcome, cause: this.#endError };
    switch (this.#state) {
      case 'expired':
        return new SessionExpiredError(facts);
      case 'auth-failed':
        return new AuthFailedError(facts);
      default:
        return new ClosedError(facts);
    }
  }

  #setState(state: SessionState, cause: Error | undefined): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#outbox.onStateChange(state, cause);
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────

  /** A session that only a read-only server knows does not expire: the next server gives another. */
  #hasSession(): boolean {
    return this.#ticket !== undefined && this.#hasSeenReadWrite;
  }

  #isExpired(): boolean {
    return this.#hasSession() && this.#nowMs >= this.#liveness.expiryMs;
  }

  /** Asks for the next time at which something falls due. */
  #wakeForNext(): void {
    if (this.#endError !== undefined) return;
    const liveness = this.#liveness;
    let atMs = Math.min(this.#phaseDeadlineMs, this.#desk.deadlineMs, this.#closeDeadlineMs);
    if (this.#hasSession()) atMs = Math.min(atMs, liveness.expiryMs);
    if (this.#phase === 'ready') {
      atMs = Math.min(atMs, liveness.pingDueMs, liveness.silenceEndMs);
    }
    this.#wake(atMs);
  }

  #wake(atMs: number): void {
    if (atMs >= this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    this.#outbox.wakeAt(atMs);
  }
}

/** A call of the session itself, which waits for as long as the session lives. */
function callWithoutLimit(operation: string, request: Request): Call {
  return new Call(
    { operation, request, decode: () => undefined, effect: 'none' },
    NEVER,
    undefined,
  );
}

function lossOf(sentence: string): ConnectionLossError {
  return new ConnectionLossError({ operation: 'connection', sentence });
}
