/**
 * A shell around the core that lives in memory: its clocks go only when a test says so, its log is durable
 * only when a test says so, and it keeps everything that the core told or sent.
 */

import { createHash } from 'node:crypto';
import {
  decodeConnectResponse,
  decodeReplyHeader,
  decodeResponse,
  decodeWatcherEvent,
  ErrorCode,
  encodeConnectRequest,
  encodeRequest,
  encodeRequestHeader,
  encodeUtf8,
  JuteReader,
  JuteWriter,
  type MultiOp,
  type MultiResult,
  OpCode,
  openAcl,
  type Request,
  ReservedXid,
  type Response,
  type Stat,
  splitFrames,
} from '@zooid/protocol';
import { AccessRules } from '../src/auth/access-rules.ts';
import type { AuthProvider } from '../src/auth/auth-provider.ts';
import { DigestProvider } from '../src/auth/digest-provider.ts';
import { ipProvider } from '../src/auth/ip-provider.ts';
import { Client } from '../src/client.ts';
import type { NewState } from '../src/new-state.ts';
import type { Fact } from '../src/outbox.ts';
import { type CoreOptions, type MembershipParts, ServerCore } from '../src/server-core.ts';
import { Turn, type TurnLog } from '../src/turn.ts';
import type { PeerLink } from '../src/zab/peer-link.ts';

/** What a test may set; everything else is as an operator who sets nothing has it. */
export interface HarnessOptions {
  readonly core?: Partial<CoreOptions>;
  readonly skipAcl?: boolean;
  readonly enforcedSchemes?: readonly string[];
  readonly providers?: readonly AuthProvider[];
  /** Transactions that the log holds when the server starts. */
  readonly log?: readonly Uint8Array[];
  /** Wall clock at the start, ms. */
  readonly wallMs?: number;
  /** Records what the core appends, in place of the log of the harness. */
  readonly makeLog?: (harness: Harness) => HarnessLog;
  /** Makes it a member of an ensemble; it begins to look for a leader by `core.joinEnsemble`. */
  readonly membership?: MembershipParts;
  /** Takes what the server sends to other members; the bytes are valid during the call only. */
  readonly sendToPeer?: (link: PeerLink, out: JuteWriter) => void;
  /** One change concerned watchers: the transaction is being applied. */
  readonly onWatchesFired?: () => void;
}

export const TICK_MS = 2000;
export const SESSION_MS = 10_000;
export const WALL_MS = Date.UTC(2026, 0, 1);

const coreOptions: CoreOptions = {
  serverId: 1,
  tickTimeMs: TICK_MS,
  sessionTimeoutMsMin: 2 * TICK_MS,
  sessionTimeoutMsMax: 20 * TICK_MS,
  extendedTypes: 'extended',
  digestEnabled: true,
  hashSeed: 0x1234_5678,
  enforceQuota: false,
  closeSessionTxnEnabled: true,
  reconfigEnabled: false,
  isAudited: false,
  connectionThrottle: {
    tokenCount: 0,
    fillTimeMs: 1,
    fillCount: 1,
    freezeTimeMs: -1,
    dropIncrease: 0.02,
    dropDecrease: 0.002,
    decreaseRatio: 0,
    isWeighted: false,
    globalSessionWeight: 3,
    localSessionWeight: 1,
    renewSessionWeight: 2,
  },
  largeRequests: { thresholdBytes: undefined, bytesMax: 1024 * 1024 },
  cleaner: { checkIntervalMs: 60_000, deletesPerMinuteMax: 10_000, neverUsedMsMax: 0 },
};

/** A log that is durable up to where the test says. */
export class HarnessLog implements TurnLog {
  /** Every transaction appended, in order. */
  readonly txns: Uint8Array[] = [];
  readonly zxids: number[] = [];
  /** How many of them are durable. */
  durable = 0;
  /** How many the write in flight will have made durable; equal to {@link durable} when there is none. */
  writing = 0;

