/**
 * The session behind a client: what `client.connectionManager` is in node-zookeeper-client, as far as its users see it.
 *
 * It opens and ends the session and tells its owner of each change of state. Retries are `caller.ts`'s.
 */

import { Chroot } from '../chroot.ts';
import { createSession } from '../connect.ts';
import type { Credentials } from '../options.ts';
import type { CallSpec } from '../session/call.ts';
import type { SaslMechanism } from '../session/sasl.ts';
import type { Session, StateListener } from '../session/session.ts';
import type { SessionTicket } from '../session/session-core.ts';
import type { ServerAddress } from '../transport/connect-string.ts';
import { type TlsOptions, tcpTransport } from '../transport/tcp-transport.ts';
import type { Connection, Transport } from '../transport/transport.ts';
import { ZooKeeper } from '../zookeeper.ts';
import { parseConnectionString } from './connection-string.ts';
import { longBuffer } from './stat.ts';
import { type Watcher, Watchers } from './watchers.ts';

/** How a client behaves. */
export interface Option {
  /** Session timeout to ask for, in ms; the server may grant another. Default 30,000. */
  sessionTimeout: number;
  /** Longest pause before an attempt to connect, in ms; each is drawn at random, the first ones are shorter. Default 1,000. */
  spinDelay: number;
  /** How often an operation is tried again after CONNECTION_LOSS, be it a write that may have happened. Default 0. */
  retries: number;
  /** 8 bytes: a session to take up. */
  sessionId?: Buffer | undefined;
  /** 16 bytes, of the same session. */
  sessionPassword?: Buffer | undefined;
  /** TLS, when given. New here. */
  tls?: TlsOptions | undefined;
  /** Credentials, as if given to `addAuthInfo` before `connect`. New here. */
  auth?: readonly Credentials[] | undefined;
  /** Authenticates each connection by SASL. New here. */
  sasl?: SaslMechanism | undefined;
  /** Whether a server that is read-only for now will do: then `connectedReadOnly` can come. New here. */
  readOnly?: boolean | undefined;
}

/** Who hears what becomes of the session, in the same turn. */
export interface ConnectionOwner {
  readonly onStateChange: StateListener;
  /** An attempt to connect gave no session. */
  onConnectFailed(error: Error): void;
}

/** Values of {@link ConnectionManager.state}. */
const ConnectionState = {
  DISCONNECTED: 0,
  CONNECTING: 1,
  CONNECTED: 2,
  CONNECTED_READ_ONLY: 3,
  CLOSING: -1,
  CLOSED: -2,
  SESSION_EXPIRED: -3,
  AUTHENTICATION_FAILED: -4,
} as const;

const PASSWORD_BYTES = 16;

/** The session below a client: what programs reach through `client.connectionManager`. */
export class ConnectionManager {
  /** In the order of the connection string. */
  readonly servers: readonly ServerAddress[];
  /** undefined when the client sees the whole tree. */
  readonly chrootPath: string | undefined;
  /** For the operations. */
  readonly chroot: Chroot;

  readonly #owner: ConnectionOwner;
  readonly #session: Session;
  readonly #watchers: Watchers;
  #phase: 'new' | 'open' | 'closing' = 'new';
  #connection: Connection | undefined;
  /** The last one that led to the session. */
  #servingConnection: Connection | undefined;

