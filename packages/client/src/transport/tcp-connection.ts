/**
 * One connection by TCP or TLS, from the name of a server to the last byte.
 *
 *     resolving ──▶ connecting ──▶ open ──▶ closed
 *         │          │  ▲  │                  ▲
 *         │          └──┘  │   next address   │
 *         └────────────────┴──────────────────┘
 *
 * Decides which address is tried for how long; how a socket is made, and what a failure means for the options of TLS,
 * is told by `tcp-transport.ts`.
 */

import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { formatServer, type ServerAddress } from './connect-string.ts';
import { failureReason } from './failure-reason.ts';
import { shuffled } from './shuffle.ts';
import type { Connection, ConnectionHandlers } from './transport.ts';
import {
  type ConnectAttempt,
  ConnectAttemptError,
  ConnectionBrokenError,
} from './transport-errors.ts';

/** What a connection needs of its transport. */
export interface SocketMaker {
  /** The event of its sockets after which bytes may flow. */
  readonly openEvent: 'connect' | 'secureConnect';
  /** Finds every address of a name. */
  lookup(host: string): Promise<readonly string[]>;
  /** Begins to connect to `address`, an IP address of `server`. Throws when it cannot even begin. */
  connect(server: ServerAddress, address: string): net.Socket | TLSSocket;
  /**
   * What this side can add to why a server hung up before it sent anything.
   *
   * @param failure - Node's error; undefined when the server closed in order.
   * @returns a phrase; undefined when there is nothing to add.
   */
  hangUpNote(failure: Error | undefined): string | undefined;
  /** Gives numbers in [0, 1). */
  random(): number;
}

/**
 * What an address is given at least, in ms, while there is time: with very many addresses the last ones are not tried,
 * rather than none long enough. The order is another one each time.
 */
const ADDRESS_TIMEOUT_MS_MIN = 250;