  append(zxid: number, bytes: Uint8Array, start: number, end: number): void {
    this.zxids.push(zxid);
    this.txns.push(bytes.slice(start, end));
  }

  /** How many a power cut would leave. */
  get onDisk(): number {
    return this.durable;
  }

  get hasUnsynced(): boolean {
    return this.writing < this.txns.length;
  }

  get isSyncing(): boolean {
    return this.writing > this.durable;
  }

  sync(): void {
    this.writing = this.txns.length;
  }

  /** The write in flight is done. @returns the zxid up to which the log is durable now. */
  complete(): number {
    this.durable = this.writing;
    return this.zxids[this.durable - 1] ?? 0;
  }
}

/** What a client got, in order. */
export type Received =
  | {
      readonly kind: 'connected';
      readonly sessionId: bigint;
      readonly timeoutMs: number;
      readonly password: Uint8Array;
      readonly readOnly: boolean | undefined;
    }
  | ReceivedReply
  | ReceivedEvent;

export interface ReceivedEvent {
  readonly kind: 'event';
  readonly zxid: number;
  readonly type: number;
  readonly path: string;
}

export interface ReceivedReply {
  readonly kind: 'reply';
  readonly op: number;
  readonly xid: number;
  readonly zxid: number;
  readonly err: number;
  /** Undefined when err is not 0. */
  readonly body: Response | undefined;
}

type BodyOf<Op> = Response extends infer R
  ? R extends { readonly op: infer O }
    ? Op extends O
      ? R
      : never
    : never
  : never;

/** The server in memory. */
export class Harness {
  readonly core: ServerCore;
  readonly log: HarnessLog;
  readonly facts: Fact[] = [];
  wallMs: number;
  nowMs = 1_000_000;
  readonly #turn: Turn;
  readonly #options: HarnessOptions;

