/** A transport without a network: the test plays the server on each connection. */

import {
  decodeConnectRequest,
  decodeRequest,
  decodeRequestHeader,
  encodeConnectResponse,
  FrameSplitter,
  JuteReader,
  type Request,
} from '@zooid/protocol';
import type { ServerAddress } from '../../src/transport/connect-string.ts';
import { formatServer } from '../../src/transport/connect-string.ts';
import type { Connection, ConnectionHandlers, Transport } from '../../src/transport/transport.ts';
import {
  type Answer,
  frameOf,
  type Grant,
  PASSWORD,
  replyBytes,
  TIMEOUT_MS,
} from './core-bench.ts';

/** One connection, seen from the server. */
export class FakeConnection implements Connection {
  readonly server: ServerAddress;
  readonly remote: string;
  readonly bufferedBytes = 0;
  /** Requests that have come, after the connect request. */
  readonly requests: { readonly xid: number; readonly request: Request }[] = [];
  /** What came before the handshake was done, or after it: as text. */
  text = '';
  isClosed = false;
  /** How each request is answered; the default says yes to all without a body. */
  respond: (request: Request) => Answer | undefined = () => ({});

  readonly #handlers: ConnectionHandlers;
  readonly #splitter = new FrameSplitter();
  #hasSession = false;
  readonly #grant: () => Grant | undefined;

  constructor(server: ServerAddress, handlers: ConnectionHandlers, grant: () => Grant | undefined) {
    this.server = server;
    this.remote = formatServer(server);
    this.#handlers = handlers;
    this.#grant = grant;
  }

  open(): void {
    if (!this.isClosed) this.#handlers.onOpen();
  }

  /** The server sends this. */
  send(bytes: Uint8Array): void {
    if (!this.isClosed) this.#handlers.onData(bytes);
  }

  /** The server, or the network, ends it. */
  close(error?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#handlers.onClose(error);
  }

  write(bytes: Uint8Array): void {
    this.text += String.fromCharCode(...bytes.subarray(0, 4));
    // As a network would: not within the call.
    queueMicrotask(() => this.#onBytes(bytes));
  }

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    queueMicrotask(() => this.#handlers.onClose(undefined));
  }

  #onBytes(bytes: Uint8Array): void {
    this.#splitter.push(bytes);
    while (this.#splitter.next()) {
      const { bytes: frame, frameStart, frameEnd } = this.#splitter;
      const reader = new JuteReader();
      reader.reset(frame, frameStart, frameEnd);
      if (!this.#hasSession) this.#onConnectRequest(reader);
      else this.#onRequest(reader);
    }
  }

  #onConnectRequest(reader: JuteReader): void {
    const { sessionId } = decodeConnectRequest(reader);
    const grant = this.#grant();
    if (grant === undefined) return;
    this.#hasSession = true;
    this.send(
      frameOf((writer) =>
        encodeConnectResponse(writer, {
          protocolVersion: 0,
          timeoutMs: grant.timeoutMs ?? TIMEOUT_MS,
          sessionId: grant.sessionId ?? (sessionId === 0n ? 1n : sessionId),
          password: PASSWORD,
          readOnly: grant.readOnly ?? false,
        }),
      ),
    );
  }

  #onRequest(reader: JuteReader): void {
    const { xid, type } = decodeRequestHeader(reader);
    const request = decodeRequest(reader, type);
    this.requests.push({ xid, request });
    const answer = this.respond(request);
    if (answer !== undefined) this.send(replyBytes(xid, answer));
  }
}

/** Opens connections at once, to servers that are what the test says. */
export class FakeTransport implements Transport {
  readonly connections: FakeConnection[] = [];
  /** What a server grants; undefined is no answer to the handshake. */
  grant: (server: ServerAddress) => Grant | undefined = () => ({});
  /** What becomes of a new connection. */
  onConnection: (connection: FakeConnection) => void = (connection) => connection.open();

  open(server: ServerAddress, handlers: ConnectionHandlers): Connection {
    const connection = new FakeConnection(server, handlers, () => this.grant(server));
    this.connections.push(connection);
    queueMicrotask(() => this.onConnection(connection));
    return connection;
  }

  get last(): FakeConnection {
    return this.connections.at(-1)!;
  }

  get openCount(): number {
    return this.connections.filter((connection) => !connection.isClosed).length;
  }
}
