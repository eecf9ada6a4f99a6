/**
 * The smallest possible ZooKeeper client: frames in, frames out, nothing hidden. It knows no retries,
 * no pings and no watch tables, so that a test says every byte that is sent and sees every byte that
 * comes back.
 */
import { connect, type Socket } from 'node:net';
import { JuteReader, JuteWriter } from '@zooid/protocol';

/** Bytes of a request after its header; built by the functions of request-bodies.ts. */
export type Body = (writer: JuteWriter) => void;

/** What a reply or notification starts with. */
export interface ReplyHeader {
  readonly xid: number;
  readonly zxid: bigint;
  readonly err: number;
}

/** A frame that the server sent, header read, the reader standing at the body. */
export interface Reply extends ReplyHeader {
  readonly body: JuteReader;
}

/** A watch event as the wire has it. */
export interface WireEvent {
  readonly zxid: bigint;
  readonly type: number;
  readonly state: number;
  readonly path: string;
}

export interface ConnectOptions {
  readonly timeoutMs?: number;
  readonly sessionId?: bigint;
  readonly password?: Uint8Array;
  readonly lastZxidSeen?: bigint;
  /** Left out of the request when undefined, as old clients do. */
  readonly readOnly?: boolean;
}

export interface ConnectReply {
  readonly protocolVersion: number;
  readonly timeoutMs: number;
  readonly sessionId: bigint;
  readonly password: Uint8Array;
  /** Undefined when the reply carries no such byte. */
  readonly readOnly: boolean | undefined;
}

/** Payload of a ConnectRequest. */
export function connectRequest(options: ConnectOptions): Uint8Array {
  const writer = new JuteWriter();
  writer.int(0);
  writer.long(options.lastZxidSeen ?? 0n);
  writer.int(options.timeoutMs ?? 30_000);
  writer.long(options.sessionId ?? 0n);
  writer.buffer(options.password ?? new Uint8Array(16));
  if (options.readOnly !== undefined) writer.boolean(options.readOnly);
  return writer.copy();
}

/** Payload of a request. */
export function requestFrame(xid: number, type: number, body?: Body): Uint8Array {
  const writer = new JuteWriter();
  writer.int(xid);
  writer.int(type);
  body?.(writer);
  return writer.copy();
}

/** The payload with its length before it. */
export function framed(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + payload.byteLength);
  new DataView(bytes.buffer).setInt32(0, payload.byteLength);
  bytes.set(payload, 4);
  return bytes;
}

/** A TCP connection that cuts what it receives into frames. */
export class WireConnection {
  readonly #socket: Socket;
  readonly #frames: Uint8Array[] = [];
  #received = new Uint8Array(0);
  #isClosed = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake?.();
    });
  }

  /** @throws when nobody listens there. */
  static open(port: number): Promise<WireConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      const connection = new WireConnection(socket);
      socket.once('connect', () => resolve(connection));
      socket.once('error', reject);
    });
  }

  /** The server closed it, and every frame it had sent is taken. */
  get isClosed(): boolean {
    return this.#isClosed && this.#frames.length === 0;
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends one frame. */
  send(payload: Uint8Array): void {
    this.sendRaw(framed(payload));
  }

  /** Cuts the connection, without a closeSession. */
  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * The next frame; undefined when the connection is closed and no frame is left.
   *
   * @throws when neither happens within the deadline.
   */
  async next(deadlineMs = 10_000): Promise<Uint8Array | undefined> {
    const frame = this.#frames.shift();
    if (frame !== undefined || this.#isClosed) return frame;
    let timer: NodeJS.Timeout | undefined;
    const isLate = await new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), deadlineMs);
      this.#wake = () => resolve(false);
    });
    clearTimeout(timer);
    this.#wake = undefined;
    if (isLate) throw new Error(`no frame and no close within ${deadlineMs} ms`);
    return this.#frames.shift();
  }

  #onData(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.#received.byteLength + chunk.byteLength);
    bytes.set(this.#received);
    bytes.set(chunk, this.#received.byteLength);
    const view = new DataView(bytes.buffer);
    let at = 0;
    while (bytes.byteLength - at >= 4) {
      const length = view.getInt32(at);
      if (bytes.byteLength - at - 4 < length) break;
      this.#frames.push(bytes.slice(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#received = bytes.slice(at);
    if (this.#frames.length > 0) this.#wake?.();
  }
}

/** Reads a ConnectResponse. */
export function readConnectReply(frame: Uint8Array): ConnectReply {
  const reader = new JuteReader(frame);
  const reply = {
    protocolVersion: reader.int(),
    timeoutMs: reader.int(),
    sessionId: reader.long(),
    password: Uint8Array.from(reader.buffer() ?? []),
    readOnly: reader.remaining > 0 ? reader.boolean() : undefined,
  };
  if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes after a ConnectResponse`);
  return reply;
}

/** Reads the header of any later frame. */
export function readReply(frame: Uint8Array): Reply {
  const body = new JuteReader(frame);
  return { xid: body.int(), zxid: body.long(), err: body.int(), body };
}

/** Reads what follows the header of a notification. */
export function readEvent(reply: Reply): WireEvent {
  const { zxid, body } = reply;
  return { zxid, type: body.int(), state: body.int(), path: body.text() };
}

/** A session on one connection, one request at a time. */
export class WireSession {
  readonly connection: WireConnection;
  readonly connected: ConnectReply;
  /** Watch events, in order of arrival; taken by {@link takeEvents}. */
  readonly #events: WireEvent[] = [];
  #xid = 0;

  private constructor(connection: WireConnection, connected: ConnectReply) {
    this.connection = connection;
    this.connected = connected;
  }

  /** @throws when the server closes the connection or refuses the session. */
  static async open(port: number, options: ConnectOptions = {}): Promise<WireSession> {
    const connection = await WireConnection.open(port);
    connection.send(connectRequest(options));
    const frame = await connection.next();
    if (frame === undefined) throw new Error('closed before the ConnectResponse');
    const connected = readConnectReply(frame);
    if (connected.timeoutMs <= 0) throw new Error('the server refused the session');
    return new WireSession(connection, connected);
  }

  /** Sends a request and waits for its reply; events on the way are kept. */
  async request(type: number, body?: Body, xid?: number): Promise<Reply> {
    this.connection.send(requestFrame(xid ?? ++this.#xid, type, body));
    for (;;) {
      const frame = await this.connection.next();
      if (frame === undefined) throw new Error('connection closed');
      const reply = readReply(frame);
      if (reply.xid !== -1) return reply;
      this.#events.push(readEvent(reply));
    }
  }

  /** As {@link request}. @throws when the reply carries an error. */
  async ok(type: number, body?: Body, xid?: number): Promise<JuteReader> {
    const reply = await this.request(type, body, xid);
    if (reply.err !== 0) throw new Error(`request of type ${type} failed: ${reply.err}`);
    return reply.body;
  }

  /** The events that arrived before the last reply, in order. */
  takeEvents(): WireEvent[] {
    return this.#events.splice(0);
  }

  /** Closes the session and waits until the server has closed the connection. */
  async close(): Promise<void> {
    await this.request(-11);
    while ((await this.connection.next()) !== undefined);
    this.connection.destroy();
  }
}
