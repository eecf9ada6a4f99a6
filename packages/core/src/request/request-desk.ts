import {
  ErrorCode,
  JuteReader,
  JuteWriter,
  MalformedError,
  OpCode,
  ReservedXid,
} from '@zooid/protocol';
import { unreachable } from '../assert.ts';
import { type AccessRules, withIds } from '../auth/access-rules.ts';
import type { Client } from '../client.ts';
import type { Meter, Outbox } from '../outbox.ts';
import type { Replies } from '../replies.ts';
import { isSessionPassword } from '../session/session-password.ts';
import type { ConnectionThrottle } from '../throttle/connection-throttle.ts';
import type { LargeRequests } from '../throttle/large-requests.ts';
import {
  isWrite,
  RequestThrottle,
  type RequestThrottleOptions,
} from '../throttle/request-throttle.ts';
import type { TurnClock } from '../turn-clock.ts';
import type { Committer } from '../txn/committer.ts';
import { decodeConnect } from './connect.ts';
import type { Reads } from './reads.ts';
import type { Submitter } from './submitter.ts';
import type { WatchRequests } from './watch-requests.ts';

const noBytes = new Uint8Array(0);

export interface RequestDeskOptions {
  readonly sessionTimeoutMsMin: number;
  readonly sessionTimeoutMsMax: number;
  readonly requestThrottle?: RequestThrottleOptions | undefined;
}

/** A request that waits for its turn while too many are in work. */
interface QueuedRequest {
  readonly client: Client;
  readonly op: number;
  /** Its own copy of its bytes. */
  readonly frame: Uint8Array;
  readonly receivedAtMs: number;
}

/** In place of its opcode: a deferred frame that is only told this error. No opcode has one of these numbers. */
type Refusal = typeof ErrorCode.throttledOp | typeof ErrorCode.ephemeralOnLocalSession;

/**
 * Takes in what clients send, frame by frame, and decides where it goes: a connect request makes or
 * resumes a session, a write is proposed, a read is answered here. A read whose own
 * connection has a write in flight waits behind that write and behind nothing else, which is the
 * order that clients are promised.
 *
 * Source: ZooKeeperServer.processConnectRequest and processPacket, CommitProcessor.
 */
export class RequestDesk {
  readonly #options: RequestDeskOptions;
  readonly #access: AccessRules;
  readonly #committer: Committer;
  readonly #reads: Reads;
  readonly #watchRequests: WatchRequests;
  readonly #replies: Replies;
  readonly #meter: Meter;
  readonly #outbox: Outbox;
  readonly #throttle: ConnectionThrottle;
  readonly #largeRequests: LargeRequests;
  readonly #clock: TurnClock;
  /** Undefined while this server serves nobody. */
  #submitter: Submitter | undefined;
  #firstZxid = 0;
  readonly #reader = new JuteReader();
  readonly #deferredReader = new JuteReader();
  /** The request being answered, in an object that is used again. */
  readonly #current = { op: 0, xid: 0, zxid: 0, receivedAtMs: 0, isUpdate: false };
  #deferredCount = 0;
  /** Where requests wait for their turn; undefined unless an operator wants it. */
  readonly #queue: RequestThrottle<QueuedRequest> | undefined;
  readonly #queuedReader = new JuteReader();
  readonly #countInWork = (): number => this.#committer.inFlight + this.#deferredCount;

  constructor(parts: {
    readonly options: RequestDeskOptions;
    readonly access: AccessRules;
    readonly committer: Committer;
    readonly reads: Reads;
    readonly watchRequests: WatchRequests;
    readonly replies: Replies;
    readonly meter: Meter;
    readonly outbox: Outbox;
    readonly throttle: ConnectionThrottle;
    readonly largeRequests: LargeRequests;
    readonly clock: TurnClock;
  }) {
    this.#options = parts.options;
    this.#access = parts.access;
    this.#committer = parts.committer;
    this.#reads = parts.reads;
    this.#watchRequests = parts.watchRequests;
    this.#replies = parts.replies;
    this.#meter = parts.meter;
    this.#outbox = parts.outbox;
    this.#throttle = parts.throttle;
    this.#largeRequests = parts.largeRequests;
    this.#clock = parts.clock;
    if (parts.options.requestThrottle !== undefined) {
      const queue = new RequestThrottle<QueuedRequest>(parts.options.requestThrottle, {
        onReady: (request, isThrottled) => this.#onReady(request, isThrottled),
        onDropped: (request) => this.#onDropped(request),
      });
      if (queue.isOn) this.#queue = queue;
    }
  }

