import { createServer, type Server, type Socket } from 'node:net';
import { type Client, hostAddress, type ServerCore, type Turn } from '@zooid/core';
import type { JuteWriter } from '@zooid/protocol';
import { type FourLetterWords, tryFourLetterWord } from '../admin/four-letter.ts';
import type { Clock } from '../clock.ts';
import type { NetworkConfig } from '../config/config.ts';
import type { Reporter } from '../report/reporter.ts';
import type { CutReason } from '../report/shell-fact.ts';
import { ClientConnection } from './client-connection.ts';
import { writeToSocket } from './write-to-socket.ts';

/** Bytes that may wait in a client's socket before its requests are no longer read. */
const UNSENT_BYTES_PAUSE = 1024 * 1024;
/** Bytes that may wait in a client's socket, events above all, before it is cut off: it does not read. */
const UNSENT_BYTES_MAX = 64 * 1024 * 1024;
/** Time for clients to take their last replies when the server stops. */
const CLOSE_MS_MAX = 1000;
/** Argument bytes that a four-letter word may bring (`stmk` has eight). */
const WORD_ARGUMENT_BYTES_MAX = 8;

export interface ClientListenerParts {
  readonly config: NetworkConfig;
  /** Requests in work at which clients are no longer read (`globalOutstandingLimit`). */
  readonly outstandingMax: number;
  readonly core: ServerCore;
  readonly turn: Turn;
  readonly words: FourLetterWords;
  readonly reporter: Reporter;
  readonly clock: Clock;
}

/**
 * The client port: accepts, cuts what arrives into frames, feeds them to the core in turns and sends
 * what the turns produce. Decides who may connect and who is cut off; knows nothing of requests.
 */
export class ClientListener {
  readonly connections: Set<ClientConnection> = new Set();
  readonly #parts: ClientListenerParts;
  readonly #server: Server;
  readonly #countByAddress = new Map<string, number>();
  /** Connections without a session yet, oldest first. */
  readonly #sessionless = new Set<ClientConnection>();
  /** Connections whose requests are not read because too many are in work. */
  readonly #held = new Set<ClientConnection>();
  #isStopping = false;
  #onLastClosed: (() => void) | undefined;

