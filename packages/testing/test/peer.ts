/** Sockets that keep what they hear, for tests that count bytes. Whatever is opened here goes with its test. */

import { createServer, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

const DEADLINE_MS = 15_000;

/** Asks again and again, without blocking the loop, until the answer is true. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const dueMs = performance.now() + DEADLINE_MS;
  while (!isTrue()) {
    if (performance.now() > dueMs) throw new Error(`${what}: not within ${DEADLINE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** One end of a connection. */
export class Peer {
  readonly socket: Socket;
  bytes: Buffer = Buffer.alloc(0);
  /** The other side said that it sends no more. */
  isEnded = false;
  isClosed = false;
  /** What the system said, for example `ECONNRESET`. */
  errorCode: string | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay();
    socket.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    socket.on('end', () => {
      this.isEnded = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code;
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
    onTestFinished(() => void socket.destroy());
  }

  /** Connects, with a socket that can be open in one direction only. @throws what the system says. */
  static connect(port: number): Promise<Peer> {
    const socket = new Socket({ allowHalfOpen: true });
    const peer = new Peer(socket);
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(port, '127.0.0.1', () => {
        socket.off('error', reject);
        resolve(peer);
      });
    });
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  received(text: string): Promise<void> {
    return until(() => this.text === text, `"${text}" to arrive, not "${this.text}"`);
  }

  ended(): Promise<void> {
    return until(() => this.isEnded || this.isClosed, 'the end of the stream');
  }

  closed(): Promise<void> {
    return until(() => this.isClosed, 'the end of the connection');
  }
}

/** A server that answers nothing by itself. */
export interface Target {
  readonly port: number;
  /** In the order in which they connected. */
  readonly peers: readonly Peer[];
  /** The connection of this number, once it is there. */
  peer(at: number): Promise<Peer>;
  close(): Promise<void>;
}

export async function startTarget(): Promise<Target> {
  const peers: Peer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => peers.push(new Peer(socket)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    for (const { socket } of peers) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(close);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    peers,
    peer: async (at) => {
      await until(() => peers.length > at, `connection ${at}`);
      return peers[at]!;
    },
    close,
  };
}

/**
 * Goes to the target and back, past the proxy, several times. Whatever was written before has been read meanwhile by whoever
 * read at all, and written on by whoever wrote it on. More rounds for many bytes: all take turns, and each reads as much
 * as it can in one.
 */
export async function goRound(target: Target, rounds = 5): Promise<void> {
  const at = target.peers.length;
  const walker = await Peer.connect(target.port);
  const end = await target.peer(at);
  for (let round = 1; round <= rounds; round++) {
    walker.send('.');
    await end.received('.'.repeat(round));
    end.send('.');
    await walker.received('.'.repeat(round));
  }
}
