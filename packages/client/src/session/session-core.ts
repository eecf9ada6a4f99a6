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
 * Sources: ClientCnxn (SendThread, primeConnection, conLossPacket), features of Apache's 3.5 to 3.9 clients.
 */

import {
  decodeConnectResponse,
  decodeReplyHeader,
  decodeSaslToken,
  decodeWatcherEvent,
  ErrorCode,
  encodeAuthRequest,
  encodeConnectRequest,
  encodeRequest,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  OpCode,
  type ReplyHeader,
  ReservedXid,
  SESSION_PASSWORD_BYTES,
} from '@zooid/protocol';
import {
  AuthFailedError,
  ClosedError,
  ConnectionLossError,
  errorOfCode,
  OperationTimeoutError,
  ProtocolError,
  RequestTooLargeError,
  SessionExpiredError,
  TooManyPendingError,
  type ZooKeeperError,
} from '../errors.ts';
import { Call, type CallSpec } from './call.ts';
import { CallQueue } from './call-queue.ts';
import { type LastingWatch, WatchRegistry } from './watch-registry.ts';

/** How the session stands. The last three are final. */
export type SessionState =
  | 'connecting'
  | 'connected'
  | 'read-only'
  | 'suspended'
  | 'expired'
  | 'auth-failed'
  | 'closed';

/** What a session needs to be taken up again by another client. */
export interface SessionTicket {
  readonly id: bigint;
  /** 16 bytes. */
  readonly password: Uint8Array;
}

/** What the core wants done. Nothing here may call back into the core before it has returned. */
export interface SessionOutbox {
  /** Open a connection to the next server; answered by `onConnectionOpen` or `onConnectionClosed`. */
  openConnection(): void;
  /** End the connection at once. Nothing more of it is told to the core. */
  dropConnection(): void;
  /** Send these bytes, which belong to the receiver from now on. */
  write(bytes: Uint8Array): void;
  /** Call `flush` when this turn of the event loop has run its course. */
  flushSoon(): void;
  /** Call `onWake` at this time, which is earlier than any asked for before that has not come yet. */
  wakeAt(atMs: number): void;
  /** The state has changed; `cause` is why, unless all is well. */
  onStateChange(state: SessionState, cause: Error | undefined): void;
  /** Begin the SASL exchange; `exchangeSasl` sends a token, `endSasl` ends it. Only when `usesSasl`. */
  startSasl(): void;
}

export interface SessionCoreOptions {
  /** Asked for; the server may grant another. In ms. */
  readonly sessionTimeoutMs: number;
  /** Longest time from asking for a connection to the session on it, in ms. */
  readonly handshakeTimeoutMs: number;
  /** Whether a read-only server will do. */
  readonly allowsReadOnly: boolean;
  readonly usesSasl: boolean;
  /** Whether calls without effect are sent again when their answer was lost. */
  readonly resendsReads: boolean;
  /** Most calls that may wait, sent or not. */
  readonly pendingMax: number;
  /** Longest request, in bytes: `jute.maxbuffer` of the server. */
  readonly requestBytesMax: number;
  /** Longest reply, in bytes. */
  readonly replyBytesMax: number;
  /** Whether each call keeps where it was made, for its error's stack. */
  readonly keepsCallSites: boolean;
  /** A session to take up; a new one otherwise. */
  readonly resume?: SessionTicket | undefined;
}

/** Bytes that may be on their way before calls wait here: a server that reads slowly costs no more than this. */
const SENT_BYTES_MAX = 4 * 1024 * 1024;
/** Longest silence towards the server, in ms, however long the session's timeout. Source: ClientCnxn.MAX_SEND_PING_INTERVAL. */
const PING_INTERVAL_MS_MAX = 10_000;
/** Longest wait for the answer to closeSession, in ms. */
const CLOSE_TIMEOUT_MS_MAX = 5_000;
const XID_MAX = 0x7fff_ffff;

type Phase = 'none' | 'opening' | 'handshake' | 'authenticating' | 'ready';

/** Credentials that every new connection shows, and the call that waits for the first answer to them. */
interface Credential {
  readonly scheme: string;
  readonly auth: Uint8Array;
  call: Call | undefined;
}

