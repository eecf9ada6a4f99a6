import { createServer, type Server, type Socket } from 'node:net';
import { hostAddress } from '@zooid/core';
import type { ListenPlace } from './movable-port.ts';
import { QuorumConnection, type QuorumConnectionParts } from './quorum-connection.ts';

/** Connections of learners at a time, whatever their state: more than any ensemble has servers. */
const CONNECTIONS_MAX = 1024;
/** Pause before a port is tried again that somebody else has. */
const LISTEN_AGAIN_MS = 100;
const KEEP_ALIVE_MS = 10_000;

export interface LearnerPortParts {
  /** Where it listens, as it is when it begins to. */
  readonly listen: () => ListenPlace;
  readonly connection: QuorumConnectionParts;
  /** A learner has connected; within a turn. */
  readonly onConnected: (link: QuorumConnection) => void;
  /** Learners can connect now. */
  readonly onListening: (port: number) => void;
  /** The port cannot be had: it is tried again until {@link LearnerPort.refuseLearners}. Told once for each reason. */
  readonly onListenFailed: (error: Error) => void;
  /** Another connection was one too many. */
  readonly onTooMany: (address: string) => void;
}

/**
 * The quorum port: open while this server leads. Decides about listening only; who a learner is, and whether it says so in
 * time, is the core's business. Source: Leader.LearnerCnxAcceptor.
 */
export class LearnerPort {
  readonly #parts: LearnerPortParts;
  readonly #connections = new Set<QuorumConnection>();
  #server: Server | undefined;
  #again: NodeJS.Timeout | undefined;
  #lastFailure: string | undefined;

  constructor(parts: LearnerPortParts) {
    this.#parts = parts;
  }

  /** Begins to listen. No effect while it does. */
  acceptLearners(): void {
    if (this.#server !== undefined) return;
    const { listen, onListening } = this.#parts;
    const { host, port } = listen();
    const server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      (socket) => this.#onAccepted(socket),
    );
    this.#server = server;
    let isListening = false;
    server.on('error', (error) => {
      // One that could not be accepted is no reason to end the port.
      if (this.#server === server && !isListening) this.#onListenFailed(error);
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      isListening = true;
      this.#lastFailure = undefined;
      const address = server.address();
      if (this.#server !== server) return;
      onListening(typeof address === 'object' && address !== null ? address.port : port);
    });
  }

  /** Stops listening, so that the port is free at once; connections that there are stay. */
  refuseLearners(): void {
    clearTimeout(this.#again);
    this.#server?.close();
    this.#server = undefined;
    this.#lastFailure = undefined;
  }

  /** Stops listening and ends every connection. */
  close(): void {
    this.refuseLearners();
    for (const connection of this.#connections) connection.destroy();
  }

  #onListenFailed(error: Error): void {
    this.#server = undefined;
    if (this.#lastFailure !== error.message) this.#parts.onListenFailed(error);
    this.#lastFailure = error.message;
    this.#again = setTimeout(() => this.acceptLearners(), LISTEN_AGAIN_MS);
  }

  #onAccepted(socket: Socket): void {
    const { connection, onConnected, onTooMany } = this.#parts;
    const { remoteAddress } = socket;
    if (remoteAddress === undefined) {
      // It is gone again already.
      socket.destroy();
      return;
    }
    if (this.#connections.size >= CONNECTIONS_MAX) {
      socket.destroy();
      onTooMany(hostAddress(remoteAddress));
      return;
    }
    const link = new QuorumConnection(socket, connection);
    this.#connections.add(link);
    socket.once('close', () => this.#connections.delete(link));
    connection.events.beginTurn();
    onConnected(link);
    connection.events.endTurn();
  }
}
