/**
 * Whether a snapshot file is whole: its last seal states the checksum of everything before it, so one
 * pass over the bytes proves the file without understanding it.
 */

import fs from 'node:fs';
import { hasSealEnd, readSeal, SEAL_BYTES, SNAPSHOT_BYTES_MIN, wordAdler32 } from '@zooid/core';
import { ADLER32_INITIAL, JuteReader, MalformedError } from '@zooid/protocol';
import type { SnapshotName } from './disk-names.ts';
import { hasCompressionMagic, openSnapshotSource } from './snapshot-source.ts';

/** Chunks begin small, for most snapshots are, and grow up to this. */
const CHUNK_BYTES_MAX = 1024 * 1024;
const CHUNK_BYTES_MIN = 64 * 1024;

/**
 * Apache's quick test: enough to sort out files that were never finished.
 *
 * @returns why the file cannot be a snapshot, or undefined.
 */
export function quickSnapshotFlaw(snapshot: SnapshotName): string | undefined {
  const fd = fs.openSync(snapshot.path, 'r');
  try {
    const size = fs.fstatSync(fd).size;
    if (snapshot.compression !== 'none') {
      const first = new Uint8Array(8);
      fs.readSync(fd, first, 0, 8, 0);
      return hasCompressionMagic(first, snapshot.compression)
        ? undefined
        : `it does not begin as a ${snapshot.compression} file does`;
    }
    if (size < SNAPSHOT_BYTES_MIN) return `it has only ${size} bytes`;
    const last = new Uint8Array(5);
    fs.readSync(fd, last, 0, 5, size - 5);
    return hasSealEnd(last) ? undefined : 'it does not end with a seal';
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Verifies a file, in steps that leave the event loop to others in between.
 *
 * @returns whether the file is a whole snapshot; false also when it cannot be read.
 */
export async function isWholeSnapshot(snapshot: SnapshotName): Promise<boolean> {
  try {
    if (quickSnapshotFlaw(snapshot) !== undefined) return false;
    const source = openSnapshotSource(snapshot.path, snapshot.compression);
    try {
      const sum = new SealedSum();
      let chunk = new Uint8Array(CHUNK_BYTES_MIN);
      for (;;) {
        const count = source.read(chunk, 0, chunk.byteLength);
        if (count === 0) break;
        sum.add(chunk, 0, count);
        if (count === chunk.byteLength && count < CHUNK_BYTES_MAX)
          chunk = new Uint8Array(count * 2);
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      sum.verify();
      return true;
    } finally {
      source.close();
    }
  } catch {
    return false;
  }
}

/** Adler-32 of a stream without its last 13 bytes, and those: if nothing follows, they are the seal. */
export class SealedSum {
  #checksum = ADLER32_INITIAL;
  /** The last bytes, which are not summed yet. */
  readonly #last = new Uint8Array(SEAL_BYTES);
  #held = 0;

  /** Takes `[start, end)` of `bytes`, which follow what came before. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const last = this.#last;
    const count = Math.min(end - start, SEAL_BYTES);
    const summed = Math.max(0, this.#held + count - SEAL_BYTES);
    this.#checksum = wordAdler32(this.#checksum, last, 0, summed);
    this.#checksum = wordAdler32(this.#checksum, bytes, start, end - count);
    last.copyWithin(0, summed, this.#held);
    this.#held += count - summed;
    last.set(bytes.subarray(end - count, end), this.#held - count);
  }

  /** To be called after the end. @throws MalformedError if the last seal states another checksum. */
  verify(): void {
    if (this.#held < SEAL_BYTES) throw new MalformedError('it is too short for a seal');
    const reader = new JuteReader();
    reader.reset(this.#last, 0, this.#held);
    if (readSeal(reader) !== this.#checksum)
      throw new MalformedError('its checksum does not match');
  }
}