  constructor(parts: ClientListenerParts) {
    this.#parts = parts;
    this.#server = createServer(
      { noDelay: true, keepAlive: parts.config.isTcpKeepAliveOn },
      (socket) => this.#onConnection(socket),
    );
  }

  /** Begins to listen. @returns the port. @throws what the system says, for example EADDRINUSE. */
  listen(): Promise<number> {
    const { client, listenBacklog } = this.#parts.config;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const options = {
        port: client.port,
        ...(client.host === undefined ? {} : { host: client.host }),
        ...(listenBacklog === undefined ? {} : { backlog: listenBacklog }),
      };
      this.#server.listen(options, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : client.port);
      });
    });
  }

  /** Accepts nobody any more, and takes in no more requests; replies still go out. */
  stopReading(): void {
    this.#isStopping = true;
    this.#server.close();
    for (const { socket } of this.connections) socket.pause();
  }

  /** Closes every connection once what was written to it is sent; resolves when the last one is gone. */
  async close(): Promise<void> {
    this.stopReading();
    if (this.connections.size === 0) return;
    const closed = new Promise<void>((resolve) => {
      this.#onLastClosed = resolve;
    });
    const impatience = setTimeout(() => {
      for (const { socket } of this.connections) socket.destroy();
    }, CLOSE_MS_MAX);
    for (const { socket } of this.connections) socket.destroySoon();
    await closed;
    clearTimeout(impatience);
  }

  /** Sends what a turn wrote for one client, as one write, and hangs up if the core says so. */
  send(client: Client, out: JuteWriter): void {
    const connection = client as ClientConnection;
    const { socket } = connection;
    if (socket.destroyed) return;
    if (out.length > 0) writeToSocket(socket, out.bytes, out.length);
    if (connection.closing !== undefined) {
      socket.destroySoon();
      return;
    }
    const unsentBytes = socket.writableLength;
    if (unsentBytes > UNSENT_BYTES_MAX) {
      this.#cut(connection, 'reads-too-slowly', `${unsentBytes} bytes wait to be read`);
    } else if (unsentBytes > UNSENT_BYTES_PAUSE && !connection.isPaused) {
      connection.isPaused = true;
      socket.pause();
      socket.once('drain', () => {
        connection.isPaused = false;
        if (!this.#held.has(connection) && !this.#isStopping) socket.resume();
      });
    }
  }

  /** Reads again from clients that were held back, once there is room. */
  releaseHeld(): void {
    if (this.#held.size === 0 || this.#isStopping) return;
    if (this.#parts.core.outstandingCount > this.#parts.outstandingMax) return;
    for (const connection of this.#held) {
      this.#held.delete(connection);
      if (!connection.isPaused) connection.socket.resume();
    }
  }

  /** Closes connections that are without a session for too long. */
  sweep(nowMs: number): void {
    for (const connection of this.#sessionless) {
      if (connection.phase === 'open') {
        this.#sessionless.delete(connection);
      } else if (connection.sessionDueMs <= nowMs) {
        this.#cut(connection, 'no-session-in-time');
      } else {
        return;
      }
    }
  }

  /** Closes about this share of the connections and returns how many. */
  shed(percentage: number, random: () => number): number {
    let count = 0;
    for (const connection of this.connections) {
      if (random() * 100 >= percentage) continue;
      this.#cut(connection, 'shed');
      count++;
    }
    return count;
  }

  #onConnection(socket: Socket): void {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      // It is gone again already.
      socket.destroy();
      return;
    }
    const address = hostAddress(remoteAddress);
    const { config, reporter, clock } = this.#parts;
    const reason = this.#refusal(address);
    if (reason !== undefined) {
      reporter.report({ kind: 'connection-refused', address, reason });
      socket.destroy();
      return;
    }
    const nowMs = clock.nowMs();
    const connection = new ClientConnection(socket, {
      address,
      port: socket.remotePort ?? 0,
      establishedMs: clock.wallMs(),
      sessionDueMs: nowMs + config.sessionlessTimeoutMs,
      frameBytesMax: config.frameBytesMax,
    });
    this.connections.add(connection);
    this.#sessionless.add(connection);
    this.#countByAddress.set(address, (this.#countByAddress.get(address) ?? 0) + 1);
    socket.on('data', (chunk: Buffer) => this.#onData(connection, chunk));
    socket.on('error', (error) => this.#onError(connection, error));
    socket.on('close', () => this.#onClose(connection));
  }

  #refusal(address: string): 'too-many-connections' | 'too-many-from-address' | undefined {
    const { connectionCountMax, connectionCountPerAddressMax } = this.#parts.config;
    if (connectionCountMax > 0 && this.connections.size >= connectionCountMax) {
      return 'too-many-connections';
    }
    const count = this.#countByAddress.get(address) ?? 0;
    if (connectionCountPerAddressMax > 0 && count >= connectionCountPerAddressMax) {
      return 'too-many-from-address';
    }
    return undefined;
  }

  #onData(connection: ClientConnection, chunk: Buffer): void {
    const { turn, core, outstandingMax } = this.#parts;
    const { frames } = connection;
    if (connection.closing !== undefined || this.#isStopping) return;
    turn.begin();
    frames.push(chunk);
    while (frames.next()) {
      core.onClientFrame(connection, frames.bytes, frames.frameStart, frames.frameEnd);
    }
    turn.end();
    if (frames.isRefused) this.#onRefused(connection);
    if (core.outstandingCount > outstandingMax && connection.outstanding > 0) {
      this.#held.add(connection);
      connection.socket.pause();
    }
  }

  /** A length that cannot be: a four-letter word if it comes first, else an offence. */
  #onRefused(connection: ClientConnection): void {
    const { frames, socket } = connection;
    const length = frames.refusedLength;
    if (connection.phase === 'new' && connection.stats.packetsReceived === 0) {
      const word = tryFourLetterWord(length);
      if (word !== undefined) {
        const rest = frames.rest().slice(0, WORD_ARGUMENT_BYTES_MAX);
        const { name: asked } = word;
        const { address } = connection;
        this.#parts.reporter.report({ kind: 'word-asked', word: asked, address });
        socket.removeAllListeners('data');
        socket.resume();
        socket.end(this.#parts.words.answer(word, rest));
        return;
      }
    }
    const reason = length < 0 ? 'frame-negative' : 'frame-too-long';
    this.#cut(connection, reason, `a frame of ${length} bytes`);
  }

  #onError(connection: ClientConnection, error: Error): void {
    const { address } = connection;
    const detail = error.message;
    this.#parts.reporter.report({
      kind: 'connection-cut',
      address,
      reason: 'socket-error',
      detail,
    });
  }

  #onClose(connection: ClientConnection): void {
    const { address } = connection;
    const count = this.#countByAddress.get(address) ?? 0;
    if (count <= 1) this.#countByAddress.delete(address);
    else this.#countByAddress.set(address, count - 1);
    this.connections.delete(connection);
    this.#sessionless.delete(connection);
    this.#held.delete(connection);
    this.#parts.turn.onClientClosed(connection);
    this.releaseHeld();
    if (this.connections.size === 0) this.#onLastClosed?.();
  }

  #cut(connection: ClientConnection, reason: CutReason, detail?: string): void {
    const { address } = connection;
    this.#parts.reporter.report({
      kind: 'connection-cut',
      address,
      reason,
      ...(detail === undefined ? {} : { detail }),
    });
    connection.socket.destroy();
  }
}
