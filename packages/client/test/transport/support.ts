/** Small servers and listeners for tests of the way to a server. */

import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { onTestFinished } from 'vitest';
import type { ConnectionHandlers } from '../../src/transport/transport.ts';

/** Drawn numbers that {@link shuffled} leaves everything in place with. */
export const inOrder = (): number => 0.999_999;

/** Lets everything that is due in this turn of the event loop happen. Real, whatever the clock of the test is. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits, turn by turn, until the answer is true. Its bound is the time that vitest gives the test. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextTurn();
}

/** Numbers in [0, 1) from a seed: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A file of `test/certificates`, made by `make.sh` there. */
export function certificate(name: string): Buffer {
  return fs.readFileSync(new URL(`../certificates/${name}`, import.meta.url));
}

/** Hears what a connection tells, and fails where it tells what it must not. */
export class Listener implements ConnectionHandlers {
  readonly #received: Buffer[] = [];
  readonly #events: string[] = [];
  #markOpen!: () => void;
  #markClosed!: (error: Error | undefined) => void;
  readonly opened = new Promise<void>((resolve) => {
    this.#markOpen = resolve;
  });
  readonly closed = new Promise<Error | undefined>((resolve) => {
    this.#markClosed = resolve;
  });

  /** Everything that happened: `open`, `close`, and `data` for any number of chunks in a row. */
  get events(): readonly string[] {
    return this.#events;
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  onOpen(): void {
    this.#events.push('open');
    this.#markOpen();
  }

  onData(chunk: Uint8Array): void {
    if (this.#events.at(-1) !== 'data') this.#events.push('data');
    this.#received.push(Buffer.from(chunk));
  }

  onClose(error: Error | undefined): void {
    this.#events.push('close');
    this.#markClosed(error);
  }
}

export interface TestServer {
  readonly port: number;
  /** Sockets that were accepted so far, by TCP. */
  readonly accepted: number;
  /** The next socket that opens, handshake included. */
  nextSocket(): Promise<net.Socket>;
  /** The next socket that is accepted by TCP. */
  nextAccepted(): Promise<net.Socket>;
}

/** A server on 127.0.0.1 that does what `onSocket` says; with options for TLS it speaks TLS. Gone with the test. */
export async function startServer(
  onSocket: (socket: net.Socket) => void = () => {},
  tlsOptions?: tls.TlsOptions | undefined,
): Promise<TestServer> {
  const server = tlsOptions === undefined ? net.createServer() : tls.createServer(tlsOptions);
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  // A client that a test breaks off, or that is refused, is no failure of this server.
  server.on('tlsClientError', () => {});
  const opened = tlsOptions === undefined ? 'connection' : 'secureConnection';
  server.on(opened, (socket: net.Socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    get accepted() {
      return sockets.size;
    },
    nextSocket: async () => (await once(server, opened))[0],
    nextAccepted: async () => (await once(server, 'connection'))[0],
  };
}

/** A port of 127.0.0.1 where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
