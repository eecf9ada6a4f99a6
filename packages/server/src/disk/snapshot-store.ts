/**
 * Writes snapshots, slice by slice, while the server goes on serving.
 *
 *   begin ──► head and, from now on, pre-images ──► slice, write, slice, write, ... ──► seals
 *             (in a buffer)                         (temporary file)                      │
 *                            snapshot.<zxid> ◄── directory synced ◄── renamed ◄── synced ◄┘
 *
 * A file with the name of a snapshot is always a whole one; what a crash leaves has another name and is
 * removed by the next server. An error costs this snapshot and nothing else: the log still has everything.
 *
 * Decides when bytes go to disk; the tree decides which bytes (TreeImage).
 */

import { constants, promises as fsp, unlinkSync } from 'node:fs';
import path from 'node:path';
import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  type SnapshotSession,
  wordAdler32,
  writeSeal,
  writeSnapshotHead,
  writeZxidDigest,
} from '@zooid/core';
import { type Acl, ADLER32_INITIAL, JuteWriter } from '@zooid/protocol';
import { type DiskCalls, realDisk } from './disk-calls.ts';
import { type SnapshotCompression, snapshotFileName } from './disk-names.ts';
import { type ByteSink, compressing } from './snapshot-sink.ts';

/** Bytes asked of the tree at a time: 1 to 2 ms of the event loop, checksum and copy included. */
const SLICE_BYTES = 256 * 1024;
/**
 * Bytes written to the file at a time. Each write wakes a thread of libuv's pool, and glibc may hold the caller up until
 * the one that it woke last has got a processor: 20 to 100 ms on a machine that others keep busy. So there are few of them.
 */
const WRITE_BYTES = 1024 * 1024;
/** Snappy runs on this thread, at some 100 MB/s. */
const SNAPPY_SLICE_BYTES = 128 * 1024;
/**
 * Between slices the event loop, and the disk, are left to requests: for this many times as long as the slice took when
 * the loop is busy all the time, less when it is not, and hardly at all when nobody asks for anything.
 */
const REST_FACTOR_MAX = 10;
/**
 * Dirty bytes after which the file is synced: a write of the log that meets that sync waits for it. Measured on ext4: 1.3 ms for 1 MB, 11.5 ms
 * for 16 MB, and with the latter 15 % fewer creates in a second, while a tree of up to a million znodes is written.
 */
const SYNC_STEP_BYTES = 1024 * 1024;

export interface SnapshotStoreOptions {
  /** `version-2` under dataDir. Exists. */
  readonly directory: string;
  /** `snapshot.compression.method`. */
  readonly compression: SnapshotCompression;
  /** `serializeLastProcessedZxid.enabled`. */
  readonly lastZxid: 'written' | 'omitted';
}

/** The tree's side of a snapshot, which is `TreeImage` of the core. */
export interface ImageSlices {
  /** Writes about `maxBytes` to the writer it was made with. @returns true when all is written. */
  writeSlice(maxBytes: number): boolean;
  abandon(): void;
}

/** What a snapshot says besides the znodes: all of the same moment. */
export interface SnapshotHead {
  /** Zxid of the last transaction in the tree; names the file. */
  readonly zxid: number;
  /** The tree's digest at this zxid; undefined when it keeps none. */
  readonly digest: bigint | undefined;
  readonly sessions: Iterable<SnapshotSession>;
  readonly acls: Iterable<readonly [id: number, acls: readonly Acl[]]>;
}

export interface SnapshotFile {
  readonly path: string;
  readonly zxid: number;
  /** Length of the file. */
  readonly bytes: number;
  readonly durationMs: number;
}

/** A snapshot could not be written. The server may go on; the log keeps everything until one succeeds. */
export class SnapshotWriteError extends Error {
  readonly code = 'SNAPSHOT_WRITE_FAILED';
  readonly file: string;
  readonly remedy: string;

  constructor(file: string, cause: Error) {
    const remedy =
      'Free space in dataDir or repair its permissions. Until a snapshot succeeds, logs pile up and a restart takes longer; no write is lost.';
    super(`cannot write the snapshot ${file}: ${cause.message}. ${remedy}`, { cause });
    this.name = 'SnapshotWriteError';
    this.file = file;
    this.remedy = remedy;
  }
}

