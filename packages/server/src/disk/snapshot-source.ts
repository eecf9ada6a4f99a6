/**
 * The uncompressed bytes of a snapshot file, front to back, whatever compression it has.
 *
 *     .snappy := magic 82 "SNAPPY" 00 · int version 1 · int compatible 1 · (int n · n bytes: one snappy block)*
 *
 * Source: snappy-java's SnappyOutputStream; blocks of 32 KB before compression. A plain or snappy file is
 * read in constant memory. gzip has no synchronous stream in Node: a small one is inflated whole, a large one by a
 * thread.
 */

import fs from 'node:fs';
import zlib from 'node:zlib';
import { MalformedError } from '@zooid/protocol';
import { uncompress } from 'snappyjs';
import type { SnapshotCompression } from './disk-names.ts';
import { GzipSource } from './gzip-source.ts';

/** Bytes that can be read in order. */
export interface ByteSource {
  /** Reads up to `length` bytes into `target` at `offset`. @returns how many; 0 only at the end. */
  read(target: Uint8Array, offset: number, length: number): number;
  close(): void;
}

/** `-126 "SNAPPY" 0`, version, least compatible version. */
export const SNAPPY_HEADER: Uint8Array = Uint8Array.of(
  ...[0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00],
  ...[0, 0, 0, 1],
  ...[0, 0, 0, 1],
);
/** Up to here a gzip file is inflated whole, compressed bytes: a thread takes 30 ms to begin. */
const GZIP_BYTES_WHOLE_MAX = 4 * 1024 * 1024;
const SNAPPY_MAGIC_BYTES = 8;
/** A block never states to be longer than this: writers use 32 KB, some up to 1 MB. */
const SNAPPY_BLOCK_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Opens a snapshot for reading.
 *
 * @throws MalformedError if the compressed form is broken; a system error if the file cannot be read.
 */
export function openSnapshotSource(path: string, compression: SnapshotCompression): ByteSource {
  switch (compression) {
    case 'none':
      return new FileSource(path);
    case 'snappy':
      return new SnappySource(new FileSource(path));
    case 'gz':
      return fs.statSync(path).size > GZIP_BYTES_WHOLE_MAX
        ? new GzipSource(path)
        : new MemorySource(gunzip(fs.readFileSync(path)));
  }
}

/** Whether the file begins as its compression does: Apache's quick test for compressed snapshots. */
export function hasCompressionMagic(firstBytes: Uint8Array, compression: 'gz' | 'snappy'): boolean {
  if (compression === 'gz') return firstBytes[0] === 0x1f && firstBytes[1] === 0x8b;
  for (let i = 0; i < SNAPPY_MAGIC_BYTES; i++) if (firstBytes[i] !== SNAPPY_HEADER[i]) return false;
  return true;
}

class FileSource implements ByteSource {
  readonly #fd: number;
  #position = 0;

  constructor(path: string) {
    this.#fd = fs.openSync(path, 'r');
  }

  read(target: Uint8Array, offset: number, length: number): number {
    const count = fs.readSync(this.#fd, target, offset, length, this.#position);
    this.#position += count;
    return count;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

class MemorySource implements ByteSource {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(target: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.#bytes.byteLength - this.#position);
    target.set(this.#bytes.subarray(this.#position, this.#position + count), offset);
    this.#position += count;
    return count;
  }

  close(): void {}
}

class SnappySource implements ByteSource {
  readonly #file: ByteSource;
  #block: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(file: ByteSource) {
    this.#file = file;
    try {
      this.#readHeader();
    } catch (error) {
      file.close();
      throw error;
    }
  }

  read(target: Uint8Array, offset: number, length: number): number {
    while (this.#position === this.#block.byteLength) {
      if (!this.#nextBlock()) return 0;
    }
    const count = Math.min(length, this.#block.byteLength - this.#position);
    target.set(this.#block.subarray(this.#position, this.#position + count), offset);
    this.#position += count;
    return count;
  }

  close(): void {
    this.#file.close();
  }

  #readHeader(): void {
    const header = new Uint8Array(SNAPPY_HEADER.byteLength);
    const got = readFully(this.#file, header);
    if (got < header.byteLength || !hasCompressionMagic(header, 'snappy')) {
      throw new MalformedError('no snappy stream');
    }
  }

  #nextBlock(): boolean {
    const prefix = new Uint8Array(4);
    const got = readFully(this.#file, prefix);
    if (got === 0) return false;
    const bytes = (prefix[0]! << 24) | (prefix[1]! << 16) | (prefix[2]! << 8) | prefix[3]!;
    if (got < 4 || bytes <= 0 || bytes > SNAPPY_BLOCK_BYTES_MAX) {
      throw new MalformedError('a snappy block of impossible length');
    }
    const compressed = new Uint8Array(bytes);
    if (readFully(this.#file, compressed) < bytes)
      throw new MalformedError('a snappy block cut short');
    this.#block = unsnappy(compressed);
    this.#position = 0;
    return true;
  }
}

function readFully(source: ByteSource, target: Uint8Array): number {
  let got = 0;
  while (got < target.byteLength) {
    const count = source.read(target, got, target.byteLength - got);
    if (count === 0) break;
    got += count;
  }
  return got;
}

function unsnappy(compressed: Uint8Array): Uint8Array {
  try {
    return uncompress(compressed, SNAPPY_BLOCK_BYTES_MAX);
  } catch (error) {
    throw new MalformedError(`a broken snappy block: ${String(error)}`);
  }
}

function gunzip(compressed: Uint8Array): Uint8Array {
  try {
    return zlib.gunzipSync(compressed);
  } catch (error) {
    throw new MalformedError(`a broken gzip stream: ${String(error)}`);
  }
}