  /**
   * From now on requests go this way; undefined: nobody is served, and who asks is sent away.
   *
   * @param firstZxid - a client may have seen up to here although this server has not: that an epoch has begun.
   */
  serveBy(submitter: Submitter | undefined, firstZxid: number): void {
    this.#submitter = submitter;
    this.#firstZxid = firstZxid;
  }

  /** Frames of all clients that wait, behind writes of their own or for their turn. */
  get waitingCount(): number {
    return this.#deferredCount + (this.#queue?.size ?? 0);
  }

  /** Lets requests go that waited for others to be done, or for too long. */
  runQueue(): void {
    this.#queue?.run(this.#countInWork, this.#clock.nowMs);
  }

  /** One complete frame, `[start, end)` of `bytes`, without its length. */
  onFrame(client: Client, bytes: Uint8Array, start: number, end: number): void {
    if (client.phase === 'closed' || client.closing !== undefined) return;
    const submitter = this.#submitter;
    if (submitter === undefined) {
      this.#replies.hangUp(client, 'not-serving');
      return;
    }
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    try {
      if (client.phase === 'new') this.#connect(client, reader, submitter);
      else this.#request(client, reader, submitter);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      // Not even a header, so there is no xid to answer to.
      this.#outbox.report({ kind: 'malformed-request', client, op: 0, message: error.message });
      this.#replies.hangUp(client, 'malformed');
    }
  }

  /** Forgets the frames of a connection that is gone. */
  onClientClosed(client: Client): void {
    this.#deferredCount -= client.deferred.size;
    client.deferred.clear();
  }

  /** Lets the frames go that waited for the writes that are done by now. */
  drain(client: Client): void {
    const { deferred } = client;
    const reader = this.#deferredReader;
    while (deferred.size > 0 && deferred.afterWrites <= client.writesDone) {
      reader.reset(deferred.bytes, deferred.start, deferred.end);
      const { receivedAtMs } = deferred;
      deferred.shift();
      this.#deferredCount--;
      if (client.phase === 'closed' || client.closing !== undefined) continue;
      const xid = reader.int();
      const op = reader.int();
      if (op === OpCode.auth) this.#replies.bare(client, op, xid, 0, ErrorCode.ok);
      else if (isRefusal(op)) this.#replyRefused(client, xid, op);
      else if (op === OpCode.closeSession) this.#closeNow(client, xid);
      else if (this.#mayAsk(client, op, xid)) {
        this.#read(client, op, xid, reader, receivedAtMs, 'earlier');
      }
    }
  }