  constructor(options: HarnessOptions = {}) {
    this.#options = options;
    this.wallMs = options.wallMs ?? WALL_MS;
    this.log = options.makeLog?.(this) ?? new HarnessLog();
    this.core = new ServerCore({
      options: { ...coreOptions, ...options.core },
      outbox: {
        appendTxn: (zxid, bytes, start, end) => this.log.append(zxid, bytes, start, end),
        report: (fact) => this.facts.push(fact),
      },
      meter: {
        onReceived: () => {},
        onAdmitted: () => {},
        onUnqueued: () => {},
        onReply: () => {},
        onEvent: () => {},
        onConnected: () => {},
        onZnodeRead: () => {},
        onZnodeWritten: () => {},
        onWatchesFired: () => options.onWatchesFired?.(),
      },
      access: new AccessRules({
        providers: options.providers ?? [
          ipProvider,
          new DigestProvider({ hash: sha1, superDigest: `super:${sha1('super:secret')}` }),
        ],
        skipAcl: options.skipAcl,
        enforcedSchemes: options.enforcedSchemes,
      }),
      wallMs: this.wallMs,
      nowMs: this.nowMs,
      random: { next: () => 0.5 },
      membership: options.membership,
    });
    for (const txn of options.log ?? []) this.core.replayTxn(txn, 0, txn.byteLength);
    this.core.finishRestore(this.nowMs);
    this.#turn = new Turn(this.core, {
      log: this.log,
      wallMs: () => this.wallMs,
      nowMs: () => this.nowMs,
      send: (client, out) => (client as TestClient).onSent(out.copy()),
      sendToPeer: (link, out) => options.sendToPeer?.(link, out),
    });
  }

  get tree(): ServerCore['tree'] {
    return this.core.tree;
  }

  /** Facts of one kind, in order. */
  factsOf<K extends Fact['kind']>(kind: K): Extract<Fact, { readonly kind: K }>[] {
    return this.facts.filter((fact) => fact.kind === kind) as Extract<Fact, { readonly kind: K }>[];
  }

  /** A socket that was accepted and has sent nothing. */
  accept(address = '10.0.0.1'): TestClient {
    return new TestClient(this, address);
  }

  /** A client with a new session. */
  connect(options: { readonly address?: string; readonly timeoutMs?: number } = {}): TestClient {
    const client = this.accept(options.address);
    client.sendConnect({ timeoutMs: options.timeoutMs ?? SESSION_MS });
    this.sync();
    return client;
  }

  /** One turn that brings these frames, each from its client. */
  deliver(frames: readonly (readonly [TestClient, Uint8Array])[]): void {
    this.#turn.begin();
    for (const [client, frame] of frames) {
      // Not at the start of its bytes, as in a real chunk; and overwritten afterwards, as there.
      const chunk = new Uint8Array(frame.byteLength + 7);
      chunk.set(frame, 5);
      this.core.onClientFrame(client, chunk, 5, 5 + frame.byteLength);
      chunk.fill(0xee);
    }
    this.#turn.end();
  }

  /** One turn of something else than frames. */
  inTurn<T>(event: () => T): T {
    this.#turn.begin();
    const result = event();
    this.#turn.end();
    return result;
  }

  /** Writes the log until all of it is durable. */
  sync(): void {
    while (this.log.isSyncing) this.syncOnce();
  }

  /** The write that is in flight becomes durable, nothing more. */
  syncOnce(): void {
    if (this.log.isSyncing) this.#turn.onLogSynced(this.log.complete());
  }

  /** Time passes, in steps of a tick, and the log is written meanwhile. */
  advance(ms: number): void {
    for (let left = ms; left > 0; left -= TICK_MS) {
      const step = Math.min(left, TICK_MS);
      this.nowMs += step;
      this.wallMs += step;
      this.tick();
      this.sync();
    }
  }

  tick(): void {
    this.#turn.onTick();
  }

  /** Replaces everything by another state, in a turn of its own. */
  replaceState(state: NewState): void {
    this.#turn.begin();
    this.core.replaceState(state);
    this.#turn.end();
  }

  closed(client: TestClient): void {
    this.#turn.onClientClosed(client);
  }

  /** Another server that finds what was durable on this one's disk. */
  restart(options: HarnessOptions = {}): Harness {
    const log = this.log.txns.slice(0, this.log.onDisk);
    const before = this.#options.log ?? [];
    return new Harness({
      ...this.#options,
      wallMs: this.wallMs + 1000,
      ...options,
      log: [...before, ...log],
    });
  }
}

/** A connection, driven by the test. */
export class TestClient extends Client {
  /** What was received and not yet taken. */
  received: Received[] = [];
  /** The server hung up. */
  isHungUp = false;
  sessionId = 0n;
  password: Uint8Array = new Uint8Array(16);
  readonly #harness: Harness;
  readonly #ops = new Map<number, number[]>();
  #xid = 0;
  #isConnecting = false;

  constructor(harness: Harness, address: string) {
    super({ address });
    this.#harness = harness;
  }

  sendConnect(
    request: {
      readonly timeoutMs?: number;
      readonly sessionId?: bigint;
      readonly password?: Uint8Array | null;
      readonly lastZxidSeen?: number;
      readonly readOnly?: boolean | undefined;
    } = {},
  ): void {
    const out = new JuteWriter();
    encodeConnectRequest(out, {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeoutMs: SESSION_MS,
      sessionId: 0n,
      password: new Uint8Array(16),
      readOnly: false,
      ...request,
    });
    this.#isConnecting = true;
    this.sendBytes(out.copy());
  }

  /** Sends one frame as it is. */
  sendBytes(frame: Uint8Array): void {
    this.#harness.deliver([[this, frame]]);
  }

  /** Sends a header and whatever bytes for a body. @returns its xid. */
  sendRaw(op: number, body: Uint8Array, xid = ++this.#xid): number {
    const out = new JuteWriter();
    encodeRequestHeader(out, { xid, type: op });
    out.raw(body, 0, body.byteLength);
    this.#expect(xid, op);
    this.sendBytes(out.copy());
    return xid;
  }

