/**
 * All that the four-letter words, the admin HTTP commands, the health endpoints and the metrics need to know of
 * the server, and the few things they may ask it to do. `server.ts` provides the one real implementation, tests a
 * fake one. Everything is read at the moment of the question: nothing here caches.
 *
 * Units: `…Ms` milliseconds, `…Bytes` bytes. A zxid is a number, a session id a bigint (signed 64 bits).
 */
import type { Readable } from 'node:stream';
import type { ConnectionStats } from '../report/connection-stats.ts';
import type { ServerStats } from '../report/server-stats.ts';
import type { EnsembleView } from './ensemble-view.ts';

/** What the server is doing, in Apache's words; `looking` while it has no role, in which no word tells it. */
export type ServerState =
  | 'standalone'
  | 'looking'
  | 'leader'
  | 'follower'
  | 'observer'
  | 'read-only';

/** The settings that `conf` prints. -1 = not set, as Apache prints it. */
export interface ConfigView {
  readonly clientPort: number;
  /** `clientPortAddress`; undefined = every address. */
  readonly clientHost: string | undefined;
  readonly secureClientPort: number;
  /** Directory of the snapshots, `version-2` included, absolute. */
  readonly dataDir: string;
  /** Directory of the transaction log, `version-2` included, absolute. */
  readonly dataLogDir: string;
  readonly tickTimeMs: number;
  readonly maxClientCnxns: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  readonly clientPortListenBacklog: number;
  readonly serverId: number;
  /** Text of the configuration file as it was read, secrets masked; empty without a file. */
  readonly initialConfiguration: string;
}

/** One client connection, as `cons` shows it. */
export interface ConnectionView {
  /** Without brackets: `127.0.0.1`, `::1`. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly isSecure: boolean;
  /** Whether we read from it at the moment (a throttled connection is not read). */
  readonly isReading: boolean;
  /** Whether answers wait for the socket to drain. */
  readonly isWriting: boolean;
  /** Requests read and not yet answered. */
  readonly outstandingRequests: number;
  /** 0n before the session is established. */
  readonly sessionId: bigint;
  readonly sessionTimeoutMs: number;
  /** Wall clock. */
  readonly establishedMs: number;
  /** Monotonic time at which it is closed if nothing comes; undefined when it is not in the expiry queue. */
  readonly expiresMs: number | undefined;
  readonly stats: ConnectionStats;
}

/** Sessions that expire together. */
export interface SessionBucket {
  /** Monotonic. */
  readonly expiresMs: number;
  readonly sessions: readonly { readonly id: bigint; readonly timeoutMs: number }[];
}

/** One remembered digest of the tree. */
export interface DigestEntry {
  readonly zxid: number;
  readonly digestVersion: number;
  /** Unsigned 64 bits. */
  readonly digest: bigint;
}

/** What `wchs` tells. Like Apache's it knows data and exist watches, not those of children. */
export interface WatchSummary {
  readonly watcherCount: number;
  readonly pathCount: number;
  readonly watchCount: number;
}

/** Limits (-1 = none) and use under one znode that has a quota. */
export interface QuotaView {
  /** The znode that the quota is on, e.g. `/app/cache`. */
  readonly path: string;
  readonly countLimit: number;
  readonly countHardLimit: number;
  readonly bytesLimit: number;
  readonly bytesHardLimit: number;
  readonly count: number;
  readonly bytes: number;
}

/** An identity that an authentication scheme gave. */
export interface IdView {
  readonly scheme: string;
  readonly id: string;
}

/** A finished snapshot file. */
export interface SnapshotResult {
  readonly path: string;
  readonly sizeBytes: number;
  readonly zxid: number;
}

