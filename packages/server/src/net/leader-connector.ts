import type { Socket } from 'node:net';
import { Dial } from './dial.ts';
import type { NameLookup } from './name-lookup.ts';
import type { HostPort } from './peer-address.ts';
import { QuorumConnection, type QuorumConnectionParts } from './quorum-connection.ts';

export interface LeaderConnectorParts {
  readonly connection: QuorumConnectionParts;
  readonly names: NameLookup;
  /** For one attempt. */
  readonly connectTimeoutMs: number;
  /** Pause after a refusal: the leader may not have begun to listen. */
  readonly retryDelayMs: number;
  /** It has connected; within a turn. */
  readonly onConnected: (link: QuorumConnection) => void;
  /** An attempt failed; the next one follows. Told once for each reason. */
  readonly onRefused: (address: HostPort, error: Error) => void;
}

/**
 * Connects to the quorum port of the leader, again and again while that refuses. When to give up is the core's business.
 * Source: Learner.connectToLeader, which tries five times, a tenth of a second or more apart.
 */
export class LeaderConnector {
  readonly #parts: LeaderConnectorParts;
  #dial: Dial | undefined;
  #again: NodeJS.Timeout | undefined;
  #lastRefusal: string | undefined;
  #connection: QuorumConnection | undefined;
  /** When the last attempt succeeded (monotonic, ms). */
  #connectedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: LeaderConnectorParts) {
    this.#parts = parts;
  }

  /**
   * Connects, in place of any attempt before.
   *
   * @param address - asked for at each attempt, for a name may lead elsewhere and a configuration change; undefined while unknown.
   */
  connectToLeader(address: () => HostPort | undefined): void {
    this.cancel();
    // The connection before may have been none: not again and again without a pause.
    const pauseMs = this.#connectedMs + this.#parts.retryDelayMs - performance.now();
    if (pauseMs <= 0) this.#try(address);
    else this.#again = setTimeout(() => this.#try(address), pauseMs);
  }

  /** Gives the attempt up. A connection that stands stays. */
  cancel(): void {
    this.#dial?.cancel();
    this.#dial = undefined;
    clearTimeout(this.#again);
    this.#lastRefusal = undefined;
  }

  /** Gives the attempt up and ends the connection. */
  close(): void {
    this.cancel();
    this.#connection?.destroy();
  }

  #try(address: () => HostPort | undefined): void {
    const { connectTimeoutMs, retryDelayMs, names } = this.#parts;
    const target = address();
    if (target === undefined) {
      this.#again = setTimeout(() => this.#try(address), retryDelayMs);
      return;
    }
    this.#dial = new Dial(target, connectTimeoutMs, names, {
      onConnected: (socket) => this.#onConnected(socket),
      onFailed: (error) => {
        if (this.#lastRefusal !== error.message) this.#parts.onRefused(target, error);
        this.#lastRefusal = error.message;
        this.#again = setTimeout(() => this.#try(address), retryDelayMs);
      },
    });
  }

  #onConnected(socket: Socket): void {
    const { connection, onConnected } = this.#parts;
    this.#dial = undefined;
    this.#connectedMs = performance.now();
    const link = new QuorumConnection(socket, connection);
    this.#connection = link;
    connection.events.beginTurn();
    onConnected(link);
    connection.events.endTurn();
  }
}
