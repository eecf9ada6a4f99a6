/**
 * Adler-32 (RFC 1950), the checksum of log entries and snapshot seals. Continued by passing on its value:
 * `adler32(adler32(ADLER32_INITIAL, a, ...), b, ...)` is the checksum of `a` and then `b`.
 */

/** The checksum of no bytes at all. */
export const ADLER32_INITIAL = 1;

const MODULUS = 65521;

/**
 * Bytes that may be summed before the sums must be reduced, a multiple of 16: from sums below the modulus,
 * n bytes of 255 bring the second one to at most 65520·(n+1) + 255·n·(n+1)/2, which stays below 2^32
 * for n <= 5552. The arithmetic here is on int32, read as unsigned at the end.
 */
const BLOCK_BYTES = 5552;

/**
 * Goes on with the checksum `value` over `[start, end)` of `bytes`.
 *
 * @returns the checksum as an unsigned 32-bit number: the format stores it as a long.
 */
export function adler32(value: number, bytes: Uint8Array, start: number, end: number): number {
  let low = value & 0xffff;
  let high = value >>> 16;
  let at = start;
  while (at < end) {
    const blockEnd = Math.min(at + BLOCK_BYTES, end);
    // Sixteen at once: the sums then depend on each other once in 16 bytes, not at each.
    while (at + 16 <= blockEnd) {
      const b0 = bytes[at]!;
      const b1 = bytes[at + 1]!;
      const b2 = bytes[at + 2]!;
      const b3 = bytes[at + 3]!;
      const b4 = bytes[at + 4]!;
      const b5 = bytes[at + 5]!;
      const b6 = bytes[at + 6]!;
      const b7 = bytes[at + 7]!;
      const b8 = bytes[at + 8]!;
      const b9 = bytes[at + 9]!;
      const b10 = bytes[at + 10]!;
      const b11 = bytes[at + 11]!;
      const b12 = bytes[at + 12]!;
      const b13 = bytes[at + 13]!;
      const b14 = bytes[at + 14]!;
      const b15 = bytes[at + 15]!;
      const weighted =
        16 * b0 +
        15 * b1 +
        14 * b2 +
        13 * b3 +
        12 * b4 +
        11 * b5 +
        10 * b6 +
        9 * b7 +
        8 * b8 +
        7 * b9 +
        6 * b10 +
        5 * b11 +
        4 * b12 +
        3 * b13 +
        2 * b14 +
        b15;
      high = (high + 16 * low + weighted) | 0;
      low =
        (low +
          (b0 + b1 + b2 + b3 + (b4 + b5 + b6 + b7)) +
          (b8 + b9 + b10 + b11 + (b12 + b13 + b14 + b15))) |
        0;
      at += 16;
    }
    while (at < blockEnd) {
      low = (low + bytes[at++]!) | 0;
      high = (high + low) | 0;
    }
    low %= MODULUS;
    high = (high >>> 0) % MODULUS;
  }
  return ((high << 16) | low) >>> 0;
}
