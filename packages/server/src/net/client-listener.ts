import { createServer, type Socket } from 'node:net';
import { type Client, hostAddress, type ServerCore, type Turn } from '@zooid/core';
import type { JuteWriter } from '@zooid/protocol';
import { type FourLetterWords, tryFourLetterWord } from '../admin/four-letter.ts';
import type { Clock } from '../clock.ts';
import type { NetworkConfig } from '../config/config.ts';
import type { Reporter } from '../report/reporter.ts';
import type { ServerMeter } from '../report/server-meter.ts';
import type { CutReason } from '../report/shell-fact.ts';
import { ClientConnection } from './client-connection.ts';
import { isSamePlace, type ListenPlace, MovablePort } from './movable-port.ts';
import { connectionCountFromOpenFiles } from './open-files.ts';
import { writeToSocket } from './write-to-socket.ts';

/** Bytes that may wait in a client's socket before its requests are no longer read. */
const UNSENT_BYTES_PAUSE = 1024 * 1024;
/** Memory that may wait in a client's socket, events above all, before it is cut off: it does not read. */
const UNSENT_BYTES_MAX = 64 * 1024 * 1024;
/** What the engine needs for a write beside its bytes. */
const WRITE_OVERHEAD_BYTES = 256;
/** Reply bytes of one client after which a turn ends, so that they are sent before more are made. */
const TURN_OUTPUT_BYTES_MAX = 256 * 1024;
/**
 * Requests of one client that may wait behind a write of its own: all of them are answered in the turn that
 * ends the write, and each reply may be as long as a znode.
 */
