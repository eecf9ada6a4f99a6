/**
 * CRC-32 as java.util.zip.CRC32 and zlib compute it (polynomial 0xedb88320, reflected).
 *
 * A CRC is passed around as they return it, but as an int32; `>>> 0` makes it a uint32. Feeding bytes in
 * several calls gives the same as feeding them in one.
 */

import { STAT_WORDS } from './row.ts';

/**
 * Tables for 8 bytes at a step ("slicing by 8"): table k, at `k * 256`, is the effect of a byte that is
 * followed by k others.
 */
const tables: Int32Array = makeTables();

function makeTables(): Int32Array {
  const made = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
    made[byte] = crc;
  }
  for (let at = 256; at < made.length; at++) {
    const shorter = made[at - 256]!;
    made[at] = (shorter >>> 8) ^ made[shorter & 0xff]!;
  }
  return made;
}

/**
 * CRC-32 of whatever `crc` stands for, followed by `[start, end)` of `bytes`. Begin with 0.
 *
 * @returns an int32.
 */
export function crc32(crc: number, bytes: Uint8Array, start: number, end: number): number {
  const t = tables;
  let state = ~crc;
  let at = start;
  for (const whole = end - 7; at < whole; at += 8) {
    state =
      t[1792 | ((state ^ bytes[at]!) & 0xff)]! ^
      t[1536 | (((state >>> 8) ^ bytes[at + 1]!) & 0xff)]! ^
      t[1280 | (((state >>> 16) ^ bytes[at + 2]!) & 0xff)]! ^
      t[1024 | ((state >>> 24) ^ bytes[at + 3]!)]! ^
      t[768 | bytes[at + 4]!]! ^
      t[512 | bytes[at + 5]!]! ^
      t[256 | bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < end; at++) state = (state >>> 8) ^ t[(state ^ bytes[at]!) & 0xff]!;
  return ~state;
}

/** CRC-32 of whatever `crc` stands for and one more byte. */
export function crc32Byte(crc: number, byte: number): number {
  return ~((~crc >>> 8) ^ tables[(~crc ^ byte) & 0xff]!);
}

/**
 * CRC-32 of whatever `crc` stands for, followed by the 15 words of a stat at `start`, each as 4 bytes
 * big-endian.
 */
export function crc32OfStat(crc: number, words: Int32Array, start: number): number {
  const t = tables;
  let state = ~crc;
  let at = start;
  for (const whole = start + STAT_WORDS - 1; at < whole; at += 2) {
    const first = words[at]!;
    const second = words[at + 1]!;
    state =
      t[1792 | ((state ^ (first >>> 24)) & 0xff)]! ^
      t[1536 | (((state >>> 8) ^ (first >>> 16)) & 0xff)]! ^
      t[1280 | (((state >>> 16) ^ (first >>> 8)) & 0xff)]! ^
      t[1024 | (((state >>> 24) ^ first) & 0xff)]! ^
      t[768 | (second >>> 24)]! ^
      t[512 | ((second >>> 16) & 0xff)]! ^
      t[256 | ((second >>> 8) & 0xff)]! ^
      t[second & 0xff]!;
  }
  const last = words[at]!;
  state =
    t[768 | ((state ^ (last >>> 24)) & 0xff)]! ^
    t[512 | (((state >>> 8) ^ (last >>> 16)) & 0xff)]! ^
    t[256 | (((state >>> 16) ^ (last >>> 8)) & 0xff)]! ^
    t[((state >>> 24) ^ last) & 0xff]!;
  return ~state;
}
