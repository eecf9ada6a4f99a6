/**
 * A session core on a workbench: a virtual clock, and a server whose every answer the test writes.
 *
 * Time only passes by {@link CoreBench.advance}; a turn of the event loop ends with {@link CoreBench.turn}, which the
 * methods that bring something from the server do themselves.
 */

import {
  type ConnectRequest,
  decodeConnectRequest,
  decodeRequest,
  decodeRequestHeader,
  type EventType,
  encodeConnectResponse,
  encodeReplyHeader,
  encodeResponse,
  encodeWatcherEvent,
  FRAME_BYTES_MAX_DEFAULT,
  JuteReader,
  JuteWriter,
  OpCode,
  type Request,
  ReservedXid,
  type Response,
  type Stat,
  splitFrames,
} from '@zooid/protocol';
import type { CallSpec } from '../../src/session/call.ts';
import {
  SessionCore,
  type SessionCoreOptions,
  type SessionState,
} from '../../src/session/session-core.ts';
import type { OneShotWatch, WatchEventType } from '../../src/session/watch-registry.ts';

/** What the client sent, after the connect request of its connection. */
export interface SentRequest {
  readonly xid: number;
  readonly request: Request;
}

/** The server's half of the handshake; what is not given is as an ordinary server has it. */
export interface Grant {
  readonly sessionId?: bigint;
  readonly timeoutMs?: number;
  readonly password?: Uint8Array | null;
  readonly protocolVersion?: number;
  readonly readOnly?: boolean | undefined;
}

export interface Answer {
  readonly zxid?: number;
  readonly err?: number;
  readonly body?: Response;
}

export const SESSION_ID = 0x1234_5678_9abcn;
export const PASSWORD: Uint8Array = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
export const TIMEOUT_MS = 9_000;

export const STAT: Stat = {
  czxid: 1,
  mzxid: 2,
  ctime: 3,
  mtime: 4,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: 0n,
  dataLength: 8,
  numChildren: 9,
  pzxid: 10,
};

const defaultOptions: SessionCoreOptions = {
  sessionTimeoutMs: TIMEOUT_MS,
  handshakeTimeoutMs: 3_000,
  allowsReadOnly: false,
  usesSasl: false,
  resendsReads: true,
  pendingMax: 1_000,
  requestBytesMax: FRAME_BYTES_MAX_DEFAULT,
  replyBytesMax: FRAME_BYTES_MAX_DEFAULT,
  keepsCallSites: false,
};

export class CoreBench {
  readonly core: SessionCore;
  nowMs = 1_000;
  /** Every change of state, with what caused it. */
  readonly states: { readonly state: SessionState; readonly cause: Error | undefined }[] = [];
  /** Connections that the core has asked for. */
  connectionCount = 0;
  /** How often the core has dropped one. */
  dropCount = 0;
  saslStartCount = 0;
  /** Runs in every change of state. */
  onState: (state: SessionState) => void = () => {};

  #written: Uint8Array[] = [];
  #isFlushDue = false;
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(options: Partial<SessionCoreOptions> = {}) {
    this.core = new SessionCore(
      { ...defaultOptions, ...options },
      {
        openConnection: () => {
          this.connectionCount++;
        },
        dropConnection: () => {
          this.dropCount++;
        },
        write: (bytes) => {
          this.#written.push(bytes);
        },
        flushSoon: () => {
          this.#isFlushDue = true;
        },
        wakeAt: (atMs) => {
          this.#wakeAtMs = atMs;
        },
        onStateChange: (state, cause) => {
          this.states.push({ state, cause });
          this.onState(state);
        },
        startSasl: () => {
          this.saslStartCount++;
        },
      },
      this.nowMs,
    );
  }

  /** A bench whose core has a session. */
  static connected(options: Partial<SessionCoreOptions> = {}, grant: Grant = {}): CoreBench {
    const bench = new CoreBench(options);
    bench.core.open();
    bench.connect(grant);
    bench.take();
    return bench;
  }

  /** The time that the core wants to be woken at. */
  get wakeAtMs(): number {
    return this.#wakeAtMs;
  }