  /** Sends requests in one turn. @returns the xid of the last one. */
  send(...requests: Request[]): number {
    this.#harness.deliver(requests.map((request) => [this, this.frameOf(request)] as const));
    return this.#xid;
  }

  /** The frame of a request, which is expected to be answered. */
  frameOf(request: Request): Uint8Array {
    const xid = request.op === OpCode.ping ? ReservedXid.ping : ++this.#xid;
    const out = new JuteWriter();
    encodeRequestHeader(out, { xid, type: request.op });
    encodeRequest(out, request);
    this.#expect(xid, request.op);
    return out.copy();
  }

  /** Takes everything received so far. */
  take(): Received[] {
    const { received } = this;
    this.received = [];
    return received;
  }

  /** Takes everything received so far: only the events, as `type path`. */
  takeEvents(): string[] {
    return this.take()
      .filter((one) => one.kind === 'event')
      .map((event) => `${event.type} ${event.path}`);
  }

  /** Sends a request, makes the log durable and takes the reply; events stay. */
  call<R extends Request>(request: R): ReceivedReply & { readonly body: BodyOf<R['op']> } {
    const xid = this.send(request);
    this.#harness.sync();
    const at = this.received.findIndex(
      (one) =>
        one.kind === 'reply' && one.xid === (request.op === OpCode.ping ? ReservedXid.ping : xid),
    );
    if (at < 0) throw new Error(`no reply to ${request.op}`);
    return this.received.splice(at, 1)[0] as ReceivedReply & { readonly body: BodyOf<R['op']> };
  }

  /** The code that a request is answered with. */
  codeOf(request: Request): number {
    return this.call(request).err;
  }

  /** Expects success. @returns the path created. */
  create(path: string, wanted: Wanted = {}): string {
    const reply = this.call(createRequest(path, wanted));
    if (reply.err !== ErrorCode.ok) throw new Error(`create ${path}: ${reply.err}`);
    return reply.body.path;
  }

  /** Expects success. */
  setData(path: string, text: string): Stat {
    const reply = this.call(setDataRequest(path, text));
    if (reply.err !== ErrorCode.ok) throw new Error(`setData ${path}: ${reply.err}`);
    return reply.body.stat;
  }

  /** Expects success. */
  delete(path: string): void {
    const { err } = this.call(deleteRequest(path));
    if (err !== ErrorCode.ok) throw new Error(`delete ${path}: ${err}`);
  }

  /** Undefined when there is no such znode. */
  stat(path: string): Stat | undefined {
    const reply = this.call({ op: OpCode.exists, path, watch: false });
    return reply.err === ErrorCode.ok ? reply.body.stat : undefined;
  }

  exists(path: string): boolean {
    return this.stat(path) !== undefined;
  }

  /** As text; null for null data. */
  data(path: string): string | null {
    const { data } = this.call({ op: OpCode.getData, path, watch: false }).body;
    return data === null ? null : new TextDecoder().decode(data);
  }

  /** Sorted. */
  children(path: string): string[] {
    const reply = this.call({ op: OpCode.getChildren, path, watch: false });
    return [...reply.body.children].sort();
  }

  multi(...ops: MultiOp[]): readonly MultiResult[] {
    return this.call({ op: OpCode.multi, ops }).body.results;
  }

  authenticate(text: string): number {
    return this.codeOf({ op: OpCode.auth, type: 0, scheme: 'digest', auth: encodeUtf8(text) });
  }

  /** The connection is lost. */
  close(): void {
    this.#harness.closed(this);
  }

  /** @internal The shell's socket: what a turn sends. */
  onSent(bytes: Uint8Array): void {
    for (const frame of splitFrames(bytes)) this.#receive(new JuteReader(frame));
    if (this.closing !== undefined) {
      this.isHungUp = true;
      this.#harness.core.onClientClosed(this);
    }
  }

