/**
 * A session's shell: the connection, the clock and the servers' names around a {@link SessionCore}.
 */

import { performance } from 'node:perf_hooks';
import { ConnectionLossError, OperationTimeoutError } from '../errors.ts';
import { Limit, startTimer, TIMER_MS_MAX } from '../limit.ts';
import { onAbort } from '../on-abort.ts';
import type { Backoff } from '../transport/backoff.ts';
import type { ServerAddress } from '../transport/connect-string.ts';
import { isReadWrite } from '../transport/read-write-probe.ts';
import type { ServerList } from '../transport/server-list.ts';
import type { Connection, Transport } from '../transport/transport.ts';
import type { CallOptions, CallSpec } from './call.ts';
import type { SaslMechanism } from './sasl.ts';
import {
  SessionCore,
  type SessionCoreOptions,
  type SessionOutbox,
  type SessionState,
  type SessionTicket,
} from './session-core.ts';
import type { WatchRegistry } from './watch-registry.ts';
import { renewLasting } from './watch-renewal.ts';

/** What a session is made of. */
export interface SessionParts {
  readonly transport: Transport;
  readonly servers: ServerList;
  readonly backoff: Backoff;
  readonly sasl?: SaslMechanism | undefined;
}

/** Hears of each change of state, in the same turn. */
export type StateListener = (state: SessionState, cause: Error | undefined) => void;

/** Longest pause between two looks for a server that can write, in ms. Source: ClientCnxn.maxPingRwTimeout. */
const PROBE_PAUSE_MS_MAX = 60_000;
const PROBE_PAUSE_MS_MIN = 100;
const PROBE_TIMEOUT_MS = 1_000;
/** A connection that lasted less, in ms, was no better than a failed attempt: the pauses go on growing. */
const LASTING_CONNECTION_MS = 1_000;

export class Session {
  readonly #core: SessionCore;
  readonly #options: SessionCoreOptions;
  readonly #parts: SessionParts;
  readonly #listeners = new Set<StateListener>();
  readonly #lost = new AbortController();

  #server: ServerAddress | undefined;
  /** Where to connect next, whatever the list says. */
  #nextServer: ServerAddress | undefined;
  #connection: Connection | undefined;
  // Counts connections: what an older one still tells is not heard.
  #generation = 0;
  #lastFailure: Error | undefined;
  /** Since when there is a session on the connection; undefined while there is none. */
  #connectedSinceMs: number | undefined;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #wakeCheck: NodeJS.Immediate | undefined;
  #probeTimer: NodeJS.Timeout | undefined;
  #probe: Connection | undefined;