const DEFERRED_COUNT_MAX = 32;
/** Time for a client to take its last replies when the server ends the connection. */
const LAST_REPLIES_MS_MAX = 5000;
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
  readonly meter: Pick<ServerMeter, 'onWord'>;
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
  readonly #port: MovablePort;
  readonly #countByAddress = new Map<string, number>();
  /** Connections without a session yet, oldest first. */
  readonly #sessionless = new Set<ClientConnection>();
  /** Connections whose requests are not taken because too many are in work. */
  readonly #held = new Set<ClientConnection>();
  /** Connections that were told to go and still have something to read, oldest first. */
  readonly #leaving = new Set<ClientConnection>();
  readonly #connectionCountMax: number;
  #isStopping = false;
  /** Nobody's requests are taken for the moment. */
  #isOnHold = false;
  #onLastClosed: (() => void) | undefined;

  constructor(parts: ClientListenerParts) {
    this.#parts = parts;
    const { connectionCountMax } = parts.config;
    this.#connectionCountMax = Math.min(
      connectionCountMax > 0 ? connectionCountMax : Infinity,
      connectionCountFromOpenFiles(),
    );
    this.#port = new MovablePort({
      createServer: () =>
        createServer({ noDelay: true, keepAlive: parts.config.isTcpKeepAliveOn }, (socket) =>
          this.#onConnection(socket),
        ),
      backlog: parts.config.listenBacklog,
      onError: (error) => this.#reportSocketError('', error),
    });
  }

  /** Begins to listen. @returns the port. @throws what the system says, for example EADDRINUSE. */
  listen(): Promise<number> {
    return this.#port.listen(this.#parts.config.client);
  }

  /**
   * Listens at another address from now on, or as soon as that can be had; connections stay.
   *
   * @returns the port; undefined when nothing was to be done, or another move or the end came in between.
   */
  async moveTo(place: ListenPlace): Promise<number | undefined> {
    const { place: old } = this.#port;
    if (old === undefined || isSamePlace(place, old) || this.#isStopping) return undefined;
    const { reporter } = this.#parts;
    const address = addressText(place);
    const onUnavailable = ({ message: reason }: Error) =>
      reporter.report({ kind: 'client-port-unavailable', address, reason });
    const port = await this.#port.moveTo(place, { onUnavailable });
    if (port !== undefined) reporter.report({ kind: 'listening', service: 'clients', address });
    return port;
  }

  /** Accepts nobody any more, and takes in no more requests; replies still go out. */
  stopReading(): void {
    this.#isStopping = true;
    void this.#port.close();
    for (const { socket } of this.connections) socket.pause();
  }

  /** Every request that was read is answered. */
  get isIdle(): boolean {
    for (const { outstanding } of this.connections) if (outstanding > 0) return false;
    return true;
  }

  /** Takes in no more requests until {@link release}; connections stay, replies go out, what arrives waits. */
  hold(): void {
    this.#isOnHold = true;
  }

  /** This server serves nobody any more: every client is told to go, when what it was answered is sent. Within a turn. */
  hangUpOnAll(): void {
    const { replies } = this.#parts.core;
    for (const connection of this.connections) {
      if (connection.phase !== 'new') replies.hangUp(connection, 'not-serving');
    }
  }

  /** Takes requests again, those that waited first. */
  release(): void {
    this.#isOnHold = false;
    this.releaseHeld();
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
    // After the end nothing can be written: the client has closed its side already.
    if (out.length > 0 && !socket.writableEnded) {
      const waitingBytes = socket.writableLength;
      connection.unsentWrites = waitingBytes === 0 ? 0 : connection.unsentWrites + 1;
      if (waitingBytes + connection.unsentWrites * WRITE_OVERHEAD_BYTES > UNSENT_BYTES_MAX) {
        this.#cut(connection, 'reads-too-slowly', `${waitingBytes} bytes wait to be read`);
        return;
      }
      writeToSocket(socket, connection.descriptor, out.bytes, out.length);
    }
    if (connection.closing !== undefined) {
      socket.destroySoon();
      connection.goneDueMs = this.#parts.clock.nowMs() + LAST_REPLIES_MS_MAX;
      this.#leaving.add(connection);
      return;
    }
    if (socket.writableLength > UNSENT_BYTES_PAUSE && !connection.isPaused) {
      connection.isPaused = true;
      socket.pause();
      socket.once('drain', () => {
        connection.isPaused = false;
        this.#goOn(connection);
      });
    }
  }

  /** Takes requests again from clients that were held back, once there is room. */
  releaseHeld(): void {
    const { core, outstandingMax } = this.#parts;
    if (this.#held.size === 0 || this.#isStopping || this.#isOnHold || !core.mayAnswer) return;
    for (const connection of this.#held) {
      if (core.outstandingCount > outstandingMax) return;
      if (connection.deferred.size >= DEFERRED_COUNT_MAX) continue;
      this.#held.delete(connection);
      this.#goOn(connection);
    }
  }

  /** Closes connections that are without a session for too long, or do not go when told to. */
  sweep(nowMs: number): void {
    for (const connection of this.#leaving) {
      if (connection.goneDueMs > nowMs) break;
      this.#leaving.delete(connection);
      this.#cut(connection, 'reads-too-slowly', 'the last replies are not read');
    }
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
    socket.on('error', (error) => this.#reportSocketError(address, error));
    socket.on('close', () => this.#onClose(connection));
  }

  #refusal(address: string): 'too-many-connections' | 'too-many-from-address' | undefined {
    const { connectionCountPerAddressMax } = this.#parts.config;
    if (this.connections.size >= this.#connectionCountMax) return 'too-many-connections';
    const count = this.#countByAddress.get(address) ?? 0;
    if (connectionCountPerAddressMax > 0 && count >= connectionCountPerAddressMax) {
      return 'too-many-from-address';
    }
    return undefined;
  }

  #onData(connection: ClientConnection, chunk: Buffer): void {
    if (connection.closing !== undefined || this.#isStopping) return;
    connection.frames.push(chunk);
    this.#takeFrames(connection);
  }

  /**
   * Feeds what has arrived to the core, in turns: as long as the client reads its replies and has not too
   * much in work. What is left over is taken by {@link #goOn}.
   */
  #takeFrames(connection: ClientConnection): void {
    const { turn, core, outstandingMax } = this.#parts;
    const { frames } = connection;
    for (;;) {
      // Answers that may not leave stay in memory: one for each connection at most, that to its connect request.
      if (this.#isOnHold || (!core.mayAnswer && connection.phase !== 'new')) {
        this.#held.add(connection);
        connection.socket.pause();
        return;
      }
      let isAtEnd = false;
      turn.begin();
      for (;;) {
        if (!frames.next()) {
          isAtEnd = true;
          break;
        }
        core.onClientFrame(connection, frames.bytes, frames.frameStart, frames.frameEnd);
        if (connection.out !== undefined && connection.out.length > TURN_OUTPUT_BYTES_MAX) break;
        if (connection.deferred.size >= DEFERRED_COUNT_MAX) break;
      }
      turn.end();
      if (isAtEnd && frames.isRefused) this.#onRefused(connection);
      if (connection.closing !== undefined || connection.socket.destroyed) return;
      const isBusy = core.outstandingCount > outstandingMax && connection.outstanding > 0;
      if (isBusy || connection.deferred.size >= DEFERRED_COUNT_MAX) {
        this.#held.add(connection);
        connection.socket.pause();
        return;
      }
      if (isAtEnd || connection.isPaused) return;
    }
  }

  /** A reason to take no requests of a connection is gone: if it was the last, takes them again. */
  #goOn(connection: ClientConnection): void {
    const isReady = () =>
      !connection.isPaused &&
      !this.#held.has(connection) &&
      !this.#isStopping &&
      connection.closing === undefined &&
      !connection.socket.destroyed;
    if (!isReady()) return;
    this.#takeFrames(connection);
    if (isReady()) connection.socket.resume();
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
        // As Apache does: the word is one packet, and the connection is read no more. Both show in the answer.
        this.#parts.meter.onWord(connection);
        connection.hasAskedWord = true;
        socket.removeAllListeners('data');
        socket.resume();
        socket.end(this.#parts.words.answer(word, rest));
        return;
      }
    }
    const reason = length < 0 ? 'frame-negative' : 'frame-too-long';
    this.#cut(connection, reason, `a frame of ${length} bytes`);
  }

  #reportSocketError(address: string, error: Error): void {
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
    this.#leaving.delete(connection);
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

function addressText({ host, port }: ListenPlace): string {
  return `${host ?? '0.0.0.0'}:${port}`;
}
