/**
 * The transaction log on disk.
 *
 *              append                    sync                        written, durable
 *   (records) ────────► gathering group ──────► the group in flight ──────────────────► onSynced
 *                           ▲                                                              │
 *                           └───────────────── its buffer is used again ◄──────────────────┘
 *
 * One write is in flight, ever; two buffers take turns. The first error ends it: no write is tried
 * again, nothing later is reported as synced (ZooKeeper's tracker, 4882, shows the hole a retry leaves).
 *
 * Decides which group goes into which file. `log-file.ts` puts a group on disk.
 */

import fs from 'node:fs';
import path from 'node:path';
import {
  assert,
  LOG_HEADER_BYTES,
  LOG_RECORD_OVERHEAD_BYTES,
  mayFollow,
  writeLogRecord,
} from '@zooid/core';
import { type DiskCalls, realDisk } from './disk-calls.ts';
import { LogFile } from './log-file.ts';
import { LogWriteError } from './log-write-error.ts';
import type { TxnLog, TxnLogEvents } from './txn-log.ts';

const BUFFER_BYTES = 256 * 1024;
/** Larger buffers, left over from a burst, are given back to the engine. */
const KEPT_BUFFER_BYTES_MAX = 4 * 1024 * 1024;

export interface FileTxnLogOptions {
  /** The directory of the log files: `version-2` under dataLogDir. Exists. */
  readonly directory: string;
  /** Zxid of the last record recovered, 0 for an empty database: the next one must follow it. */
  readonly lastZxid: number;
  /** `preAllocSize`. Step in which files grow; 0 switches preallocation off. */
  readonly preallocBytes: number;
  /** `forceSync`. */
  readonly sync: 'each-write' | 'never';
  /** `txnLogSizeLimitInKb`. A file longer than this is followed by a new one; undefined: no limit. */
  readonly fileBytesMax: number | undefined;
  /** `fsync.warningthresholdms`. */
  readonly slowSyncMs: number;
  /** What the log already holds since the last snapshot, as recovery found it. */
  readonly bytesSinceSnapshot?: number;
  readonly recordsSinceSnapshot?: number;
}

/** Records that go to disk in one write. */
interface Group {
  /** Records are `[LOG_HEADER_BYTES, length)`; the room before is for a file header. */
  bytes: Uint8Array;
  length: number;
  firstZxid: number;
  lastZxid: number;
  /** Whether it begins a file. */
  startsFile: boolean;
}

export class FileTxnLog implements TxnLog {
  readonly #disk: DiskCalls;
  readonly #options: FileTxnLogOptions;
  readonly #events: TxnLogEvents;
  /** Open as long as the log is: a new file is durable only when its directory is. */
  readonly #directoryFd: number;

  #file: LogFile | undefined;
  #gathering: Group = newGroup(new Uint8Array(BUFFER_BYTES), 'starts-file');
  /** Full groups that wait because `roll` was called while one was gathering; oldest first. */
  readonly #rolled: Group[] = [];
  #inFlight: Group | undefined;
  #spareBuffer: Uint8Array | undefined = new Uint8Array(BUFFER_BYTES);
  #syncStartedMs = 0;
  /** Where in its file the group in flight begins. */
  #groupOffset = 0;
  /** Closed and failed logs take nothing any more. */
  #state: 'open' | 'failed' | 'closed' = 'open';
  #onIdle: (() => void) | undefined;
  /** Old files that are being closed. */
  #closingFiles = 0;

  #lastAppendedZxid: number;
  #lastSyncedZxid: number;
  #bytesSinceSnapshot: number;
  #recordsSinceSnapshot: number;

  /** @throws if the directory cannot be opened. */
  constructor(options: FileTxnLogOptions, events: TxnLogEvents, disk: DiskCalls = realDisk) {
    this.#options = options;
    this.#events = events;
    this.#disk = disk;
    this.#directoryFd = fs.openSync(options.directory, 'r');
    this.#lastAppendedZxid = options.lastZxid;
    this.#lastSyncedZxid = options.lastZxid;
    this.#bytesSinceSnapshot = options.bytesSinceSnapshot ?? 0;
    this.#recordsSinceSnapshot = options.recordsSinceSnapshot ?? 0;
  }

  get hasUnsynced(): boolean {
    return this.#state === 'open' && (hasRecords(this.#gathering) || this.#rolled.length > 0);
  }

  get isSyncing(): boolean {
    return this.#inFlight !== undefined;
  }

  get lastAppendedZxid(): number {
    return this.#lastAppendedZxid;
  }

  get lastSyncedZxid(): number {
    return this.#lastSyncedZxid;
  }

  get bytesSinceSnapshot(): number {
    return this.#bytesSinceSnapshot;
  }

  get recordsSinceSnapshot(): number {
    return this.#recordsSinceSnapshot;
  }