/** The server as its administration sees it. */
export interface AdminView {
  readonly stats: ServerStats;
  /** For `Zookeeper version:`, e.g. `3.9.4-zooid-0.1.0, built on 2026-01-31 12:00 UTC`. */
  readonly version: string;
  readonly state: ServerState;
  readonly isReadOnly: boolean;
  /** False while starting, recovering and stopping: most words then say that it does not serve. */
  readonly isServing: boolean;
  /** Why `/readyz` says no, in one sentence; undefined = ready. A full disk or a failed log is a reason. */
  readonly notReadyReason: string | undefined;
  /** Why `/livez` says no, in one sentence; undefined = alive. */
  readonly notAliveReason: string | undefined;
  readonly config: ConfigView;
  /** Undefined for a server that is alone. */
  readonly ensemble: EnsembleView | undefined;
  /** Every `zookeeper.*` and Java-like property that is set, secrets masked; the command sorts them. */
  systemProperties(): Iterable<readonly [name: string, value: string]>;

  // Clocks.
  /** Wall clock now. */
  readonly wallNowMs: number;
  /** Monotonic clock now; `expiresMs` and `lastResponseMs` are on the same one. */
  readonly elapsedNowMs: number;
  readonly uptimeMs: number;

  // Tree, sessions, watches.
  readonly lastProcessedZxid: number;
  readonly nodeCount: number;
  readonly approximateDataBytes: number;
  readonly ephemeralCount: number;
  readonly sessionCount: number;
  /** Sessions that only this server knows; not among the others. */
  readonly localSessionCount: number;
  readonly outstandingRequests: number;
  readonly watchSummary: WatchSummary;
  /** Watches of every kind; a path with a data and a child watch of one session counts as two. */
  readonly watchCount: number;
  /** Open client connections, secure ones included. */
  readonly connectionCount: number;
  connections(): Iterable<ConnectionView>;
  /** Earliest first. */
  sessionBuckets(): Iterable<SessionBucket>;
  /** Of sessions that only this server knows; undefined while those are off. */
  localSessionBuckets(): readonly SessionBucket[] | undefined;
  ephemerals(): Iterable<readonly [sessionId: bigint, paths: Iterable<string>]>;
  watchesBySession(): Iterable<readonly [sessionId: bigint, paths: Iterable<string>]>;
  watchesByPath(): Iterable<readonly [path: string, sessionIds: Iterable<bigint>]>;
  /** Oldest first. */
  digestLog(): Iterable<DigestEntry>;
  quotas(): Iterable<QuotaView>;

  // Disk.
  /** Sum of the sizes of the files under `config.dataDir`. */
  dataDirBytes(): number;
  /** Sum of the sizes of the files under `config.dataLogDir`. */
  dataLogDirBytes(): number;
  /** The newest snapshot: its zxid and its time in seconds since 1970; undefined when there is none. */
  readonly lastSnapshot: { readonly zxid: number; readonly timestampS: number } | undefined;

  // Deeds.
  /** What the word `crst` does. */
  resetConnectionStats(): void;
  /** Chance from 0 to 1 that the connection throttle refuses a new connection. */
  readonly connectionDropProbability: number;
  readonly outstandingTlsHandshakes: number;
  /** Closes about this share of the connections; returns how many. @param percentage - 0 to 100. */
  shedConnections(percentage: number): number;
  /**
   * Runs an authentication scheme on what an HTTP request brought.
   *
   * @param auth - text after the scheme in the header; undefined when there is none (`ip`).
   * @returns the identities, empty when the proof is wrong or the scheme is unknown.
   */
  authenticate(scheme: string, auth: string | undefined, remoteAddress: string): readonly IdView[];
  /** Whether these identities together have every permission on "/". */
  hasAllPermissionsOnRoot(ids: readonly IdView[]): boolean;
  /** `serializeLastProcessedZxid.enabled`; snapshot and restore refuse without it. */
  readonly isLastZxidSerialized: boolean;
  /** Writes a snapshot of now and resolves when it is durable. */
  takeSnapshot?(): Promise<SnapshotResult>;
  /** Replaces the whole tree by a snapshot; resolves with its last zxid. A member of an ensemble has no such deed. */
  restore?(snapshot: Readable): Promise<number>;
}
