import type { LogWriteError } from './log-write-error.ts';

/**
 * A transaction log: records go in, and later the news comes out that they are durable.
 *
 * `append` gathers, `sync` starts one write of everything gathered, and while that is in flight the
 * next group gathers. {@link TxnLogEvents.onSynced} tells how far it got; nobody is acknowledged
 * before. Two things implement it, files and memory, and pass one suite of tests.
 */
export interface TxnLog {
  /**
   * Takes the record with this payload (TxnHeader, txn, digest): `[start, end)` of `bytes`, copied
   * during the call. Zxids must follow each other without a gap. Ignored once the log has failed or is closed.
   */
  append(zxid: number, bytes: Uint8Array, start: number, end: number): void;
  /** Starts writing what was gathered, unless a write is in flight or there is nothing. Returns at once. */
  sync(): void;
  /** The next record appended begins a new file. What was gathered before goes into the old one. */
  roll(): void;
  /** A snapshot begins here: the two counts since the last one start again at 0. */
  markSnapshot(): void;
  /**
   * Writes and syncs what is left, and what the news of that make the owner append, then lets go of the
   * files. Resolves also when the log failed, which {@link TxnLogEvents.onFailed} has told.
   */
  close(): Promise<void>;
  /** Whether records are gathered that no write has taken up yet. */
  readonly hasUnsynced: boolean;
  /** Whether a write is in flight. */
  readonly isSyncing: boolean;
  /** Zxid of the last record appended. */
  readonly lastAppendedZxid: number;
  /** Zxid up to which everything is durable. */
  readonly lastSyncedZxid: number;
  /** Bytes of records since {@link markSnapshot}, with those that the log held when it was opened. */
  readonly bytesSinceSnapshot: number;
  /** Records since {@link markSnapshot}, likewise. */
  readonly recordsSinceSnapshot: number;
}

/** What a log tells its owner. Never called from within one of the log's own methods. */
export interface TxnLogEvents {
  /**
   * Every record up to and including `upToZxid` is durable (with `forceSync=no`: given to the system).
   * `durationMs` is what the write took. May append and sync at once.
   */
  onSynced(upToZxid: number, durationMs: number): void;
  /** The log is dead. Called once; no record is reported as synced afterwards. The server must stop. */
  onFailed(error: LogWriteError): void;
  /** A write took longer than the threshold. */
  onSlowSync?(slow: SlowSync): void;
}

/** A write that took its time: `fsync.warningthresholdms`. */
export interface SlowSync {
  readonly durationMs: number;
  readonly file: string;
  /** Bytes of the group. */
  readonly groupBytes: number;
  /** Bytes in the file, without padding. */
  readonly fileBytes: number;
}
