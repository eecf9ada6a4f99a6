import { writeSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { JuteWriter, OpCode } from '@zooid/protocol';
import { CHILD_COUNT, childName } from './workload.ts';

/**
 * A server that knows the answers before it is asked: it looks at the length, xid and opcode of each
 * frame and answers with fixed bytes. No server can do less, so what the generator reaches against
 * it is the generator's ceiling. Also the stub of the tests.
 */
export interface FixedServer {
  readonly port: number;
  close(): Promise<void>;
}

/** How a {@link FixedServer} answers. */
export interface FixedServerOptions {
  /** Length of the data in replies to getData. */
  readonly valueBytes: number;
  /** Code of the reply to the request with this ordinal on its connection, 0 when not given. */
  readonly codeOf?: (op: number, ordinal: number) => number;
  /** Sends replies; the default is one write. For tests that cut them up. */
  readonly send?: (socket: Socket, bytes: Uint8Array) => void;
}

const HEADER_BYTES = 16;
const STAT_BYTES = 68;

/** Listens on a free port of 127.0.0.1. */
export function startFixedServer(options: FixedServerOptions): Promise<FixedServer> {
  const replies = fixedReplies(options.valueBytes);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const connection = new FixedConnection(socket, replies, options);
    socket.on('data', (chunk) => connection.onChunk(chunk));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', 511, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () => closeServer(server, sockets),
      });
    });
  });
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Replies are gathered here for one write per chunk. */
let scratch = Buffer.alloc(1 << 20);

class FixedConnection {
  readonly #socket: Socket;
  readonly #descriptor: number;
  readonly #replies: ReadonlyMap<number, Uint8Array>;
  readonly #options: FixedServerOptions;
  #isConnected = false;
  #ordinal = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(
    socket: Socket,
    replies: ReadonlyMap<number, Uint8Array>,
    options: FixedServerOptions,
  ) {
    this.#socket = socket;
    const handle = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle;
    this.#descriptor = handle?.fd ?? -1;
    this.#replies = replies;
    this.#options = options;
  }

  onChunk(chunk: Buffer): void {
    const bytes = this.#rest.byteLength > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    let filled = 0;
    let isClosing = false;
    while (bytes.byteLength - at >= 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      if (end > bytes.byteLength) break;
      if (this.#isConnected) {
        const op = bytes.readInt32BE(at + 8);
        const body = this.#replies.get(op) ?? NO_BODY;
        filled = this.#fill(filled, bytes.readInt32BE(at + 4), op, bytes, at, body);
        isClosing ||= op === OpCode.closeSession;
      } else {
        this.#isConnected = true;
        filled = CONNECT_REPLY.copy(scratch, filled) + filled;
      }
      at = end;
    }
    this.#rest = bytes.subarray(at);
    if (filled > 0) this.#send(filled);
    if (isClosing) this.#socket.end();
  }

  /** Puts one reply into the scratch buffer; returns where the next goes. */
  #fill(
    at: number,
    xid: number,
    op: number,
    request: Buffer,
    requestAt: number,
    fixedBody: Uint8Array,
  ): number {
    const code = this.#options.codeOf?.(op, this.#ordinal++) ?? 0;
    // The reply to create is its path, as it stands in the request.
    const body =
      op === OpCode.create
        ? request.subarray(requestAt + 12, requestAt + 16 + request.readInt32BE(requestAt + 12))
        : fixedBody;
    const bodyBytes = code === 0 ? body.byteLength : 0;
    if (scratch.byteLength < at + 4 + HEADER_BYTES + bodyBytes) {
      scratch = Buffer.concat([scratch, Buffer.alloc(scratch.byteLength)]);
    }
    scratch.writeInt32BE(HEADER_BYTES + bodyBytes, at);
    scratch.writeInt32BE(xid, at + 4);
    scratch.writeInt32BE(0, at + 8);
    scratch.writeInt32BE(0, at + 12);
    scratch.writeInt32BE(code, at + 16);
    if (bodyBytes > 0) scratch.set(body, at + 20);
    return at + 20 + bodyBytes;
  }

  #send(filled: number): void {
    if (this.#options.send !== undefined) {
      this.#options.send(this.#socket, Uint8Array.from(scratch.subarray(0, filled)));
      return;
    }
    let sent = 0;
    if (this.#descriptor >= 0 && this.#socket.writableLength === 0) {
      try {
        sent = writeSync(this.#descriptor, scratch, 0, filled);
      } catch {
        // The kernel's buffer is full, or the connection is gone: the stream finds out which.
      }
    }
    if (sent < filled) this.#socket.write(Uint8Array.from(scratch.subarray(sent, filled)));
  }
}

const NO_BODY = new Uint8Array(0);

/** Version 0, timeout 40 s, session 1, a password of 16 zeros, not read-only. */
const CONNECT_REPLY = Buffer.from(
  `00000025${'00000000'}${'00009c40'}${'0000000000000001'}${'00000010'}${'00'.repeat(16)}00`,
  'hex',
);

function fixedReplies(valueBytes: number): ReadonlyMap<number, Uint8Array> {
  const data = new JuteWriter();
  data.buffer(new Uint8Array(valueBytes));
  data.raw(new Uint8Array(STAT_BYTES), 0, STAT_BYTES);
  const children = new JuteWriter();
  children.texts(Array.from({ length: CHILD_COUNT }, (_, i) => childName(i)));
  const stat = new Uint8Array(STAT_BYTES);
  return new Map([
    [OpCode.getData, data.copy()],
    [OpCode.getChildren, children.copy()],
    [OpCode.exists, stat],
    [OpCode.setData, stat],
  ]);
}