export class SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  readonly #disk: DiskCalls;

  constructor(options: SnapshotStoreOptions, disk: DiskCalls = realDisk) {
    this.#options = options;
    this.#disk = disk;
  }

  /**
   * Begins a snapshot of this moment. In the same turn the caller makes the image of the tree, with
   * {@link SnapshotWriting.out} as its writer, and calls {@link SnapshotWriting.write}. Nothing touches the disk yet.
   */
  begin(head: SnapshotHead): SnapshotWriting {
    const { directory, compression } = this.#options;
    const name = snapshotFileName(head.zxid, compression);
    const temporary = path.join(directory, `tmp.${name}`);
    const target = path.join(directory, name);
    return new SnapshotWriting(this.#options, this.#disk, head, { temporary, target });
  }

  /**
   * {@link begin} for a state that is not the server's yet: when it is written, the file is whole and durable under the
   * name `file` in the same directory, which the caller then makes a snapshot of or removes.
   */
  beginAside(head: SnapshotHead, file: string): SnapshotWriting {
    const temporary = path.join(this.#options.directory, file);
    return new SnapshotWriting(this.#options, this.#disk, head, { temporary, target: temporary });
  }
}

/** One snapshot on its way to disk. */
export class SnapshotWriting {
  /** Takes what the image writes: slices when asked, and pre-images whenever the tree changes. */
  readonly out: JuteWriter = new JuteWriter(SLICE_BYTES + 64 * 1024);

  readonly #options: SnapshotStoreOptions;
  readonly #disk: DiskCalls;
  /** Where it is written, and what that is renamed to when it is durable; the same path for one that stays aside. */
  readonly #files: { readonly temporary: string; readonly target: string };
  readonly #zxid: number;
  readonly #digest: bigint | undefined;
  readonly #startedMs = performance.now();
  /** Of everything that left {@link out}. */
  #checksum = ADLER32_INITIAL;
  /** What left {@link out} and is not written, or on its way: the first `#copied` bytes. */
  #copy = new Uint8Array(0);
  #copied = 0;
  #isAborted = false;
  #isHurried = false;

  /** @internal Made by {@link SnapshotStore.begin}. */
  constructor(
    options: SnapshotStoreOptions,
    disk: DiskCalls,
    head: SnapshotHead,
    files: { readonly temporary: string; readonly target: string },
  ) {
    this.#options = options;
    this.#files = files;
    this.#disk = disk;
    this.#zxid = head.zxid;
    this.#digest = head.digest;
    writeSnapshotHead(this.out, head.sessions, head.acls);
  }

  /** From now on nobody else needs the event loop: {@link write} rests no more. */
  hurry(): void {
    this.#isHurried = true;
  }

  /** Gives the snapshot up: {@link write} then resolves to undefined and leaves no file. No effect once it is written. */
  abort(): void {
    this.#isAborted = true;
  }

  /**
   * Writes the snapshot. Between slices the event loop is free. Called once.
   *
   * @returns the file, which is whole and durable; undefined after {@link abort}.
   * @throws SnapshotWriteError; there is no file then, and the image is abandoned.
   */
  async write(image: ImageSlices): Promise<SnapshotFile | undefined> {
    const { directory } = this.#options;
    const { temporary, target } = this.#files;
    const file = new SnapshotOutput(this.#disk);
    try {
      await file.open(temporary);
      await this.#writeAll(image, file);
      await file.close(this.#isAborted ? 'discard' : 'sync');
      if (this.#isAborted) {
        image.abandon();
        removeTemporary(temporary);
        return undefined;
      }
      if (target !== temporary) await fsp.rename(temporary, target);
      await syncDirectory(directory);
    } catch (error) {
      image.abandon();
      await file.close('discard').catch(() => {});
      removeTemporary(temporary);
      throw new SnapshotWriteError(target, error as Error);
    }
    const durationMs = performance.now() - this.#startedMs;
    return { path: target, zxid: this.#zxid, bytes: file.bytes, durationMs };
  }

  async #writeAll(image: ImageSlices, file: SnapshotOutput): Promise<void> {
    const { compression } = this.#options;
    const sink = compressing(file, compression);
    const sliceBytes = compression === 'snappy' ? SNAPPY_SLICE_BYTES : SLICE_BYTES;
    // Compression is work of its own, slice by slice.
    const writeBytes = compression === 'none' ? WRITE_BYTES : 0;
    let loop = performance.eventLoopUtilization();
    for (let isLast = false; !isLast; ) {
      if (this.#isAborted) return;
      const startedMs = performance.now();
      // How busy others kept the event loop since the last slice.
      const { utilization } = performance.eventLoopUtilization(loop);
      // Pre-images that came meanwhile count for the slice: the work of one round stays bounded.
      isLast = image.writeSlice(Math.max(4096, sliceBytes - this.out.length));
      if (isLast) this.#writeSeals();
      this.#takeOut(writeBytes + sliceBytes);
      const endedMs = performance.now();
      loop = performance.eventLoopUtilization();
      if (isLast || this.#copied >= writeBytes) {
        await sink.write(this.#copy.subarray(0, this.#copied));
        this.#copied = 0;
      }
      // Requests come first: a snapshot may take its time, for the log has everything.
      const dueMs = endedMs + (endedMs - startedMs) * REST_FACTOR_MAX * utilization;
      const restMs = dueMs - performance.now();
      if (isLast) break;
      if (restMs >= 1 && !this.#isHurried) await sleep(restMs);
      else await immediate();
    }
    await sink.end();
  }

  #writeSeals(): void {
    const { out } = this;
    this.#seal();
    if (this.#digest !== undefined) {
      writeZxidDigest(out, this.#zxid, this.#digest);
      this.#seal();
    }
    if (this.#options.lastZxid === 'written') {
      out.longFromNumber(this.#zxid);
      this.#seal();
    }
  }

  /** Writes a seal behind what is in {@link out}, which is summed when it leaves. */
  #seal(): void {
    const { out } = this;
    writeSeal(out, wordAdler32(this.#checksum, out.bytes, 0, out.length));
  }

  /**
   * Adds what the writer holds to the copy: it takes pre-images while the copy is on its way. The copy's buffer is used again,
   * for a new one each time (0.7 GB in all for a million znodes) makes the engine collect its garbage: 5 to 9 ms, again and
   * again.
   *
   * @param bytesUsual - what the copy holds at most, as a rule.
   */
  #takeOut(bytesUsual: number): void {
    const { out } = this;
    this.#checksum = wordAdler32(this.#checksum, out.bytes, 0, out.length);
    const length = this.#copied + out.length;
    if (this.#copy.byteLength < length) {
      const grown = new Uint8Array(Math.max(bytesUsual, length));
      grown.set(this.#copy.subarray(0, this.#copied));
      this.#copy = grown;
    }
    this.#copy.set(out.view(), this.#copied);
    this.#copied = length;
    out.clear();
  }
}

function removeTemporary(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It was never made, or is renamed already. What is left over, the next server removes.
  }
}

/** The temporary file. */
class SnapshotOutput implements ByteSink {
  /** Bytes written. */
  bytes = 0;

  readonly #disk: DiskCalls;
  #fd = -1;
  #unsynced = 0;

  constructor(disk: DiskCalls) {
    this.#disk = disk;
  }

  async open(file: string): Promise<void> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
    this.#fd = await promisify(this.#disk.open)(file, flags, 0o644);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.byteLength === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#disk.write(this.#fd, bytes, 0, bytes.byteLength, this.bytes, (error, written) => {
        if (error !== null) reject(error);
        else if (written !== bytes.byteLength) reject(new Error('short write: the disk is full'));
        else resolve();
      });
    });
    this.bytes += bytes.byteLength;
    this.#unsynced += bytes.byteLength;
    if (this.#unsynced >= SYNC_STEP_BYTES) await this.#sync();
  }

  async end(): Promise<void> {}

  async close(how: 'sync' | 'discard'): Promise<void> {
    if (this.#fd < 0) return;
    if (how === 'sync') await promisify(this.#disk.fsync)(this.#fd);
    const fd = this.#fd;
    this.#fd = -1;
    await promisify(this.#disk.close)(fd);
  }

  async #sync(): Promise<void> {
    await promisify(this.#disk.fdatasync)(this.#fd);
    this.#unsynced = 0;
  }
}

/** Makes new and removed names in a directory durable. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await fsp.open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