  #connect(client: Client, reader: JuteReader, submitter: Submitter): void {
    const bytes = reader.remaining;
    const request = decodeConnect(reader);
    client.speaksReadOnly = request.speaksReadOnly;
    client.isReadOnly = submitter.isReadOnly;
    this.#meter.onReceived(client, OpCode.createSession, bytes);
    if (submitter.isReadOnly && !request.mayBeReadOnly) {
      this.#replies.hangUp(client, 'not-serving');
      return;
    }
    const kind = request.sessionId === 0n ? submitter.newSessionScope : 'renew';
    if (!this.#throttle.tryTake(kind, this.#clock.nowMs)) {
      this.#replies.hangUp(client, 'throttled');
      return;
    }
    this.#meter.onAdmitted(this.#throttle.deficit);
    const shownZxid = Math.max(this.#committer.lastApplied, this.#firstZxid);
    if (request.lastZxidSeen > BigInt(shownZxid)) {
      // Here it would travel back in time. It gets no answer, so that it tries another server.
      this.#replies.hangUp(client, 'client-zxid-ahead');
      return;
    }
    client.sessionTimeoutMs = Math.min(
      Math.max(request.timeoutMs, this.#options.sessionTimeoutMsMin),
      this.#options.sessionTimeoutMsMax,
    );
    if (request.sessionId === 0n) submitter.openSession(client);
    else if (isSessionPassword(request.sessionId, request.password)) {
      submitter.resumeSession(client, request.sessionId);
    } else {
      const { sessionId } = request;
      this.#outbox.report({ kind: 'session-refused', sessionId, reason: 'password' });
      // The client cannot tell this from an unknown session, and must not.
      this.#replies.connected(client, undefined);
      this.#replies.hangUp(client, 'session-invalid');
    }
  }

  #request(client: Client, reader: JuteReader, submitter: Submitter): void {
    const frameStart = reader.position;
    const xid = reader.int();
    const op = reader.int();
    this.#meter.onReceived(client, op, reader.end - frameStart);
    if (client.session !== undefined) submitter.touch(client.session);
    if (this.#queue !== undefined && op !== OpCode.auth && op !== OpCode.sasl) {
      this.#enqueue(this.#queue, client, op, reader.bytes.slice(frameStart, reader.end));
    } else {
      this.#dispatch(client, op, xid, reader, frameStart, this.#clock.nowMs, submitter);
    }
  }

