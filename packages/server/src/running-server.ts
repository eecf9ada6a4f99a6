/** A running server as the program sees that started it. */

import type { MemberRole } from '@zooid/core';
import type { Logger } from 'pino';
import type { DiskCalls } from './disk/disk-calls.ts';
import type { MemoryDisk } from './disk/memory-disk.ts';
import type { PeerRoute } from './net/peer-address.ts';

/** A server that takes requests. */
export interface RunningServer {
  /** The port that clients connect to. */
  readonly clientPort: number;
  /** The port of the admin server; undefined when it is off. */
  readonly adminPort: number | undefined;
  /** Resolves when the server has stopped; rejects when it had to, with the reason. */
  readonly closed: Promise<void>;
  /** What it does in its ensemble now; undefined for a server that is alone. */
  readonly member: MemberState | undefined;
  /** The sessions that the server knows now, oldest first, local ones last, those included whose end is on its way. */
  sessions(): SessionState[];
  /**
   * Ends a session at once, as if its timeout had passed: when that is durable, its ephemerals go, its watchers are told and its connection is closed.
   *
   * @returns false when there is no such session, its end is on its way already, or the server stops or is given another
   *   state by a restore; nothing happens then.
   */
  expireSession(sessionId: bigint): boolean;
  /**
   * Stops: requests that were taken in are answered, the log is written, ports and directories are let
   * go of. Resolves when that is done, also when it was called before.
   */
  close(): Promise<void>;
}

/** A member of an ensemble as it sees itself. */
export interface MemberState {
  readonly serverId: number;
  readonly role: MemberRole;
  /** Clients are served. */
  readonly isServing: boolean;
  /** The server that leads, as far as this one knows. */
  readonly leader: number | undefined;
  /** The epoch of the history here. */
  readonly epoch: number;
  /** Zxid of the last transaction that reads show. */
  readonly lastZxid: bigint;
}

/** A session as its server sees it. */
export interface SessionState {
  readonly id: bigint;
  /** Timeout in force, ms. */
  readonly timeoutMs: number;
  /** A connection holds it. */
  readonly isConnected: boolean;
}

/** What a program that embeds a server may give it. */
export interface ServerOptions {
  /** Where the server's own log goes; JSON lines on the standard output unless given. */
  readonly logger?: Logger | undefined;
  /**
   * `memory` keeps everything in memory only: no directory is touched, `config.storage` is not looked at, and
   * all is gone when the server closes; with a {@link MemoryDisk} the next server that gets it goes on with the
   * data. For tests. `disk` unless given.
   */
  readonly storage?: 'disk' | 'memory' | MemoryDisk | undefined;
  /** The calls by which log and snapshots are written, for tests of failing disks. */
  readonly disk?: DiskCalls | undefined;
  /** Where the other members of the ensemble are dialled, for tests of failing networks; at their addresses unless given. */
  readonly peerRoute?: PeerRoute | undefined;
}