  /** @throws AssertionError when `connectionString` does not say where to connect. */
  constructor(connectionString: string, options: Option, owner: ConnectionOwner) {
    const target = parseConnectionString(connectionString);
    this.servers = target.servers;
    this.chrootPath = target.chroot === '' ? undefined : target.chroot;
    this.chroot = new Chroot(target.chroot);
    this.#owner = owner;
    this.#session = createSession(target, {
      sessionTimeoutMs: options.sessionTimeout,
      maxReconnectDelayMs: options.spinDelay,
      readOnly: options.readOnly,
      sasl: options.sasl,
      auth: options.auth,
      session: ticketOf(options),
      transport: this.#observed(tcpTransport({ tls: options.tls })),
      // As there: whoever asked decides what to do about a lost answer, and nothing bounds what is asked.
      retryReads: false,
      maxPending: Number.MAX_SAFE_INTEGER,
      maxRequestBytes: Number.MAX_SAFE_INTEGER,
    });
    this.#session.onStateChange((state, cause) => {
      if (state === 'connected' || state === 'read-only')
        this.#servingConnection = this.#connection;
      owner.onStateChange(state, cause);
    });
    this.#watchers = new Watchers(this.#session.watches, this.chroot);
  }

  /** The connection; `destroy()` breaks it, and the client goes on with another. undefined while there is none. */
  get socket(): { destroy(): void } | undefined {
    return this.#connection;
  }

  /** One of the numbers that node-zookeeper-client has here: 2 is connected, those below 0 are the end. */
  get state(): number {
    switch (this.#session.state) {
      case 'connected':
        return this.#isClosing ? ConnectionState.CLOSING : ConnectionState.CONNECTED;
      case 'read-only':
        return this.#isClosing ? ConnectionState.CLOSING : ConnectionState.CONNECTED_READ_ONLY;
      case 'expired':
        return ConnectionState.SESSION_EXPIRED;
      case 'auth-failed':
        return ConnectionState.AUTHENTICATION_FAILED;
      case 'closed':
        return ConnectionState.CLOSED;
      default:
        return this.#phase === 'new' ? ConnectionState.DISCONNECTED : ConnectionState.CONNECTING;
    }
  }

  /** Whether nothing can be asked any more. */
  get isEnded(): boolean {
    return this.#isClosing || this.#session.endError !== undefined;
  }

  get #isClosing(): boolean {
    return this.#phase === 'closing';
  }

  /** The same session through the API of `@zooid/client`. */
  get zookeeper(): ZooKeeper {
    return new ZooKeeper(this.#session, this.chroot);
  }

  /** Begins to connect; again has no effect while the session lives, and says once more how it ended after that. */
  connect(): void {
    const { endError, state } = this.#session;
    if (endError !== undefined) {
      this.#owner.onStateChange(state === 'closed' ? 'expired' : state, endError);
    } else if (this.#phase === 'new') {
      this.#phase = 'open';
      this.#session.open();
    }
  }

  /** Ends the session; again is harmless. */
  close(): void {
    this.#phase = 'closing';
    // It never rejects.
    void this.#session.close();
  }

  /** Rejects with an error of the new API. */
  call<T>(spec: CallSpec<T>): Promise<T> {
    return this.#session.call(spec);
  }

  /** The server has left a watch. */
  addWatcher(kind: 'data' | 'exist' | 'children', serverPath: string, watcher: Watcher): void {
    this.#watchers.add(kind, serverPath, watcher);
  }

  addAuthInfo(scheme: string, auth: Buffer): void {
    // Credentials that are refused end the session, and that is what its owner hears of.
    this.#session.addAuth(scheme, auth).catch(() => undefined);
  }

  /** 8 bytes; zeros while there is no session. */
  getSessionId(): Buffer {
    return longBuffer(this.#session.ticket?.id ?? 0n);
  }

  /** 16 bytes; zeros while there is no session. */
  getSessionPassword(): Buffer {
    const password = Buffer.alloc(PASSWORD_BYTES);
    password.set(this.#session.ticket?.password.subarray(0, PASSWORD_BYTES) ?? []);
    return password;
  }

  /** In ms: as granted, or as asked for while there is no session. */
  getSessionTimeout(): number {
    return this.#session.timeoutMs;
  }

  /** Keeps the connection at hand, and tells of those that led to no session. */
  #observed(transport: Transport): Transport {
    return {
      open: (server, handlers, timeoutMs) => {
        const connection = transport.open(
          server,
          {
            onOpen: () => handlers.onOpen(),
            onData: (chunk) => handlers.onData(chunk),
            onClose: (error) => {
              if (this.#connection === connection) this.#connection = undefined;
              if (connection !== this.#servingConnection && !this.isEnded) {
                this.#owner.onConnectFailed(error ?? noSessionFrom(connection));
              }
              handlers.onClose(error);
            },
          },
          timeoutMs,
        );
        this.#connection = connection;
        return connection;
      },
    };
  }
}

function noSessionFrom(connection: Connection): Error {
  return new Error(`${connection.remote}: the connection ended before there was a session`);
}

function ticketOf({ sessionId, sessionPassword }: Option): SessionTicket | undefined {
  if (!Buffer.isBuffer(sessionId)) return undefined;
  const idBytes = Buffer.alloc(8);
  sessionId.copy(idBytes);
  const id = idBytes.readBigInt64BE();
  if (id === 0n) return undefined;
  const password = Buffer.alloc(PASSWORD_BYTES);
  if (Buffer.isBuffer(sessionPassword)) sessionPassword.copy(password);
  return { id, password };
}