  get stateNames(): readonly SessionState[] {
    return this.states.map(({ state }) => state);
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Ends a turn of the event loop: what was asked to be flushed is. */
  turn(): void {
    if (!this.#isFlushDue) return;
    this.#isFlushDue = false;
    this.core.flush(this.nowMs);
  }

  /** Lets time pass, with a wake-up whenever the core has asked for one. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms;
    this.turn();
    while (this.#wakeAtMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.#wakeAtMs);
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.core.onWake(this.nowMs);
      this.turn();
    }
    this.nowMs = endMs;
  }

  // ── the connection ─────────────────────────────────────────────────────────────────────────────────────

  /** The connection opens. @returns the connect request. */
  openConnection(): ConnectRequest {
    this.core.onConnectionStarted(this.nowMs);
    // What the connection before was sent and nobody took is gone with it.
    this.#written = [];
    this.core.onConnectionOpen(this.nowMs);
    const [frame] = this.#takeFrames();
    return decodeConnectRequest(readerOf(frame!));
  }

  /** The connection opens and the server grants a session. @returns the connect request. */
  connect(grant: Grant = {}): ConnectRequest {
    const request = this.openConnection();
    this.receive(this.grantBytes(grant));
    return request;
  }

  grantBytes(grant: Grant = {}): Uint8Array {
    return frameOf((writer) =>
      encodeConnectResponse(writer, {
        protocolVersion: grant.protocolVersion ?? 0,
        timeoutMs: grant.timeoutMs ?? TIMEOUT_MS,
        sessionId: grant.sessionId ?? SESSION_ID,
        password: grant.password === undefined ? PASSWORD : grant.password,
        readOnly: grant.readOnly ?? false,
      }),
    );
  }

  /** Bytes come from the server. */
  receive(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.core.onConnectionData(chunk, this.nowMs);
    this.turn();
  }

  /** The connection breaks. */
  breakOff(error?: Error): void {
    this.core.onConnectionClosed(error, this.nowMs);
    this.turn();
  }

  /** What was sent since the last call, decoded. */
  take(): readonly SentRequest[] {
    this.turn();
    return this.#takeFrames().map((frame) => {
      const reader = readerOf(frame);
      const { xid, type } = decodeRequestHeader(reader);
      return { xid, request: decodeRequest(reader, type) };
    });
  }

  /** The opcodes of what was sent since the last call. */
  takeOps(): readonly number[] {
    return this.take().map(({ request }) => request.op);
  }

  /** Answers one request. */
  reply(xid: number, answer: Answer = {}): void {
    this.receive(replyBytes(xid, answer));
  }

  /** Answers everything that was sent and not taken, in order, and what that brings about. */
  replyToAll(answer: Answer = {}): void {
    for (const { xid } of this.take()) this.reply(xid, answer);
  }

  event(type: EventType | number, path: string, zxid = -1): void {
    this.receive(eventBytes(type, path, zxid));
  }

  #takeFrames(): Uint8Array[] {
    return this.#written.splice(0).flatMap((bytes) => splitFrames(bytes, 2 ** 29));
  }
}

// ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────

export function frameOf(write: (writer: JuteWriter) => void): Uint8Array {
  const writer = new JuteWriter();
  const mark = writer.startFrame();
  write(writer);
  writer.endFrame(mark);
  return writer.copy();
}

export function replyBytes(xid: number, answer: Answer = {}): Uint8Array {
  const { zxid = 1, err = 0, body } = answer;
  return frameOf((writer) => {
    encodeReplyHeader(writer, { xid, zxid, err });
    if (body !== undefined) encodeResponse(writer, body);
  });
}

export function eventBytes(type: number, path: string, zxid = -1): Uint8Array {
  return frameOf((writer) => {
    encodeReplyHeader(writer, { xid: ReservedXid.notification, zxid, err: 0 });
    encodeWatcherEvent(writer, { type, state: 3, path });
  });
}

function readerOf(frame: Uint8Array): JuteReader {
  const reader = new JuteReader();
  reader.reset(frame, 0, frame.byteLength);
  return reader;
}

// ── calls ────────────────────────────────────────────────────────────────────────────────────────────────

/** A read, which has no effect. */
export function readOf(path = '/read'): CallSpec<string> {
  return {
    operation: 'exists',
    path,
    request: { op: OpCode.exists, path, watch: false },
    decode: () => `there is ${path}`,
    effect: 'none',
  };
}

/** A write, of which twice is not as good as once unless told otherwise. */
export function writeOf(path = '/write', effect: 'once' | 'repeatable' = 'once'): CallSpec<string> {
  return {
    operation: 'delete',
    path,
    request: { op: OpCode.delete, path, version: -1 },
    decode: () => `deleted ${path}`,
    effect,
  };
}

/** A one-shot watch that notes what it is told. */
export class NotedWatch implements OneShotWatch {
  readonly kind: OneShotWatch['kind'];
  readonly path: string;
  readonly told: string[] = [];

  constructor(kind: OneShotWatch['kind'], path: string) {
    this.kind = kind;
    this.path = path;
  }

  onEvent(type: WatchEventType, path: string): void {
    this.told.push(`${type} ${path}`);
  }

  onEnd(error: Error): void {
    this.told.push(error.name);
  }
}

/** A lasting watch that notes what it is told. */
export class NotedLastingWatch {
  readonly mode: 'persistent' | 'recursive';
  readonly path: string;
  readonly told: string[] = [];

  constructor(mode: 'persistent' | 'recursive', path: string) {
    this.mode = mode;
    this.path = path;
  }

  onEvent(type: WatchEventType, path: string): void {
    this.told.push(`${type} ${path}`);
  }

  onGap(): void {
    this.told.push('gap');
  }

  onEnd(error: Error): void {
    this.told.push(error.name);
  }
}

/** How a promise settled, and 'pending' when it has not by the end of this turn. */
export async function fateOf(promise: Promise<unknown>): Promise<unknown> {
  const pending = new Promise<'pending'>((resolve) => setImmediate(() => resolve('pending')));
  return Promise.race([
    promise.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
    pending,
  ]);
}