  #dispatch(
    client: Client,
    op: number,
    xid: number,
    reader: JuteReader,
    frameStart: number,
    receivedAtMs: number,
    submitter: Submitter,
  ): void {
    switch (op) {
      case OpCode.getData:
      case OpCode.exists:
      case OpCode.getChildren:
      case OpCode.getChildren2:
      case OpCode.getACL:
      case OpCode.ping:
      case OpCode.setWatches:
      case OpCode.setWatches2:
      case OpCode.addWatch:
      case OpCode.removeWatches:
      case OpCode.checkWatches:
      case OpCode.multiRead:
      case OpCode.getEphemerals:
      case OpCode.getAllChildrenNumber:
      case OpCode.whoAmI:
        if (client.writesSubmitted !== client.writesDone) {
          this.#defer(client, reader, frameStart);
        } else if (this.#mayAsk(client, op, xid)) {
          this.#read(client, op, xid, reader, receivedAtMs, 'now');
        }
        return;
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
      case OpCode.setData:
      case OpCode.delete:
      case OpCode.setACL:
      case OpCode.multi:
      case OpCode.deleteContainer:
      case OpCode.reconfig:
        if (!this.#mayAsk(client, op, xid)) return;
        if (this.#largeRequests.tryTake(reader.end - frameStart)) {
          submitter.write(op, reader, client, xid, receivedAtMs, reader.end - frameStart);
        } else {
          this.#replies.hangUp(client, 'large-request-limit');
        }
        return;
      case OpCode.sync:
        if (this.#mayAsk(client, op, xid)) this.#sync(client, reader, xid, submitter);
        return;
      case OpCode.closeSession:
        if (client.session !== undefined && this.#mayAsk(client, op, xid)) {
          submitter.closeSession(client.session, client, xid);
        }
        return;
      case OpCode.auth:
        this.#authenticate(client, reader, frameStart, xid);
        return;
      case OpCode.sasl:
        // A null token is a mistake to Apache, too, and ends the connection.
        if (reader.span() < 0) this.#replies.hangUp(client, 'malformed');
        else this.#declineSasl(client, xid);
        return;
      default:
        // Among them check, which exists inside of a multi only.
        if (!this.#mayAsk(client, op, xid)) return;
        this.#replies.bare(client, op, xid, -1, ErrorCode.unimplemented);
        this.#replies.hangUp(client, 'unimplemented');
    }
  }

  #enqueue(
    queue: RequestThrottle<QueuedRequest>,
    client: Client,
    op: number,
    frame: Uint8Array,
  ): void {
    client.queued++;
    queue.submit({ client, op, frame, receivedAtMs: this.#clock.nowMs });
    this.runQueue();
  }

  #onReady({ client, op, frame, receivedAtMs }: QueuedRequest, isThrottled: boolean): void {
    client.queued--;
    const waitedMs = this.#clock.nowMs - receivedAtMs;
    this.#meter.onUnqueued(isThrottled ? 'throttled' : 'ready', waitedMs);
    // What a connection wrote before it was lost is done; nobody is there to be answered.
    if (client.phase === 'closed' && !isWrite(op)) return;
    const reader = this.#queuedReader;
    reader.reset(frame, 0, frame.byteLength);
    const xid = reader.int();
    reader.int();
    if (!isThrottled) {
      const submitter = this.#submitter;
      if (submitter === undefined) this.#replies.hangUp(client, 'not-serving');
      else this.#dispatch(client, op, xid, reader, 0, receivedAtMs, submitter);
    } else {
      this.refuse(client, xid, ErrorCode.throttledOp);
    }
  }

  /** Answers a request with this error and nothing else, in its place among the answers. */
  refuse(client: Client, xid: number, code: Refusal): void {
    if (client.writesSubmitted === client.writesDone) this.#replyRefused(client, xid, code);
    else this.#deferBare(client, xid, code);
  }

  /** Asks the submitter once more to end the client's session, when the writes ahead are answered. */
  closeLater(client: Client, xid: number): void {
    this.#deferBare(client, xid, OpCode.closeSession);
  }

  #onDropped({ client, receivedAtMs }: QueuedRequest): void {
    client.queued--;
    this.#meter.onUnqueued('dropped', this.#clock.nowMs - receivedAtMs);
    this.#replies.hangUp(client, 'stale-request');
  }

  #replyRefused(client: Client, xid: number, code: Refusal): void {
    if (client.phase === 'closed') return;
    this.#replies.bare(client, code, xid, this.#committer.lastApplied, code);
  }

  #closeNow(client: Client, xid: number): void {
    if (client.session !== undefined) this.#submitter?.closeSession(client.session, client, xid);
  }

  /** Whether the client authenticated as this server demands; if not, it is told so and sent away. */
  #mayAsk(client: Client, op: number, xid: number): boolean {
    if (this.#access.isAdmitted(client.ids)) return true;
    this.#replies.bare(client, op, xid, 0, ErrorCode.sessionClosedRequireSaslAuth);
    this.#replies.hangUp(client, 'auth-required');
    return false;
  }

  #defer(client: Client, reader: JuteReader, frameStart: number): void {
    const { bytes, end } = reader;
    client.deferred.push(bytes, frameStart, end, client.writesSubmitted, this.#clock.nowMs);
    this.#deferredCount++;
  }

  /** A frame without a body waits as others do. */
  #deferBare(client: Client, xid: number, op: number): void {
    const out = new JuteWriter(8);
    out.int(xid);
    out.int(op);
    client.deferred.push(out.bytes, 0, out.length, client.writesSubmitted, this.#clock.nowMs);
    this.#deferredCount++;
  }

  /** @param came - what came before the session began to close is answered: its client may have asked, and then closed. */
  #read(
    client: Client,
    op: number,
    xid: number,
    reader: JuteReader,
    receivedAtMs: number,
    came: 'now' | 'earlier',
  ): void {
    const { session } = client;
    const isGone = session === undefined || (came === 'now' && session.isClosing);
    const current = this.#current;
    current.op = op;
    current.xid = xid;
    current.zxid = this.#committer.lastApplied;
    current.receivedAtMs = receivedAtMs;
    const out = this.#replies.of(client);
    let code: ErrorCode = ErrorCode.ok;
    if (op === OpCode.setWatches || op === OpCode.setWatches2) {
      // What the client missed is told before the reply.
      code = isGone ? ErrorCode.sessionExpired : this.#answer(client, op, reader, out);
      this.#replies.end(client, out, this.#replies.begin(out, xid, current.zxid), code, current);
      return;
    }
    const replyXid = op === OpCode.ping ? ReservedXid.ping : xid;
    const mark = this.#replies.begin(out, replyXid, current.zxid);
    code = isGone ? ErrorCode.sessionExpired : this.#answer(client, op, reader, out);
    this.#replies.end(client, out, mark, code, current);
  }

  #answer(client: Client, op: number, reader: JuteReader, out: JuteWriter): ErrorCode {
    try {
      switch (op) {
        case OpCode.getData:
          return this.#reads.getData(client, reader, out);
        case OpCode.exists:
          return this.#reads.exists(client, reader, out);
        case OpCode.getChildren:
        case OpCode.getChildren2:
          return this.#reads.getChildren(client, reader, out, op);
        case OpCode.ping:
          return ErrorCode.ok;
        case OpCode.getACL:
          return this.#reads.getAcl(client, reader, out);
        case OpCode.setWatches:
          return this.#watchRequests.setWatches(client, reader, 'setWatches');
        case OpCode.setWatches2:
          return this.#watchRequests.setWatches(client, reader, 'setWatches2');
        case OpCode.addWatch:
          return this.#watchRequests.addWatch(client, reader, out);
        case OpCode.removeWatches:
          return this.#watchRequests.removeWatches(client, reader);
        case OpCode.checkWatches:
          return this.#watchRequests.checkWatches(client, reader);
        case OpCode.multiRead:
          return this.#reads.multiRead(client, reader, out);
        case OpCode.getEphemerals:
          return this.#reads.getEphemerals(client, reader, out);
        case OpCode.getAllChildrenNumber:
          return this.#reads.getAllChildrenNumber(client, reader, out);
        case OpCode.whoAmI:
          return this.#reads.whoAmI(client, out);
        default:
          return ErrorCode.unimplemented;
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#outbox.report({ kind: 'malformed-request', client, op, message: error.message });
      return ErrorCode.marshallingError;
    }
  }

  #sync(client: Client, reader: JuteReader, xid: number, submitter: Submitter): void {
    const start = reader.position;
    let path = noBytes;
    try {
      reader.span();
      path = reader.bytes.slice(start, reader.position);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      const { message } = error;
      this.#outbox.report({ kind: 'malformed-request', client, op: OpCode.sync, message });
    }
    submitter.sync(client, xid, path, this.#clock.nowMs);
  }

  /**
   * Answers at once, ahead of requests that wait, as Apache does; but not ahead of the answer to the
   * connect request.
   */
  #authenticate(client: Client, reader: JuteReader, frameStart: number, xid: number): void {
    reader.int();
    const scheme = reader.text();
    const auth = reader.buffer();
    const outcome = this.#access.authenticate(scheme, auth, client);
    switch (outcome.kind) {
      case 'ok':
        client.ids = withIds(client.ids, outcome.ids);
        this.#outbox.report({ kind: 'auth-succeeded', client, scheme });
        if (client.phase === 'opening') this.#defer(client, reader, frameStart);
        else this.#replies.bare(client, OpCode.auth, xid, 0, ErrorCode.ok);
        return;
      case 'wrong-ensemble':
        this.#outbox.report({ kind: 'auth-failed', client, scheme });
        this.#replies.hangUp(client, 'auth-failed');
        return;
      case 'failed':
      case 'unknown-scheme':
        this.#outbox.report({ kind: 'auth-failed', client, scheme });
        this.#replies.bare(client, OpCode.auth, xid, 0, ErrorCode.authFailed);
        this.#replies.hangUp(client, 'auth-failed');
        return;
      default:
        unreachable(outcome);
    }
  }

  /** Without SASL configured Apache sends a null token and keeps the connection. Source: processSasl. */
  #declineSasl(client: Client, xid: number): void {
    const current = this.#current;
    current.op = OpCode.sasl;
    current.xid = xid;
    current.zxid = 0;
    current.receivedAtMs = this.#clock.nowMs;
    const out = this.#replies.of(client);
    const mark = this.#replies.begin(out, xid, 0);
    out.int(-1);
    this.#replies.end(client, out, mark, ErrorCode.ok, current);
  }
}

function isRefusal(op: number): op is Refusal {
  return op === ErrorCode.throttledOp || op === ErrorCode.ephemeralOnLocalSession;
}
