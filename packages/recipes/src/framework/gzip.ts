import { gunzipSync, gzipSync } from 'node:zlib';
import type { Codec } from './codec.ts';

/** Bytes that a value may have when it is unpacked, unless told otherwise: sixteen times what a znode can hold. */
const UNPACKED_BYTES_MAX_DEFAULT = 16 * 1024 * 1024;

/**
 * What another codec makes, compressed: as Curator writes and reads it with `compressed()` and `decompressed()`, whose default
 * CompressionProvider is gzip.
 *
 * @param unpackedBytesMax - a value that is longer is refused before it takes the memory. Default 16 MiB.
 */
export function gzipCodec<T>(
  codec: Codec<T>,
  unpackedBytesMax: number = UNPACKED_BYTES_MAX_DEFAULT,
): Codec<T> {
  return {
    encode: (value) => gzipSync(codec.encode(value)),
    decode: (bytes) => codec.decode(unpackGzip(bytes, unpackedBytesMax)),
  };
}

/** @throws Error of zlib: its `code` is `ERR_BUFFER_TOO_LARGE` for more than `bytesMax`, or says what is not gzip about it. */
export function unpackGzip(bytes: Uint8Array, bytesMax: number): Uint8Array {
  return gunzipSync(bytes, { maxOutputLength: bytesMax });
}
