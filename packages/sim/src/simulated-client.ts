/**
 * A client that speaks the client protocol: it connects to any server, keeps its session over lost connections, and asks at its own pace. Each
 * answer goes through the checks.
 */

import {
  CreateMode,
  decodeConnectResponse,
  decodeReplyHeader,
  decodeResponse,
  decodeWatcherEvent,
  ErrorCode,
  encodeConnectRequest,
  encodeRequest,
  encodeRequestHeader,
  encodeUtf8,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  OpCode,
  openAcl,
  type Request,
  ReservedXid,
} from '@zooid/protocol';
import { sentBytes } from './byte-copies.ts';
import { Violation } from './checks/checks.ts';
import type { SentRequest, SessionView } from './checks/session-checks.ts';
import type { ClientSocket, ClientWorld } from './client-world.ts';
import type { SeededRandom } from './random.ts';
import type { SocketHandler } from './simulated-network.ts';

const ROOT = '/t';
const QUEUE = '/t/q';
const PATHS: readonly string[] = ['/t/a', '/t/b', '/t/c', '/t/d', '/t/e'];
/** How soon it tries the next server. */
const RECONNECT_MS = 200;

/** How much a client asks for, from now on. */
export interface Pace {
  /** Mean time between the end of one batch and the next, ms. */
  readonly pauseMs: number;
  /** Most requests of a batch, which are sent without waiting. */
  readonly batchMax: number;
}

/** A client's pace in peace, and while faults come. */
export const usualPace: Pace = { pauseMs: 3000, batchMax: 4 };
export const busyPace: Pace = { pauseMs: 1000, batchMax: 4 };

export class SimulatedClient implements SocketHandler {
  readonly name: string;
  readonly world: ClientWorld;
  readonly random: SeededRandom;
  pace: Pace = usualPace;
  /** Answered writes that succeeded. */
  doneCount = 0;
  /** Sessions of it that expired. */
  expiredCount = 0;
  /** It has a session and a server that answers. */
  isConnected = false;

  readonly #view: SessionView;
  #password: Uint8Array = new Uint8Array(16);
  #timeoutMs: number;
  #socket: ClientSocket | undefined;
  #splitter = new FrameSplitter();
  readonly #out = new JuteWriter(256);
  /** Counts connections, so that what was meant for an older one is not taken for this one's. */
  #attempt = 0;
  #isGreeting = false;
  #xid = 0;
  #tokens = 0;
  #sent: SentRequest[] = [];
  #heardMs = 0;
  #toldMs = 0;
  #isStopped = false;
  #isClosing = false;
  /** What it is to ask for next. */
  #wish: Request | undefined;
  /** Prepared by this client's first requests. */
  #hasRoot = false;

  constructor(world: ClientWorld, name: string) {
    this.world = world;
    this.name = name;
    this.random = world.random.fork(name);
    this.#timeoutMs = world.options.tickTimeMs * this.random.integer(2, 10);
    this.#view = { name, sessionId: 0n, timeoutMs: 0, lastZxid: 0, heardMs: 0, watches: [] };
    world.sessions.watchOver(this.#view);
  }

  start(): void {
    this.#connect();
  }

  /** Asks for nothing any more. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Goes on asking. */
  resume(): void {
    this.#isStopped = false;
    if (this.isConnected && this.#sent.length === 0) this.#next(this.#attempt);
  }

  /** The connection breaks, and this client is told. */
  drop(): void {
    this.#socket?.break(0, this.random.between(0, 100));
  }

  /** It asks for this as soon as it can. */
  askNext(request: Request): void {
    this.#wish = request;
  }

  get outstandingCount(): number {
    return this.#sent.length;
  }

  get sessionId(): bigint {
    return this.#view.sessionId;
  }

  // ── Connection ────────────────────────────────────────────────────────────────────────────────────

  #connect(): void {
    const attempt = ++this.#attempt;
    const to = this.random.pick(this.world.machines).name;
    this.world.network.connect(this.name, to, 'client', (socket) => {
      if (attempt !== this.#attempt) {
        socket?.end();
        return;
      }
      if (socket === undefined) {
        this.#connectAfter(RECONNECT_MS * (1 + this.random.next()));
        return;
      }
      socket.handler = this;
      this.#socket = socket;
      this.#splitter = new FrameSplitter();
      this.#isGreeting = true;
      this.#heardMs = this.world.scheduler.nowMs;
      this.#sendFrame((out) =>
        encodeConnectRequest(out, {
          protocolVersion: 0,
          lastZxidSeen: this.#view.lastZxid,
          timeoutMs: this.#timeoutMs,
          sessionId: this.#view.sessionId,
          password: this.#password,
          readOnly: false,
        }),
      );
      this.#watchOver(attempt);
    });
  }

