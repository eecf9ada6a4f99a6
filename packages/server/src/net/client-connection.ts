import type { Socket } from 'node:net';
import { Client } from '@zooid/core';
import { FrameSplitter } from '@zooid/protocol';
import { ConnectionStats } from '../report/connection-stats.ts';
import { descriptorOf } from './write-to-socket.ts';

/** One client's connection: the core's client together with its socket. */
export class ClientConnection extends Client {
  readonly socket: Socket;
  /** See `write-to-socket.ts`. */
  readonly descriptor: number;
  readonly frames: FrameSplitter;
  readonly stats: ConnectionStats = new ConnectionStats();
  readonly remotePort: number;
  /** Wall clock, ms. */
  readonly establishedMs: number;
  /** Monotonic; without a session by then it is closed. */
  readonly sessionDueMs: number;
  /** It asked a four-letter word: nothing more is taken from it. */
  hasAskedWord = false;
  /** It does not read its replies: until it does, its requests are not taken. */
  isPaused = false;
  /** Writes that the socket holds back, at most; each costs memory beside its bytes. */
  unsentWrites = 0;
  /** Monotonic; by then it is gone, read or not. Set when it was told to go. */
  goneDueMs: number = Infinity;

  constructor(
    socket: Socket,
    facts: {
      readonly address: string;
      readonly port: number;
      readonly establishedMs: number;
      readonly sessionDueMs: number;
      readonly frameBytesMax: number;
    },
  ) {
    super({ address: facts.address });
    this.socket = socket;
    this.descriptor = descriptorOf(socket);
    this.frames = new FrameSplitter(facts.frameBytesMax);
    this.remotePort = facts.port;
    this.establishedMs = facts.establishedMs;
    this.sessionDueMs = facts.sessionDueMs;
  }
}