/** Longer delays overflow Node's timers, which then fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export class TcpConnection implements Connection {
  readonly #server: ServerAddress;
  readonly #handlers: ConnectionHandlers;
  readonly #maker: SocketMaker;
  readonly #timeoutMs: number;
  /** By the monotonic clock. */
  readonly #deadlineMs: number;

  #phase: 'resolving' | 'connecting' | 'open' | 'closed' = 'resolving';
  /** `end` or `destroy` was called: whatever happens now is no error. */
  #isLeaving = false;
  /** The only timer there is: of the lookup, then of the present attempt. None runs while open or closed. */
  #timer: NodeJS.Timeout | undefined;
  /** Addresses not yet tried. */
  #addresses: string[] = [];
  #address: string | undefined;
  readonly #attempts: ConnectAttempt[] = [];
  /** Of the present attempt, then of the connection. */
  #socket: net.Socket | undefined;
  /** What the present socket failed of. */
  #failure: Error | undefined;
  #hasReceived = false;

  constructor(
    server: ServerAddress,
    handlers: ConnectionHandlers,
    timeoutMs: number,
    maker: SocketMaker,
  ) {
    this.#server = server;
    this.#handlers = handlers;
    this.#maker = maker;
    this.#timeoutMs = timeoutMs;
    this.#deadlineMs = performance.now() + timeoutMs;
    this.#resolve();
  }

  get remote(): string {
    const name = formatServer(this.#server);
    const address = this.#address;
    return address === undefined || address === this.#server.host ? name : `${name} (${address})`;
  }

  get bufferedBytes(): number {
    return this.#socket?.writableLength ?? 0;
  }

  write(bytes: Uint8Array): void {
    if (this.#isLeaving || this.#phase === 'closed') return;
    if (this.#phase !== 'open') throw new Error('bytes are written before the connection is open');
    this.#socket!.write(bytes);
  }

  end(): void {
    if (this.#phase !== 'open') {
      this.destroy();
      return;
    }
    this.#isLeaving = true;
    this.#socket!.end();
  }

  destroy(): void {
    if (this.#phase === 'closed') return;
    const wasLeaving = this.#isLeaving;
    this.#isLeaving = true;
    clearTimeout(this.#timer);
    if (this.#phase !== 'resolving') {
      // Closing follows as the socket's event, once.
      this.#socket!.destroy();
    } else if (!wasLeaving) {
      // The answer of the lookup is no longer awaited.
      process.nextTick(() => this.#close(undefined));
    }
  }

  // ── finding and trying addresses ───────────────────────────────────────────────────────────────────────

  #resolve(): void {
    const { host } = this.#server;
    const addresses =
      net.isIP(host) === 0 ? this.#maker.lookup(host) : Promise.resolve<readonly string[]>([host]);
    this.#timer = setTimeout(
      () => this.#fail(`the name was not resolved within ${Math.round(this.#timeoutMs)} ms`),
      delayOf(this.#timeoutMs),
    );
    addresses.then(
      (found) => this.#onResolved(found),
      (error: unknown) => {
        if (!this.#isResolving()) return;
        const cause = asError(error);
        this.#fail(`the name cannot be resolved: ${failureReason(cause)}`, cause);
      },
    );
  }

  /** Whether anybody still waits for the name: it may have taken too long, or the caller is gone. */
  #isResolving(): boolean {
    return this.#phase === 'resolving' && !this.#isLeaving;
  }

  #onResolved(found: readonly string[]): void {
    if (!this.#isResolving()) return;
    if (found.length === 0) {
      this.#fail('the name has no address');
      return;
    }
    this.#addresses = shuffled([...new Set(found)], () => this.#maker.random());
    this.#phase = 'connecting';
    this.#tryNext();
  }

  /** Tries the next address; without another one, or time, it is over. */
  #tryNext(): void {
    clearTimeout(this.#timer);
    this.#failure = undefined;
    const remainingMs = this.#deadlineMs - performance.now();
    const address = remainingMs > 0 ? this.#addresses.shift() : undefined;
    if (address === undefined) {
      const left = this.#addresses.length;
      this.#fail(left === 0 ? undefined : `no time was left for ${left} more of its addresses`);
      return;
    }
    this.#address = address;
    let socket: net.Socket;
    try {
      socket = this.#maker.connect(this.#server, address);
    } catch (error) {
      // An address or a port that no socket takes.
      this.#noteAttempt(asError(error));
      this.#tryNext();
      return;
    }
    this.#socket = socket;
    const shareMs = remainingMs / (this.#addresses.length + 1);
    const limitMs = Math.min(remainingMs, Math.max(shareMs, ADDRESS_TIMEOUT_MS_MIN));
    this.#timer = setTimeout(() => socket.destroy(timeoutError(limitMs)), delayOf(limitMs));
    socket.once(this.#maker.openEvent, () => this.#onOpen(socket));
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    socket.once('close', () => this.#onSocketClose());
  }

  #noteAttempt(error: Error): void {
    const address = formatServer({ host: this.#address!, port: this.#server.port });
    this.#attempts.push({ address, reason: this.#reasonOf(error), error });
  }

  #fail(problem: string | undefined, cause?: Error | undefined): void {
    this.#close(new ConnectAttemptError(this.#server, this.#attempts, problem, cause));
  }

  // ── the open connection ────────────────────────────────────────────────────────────────────────────────

  #onOpen(socket: net.Socket): void {
    // A socket that was destroyed may have opened in the same turn.
    if (this.#isLeaving || socket.destroyed) return;
    clearTimeout(this.#timer);
    this.#phase = 'open';
    socket.on('data', (chunk: Uint8Array) => {
      this.#hasReceived = true;
      this.#handlers.onData(chunk);
    });
    // A server that says no more takes no more: what was not sent yet need not be waited for.
    socket.once('end', () => socket.destroy());
    this.#handlers.onOpen();
  }

  #onSocketClose(): void {
    if (this.#isLeaving) {
      this.#close(undefined);
    } else if (this.#phase === 'open') {
      this.#close(this.#breakError());
    } else {
      this.#noteAttempt(this.#failure ?? new Error('the server hung up'));
      this.#tryNext();
    }
  }

  /** Why an open connection ended; undefined when the server closed it in order. */
  #breakError(): Error | undefined {
    const failure = this.#failure;
    const reason = this.#reasonOf(failure);
    if (reason === undefined) return undefined;
    return new ConnectionBrokenError(this.remote, reason, failure);
  }

  #reasonOf(failure: Error): string;
  #reasonOf(failure: Error | undefined): string | undefined;
  #reasonOf(failure: Error | undefined): string | undefined {
    const reason = failure === undefined ? undefined : failureReason(failure);
    const note = this.#hasReceived ? undefined : this.#maker.hangUpNote(failure);
    return note === undefined ? reason : `${reason ?? 'the server hung up'}; ${note}`;
  }

  #close(error: Error | undefined): void {
    clearTimeout(this.#timer);
    this.#phase = 'closed';
    this.#handlers.onClose(error);
  }
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

function timeoutError(limitMs: number): Error {
  return Object.assign(new Error(`no answer within ${Math.round(limitMs)} ms`), {
    code: 'ETIMEDOUT',
  });
}

/** A delay that a timer can wait for. */
function delayOf(timeoutMs: number): number {
  return Math.min(timeoutMs, TIMER_MS_MAX);
}