  #expect(xid: number, op: number): void {
    const ops = this.#ops.get(xid);
    if (ops === undefined) this.#ops.set(xid, [op]);
    else ops.push(op);
  }

  #receive(reader: JuteReader): void {
    if (this.#isConnecting) {
      this.#isConnecting = false;
      const { sessionId, timeoutMs, password, readOnly } = decodeConnectResponse(reader);
      this.sessionId = sessionId;
      this.password = Uint8Array.from(password ?? []);
      this.received.push({
        kind: 'connected',
        sessionId,
        timeoutMs,
        password: this.password,
        readOnly,
      });
      return;
    }
    const { xid, zxid, err } = decodeReplyHeader(reader);
    if (xid === ReservedXid.notification) {
      const { type, path } = decodeWatcherEvent(reader);
      this.received.push({ kind: 'event', zxid, type, path });
      return;
    }
    const op = this.#ops.get(xid)?.shift();
    if (op === undefined) throw new Error(`a reply to xid ${xid}, which nobody sent`);
    if (err !== 0 && reader.remaining > 0) throw new Error('an error has a body');
    const body = err === 0 ? decodeResponse(reader, op) : undefined;
    if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes too many for ${op}`);
    this.received.push({ kind: 'reply', op, xid, zxid, err, body });
  }
}

/** What a create request may say besides its path. */
export interface Wanted {
  readonly data?: string | Uint8Array | null;
  readonly acl?: readonly { perms: number; scheme: string; id: string }[];
  readonly flags?: number;
}

function createBody(path: string, wanted: Wanted) {
  const { data = '', acl = openAcl, flags = 0 } = wanted;
  return { path, data: typeof data === 'string' ? encodeUtf8(data) : data, acl, flags };
}

export function createRequest(path: string, wanted: Wanted = {}) {
  return { op: OpCode.create, ...createBody(path, wanted) } as const;
}

export function create2Request(path: string, wanted: Wanted = {}) {
  return { op: OpCode.create2, ...createBody(path, wanted) } as const;
}

export function containerRequest(path: string, wanted: Wanted = {}) {
  return { op: OpCode.createContainer, ...createBody(path, { flags: 4, ...wanted }) } as const;
}

export function ttlRequest(path: string, ttlMs: number | bigint, wanted: Wanted = {}) {
  const body = createBody(path, { flags: 5, ...wanted });
  return { op: OpCode.createTTL, ...body, ttl: BigInt(ttlMs) } as const;
}

export function deleteRequest(path: string, version = -1) {
  return { op: OpCode.delete, path, version } as const;
}

export function setDataRequest(path: string, data: string | null = '', version = -1) {
  const bytes = data === null ? null : encodeUtf8(data);
  return { op: OpCode.setData, path, data: bytes, version } as const;
}

export function setAclRequest(path: string, acl: Wanted['acl'] = openAcl, version = -1) {
  return { op: OpCode.setACL, path, acl, version } as const;
}

export function checkRequest(path: string, version = -1) {
  return { op: OpCode.check, path, version } as const;
}

export function existsRequest(path: string, watch = false) {
  return { op: OpCode.exists, path, watch } as const;
}

export function getDataRequest(path: string, watch = false) {
  return { op: OpCode.getData, path, watch } as const;
}

export function getChildrenRequest(path: string, watch = false) {
  return { op: OpCode.getChildren, path, watch } as const;
}

export const closeRequest = { op: OpCode.closeSession } as const;
export const pingRequest = { op: OpCode.ping } as const;

/** Base64 of the SHA-1, as the scheme `digest` has it. */
export function sha1(text: string): string {
  return createHash('sha1').update(text, 'utf8').digest('base64');
}

/** The id that `digest` gives to `user:password`. */
export function digestId(text: string): string {
  return `${text.split(':')[0]}:${sha1(text)}`;
}