  #connectAfter(delayMs: number): void {
    const attempt = ++this.#attempt;
    this.world.scheduler.after(delayMs, () => {
      if (attempt === this.#attempt) this.#connect();
    });
  }

  /** Pings a server that has nothing to answer, and gives one up that is silent. */
  #watchOver(attempt: number): void {
    const intervalMs = this.#timeoutMs / 3;
    this.world.scheduler.after(intervalMs, () => {
      if (attempt !== this.#attempt) return;
      const { nowMs } = this.world.scheduler;
      if (nowMs - this.#heardMs > (this.#timeoutMs * 2) / 3) {
        this.#lose();
        this.#connect();
        return;
      }
      if (!this.#isGreeting && nowMs - this.#toldMs >= intervalMs) {
        this.#sendFrame((out) => {
          encodeRequestHeader(out, { xid: ReservedXid.ping, type: OpCode.ping });
        });
      }
      this.#watchOver(attempt);
    });
  }

  onEnd(): void {
    this.#socket = undefined;
    this.#lose();
    this.#connectAfter(RECONNECT_MS * this.random.next());
  }

  #lose(): void {
    this.world.trace.add(this.name, 'lost');
    this.#socket?.end();
    this.#socket = undefined;
    this.isConnected = false;
    this.#isGreeting = false;
    // Nobody knows what became of them.
    this.#sent = [];
    this.#view.watches = [];
    if (this.#isClosing) this.#forgetSession();
  }

  #forgetSession(): void {
    this.#isClosing = false;
    this.#view.sessionId = 0n;
    this.#view.lastZxid = 0;
    this.#password = new Uint8Array(16);
    this.#hasRoot = false;
  }

  #sendFrame(write: (out: JuteWriter) => void): void {
    const out = this.#out;
    out.clear();
    const mark = out.startFrame();
    write(out);
    out.endFrame(mark);
    this.#toldMs = this.world.scheduler.nowMs;
    this.#socket?.send(sentBytes.of(out.bytes, 0, out.length));
  }

  onData(chunk: Uint8Array): void {
    this.#heardMs = this.world.scheduler.nowMs;
    this.#view.heardMs = this.#heardMs;
    const splitter = this.#splitter;
    splitter.push(chunk);
    while (this.#splitter === splitter && splitter.next()) {
      const { bytes, frameStart, frameEnd } = splitter;
      const reader = new JuteReader(bytes.subarray(frameStart, frameEnd));
      if (this.#isGreeting) this.#onConnected(reader);
      else this.#onFrame(reader);
    }
  }

  #onConnected(reader: JuteReader): void {
    const { sessionId, password, timeoutMs } = decodeConnectResponse(reader);
    const { trace, sessions } = this.world;
    this.#isGreeting = false;
    const previous = this.#view.sessionId;
    trace.add(this.name, 'connected', Number(BigInt.asUintN(52, sessionId)));
    if (sessionId === 0n) {
      this.expiredCount++;
      sessions.onExpired(this.#view);
      this.#forgetSession();
      this.#attempt++;
      this.#lose();
      this.#connect();
      return;
    }
    if (previous !== 0n && previous !== sessionId) {
      this.world.checks.fail('session', `${this.name} asks for ${previous} and gets ${sessionId}`);
    }
    this.#view.sessionId = sessionId;
    this.#view.timeoutMs = timeoutMs;
    this.#password = Uint8Array.from(password ?? []);
    this.isConnected = true;
    this.#next(this.#attempt);
  }

  #onFrame(reader: JuteReader): void {
    const { sessions, checks, trace } = this.world;
    const header = decodeReplyHeader(reader);
    trace.add(this.name, 'reply', header.zxid, header.xid, String(header.err));
    if (header.xid === ReservedXid.notification) {
      const { type, path } = decodeWatcherEvent(reader);
      sessions.onEvent(this.#view, type, path, header.zxid);
      return;
    }
    if (header.xid === ReservedXid.ping) {
      sessions.onPing(this.#view, header.zxid);
      return;
    }
    const sent = this.#sent.shift();
    if (sent === undefined) throw new Violation('session-order', `${this.name} has asked nothing`);
    const { request } = sent;
    if (header.xid !== sent.xid) {
      checks.fail(
        'session-order',
        `${this.name} has asked ${sent.xid}, the answer is to ${header.xid}`,
      );
    }
    const body = header.err === ErrorCode.ok ? decodeResponse(reader, request.op) : undefined;
    sessions.onReply(this.#view, sent, header, body);
    if (header.err === ErrorCode.ok && sent.token !== undefined) this.doneCount++;
    if (request.op === OpCode.closeSession) {
      this.#forgetSession();
      return;
    }
    if (this.#sent.length === 0) this.#next(this.#attempt);
  }

  // ── Work ──────────────────────────────────────────────────────────────────────────────────────────

  /** The next batch, after a while. */
  #next(attempt: number): void {
    const { pauseMs, batchMax } = this.pace;
    const delayMs = -Math.log(1 - this.random.next()) * pauseMs;
    this.world.scheduler.after(delayMs, () => {
      if (attempt !== this.#attempt || !this.isConnected || this.#sent.length > 0) return;
      if (this.#isStopped) return;
      if (!this.#hasRoot) {
        this.#hasRoot = true;
        for (const path of [ROOT, QUEUE]) this.#ask(createRequest(path, '', 0), undefined);
        return;
      }
      if (this.#wish !== undefined) {
        this.#ask(this.#wish, undefined);
        this.#wish = undefined;
      }
      const count = this.random.integer(1, batchMax);
      for (let i = 0; i < count && !this.#isClosing; i++) this.#askSomething();
    });
  }

  #ask(request: Request, token: string | undefined): void {
    const xid = ++this.#xid;
    this.#sent.push(this.world.sessions.onSend(xid, request, token));
    this.world.trace.add(this.name, 'ask', xid, request.op);
    this.#sendFrame((out) => {
      encodeRequestHeader(out, { xid, type: request.op });
      encodeRequest(out, request);
    });
  }

  #token(): string {
    return `${this.name}.${++this.#tokens}`;
  }

  #askSomething(): void {
    const { random } = this;
    const path = random.pick(PATHS);
    const draw = random.next();
    if (draw < 0.3) {
      const token = this.#token();
      this.#ask({ op: OpCode.setData, path, data: encodeUtf8(token), version: -1 }, token);
    } else if (draw < 0.4) {
      const token = this.#token();
      this.#ask(createRequest(path, token, CreateMode.persistent), token);
    } else if (draw < 0.48) {
      this.#ask({ op: OpCode.delete, path, version: -1 }, undefined);
    } else if (draw < 0.55) {
      const token = this.#token();
      const mode = random.chance(0.5) ? CreateMode.ephemeral : CreateMode.ephemeralSequential;
      const at =
        mode === CreateMode.ephemeral ? `${ROOT}/${this.name}-${random.below(3)}` : `${ROOT}/w-`;
      this.#ask(createRequest(at, token, mode), token);
    } else if (draw < 0.6) {
      const token = this.#token();
      this.#ask(createRequest(`${QUEUE}/n-`, token, CreateMode.persistentSequential), token);
    } else if (draw < 0.65) {
      this.#takeFromQueue();
    } else if (draw < 0.7) {
      this.#askMulti(path);
    } else if (draw < 0.72) {
      this.#ask({ op: OpCode.sync, path: ROOT }, undefined);
    } else if (draw < 0.725) {
      this.#isClosing = true;
      this.#ask({ op: OpCode.closeSession }, undefined);
    } else {
      this.#read(path);
    }
  }

  #read(path: string): void {
    const { random } = this;
    const watch = random.chance(0.5);
    const op = random.pick([OpCode.getData, OpCode.exists, OpCode.getChildren]);
    const parent = random.pick([ROOT, ROOT, QUEUE]);
    this.#ask({ op, path: op === OpCode.getChildren ? parent : path, watch } as Request, undefined);
  }

  /** Deletes what is first in the queue, as far as is known. */
  #takeFromQueue(): void {
    const { model } = this.world.sessions;
    const first = model.childrenAt(QUEUE, this.#view.lastZxid)[0];
    const path = first === undefined ? `${QUEUE}/none` : `${QUEUE}/${first}`;
    this.#ask({ op: OpCode.delete, path, version: -1 }, undefined);
  }

  /** All or nothing: the znode has the version that this client believes in, and then gets a new one with a second znode. */
  #askMulti(path: string): void {
    const { model } = this.world.sessions;
    const version = model.at(path, this.#view.lastZxid)?.version ?? 0;
    const token = this.#token();
    this.#ask(
      {
        op: OpCode.multi,
        ops: [
          { op: OpCode.check, path, version },
          { op: OpCode.setData, path, data: encodeUtf8(token), version: -1 },
          createRequest(`${QUEUE}/m-`, '', CreateMode.persistentSequential),
        ],
      },
      token,
    );
  }
}

function createRequest(path: string, token: string, flags: number) {
  return { op: OpCode.create, path, data: encodeUtf8(token), acl: openAcl, flags } as const;
}
