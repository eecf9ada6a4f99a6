/**
 * Where the bytes of a snapshot go: a file, through a compressor or not. Each call takes some
 * milliseconds of the event loop at most; compression by gzip runs on a thread of Node's pool.
 */

import zlib from 'node:zlib';
import { compress } from 'snappyjs';
import type { SnapshotCompression } from './disk-names.ts';
import { SNAPPY_HEADER } from './snapshot-source.ts';

/** Takes bytes in order. A rejection is final. */
export interface ByteSink {
  /** Takes `bytes`, which the caller may use again once this resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** Hands on what is held back. */
  end(): Promise<void>;
}

/** Block length of snappy-java's SnappyOutputStream. */
const SNAPPY_BLOCK_BYTES = 32 * 1024;

/** Puts a compressor in front of `file`. */
export function compressing(file: ByteSink, compression: SnapshotCompression): ByteSink {
  switch (compression) {
    case 'none':
      return file;
    case 'gz':
      return new GzipSink(file);
    case 'snappy':
      return new SnappySink(file);
  }
}

class GzipSink implements ByteSink {
  readonly #file: ByteSink;
  readonly #gzip = zlib.createGzip();
  #compressed: Uint8Array[] = [];

  constructor(file: ByteSink) {
    this.#file = file;
    this.#gzip.on('data', (chunk: Uint8Array) => this.#compressed.push(chunk));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#gzip.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    await this.#handOn();
  }

  async end(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#gzip.once('end', resolve);
      this.#gzip.once('error', reject);
      this.#gzip.end();
    });
    await this.#handOn();
    await this.#file.end();
  }

  async #handOn(): Promise<void> {
    const chunks = this.#compressed;
    this.#compressed = [];
    for (const chunk of chunks) await this.#file.write(chunk);
  }
}

class SnappySink implements ByteSink {
  readonly #file: ByteSink;
  readonly #block = new Uint8Array(SNAPPY_BLOCK_BYTES);
  #held = 0;
  #hasHeader = false;

  constructor(file: ByteSink) {
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const chunks: Uint8Array[] = [];
    let taken = 0;
    while (taken < bytes.byteLength) {
      const count = Math.min(SNAPPY_BLOCK_BYTES - this.#held, bytes.byteLength - taken);
      this.#block.set(bytes.subarray(taken, taken + count), this.#held);
      this.#held += count;
      taken += count;
      if (this.#held === SNAPPY_BLOCK_BYTES) this.#compressBlock(chunks);
    }
    if (chunks.length > 0) await this.#file.write(joined(chunks));
  }

  async end(): Promise<void> {
    const chunks: Uint8Array[] = [];
    if (this.#held > 0) this.#compressBlock(chunks);
    if (chunks.length > 0) await this.#file.write(joined(chunks));
    await this.#file.end();
  }

  #compressBlock(chunks: Uint8Array[]): void {
    if (!this.#hasHeader) chunks.push(SNAPPY_HEADER);
    this.#hasHeader = true;
    const compressed = compress(this.#block.subarray(0, this.#held));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setInt32(0, compressed.byteLength);
    chunks.push(length, compressed);
    this.#held = 0;
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(chunks);
}
