import { writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { JuteReader } from '@zooid/protocol';
import { closeSessionFrame, connectFrame } from './request-frames.ts';
import { UnexpectedReplyError } from './server-error.ts';

/** All sockets of a thread read into this buffer: each chunk is used up before the next is read. */
const receiveBuffer = new Uint8Array(256 * 1024);

const SESSION_TIMEOUT_MS = 40_000;
const OPEN_TIMEOUT_MS = 30_000;

/** What happens on an open session. */
export interface SessionEvents {
  /** Bytes arrived: `[0, end)` of `bytes`, valid only during the call. */
  readonly onBytes: (bytes: Uint8Array, end: number) => void;
  /** The connection is lost; not called after {@link SessionSocket.close}. */
  readonly onLost: (reason: Error) => void;
}

/** Address of a server. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * A TCP connection with a ZooKeeper session on it, as cheap as Node allows: reads go into one shared
 * buffer, writes go straight to the file descriptor. What the frames say is the owner's business.
 */
export class SessionSocket {
  /** Set by the owner as soon as it has the session. */
  events: SessionEvents | undefined;

  readonly #socket: Socket;
  /** Descriptor for direct writes, -1 when the platform shows none. */
  #descriptor = -1;
  /** Node's own queue holds bytes: what follows must queue behind them. */
  #isQueueing = false;
  #isClosing = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Connects and opens a new session.
   *
   * @param openMsMax - how long the server may be silent meanwhile.
   * @throws when the connection fails or the server refuses the session.
   */
  static open(address: ServerAddress, openMsMax: number = OPEN_TIMEOUT_MS): Promise<SessionSocket> {
    return new Promise((resolve, reject) => {
      let handshake: Uint8Array | undefined = new Uint8Array(0);
      const socket = connect({
        host: address.host,
        port: address.port,
        noDelay: true,
        onread: {
          buffer: receiveBuffer,
          callback: (count, buffer) => {
            if (handshake === undefined) {
              session.events?.onBytes(buffer, count);
              return true;
            }
            handshake = joined(handshake, buffer.subarray(0, count));
            try {
              const rest = readConnectReply(handshake);
              if (rest === undefined) return true;
              if (rest.byteLength > 0)
                throw new UnexpectedReplyError('bytes that nobody asked for');
              handshake = undefined;
              socket.setTimeout(0);
              session.#descriptor = descriptorOf(socket);
              resolve(session);
            } catch (error) {
              fail(error as Error);
            }
            return true;
          },
        },
      });
      const session = new SessionSocket(socket);
      const fail = (reason: Error): void => {
        session.#descriptor = -1;
        if (handshake !== undefined) {
          socket.destroy();
          reject(reason);
        } else if (!session.#isClosing) {
          session.#isClosing = true;
          socket.destroy();
          session.events?.onLost(reason);
        }
      };
      socket.setTimeout(openMsMax, () => fail(new Error('the server does not answer')));
      socket.on('error', fail);
      socket.on('close', () => fail(new Error('the server closed the connection')));
      socket.on('connect', () => socket.write(connectFrame(SESSION_TIMEOUT_MS)));
    });
  }

  /** Sends `bytes[start, end)`; the bytes may be changed as soon as this returns. */
  write(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosing) return;
    let at = start;
    if (this.#descriptor >= 0 && !this.#isQueueing) {
      try {
        at += writeSync(this.#descriptor, bytes, start, end - start);
      } catch (error) {
        // EAGAIN: the kernel's buffer is full, Node queues the rest. Other errors come again as events.
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#descriptor = -1;
      }
      if (at === end) return;
    }
    this.#isQueueing = true;
    this.#socket.write(bytes.slice(at, end), () => {
      this.#isQueueing = this.#socket.writableLength > 0;
    });
  }

  /** Ends the session and the connection. Resolves when the server has closed its side, or after a second. */
  close(): Promise<void> {
    if (this.#isClosing) return Promise.resolve();
    const frame = closeSessionFrame(0x7fff_ffff);
    this.write(frame, 0, frame.byteLength);
    this.#isClosing = true;
    this.#descriptor = -1;
    this.events = undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), 1_000);
      this.#socket.on('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Drops the connection at once, by a reset; the session stays until it times out. */
  destroy(): void {
    this.#isClosing = true;
    this.#descriptor = -1;
    this.#socket.resetAndDestroy();
  }
}

/** Bytes behind the connect reply, which is `int length | int version | int timeout | long session | ...`. */
function readConnectReply(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.byteLength < 4) return undefined;
  const reader = new JuteReader(bytes);
  const length = reader.int();
  if (length < 12 || length > 1024) {
    throw new UnexpectedReplyError(`a connect reply of ${length} bytes: no ZooKeeper server?`);
  }
  if (reader.remaining < length) return undefined;
  reader.int();
  if (reader.int() <= 0) throw new UnexpectedReplyError('the server refused the session');
  return bytes.subarray(4 + length);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}

/**
 * The socket's descriptor. Node shows it on the handle (undocumented, there since 0.x, not on Windows);
 * a direct write costs a third of one through the stream.
 */
function descriptorOf(socket: Socket): number {
  const handle = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle;
  return handle?.fd ?? -1;
}