  append(zxid: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#state !== 'open') return;
    assert(mayFollow(this.#lastAppendedZxid, zxid), 'records are appended without a gap');
    const group = this.#gathering;
    const recordBytes = end - start + LOG_RECORD_OVERHEAD_BYTES;
    if (group.length + recordBytes > group.bytes.byteLength) growBuffer(group, recordBytes);
    if (!hasRecords(group)) group.firstZxid = zxid;
    group.length = writeLogRecord(group.bytes, group.length, bytes, start, end);
    group.lastZxid = zxid;
    this.#lastAppendedZxid = zxid;
    this.#bytesSinceSnapshot += recordBytes;
    this.#recordsSinceSnapshot++;
  }

  sync(): void {
    if (this.#inFlight !== undefined || !this.hasUnsynced) return;
    let group = this.#rolled.shift();
    if (group === undefined) {
      group = this.#gathering;
      this.#gathering = newGroup(this.#takeBuffer(), 'goes-on');
    }
    this.#inFlight = group;
    this.#syncStartedMs = performance.now();
    if (this.#file === undefined || group.startsFile) this.#startFile(group.firstZxid);
    this.#groupOffset = this.#file!.position;
    this.#file!.write(group.bytes, group.length, this.#onWritten);
  }

  roll(): void {
    if (this.#state !== 'open') return;
    if (hasRecords(this.#gathering)) {
      this.#rolled.push(this.#gathering);
      this.#gathering = newGroup(this.#takeBuffer(), 'starts-file');
    }
    this.#gathering.startsFile = true;
  }

  markSnapshot(): void {
    this.#bytesSinceSnapshot = 0;
    this.#recordsSinceSnapshot = 0;
  }

  async close(): Promise<void> {
    if (this.#onIdle !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#closeWhenIdle();
    });
    fs.closeSync(this.#directoryFd);
  }

  readonly #onWritten = (error: Error | null): void => {
    const group = this.#inFlight!;
    this.#inFlight = undefined;
    if (error !== null) {
      this.#fail(error);
      return;
    }
    this.#keepBuffer(group.bytes);
    this.#lastSyncedZxid = group.lastZxid;
    const file = this.#file!;
    const { fileBytesMax, slowSyncMs } = this.#options;
    if (fileBytesMax !== undefined && file.position > fileBytesMax) {
      // Whatever comes next, waiting or still gathering, begins a file.
      (this.#rolled[0] ?? this.#gathering).startsFile = true;
    }
    const durationMs = performance.now() - this.#syncStartedMs;
    if (durationMs > slowSyncMs) {
      this.#events.onSlowSync?.({
        durationMs,
        file: file.path,
        groupBytes: group.length - LOG_HEADER_BYTES,
        fileBytes: file.position,
      });
    }
    this.#events.onSynced(group.lastZxid, durationMs);
    if (this.#onIdle !== undefined) this.#closeWhenIdle();
  };

  #fail(error: Error): void {
    this.#state = 'failed';
    const file = this.#file!;
    const gathering = this.#gathering;
    gathering.length = LOG_HEADER_BYTES;
    this.#rolled.length = 0;
    this.#events.onFailed(new LogWriteError(file.path, this.#groupOffset, error));
    if (this.#onIdle !== undefined) this.#closeWhenIdle();
  }

  #startFile(firstZxid: number): void {
    if (this.#file !== undefined) this.#finishFile(this.#file);
    this.#file = new LogFile(this.#disk, {
      path: path.join(this.#options.directory, `log.${firstZxid.toString(16)}`),
      directoryFd: this.#directoryFd,
      preallocBytes: this.#options.preallocBytes,
      sync: this.#options.sync,
    });
  }

  #finishFile(file: LogFile): void {
    this.#closingFiles++;
    const closed = (): void => {
      this.#closingFiles--;
      if (this.#onIdle !== undefined) this.#closeWhenIdle();
    };
    if (this.#state === 'failed') file.abandon(closed);
    else file.finish(closed);
  }

  #closeWhenIdle(): void {
    this.sync();
    if (this.#inFlight !== undefined) return;
    if (this.#state === 'open') this.#state = 'closed';
    if (this.#file !== undefined) {
      const file = this.#file;
      this.#file = undefined;
      this.#finishFile(file);
    }
    if (this.#closingFiles === 0) this.#onIdle?.();
  }

  #takeBuffer(): Uint8Array {
    const buffer = this.#spareBuffer ?? new Uint8Array(BUFFER_BYTES);
    this.#spareBuffer = undefined;
    return buffer;
  }

  #keepBuffer(buffer: Uint8Array): void {
    if (buffer.byteLength <= KEPT_BUFFER_BYTES_MAX) this.#spareBuffer = buffer;
  }
}

function newGroup(bytes: Uint8Array, place: 'starts-file' | 'goes-on'): Group {
  return {
    bytes,
    length: LOG_HEADER_BYTES,
    firstZxid: 0,
    lastZxid: 0,
    startsFile: place === 'starts-file',
  };
}

function hasRecords(group: Group): boolean {
  return group.length > LOG_HEADER_BYTES;
}

function growBuffer(group: Group, recordBytes: number): void {
  const needed = group.length + recordBytes;
  const grown = new Uint8Array(Math.max(needed, group.bytes.byteLength * 2));
  grown.set(group.bytes.subarray(0, group.length));
  group.bytes = grown;
}
