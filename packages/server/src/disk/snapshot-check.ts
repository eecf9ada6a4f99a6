/**
 * Whether a snapshot file is whole: its last seal states the checksum of everything before it, so one
 * pass over the bytes proves the file without understanding it. Nothing is loaded from a file that did
 * not pass.
 */

import fs from 'node:fs';
import { hasSealEnd, readSeal, SEAL_BYTES, SNAPSHOT_BYTES_MIN } from '@zooid/core';
import { ADLER32_INITIAL, JuteReader, MalformedError } from '@zooid/protocol';
import type { SnapshotName } from './disk-names.ts';
import { nativeAdler32 } from './native-adler32.ts';
import { type ByteSource, hasCompressionMagic, openSnapshotSource } from './snapshot-source.ts';

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

/** Verifies the checksum of everything that `source` holds. @throws MalformedError if it does not match. */
export function verifySnapshot(source: ByteSource): void {
  const sum = new SealedSum();
  while (sum.addFrom(source));
  sum.verify();
}

/** {@link verifySnapshot} in steps that leave the event loop to others in between. @throws also the reason of `signal`. */
export async function verifySnapshotInSteps(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<void> {
  const sum = new SealedSum();
  while (sum.addFrom(source)) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
  sum.verify();
}

/**
 * {@link verifySnapshot} for a file, in steps that leave the event loop to others in between.
 *
 * @returns whether the file is a whole snapshot; false also when it cannot be read.
 */
export async function isWholeSnapshot(snapshot: SnapshotName): Promise<boolean> {
  try {
    if (quickSnapshotFlaw(snapshot) !== undefined) return false;
    const source = openSnapshotSource(snapshot.path, snapshot.compression);
    try {
      await verifySnapshotInSteps(source);
      return true;
    } finally {
      source.close();
    }
  } catch {
    return false;
  }
}

/** Adler-32 of a stream without its last 13 bytes, and those. */
class SealedSum {
  #chunk = new Uint8Array(CHUNK_BYTES_MIN);
  /** Bytes at the front of the chunk that are not summed yet: the seal, if nothing follows. */
  #held = 0;
  #checksum = ADLER32_INITIAL;

  /** @returns false at the end of the source. */
  addFrom(source: ByteSource): boolean {
    const chunk = this.#chunk;
    const count = source.read(chunk, this.#held, chunk.byteLength - this.#held);
    if (count === 0) return false;
    const end = this.#held + count;
    const summed = Math.max(0, end - SEAL_BYTES);
    this.#checksum = nativeAdler32(this.#checksum, chunk, 0, summed);
    const held = chunk.subarray(summed, end);
    if (end === chunk.byteLength && end < CHUNK_BYTES_MAX) this.#chunk = new Uint8Array(end * 2);
    this.#chunk.set(held);
    this.#held = end - summed;
    return true;
  }

  verify(): void {
    if (this.#held < SEAL_BYTES) throw new MalformedError('it is too short for a seal');
    const reader = new JuteReader();
    reader.reset(this.#chunk, 0, this.#held);
    if (readSeal(reader) !== this.#checksum)
      throw new MalformedError('its checksum does not match');
  }
}