  constructor(options: SessionCoreOptions, parts: SessionParts) {
    this.#options = options;
    this.#parts = parts;
    const outbox: SessionOutbox = {
      openConnection: () => this.#openLater(),
      dropConnection: () => this.#drop(),
      write: (bytes) => this.#connection?.write(bytes),
      flushSoon: () => process.nextTick(this.#flush),
      wakeAt: (atMs) => this.#wakeAt(atMs),
      onStateChange: (state, cause) => this.#onStateChange(state, cause),
      startSasl: () => void this.#authenticate(),
    };
    this.#core = new SessionCore(options, outbox, performance.now());
  }

  get state(): SessionState {
    return this.#core.state;
  }

  get ticket(): SessionTicket | undefined {
    return this.#core.ticket;
  }

  get timeoutMs(): number {
    return this.#core.timeoutMs;
  }

  get lastZxid(): number {
    return this.#core.lastZxid;
  }

  get endError(): Error | undefined {
    return this.#core.endError;
  }

  get pendingCount(): number {
    return this.#core.pendingCount;
  }

  get watches(): WatchRegistry {
    return this.#core.watches;
  }

  /** The server that the connection is with, or was last tried. */
  get server(): ServerAddress | undefined {
    return this.#server;
  }

  /** What the last connection ended of. */
  get lastFailure(): Error | undefined {
    return this.#lastFailure;
  }

  /** Begins to connect. Once. */
  open(): void {
    this.#core.open();
  }

  call<T>(spec: CallSpec<T>, options?: CallOptions): Promise<T> {
    const timeoutMs = options?.timeoutMs;
    const deadlineMs =
      timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    const answer = this.#core.submit(spec, deadlineMs, options?.signal);
    if (spec.watch !== undefined) {
      const stopExpecting = this.watches.expectOneShot(spec.watch);
      answer.then(stopExpecting, stopExpecting);
      renewLasting(this, spec.watch);
    }
    return answer;
  }

  async addAuth(scheme: string, auth: Uint8Array, options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    const answer = this.#core.addAuth(scheme, auth);
    using limit = new Limit(options?.signal, options?.timeoutMs, () => {
      return new OperationTimeoutError({ operation: 'addAuth' });
    });
    await limit.race(answer);
  }

  close(): Promise<void> {
    return this.#core.close(performance.now());
  }

  /** Fires when the session has ended; its reason is the error. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Waits until the state is one of `wanted`. Rejects when the session ends in another one. */
  untilState(wanted: readonly SessionState[], options?: CallOptions): Promise<SessionState> {
    const signal = options?.signal;
    const timeoutMs = options?.timeoutMs;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        stopListening();
        clearTimeout(timer);
        stopSignal?.();
        act();
      };
      const check = (state: SessionState) => {
        if (wanted.includes(state)) settle(() => resolve(state));
        else if (this.endError !== undefined) settle(() => reject(this.endError));
      };
      const onTimeout = () => {
        settle(() => reject(new OperationTimeoutError({ operation: 'untilState' })));
      };
      const stopListening = this.onStateChange(check);
      const stopSignal = signal && onAbort(signal, () => settle(() => reject(signal.reason)));
      const timer = timeoutMs === undefined ? undefined : startTimer(onTimeout, timeoutMs);
      check(this.state);
    });
  }

  /** @returns what stops it. */
  onStateChange(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Other servers from now on; the session stays, though perhaps not its connection. */
  updateServers(servers: readonly ServerAddress[]): void {
    if (this.#parts.servers.update(servers, this.#server) === 'move') {
      this.#core.reconnect(
        new ConnectionLossError({
          operation: 'updateServers',
          sentence: 'the connection moves to another server',
        }),
      );
    }
  }

  // ── connections ────────────────────────────────────────────────────────────────────────────────────────

  #openLater(): void {
    const sinceMs = this.#connectedSinceMs;
    this.#connectedSinceMs = undefined;
    if (sinceMs !== undefined && performance.now() - sinceMs >= LASTING_CONNECTION_MS) {
      this.#parts.backoff.reset();
    }
    // Nobody else stands at the door when a client is new; after a loss all clients of a server come at once.
    const delayMs = this.#server === undefined ? 0 : this.#parts.backoff.next();
    this.#reconnectTimer = setTimeout(() => this.#open(), delayMs);
  }

  #open(): void {
    this.#reconnectTimer = undefined;
    const { transport, servers } = this.#parts;
    const generation = ++this.#generation;
    const isCurrent = () => generation === this.#generation;
    this.#server = this.#nextServer ?? servers.next();
    this.#nextServer = undefined;
    this.#core.onConnectionStarted(performance.now());
    this.#connection = transport.open(
      this.#server,
      {
        onOpen: () => {
          if (isCurrent()) this.#core.onConnectionOpen(performance.now());
        },
        onData: (chunk) => {
          if (isCurrent()) this.#core.onConnectionData(chunk, performance.now());
        },
        onClose: (error) => {
          if (!isCurrent()) return;
          this.#connection = undefined;
          this.#lastFailure = error ?? this.#lastFailure;
          this.#core.onConnectionClosed(error, performance.now());
        },
      },
      this.#options.handshakeTimeoutMs,
    );
  }

  #drop(): void {
    this.#generation++;
    clearTimeout(this.#reconnectTimer);
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  readonly #flush = (): void => this.#core.flush(performance.now());

  async #authenticate(): Promise<void> {
    const generation = this.#generation;
    const { sasl } = this.#parts;
    if (sasl === undefined || this.#server === undefined) return;
    let failure: Error | undefined;
    try {
      const exchange = sasl.start(this.#server);
      let token = await exchange.respond(null);
      while (token !== undefined && generation === this.#generation) {
        token = await exchange.respond(await this.#core.exchangeSasl(token));
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    if (generation === this.#generation) this.#core.endSasl(failure);
  }

  // ── state and time ─────────────────────────────────────────────────────────────────────────────────────

  #onStateChange(state: SessionState, cause: Error | undefined): void {
    clearTimeout(this.#probeTimer);
    this.#probe?.destroy();
    switch (state) {
      case 'connected':
      case 'read-only':
        this.#connectedSinceMs = performance.now();
        if (this.#server !== undefined) this.#parts.servers.onConnected(this.#server);
        if (state === 'read-only') this.#probeLater(PROBE_PAUSE_MS_MIN);
        break;
      case 'expired':
      case 'auth-failed':
      case 'closed':
        clearTimeout(this.#reconnectTimer);
        clearTimeout(this.#wakeTimer);
        clearImmediate(this.#wakeCheck);
        this.#lost.abort(cause);
        break;
      default:
        this.#lastFailure = cause ?? this.#lastFailure;
    }
    for (const listener of this.#listeners) listener(state, cause);
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#wakeTimer);
    // Rounded up, so that the time has come when the timer says so.
    const delayMs = Math.max(0, Math.ceil(atMs - performance.now()));
    // A time further off than a timer can be is asked for again then.
    this.#wakeTimer = setTimeout(
      () => {
        // After a stall of this process what the server said meanwhile lies unread: it is read before anybody
        // looks at the clock.
        this.#wakeCheck = setImmediate(() => this.#core.onWake(performance.now()));
      },
      Math.min(delayMs, TIMER_MS_MAX),
    );
  }

  /** While only a read-only server is there, looks for one that can write, ever less often. */
  #probeLater(pauseMs: number): void {
    this.#probeTimer = setTimeout(() => {
      void this.#lookForReadWrite(Math.min(pauseMs * 2, PROBE_PAUSE_MS_MAX));
    }, pauseMs);
  }

  async #lookForReadWrite(nextPauseMs: number): Promise<void> {
    const generation = this.#generation;
    const { servers, transport } = this.#parts;
    const server = servers.next();
    // Its connection ends with the state, at the latest.
    const observed: Transport = {
      open: (...how) => {
        this.#probe = transport.open(...how);
        return this.#probe;
      },
    };
    const isFound =
      server !== this.#server && (await isReadWrite(observed, server, PROBE_TIMEOUT_MS));
    if (generation !== this.#generation || this.state !== 'read-only') return;
    if (!isFound) {
      this.#probeLater(nextPauseMs);
      return;
    }
    this.#nextServer = server;
    this.#core.reconnect(
      new ConnectionLossError({
        operation: 'connection',
        sentence: 'a server that can write was found',
      }),
    );
  }
}
