/**
 * A client that hides nothing: bytes and frames out, frames in. No pings, no retries, no watch table, and it
 * may misbehave as it likes. Every wait has a deadline, after which it fails and says what it waited for.
 */

import { connect, type Socket } from 'node:net';
import {
  type ConnectRequest,
  type ConnectResponse,
  decodeConnectResponse,
  decodeReplyHeader,
  decodeResponse,
  decodeWatcherEvent,
  encodeConnectRequest,
  encodeRequest,
  encodeRequestHeader,
  FrameSplitter,
  JuteReader,
  JuteWriter,
  OpCode,
  openAcl,
  type Request,
  ReservedXid,
  type Response,
  type WatcherEvent,
} from '@zooid/protocol';

/** How long a test waits for anything before it fails. */
export const DEADLINE_MS = 15_000;

/** A reply: its header, and the bytes of its body. */
export interface RawReply {
  readonly xid: number;
  readonly zxid: number;
  readonly err: number;
  readonly body: JuteReader;
}

export interface RawEvent extends WatcherEvent {
  readonly zxid: number;
}

/** Rejects when `promise` takes too long. */
export async function within<T>(promise: Promise<T>, what: string, ms = DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again, without blocking the loop, until the answer is true. */
export async function until(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const dueMs = performance.now() + DEADLINE_MS;
  while (!(await isTrue())) {
    if (performance.now() > dueMs) throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The payload with its length in front. */
export function framed(payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + payload.byteLength);
  bytes.writeInt32BE(payload.byteLength);
  bytes.set(payload, 4);
  return bytes;
}

/** Payload of a connect request. */
export function connectPayload(request: Partial<ConnectRequest> = {}): Uint8Array {
  const writer = new JuteWriter();
  encodeConnectRequest(writer, {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeoutMs: 30_000,
    sessionId: 0n,
    password: new Uint8Array(16),
    readOnly: false,
    ...request,
  });
  return writer.copy();
}

/** Payload of a request. */
export function requestPayload(xid: number, request: Request): Uint8Array {
  const writer = new JuteWriter();
  encodeRequestHeader(writer, { xid, type: request.op });
  encodeRequest(writer, request);
  return writer.copy();
}

/** Payload of a request with this opcode and these bytes behind the header. */
export function payloadOf(xid: number, op: number, body: Uint8Array = new Uint8Array(0)): Buffer {
  const bytes = Buffer.alloc(8 + body.byteLength);
  bytes.writeInt32BE(xid);
  bytes.writeInt32BE(op, 4);
  bytes.set(body, 8);
  return bytes;
}

/** A request that creates a znode which everybody may use. */
export function createOf(path: string, data: Uint8Array | null = null, flags = 0): Request {
  return { op: OpCode.create, path, data, acl: openAcl, flags };
}

export class RawClient {
  readonly socket: Socket;
  /** What the server answered to the connect request; undefined before. */
  session: ConnectResponse | undefined;
  /** Watch events, in the order of arrival. */
  readonly events: RawEvent[] = [];
  /** Bytes received in all. */
  receivedBytes = 0;
  isClosed = false;

  readonly #splitter = new FrameSplitter(2 ** 30 - 1);
  readonly #frames: Uint8Array[] = [];
  readonly #wakes: (() => void)[] = [];
  #xid = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** Connects and says nothing. @throws what the system says when nobody listens. */
  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const client = new RawClient(socket);
      socket.once('connect', () => resolve(client));
      socket.once('error', reject);
    });
  }

  /** Connects and has a session. @throws when the server refuses it. */
  static async connect(port: number, request: Partial<ConnectRequest> = {}): Promise<RawClient> {
    const client = await RawClient.open(port);
    const session = await client.handshake(request);
    if (session === undefined || session.timeoutMs <= 0) throw new Error('the session was refused');
    return client;
  }

  /** Sends a connect request. @returns the answer; undefined when the server closes instead. */
  async handshake(request: Partial<ConnectRequest> = {}): Promise<ConnectResponse | undefined> {
    this.sendFrame(connectPayload(request));
    return this.connectResponse();
  }

  /** Waits for the answer to a connect request that was sent. */
  async connectResponse(): Promise<ConnectResponse | undefined> {
    const frame = await this.next();
    if (frame === undefined) return undefined;
    const response = decodeConnectResponse(new JuteReader(frame));
    this.session = { ...response, password: Uint8Array.from(response.password ?? []) };
    return this.session;
  }

  /** Sends bytes as they are. */
  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes);
  }

  sendFrame(payload: Uint8Array): void {
    this.write(framed(payload));
  }

  /** Sends a request and does not wait. @returns its xid. */
  send(request: Request): number {
    const xid = ++this.#xid;
    this.sendFrame(requestPayload(xid, request));
    return xid;
  }

  /** Sends a request and waits for its reply. @throws when the server closes, or answers another request. */
  async request(request: Request): Promise<RawReply> {
    const xid = this.send(request);
    const reply = await this.reply();
    if (reply === undefined) throw new Error(`closed instead of an answer to opcode ${request.op}`);
    if (reply.xid !== (request.op === OpCode.ping ? ReservedXid.ping : xid))
      throw new Error(`answer to ${reply.xid}, not to ${xid}`);
    return reply;
  }

  /** As {@link request}, and reads the body. @throws also when the reply is an error. */
  async ok(request: Request): Promise<Response> {
    const reply = await this.request(request);
    if (reply.err !== 0) throw new Error(`opcode ${request.op} was answered with ${reply.err}`);
    return decodeResponse(reply.body, request.op);
  }

  /** The next reply; events on the way are kept. Undefined when the connection is closed and nothing is left. */
  async reply(): Promise<RawReply | undefined> {
    for (;;) {
      const frame = await this.next();
      if (frame === undefined) return undefined;
      const body = new JuteReader(frame);
      const header = decodeReplyHeader(body);
      if (header.xid !== ReservedXid.notification) return { ...header, body };
      this.events.push({ ...decodeWatcherEvent(body), zxid: header.zxid });
    }
  }

  /** The next frame; undefined when the connection is closed and no frame is left. */
  async next(): Promise<Uint8Array | undefined> {
    await this.#until(() => this.isClosed || this.#frames.length > 0, 'a frame or the end');
    return this.#frames.shift();
  }

  /** Waits until the connection is closed. @returns the frames that had not been taken. */
  async closed(): Promise<Uint8Array[]> {
    await this.#until(() => this.isClosed, 'the end of the connection');
    return this.#frames.splice(0);
  }

  /** Waits until it has received so many bytes in all. */
  received(bytes: number): Promise<void> {
    return this.#until(() => this.receivedBytes >= bytes, `${bytes} bytes`);
  }

  /** Everything not taken yet as text, once the server has closed: the answer to a four-letter word. */
  async text(word: string): Promise<string> {
    const chunks: Buffer[] = [];
    this.socket.removeAllListeners('data');
    this.socket.on('data', (chunk) => chunks.push(chunk));
    this.write(Buffer.from(word, 'latin1'));
    await this.closed();
    return Buffer.concat(chunks).toString('utf8');
  }

  /** Goes without a word. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Goes with a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #onData(chunk: Buffer): void {
    this.receivedBytes += chunk.byteLength;
    const splitter = this.#splitter;
    splitter.push(chunk);
    while (splitter.next()) {
      // A copy: what `slice` of a Buffer returns is a view.
      this.#frames.push(
        new Uint8Array(splitter.bytes.subarray(splitter.frameStart, splitter.frameEnd)),
      );
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  async #until(isTrue: () => boolean, what: string): Promise<void> {
    const dueMs = performance.now() + DEADLINE_MS;
    while (!isTrue()) {
      const leftMs = Math.max(1, dueMs - performance.now());
      await within(new Promise<void>((resolve) => this.#wakes.push(resolve)), what, leftMs);
    }
  }
}

/** The data of a znode. @throws when the reply is an error. */
export async function dataOf(client: RawClient, path: string): Promise<Uint8Array | null> {
  const response = await client.ok({ op: OpCode.getData, path, watch: false });
  return 'data' in response ? response.data : null;
}

/** Whether a znode is there. */
export async function isThere(client: RawClient, path: string): Promise<boolean> {
  return (await client.request({ op: OpCode.exists, path, watch: false })).err === 0;
}

/** The answer to a four-letter word. */
export async function askWord(port: number, word: string): Promise<string> {
  const client = await RawClient.open(port);
  return client.text(word);
}
