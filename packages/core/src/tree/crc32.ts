/**
 * CRC-32 as java.util.zip.CRC32 and zlib compute it (polynomial 0xedb88320, reflected).
 *
 * A CRC is passed around as they return it, but as an int32; `>>> 0` makes it a uint32. Feeding bytes in
 * several calls gives the same as feeding them in one.
 */

import { STAT_WORDS } from './row.ts';

type NativeCrc32 = (bytes: Uint8Array, crc: number) => number;

interface ProcessLike {
  getBuiltinModule?(name: 'zlib'): { readonly crc32?: NativeCrc32 } | undefined;
}

/** Node's own, a pure function, where there is one (20.16 and later): four times faster, but for its call. */
const nativeCrc32 = (globalThis as { readonly process?: ProcessLike }).process?.getBuiltinModule?.(
  'zlib',
)?.crc32;
/** From here on its call pays: measured, the two are equal at some 400 bytes. */
export const CRC32_NATIVE_BYTES_MIN = 512;

/*
 * Tables for 8 bytes at a step ("slicing by 8"): number k is the effect of a byte that is followed by k others.
 * 16 at a step were no faster.
 */
const T0 = makeFirstTable();
const T1 = makeTable(T0);
const T2 = makeTable(T1);
const T3 = makeTable(T2);
const T4 = makeTable(T3);
const T5 = makeTable(T4);
const T6 = makeTable(T5);
const T7 = makeTable(T6);

function makeFirstTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}

/** The table for one more byte behind. */
function makeTable(shorter: Int32Array): Int32Array {
  return shorter.map((crc) => (crc >>> 8) ^ T0[crc & 0xff]!);
}

/**
 * CRC-32 of whatever `crc` stands for, followed by `[start, end)` of `bytes`. Begin with 0.
 *
 * @returns an int32.
 */
export function crc32(crc: number, bytes: Uint8Array, start: number, end: number): number {
  if (nativeCrc32 !== undefined && end - start >= CRC32_NATIVE_BYTES_MIN) {
    return nativeCrc32(bytes.subarray(start, end), crc >>> 0) | 0;
  }
  let state = ~crc;
  let at = start;
  for (const whole = end - 7; at < whole; at += 8) {
    state =
      T7[(state ^ bytes[at]!) & 0xff]! ^
      T6[((state >>> 8) ^ bytes[at + 1]!) & 0xff]! ^
      T5[((state >>> 16) ^ bytes[at + 2]!) & 0xff]! ^
      T4[(state >>> 24) ^ bytes[at + 3]!]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!;
  }
  for (; at < end; at++) state = (state >>> 8) ^ T0[(state ^ bytes[at]!) & 0xff]!;
  return ~state;
}

/**
 * As {@link crc32}, and copies the bytes to `at` of `to`. For short runs: eight bytes cost two loads and two
 * stores, and the copy next to nothing.
 */
export function crc32Copying(
  crc: number,
  from: DataView,
  start: number,
  end: number,
  to: DataView,
  at: number,
): number {
  let state = ~crc;
  let source = start;
  let target = at;
  for (const whole = end - 7; source < whole; source += 8, target += 8) {
    const first = from.getInt32(source, true);
    const second = from.getInt32(source + 4, true);
    to.setInt32(target, first, true);
    to.setInt32(target + 4, second, true);
    const mixed = state ^ first;
    state =
      T7[mixed & 0xff]! ^
      T6[(mixed >>> 8) & 0xff]! ^
      T5[(mixed >>> 16) & 0xff]! ^
      T4[mixed >>> 24]! ^
      T3[second & 0xff]! ^
      T2[(second >>> 8) & 0xff]! ^
      T1[(second >>> 16) & 0xff]! ^
      T0[second >>> 24]!;
  }
  for (; source < end; source++, target++) {
    const byte = from.getUint8(source);
    to.setUint8(target, byte);
    state = (state >>> 8) ^ T0[(state ^ byte) & 0xff]!;
  }
  return ~state;
}

/** CRC-32 of whatever `crc` stands for and one more byte. */
export function crc32Byte(crc: number, byte: number): number {
  return ~((~crc >>> 8) ^ T0[(~crc ^ byte) & 0xff]!);
}

/**
 * CRC-32 of whatever `crc` stands for, followed by the 15 words of a stat at `start`, each as 4 bytes
 * big-endian.
 */
export function crc32OfStat(crc: number, words: Int32Array, start: number): number {
  let state = ~crc;
  let at = start;
  for (const whole = start + STAT_WORDS - 1; at < whole; at += 2) {
    const first = words[at]!;
    const second = words[at + 1]!;
    state =
      T7[(state ^ (first >>> 24)) & 0xff]! ^
      T6[((state >>> 8) ^ (first >>> 16)) & 0xff]! ^
      T5[((state >>> 16) ^ (first >>> 8)) & 0xff]! ^
      T4[((state >>> 24) ^ first) & 0xff]! ^
      T3[second >>> 24]! ^
      T2[(second >>> 16) & 0xff]! ^
      T1[(second >>> 8) & 0xff]! ^
      T0[second & 0xff]!;
  }
  const last = words[at]!;
  state =
    T3[(state ^ (last >>> 24)) & 0xff]! ^
    T2[((state >>> 8) ^ (last >>> 16)) & 0xff]! ^
    T1[((state >>> 16) ^ (last >>> 8)) & 0xff]! ^
    T0[((state >>> 24) ^ last) & 0xff]!;
  return ~state;
}