/** A setWatches on its way. */
interface WatchReplay {
  readonly sentAtMs: number;
  readonly lasting: readonly LastingWatch[];
  /** The zxid that every event had come up to before the connection was lost. */
  readonly zxidBefore: number;
}

export class SessionCore {
  readonly watches: WatchRegistry = new WatchRegistry();

  readonly #options: SessionCoreOptions;
  readonly #outbox: SessionOutbox;

  #state: SessionState = 'connecting';
  #endError: ZooKeeperError | undefined;
  #ticket: SessionTicket | undefined;
  /** Granted by the server, in ms; what is asked for until then. */
  #timeoutMs: number;
  /** Since a server that could write has given us the session, it is known everywhere. */
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

  // Every call is in #sent (its frame is written, in order of xid) or in #waiting.
  readonly #sent = new CallQueue();
  readonly #waiting = new CallQueue();
  #sentBytes = 0;
  /** How many of #sent, counted from the oldest, have left with a flush. */
  #flushed = 0;
  #nextXid = 1;
  readonly #credentials: Credential[] = [];
  #credentialsInFlight: Credential[] = [];
  #replays: WatchReplay[] = [];

  #nowMs = 0;
  #phaseDeadlineMs = Number.POSITIVE_INFINITY;
  #lastHeardMs = 0;
  #lastSentMs = 0;
  #pingSentAtMs: number | undefined;
  /** When the newest message was sent that the server is known to have received. */
  #acknowledgedMs = 0;
  #callDeadlineMs = Number.POSITIVE_INFINITY;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #closing: Call | undefined;
  #closeDeadlineMs = Number.POSITIVE_INFINITY;

