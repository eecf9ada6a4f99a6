/**
 * Adler-32 by words, twice as fast as byte by byte (200 MB: 68 ms against 128 ms on one core of the 2-core machine; in
 * runs of 200 bytes 80 against 133). zlib's own, reached through a stored stream, takes 112 ms and leaves garbage.
 */

import { adler32 } from '@zooid/protocol';

const MODULUS = 65521;
/** At most 20 words. The prefix sums of 20 bytes stay below 2^16: 255·(0 + 1 + ... + 19) = 48,450. */
const GROUP_BYTES = 80;
/** Bytes until the sums must be reduced: a multiple of the group below the 5552 of adler32.ts, for the same reason. */
const BLOCK_BYTES = 5520;
const EVEN_BYTES = 0x00ff_00ff;

/**
 * Goes on with the checksum `value` over `[start, end)` of `bytes`; the same number as `adler32` of the protocol.
 *
 * @param view - over the same bytes. Making one takes as long as 200 bytes do: for short runs it must be at hand.
 */
export function wordAdler32(
  value: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  view: DataView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
): number {
  let low = value & 0xffff;
  let high = value >>> 16;
  let at = start;
  while (end - at >= 4) {
    const blockEnd = Math.min(at + BLOCK_BYTES, end);
    while (blockEnd - at >= 4) {
      const groupBytes = Math.min(GROUP_BYTES, (blockEnd - at) & ~3);
      // Each variable holds two sums of 16 bits: of bytes 0 and 2 of the words, and of bytes 1 and 3. The
      // prefix sums count a byte once for every word behind its own.
      let even = 0;
      let odd = 0;
      let evenPrefix = 0;
      let oddPrefix = 0;
      for (const groupEnd = at + groupBytes; at < groupEnd; at += 4) {
        const word = view.getInt32(at, true);
        evenPrefix = (evenPrefix + even) | 0;
        oddPrefix = (oddPrefix + odd) | 0;
        even = (even + (word & EVEN_BYTES)) | 0;
        odd = (odd + ((word >>> 8) & EVEN_BYTES)) | 0;
      }
      const byte0 = even & 0xffff;
      const byte1 = odd & 0xffff;
      const byte2 = even >>> 16;
      const byte3 = odd >>> 16;
      const prefix =
        (evenPrefix & 0xffff) + (evenPrefix >>> 16) + (oddPrefix & 0xffff) + (oddPrefix >>> 16);
      high =
        (high + groupBytes * low + 4 * prefix + (4 * byte0 + 3 * byte1 + 2 * byte2 + byte3)) | 0;
      low += byte0 + byte1 + byte2 + byte3;
    }
    low %= MODULUS;
    high = (high >>> 0) % MODULUS;
  }
  return adler32(((high << 16) | low) >>> 0, bytes, at, end);
}
