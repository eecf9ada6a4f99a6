import { connect, type Socket } from 'node:net';
import type { NameLookup } from './name-lookup.ts';
import { formatHostPort, type HostPort } from './peer-address.ts';

/** Silence after which the system asks whether the other side is still there; after some ten questions without an answer it is not. */
const KEEP_ALIVE_MS = 10_000;
/** For one of several addresses of a name, before the next one is tried. Node's own 250 ms is less than some round trips. */
const ADDRESS_MS_MAX = 1000;

export interface DialEvents {
  /** The socket has no listeners: whoever takes it must listen for errors at once. */
  onConnected(socket: Socket): void;
  onFailed(error: Error): void;
}

/** One attempt to connect to another server: it succeeds or fails once, in bounded time, and never before the constructor returns. */
export class Dial {
  readonly #target: HostPort;
  readonly #events: DialEvents;
  readonly #timer: NodeJS.Timeout;
  #giveUpLookup: (() => void) | undefined;
  #socket: Socket | undefined;
  #isOver = false;

  /** @param timeoutMs - for the lookup of the name and the connection together. */
  constructor(target: HostPort, timeoutMs: number, names: NameLookup, events: DialEvents) {
    this.#target = target;
    this.#events = events;
    this.#timer = setTimeout(
      () => this.#fail(new Error(`no connection within ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#giveUpLookup = names.lookup(target.host, (result) => {
      if (result instanceof Error) this.#fail(result);
      else this.#connect(result);
    });
  }

  /** Gives the attempt up: no event follows. */
  cancel(): void {
    if (this.#end()) this.#socket?.destroy();
  }

  #connect(addresses: readonly { readonly address: string; readonly family: number }[]): void {
    const socket = connect({
      host: this.#target.host,
      port: this.#target.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      autoSelectFamilyAttemptTimeout: ADDRESS_MS_MAX,
      lookup: (_host, options, callback) => {
        if (options.all === true) callback(null, [...addresses]);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      },
    });
    this.#socket = socket;
    socket.once('error', (error) => this.#fail(error));
    socket.once('connect', () => this.#onConnected(socket));
  }

  #onConnected(socket: Socket): void {
    if (isSelfConnected(socket)) {
      this.#fail(new Error(`nobody listens on ${formatHostPort(this.#target)}`));
      return;
    }
    if (!this.#end()) return;
    socket.removeAllListeners('error');
    this.#events.onConnected(socket);
  }

  #fail(error: Error): void {
    if (!this.#end()) return;
    const socket = this.#socket;
    // It may still tell its own end.
    socket?.on('error', () => {});
    socket?.destroy();
    this.#events.onFailed(error);
  }

  /** @returns false when it is over already. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#giveUpLookup?.();
    this.#giveUpLookup = undefined;
    return true;
  }
}

/**
 * Whether the socket is its own other end. TCP permits that: who asks for a port of this machine again and again, where nobody
 * listens, in time gets this very port for its own side.
 */
export function isSelfConnected(socket: Socket): boolean {
  return socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress;
}