  constructor(options: SessionCoreOptions, outbox: SessionOutbox) {
    this.#options = options;
    this.#outbox = outbox;
    this.#timeoutMs = options.sessionTimeoutMs;
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

  /** The session's timeout as granted, in ms. */
  get timeoutMs(): number {
    return this.#timeoutMs;
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
    return this.#sent.size + this.#waiting.size;
  }

  // ── calls ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Begins to connect. Once. */
  open(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#acknowledgedMs = nowMs;
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
      call.fail(this.#refusalOf(call));
    } else if (!this.#hasRoom()) {
      call.fail(new TooManyPendingError(factsOf(call)));
    } else {
      this.#enqueue(call);
      if (deadlineMs < this.#callDeadlineMs) {
        this.#callDeadlineMs = deadlineMs;
        this.#wake(deadlineMs);
      }
    }
    return call.promise as Promise<T>;
  }

  /** Shows credentials on this connection and on all later ones. Rejects, and ends the session, when they are refused. */
  addAuth(scheme: string, auth: Uint8Array): Promise<void> {
    const call = new Call(
      {
        operation: 'addAuth',
        request: { op: OpCode.auth, type: 0, scheme, auth },
        decode: () => undefined,
        effect: 'none',
      },
      Number.POSITIVE_INFINITY,
      undefined,
    );
    if (this.#endError !== undefined || this.#closing !== undefined) {
      call.fail(this.#refusalOf(call));
    } else {
      const credential = { scheme, auth, call };
      this.#credentials.push(credential);
      if (this.#phase === 'ready') this.#sendCredential(credential);
    }
    return call.promise as Promise<void>;
  }

  /**
   * Ends the session: after the calls made before, if there is a connection; at once if there is none, and then the server
   * will expire it.
   */
  close(nowMs: number): Promise<void> {
    if (this.#closing !== undefined) return this.#closing.promise as Promise<void>;
    const call = new Call(
      {
        operation: 'close',
        request: { op: OpCode.closeSession },
        decode: () => undefined,
        effect: 'none',
      },
      Number.POSITIVE_INFINITY,
      undefined,
    );
    this.#nowMs = nowMs;
    if (this.#endError !== undefined) {
      call.succeed(undefined);
    } else if (this.#phase === 'ready') {
      this.#closing = call;
      this.#enqueue(call);
      this.#closeDeadlineMs = nowMs + Math.min(CLOSE_TIMEOUT_MS_MAX, this.#timeoutMs);
      this.#wake(this.#closeDeadlineMs);
    } else {
      this.#closing = call;
      this.#end('closed', new ClosedError({ operation: 'close' }));
    }
    return call.promise as Promise<void>;
  }

  /** Drops the connection, if there is one, and keeps the session: another server is to be asked. */
  reconnect(cause: Error): void {
    if (this.#endError === undefined && this.#phase !== 'none') this.#lose(cause);
  }

  // ── what happened ──────────────────────────────────────────────────────────────────────────────────────

  onConnectionOpen(nowMs: number): void {
    if (this.#phase !== 'opening') return;
    this.#nowMs = nowMs;
    this.#phase = 'handshake';
    this.#lastHeardMs = nowMs;
    this.#lastSentMs = nowMs;
    const writer = this.#writer;
    writer.truncate(0);
    const mark = writer.startFrame();
    const ticket = this.#hasSeenReadWrite ? this.#ticket : undefined;
    encodeConnectRequest(writer, {
      protocolVersion: 0,
      lastZxidSeen: this.#lastZxid,
      timeoutMs: this.#options.sessionTimeoutMs,
      sessionId: ticket?.id ?? 0n,
      password: ticket?.password ?? new Uint8Array(SESSION_PASSWORD_BYTES),
      readOnly: this.#options.allowsReadOnly,
    });
    writer.endFrame(mark);
    this.#writeOut();
  }

  /** @param chunk - need not stay as it is. */
  onConnectionData(chunk: Uint8Array, nowMs: number): void {
    if (
      this.#phase !== 'handshake' &&
      this.#phase !== 'authenticating' &&
      this.#phase !== 'ready'
    ) {
      return;
    }
    this.#nowMs = nowMs;
    this.#lastHeardMs = nowMs;
    const splitter = this.#splitter;
    try {
      splitter.push(chunk);
      while (splitter.next()) {
        this.#reader.reset(splitter.bytes, splitter.frameStart, splitter.frameEnd);
        this.#onFrame();
        // A frame may have ended the connection, and the splitter with it.
        if (this.#splitter !== splitter) return;
      }
    } catch (error) {
      this.#lose(new ProtocolError({ operation: 'connection', cause: error }));
      return;
    }
    if (splitter.isRefused) {
      this.#lose(
        new ProtocolError({
          operation: 'connection',
          sentence: `a reply of ${splitter.refusedLength} bytes is longer than ${this.#options.replyBytesMax}`,
        }),
      );
      return;
    }
    this.#sendWaiting();
  }

  /** The connection has ended, or there never was one. */
  onConnectionClosed(error: Error | undefined, nowMs: number): void {
    if (this.#phase === 'none') return;
    this.#nowMs = nowMs;
    this.#lose(error, 'gone');
  }

  /** Gives the bytes of this turn to the connection. */
  flush(nowMs: number): void {
    this.#isFlushDue = false;
    if (this.#writer.length === 0 || this.#phase !== 'ready') return;
    this.#nowMs = nowMs;
    const { size } = this.#sent;
    for (let i = this.#flushed; i < size; i++) this.#sent.at(i).sentAtMs = nowMs;
    this.#flushed = size;
    this.#writeOut();
  }

  /** The time that was asked for has come, or later. What the connection has received by then must have been told before. */
  onWake(nowMs: number): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    if (this.#endError !== undefined) return;
    this.#nowMs = nowMs;
    if (this.#isExpiredAt(nowMs)) {
      this.#end('expired', new SessionExpiredError({ operation: 'session' }));
      return;
    }
    if (nowMs >= this.#closeDeadlineMs) {
      this.#end('closed', new ClosedError({ operation: 'close' }));
      return;
    }
    if (nowMs >= this.#callDeadlineMs) this.#failLateCalls();
    if (nowMs >= this.#phaseDeadlineMs) {
      this.#lose(lossOf('the server gave no session in time'));
    } else if (this.#phase === 'ready') {
      this.#keepAlive();
    }
    this.#wakeForNext();
  }

  // ── SASL ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends a token of the SASL exchange. @returns the server's. */
  exchangeSasl(token: Uint8Array | null): Promise<Uint8Array | null> {
    const call = new Call(
      {
        operation: 'sasl',
        request: { op: OpCode.sasl, token },
        decode: (reader) => decodeSaslToken(reader).token?.slice() ?? null,
        effect: 'none',
      },
      Number.POSITIVE_INFINITY,
      undefined,
    );
    if (this.#phase === 'authenticating') {
      this.#send(call);
      this.#flushed = this.#sent.size;
      call.sentAtMs = this.#nowMs;
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

  #enqueue(call: Call): void {
    if (this.#phase === 'ready' && this.#waiting.size === 0 && this.#sentBytes < SENT_BYTES_MAX) {
      this.#send(call);
      this.#flushLater();
    } else {
      this.#waiting.push(call);
    }
  }

  /** Whether one more call may wait; those that nobody waits for any more make room. */
  #hasRoom(): boolean {
    const { pendingMax } = this.#options;
    if (this.pendingCount < pendingMax) return true;
    for (const call of this.#waiting.drain()) if (!call.isSettled) this.#waiting.push(call);
    return this.pendingCount < pendingMax;
  }

  /** Writes the frame of a call. */
  #send(call: Call): void {
    const writer = this.#writer;
    const { request } = call.spec;
    const xid = this.#nextXid;
    const mark = writer.startFrame();
    writer.int(xid);
    writer.int(request.op);
    encodeRequest(writer, request);
    writer.endFrame(mark);
    const frameBytes = writer.length - mark;
    if (frameBytes - 4 > this.#options.requestBytesMax) {
      writer.truncate(mark);
      call.fail(
        new RequestTooLargeError({
          ...factsOf(call),
          sentence: `the request has ${frameBytes - 4} bytes, the limit is ${this.#options.requestBytesMax}`,
        }),
      );
      return;
    }
    this.#nextXid = xid === XID_MAX ? 1 : xid + 1;
    call.xid = xid;
    call.frameBytes = frameBytes;
    this.#sentBytes += frameBytes;
    this.#sent.push(call);
  }

  #sendWaiting(): void {
    if (this.#phase !== 'ready' || this.#waiting.size === 0) return;
    while (this.#sentBytes < SENT_BYTES_MAX) {
      const call = this.#waiting.shift();
      if (call === undefined) break;
      if (!call.isSettled) this.#send(call);
    }
    this.#flushLater();
  }

  #sendCredential(credential: Credential): void {
    const writer = this.#writer;
    const mark = writer.startFrame();
    writer.int(ReservedXid.auth);
    writer.int(OpCode.auth);
    encodeAuthRequest(writer, { type: 0, scheme: credential.scheme, auth: credential.auth });
    writer.endFrame(mark);
    this.#credentialsInFlight.push(credential);
    this.#flushLater();
  }

  #flushLater(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#outbox.flushSoon();
  }

  #writeOut(): void {
    const writer = this.#writer;
    this.#lastSentMs = this.#nowMs;
    this.#outbox.write(writer.bytes.slice(0, writer.length));
    writer.truncate(0);
  }

  // ── answers ────────────────────────────────────────────────────────────────────────────────────────────

  #onFrame(): void {
    if (this.#phase === 'handshake') {
      this.#onConnectResponse();
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
        this.#acknowledge(this.#pingSentAtMs);
        this.#pingSentAtMs = undefined;
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
    const call = this.#sent.peek();
    if (call === undefined || call.xid !== header.xid) {
      throw new Error(`an answer to request ${header.xid}, ${call?.xid ?? 'none'} was expected`);
    }
    this.#sent.shift();
    this.#flushed--;
    this.#sentBytes -= call.frameBytes;
    this.#acknowledge(call.sentAtMs);
    this.#noteZxid(header.zxid);
    // Whoever gave up waiting has no watch either: an event of the one that the server keeps finds nobody.
    if (!call.isSettled) {
      if (header.err === ErrorCode.ok) this.#onSuccess(call);
      else this.#onRefusal(call, header.err);
    }
    if (call === this.#closing) this.#end('closed', new ClosedError({ operation: 'close' }));
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
      const error = new ProtocolError({
        ...factsOf(call),
        outcome: call.outcomeWhenLost,
        cause,
      });
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
    const error = errorOfCode(errorCode, { ...factsOf(call), outcome: call.outcomeWhenLost });
    call.fail(error);
    if (error instanceof SessionExpiredError) this.#end('expired', error);
    else if (error instanceof AuthFailedError) this.#end('auth-failed', error);
  }

  #onAuthReply(header: ReplyHeader): void {
    const credential = this.#credentialsInFlight.shift();
    if (header.err === ErrorCode.ok) {
      credential?.call?.succeed(undefined);
      if (credential !== undefined) credential.call = undefined;
      return;
    }
    const facts = {
      operation: 'addAuth',
      sentence: `the server refused the ${credential?.scheme} credentials`,
    };
    this.#end('auth-failed', new AuthFailedError(facts));
  }

  #onSetWatchesReply(header: ReplyHeader): void {
    const replay = this.#replays.shift();
    if (replay === undefined) throw new Error('an answer to setWatches that was not sent');
    if (header.err !== ErrorCode.ok) {
      this.#lose(errorOfCode(header.err, { operation: 'setWatches' }));
      return;
    }
    this.#acknowledge(replay.sentAtMs);
    this.#noteZxid(header.zxid);
    // Nothing has happened anywhere since the last answer: then nothing was missed.
    if (header.zxid === replay.zxidBefore) return;
    for (const watch of replay.lasting) watch.onGap();
  }

  #noteZxid(zxid: number): void {
    if (zxid > this.#lastZxid) this.#lastZxid = zxid;
    if (zxid > this.#lastReplyZxid) this.#lastReplyZxid = zxid;
  }

  /** The server has received what was sent at `sentAtMs`: the session lives that much longer. */
  #acknowledge(sentAtMs: number | undefined): void {
    if (sentAtMs !== undefined && sentAtMs > this.#acknowledgedMs) this.#acknowledgedMs = sentAtMs;
  }

  // ── a connection's life ────────────────────────────────────────────────────────────────────────────────

  #openConnection(): void {
    this.#phase = 'opening';
    // The time of opening counts from when the shell begins to, so that waiting before it costs nothing.
    this.#phaseDeadlineMs = Number.POSITIVE_INFINITY;
    this.#outbox.openConnection();
    this.#wakeForNext();
  }

  /** The shell begins to open the connection now, after whatever wait it thought right. */
  onConnectionStarted(nowMs: number): void {
    if (this.#phase !== 'opening') return;
    this.#phaseDeadlineMs = nowMs + this.#options.handshakeTimeoutMs;
    this.#wake(this.#phaseDeadlineMs);
  }

  #onConnectResponse(): void {
    const response = decodeConnectResponse(this.#reader);
    const before = this.#hasSeenReadWrite ? this.#ticket : undefined;
    if (response.protocolVersion !== 0) {
      this.#lose(
        lossOf(`the server serves nobody now (protocol version ${response.protocolVersion})`),
      );
      return;
    }
    if (response.timeoutMs <= 0 || response.sessionId === 0n) {
      if (before === undefined) this.#lose(lossOf('the server refused a new session'));
      else this.#end('expired', new SessionExpiredError({ operation: 'session' }));
      return;
    }
    if (before !== undefined && response.sessionId !== before.id) {
      this.#end(
        'expired',
        new SessionExpiredError({
          operation: 'session',
          sentence: 'the server began another session in place of this one',
        }),
      );
      return;
    }
    const isReadOnly = response.readOnly ?? false;
    this.#timeoutMs = response.timeoutMs;
    this.#ticket = {
      id: response.sessionId,
      password: response.password?.slice() ?? new Uint8Array(SESSION_PASSWORD_BYTES),
    };
    if (!isReadOnly) this.#hasSeenReadWrite = true;
    this.#acknowledge(this.#lastSentMs);
    this.#isReadOnly = isReadOnly;
    if (this.#options.usesSasl) {
      this.#phase = 'authenticating';
      this.#outbox.startSasl();
    } else {
      this.#becomeReady();
    }
  }

  #becomeReady(): void {
    this.#phase = 'ready';
    this.#phaseDeadlineMs = Number.POSITIVE_INFINITY;
    for (const credential of this.#credentials) this.#sendCredential(credential);
    this.#replayWatches();
    this.#setState(this.#isReadOnly ? 'read-only' : 'connected', undefined);
    this.#sendWaiting();
    this.#wakeForNext();
  }

  #replayWatches(): void {
    const zxidBefore = this.#lastReplyZxid;
    this.#replays = [];
    for (const { request, lasting } of this.watches.setWatches(this.#lastZxid)) {
      const writer = this.#writer;
      const mark = writer.startFrame();
      writer.int(ReservedXid.setWatches);
      writer.int(request.op);
      encodeRequest(writer, request);
      writer.endFrame(mark);
      this.#replays.push({ sentAtMs: this.#nowMs, lasting, zxidBefore });
      this.#flushLater();
    }
  }

  /** Silence for two thirds of the timeout is a dead connection; pings fill every third that has nothing to say. */
  #keepAlive(): void {
    const readTimeoutMs = (this.#timeoutMs * 2) / 3;
    if (this.#nowMs - this.#lastHeardMs >= readTimeoutMs) {
      this.#lose(lossOf(`nothing was heard of the server for ${Math.round(readTimeoutMs)} ms`));
    } else if (this.#nowMs - this.#lastSentMs >= this.#pingIntervalMs()) {
      this.#ping();
    }
  }

  #pingIntervalMs(): number {
    return Math.min(this.#timeoutMs / 3, PING_INTERVAL_MS_MAX);
  }

  #ping(): void {
    const writer = this.#writer;
    const mark = writer.startFrame();
    writer.int(ReservedXid.ping);
    writer.int(OpCode.ping);
    writer.endFrame(mark);
    // The answer to an earlier ping proves no more than that one: of several the oldest counts.
    this.#pingSentAtMs ??= this.#nowMs;
    this.flush(this.#nowMs);
  }

  /** The connection is of no use any more, or gone. The session goes on without, if it can. */
  #lose(cause: Error | undefined, connection: 'there' | 'gone' = 'there'): void {
    const flushed = this.#flushed;
    const sent = this.#detach(connection);
    if (this.#closing !== undefined) {
      for (const [index, call] of sent.entries()) {
        if (call !== this.#closing) this.#failLost(call, index < flushed, cause);
      }
      this.#end('closed', new ClosedError({ operation: 'close' }));
      return;
    }
    this.#requeue(sent, flushed, cause);
    if (this.#isExpiredAt(this.#nowMs)) {
      this.#end('expired', new SessionExpiredError({ operation: 'session', cause }));
      return;
    }
    if (this.#ticket !== undefined && this.#state !== 'connecting') {
      this.#setState('suspended', cause);
    }
    // Whoever heard of the new state may have closed us.
    if (this.#endError === undefined) this.#openConnection();
  }

  /** Forgets all that belongs to the connection. @returns the calls that were on it, oldest first. */
  #detach(connection: 'there' | 'gone'): readonly Call[] {
    this.#phase = 'none';
    this.#phaseDeadlineMs = Number.POSITIVE_INFINITY;
    this.#splitter = new FrameSplitter(this.#options.replyBytesMax);
    this.#writer.truncate(0);
    this.#pingSentAtMs = undefined;
    this.#replays = [];
    this.#credentialsInFlight = [];
    this.#flushed = 0;
    this.#sentBytes = 0;
    if (connection === 'there') this.#outbox.dropConnection();
    return this.#sent.drain();
  }

  /** Puts what may be sent again in front of what waits, in order, and fails the rest. */
  #requeue(sent: readonly Call[], flushed: number, cause: Error | undefined): void {
    const waiting = this.#waiting.drain();
    for (const [index, call] of sent.entries()) {
      if (call.isSettled) continue;
      const wasFlushed = index < flushed;
      if (!wasFlushed || this.#isResent(call)) this.#waiting.push(call);
      else this.#failLost(call, wasFlushed, cause);
    }
    for (const call of waiting) this.#waiting.push(call);
  }

  #isResent(call: Call): boolean {
    switch (call.spec.effect) {
      case 'none':
        return this.#options.resendsReads && call.spec.request.op !== OpCode.sasl;
      case 'repeatable':
        return true;
      case 'once':
        return false;
    }
  }

  #failLost(call: Call, wasFlushed: boolean, cause: Error | undefined): void {
    const outcome = wasFlushed ? call.outcomeWhenLost : 'not-applied';
    call.fail(new ConnectionLossError({ ...factsOf(call), outcome, cause }));
  }

  /** The session is over. */
  #end(state: 'expired' | 'auth-failed' | 'closed', error: ZooKeeperError): void {
    this.#endError = error;
    const flushed = this.#flushed;
    const sent = this.#detach(this.#phase === 'none' ? 'gone' : 'there');
    const waiting = this.#waiting.drain();
    this.#setState(state, error);
    for (const [index, call] of sent.entries()) {
      if (call === this.#closing) continue;
      call.fail(this.#refusalOf(call, index < flushed ? call.outcomeWhenLost : 'not-applied'));
    }
    for (const call of waiting) if (call !== this.#closing) call.fail(this.#refusalOf(call));
    for (const { call } of this.#credentials) call?.fail(this.#refusalOf(call));
    this.watches.end(error);
    this.#closing?.succeed(undefined);
  }

  /** Why a call cannot be carried out any more. */
  #refusalOf(call: Call, outcome: 'not-applied' | 'unknown' = 'not-applied'): ZooKeeperError {
    const facts = { ...factsOf(call), outcome, cause: this.#endError };
    switch (this.#state) {
      case 'expired':
        return new SessionExpiredError(facts);
      case 'auth-failed':
        return new AuthFailedError(facts);
      default:
        return new ClosedError({ ...facts, cause: undefined });
    }
  }

  #setState(state: SessionState, cause: Error | undefined): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#outbox.onStateChange(state, cause);
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Whether the server may have expired the session. It counts from when it last heard of us, which was not before we
   * sent what it has acknowledged: so we never think a session alive longer than the server does.
   */
  #isExpiredAt(nowMs: number): boolean {
    return this.#hasSession() && nowMs >= this.#acknowledgedMs + this.#timeoutMs;
  }

  /** A session that only a read-only server knows does not expire: the next server gives another. */
  #hasSession(): boolean {
    return this.#ticket !== undefined && this.#hasSeenReadWrite;
  }

  #failLateCalls(): void {
    this.#callDeadlineMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#sent.size; i++) {
      const outcome = i < this.#flushed ? this.#sent.at(i).outcomeWhenLost : 'not-applied';
      this.#failIfLate(this.#sent.at(i), outcome);
    }
    for (let i = 0; i < this.#waiting.size; i++) {
      this.#failIfLate(this.#waiting.at(i), 'not-applied');
    }
  }

  #failIfLate(call: Call, outcome: 'not-applied' | 'unknown'): void {
    if (call.isSettled) return;
    if (call.deadlineMs <= this.#nowMs) {
      call.fail(new OperationTimeoutError({ ...factsOf(call), outcome }));
    } else if (call.deadlineMs < this.#callDeadlineMs) {
      this.#callDeadlineMs = call.deadlineMs;
    }
  }

  /** Asks for the next time at which something falls due. */
  #wakeForNext(): void {
    if (this.#endError !== undefined) return;
    let atMs = Math.min(this.#phaseDeadlineMs, this.#callDeadlineMs, this.#closeDeadlineMs);
    if (this.#hasSession()) atMs = Math.min(atMs, this.#acknowledgedMs + this.#timeoutMs);
    if (this.#phase === 'ready') {
      atMs = Math.min(
        atMs,
        this.#lastSentMs + this.#pingIntervalMs(),
        this.#lastHeardMs + (this.#timeoutMs * 2) / 3,
      );
    }
    this.#wake(atMs);
  }

  #wake(atMs: number): void {
    if (atMs >= this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    this.#outbox.wakeAt(atMs);
  }
}

function factsOf(call: Call): { readonly operation: string; readonly path: string | undefined } {
  return { operation: call.spec.operation, path: call.spec.path };
}

function lossOf(sentence: string): ConnectionLossError {
  return new ConnectionLossError({ operation: 'connection', sentence });
}
