/**
 * The transaction log file: bytes in, bytes out.
 *
 *     file   := header record* zeros
 *     header := int "ZKLG" · int version 2 · long dbid 0
 *     record := long adler32 of the payload · int length · payload · byte 0x42
 *     payload := TxnHeader{long clientId · int cxid · long zxid · long time · int type} · txn · TxnDigest?
 *
 * Whoever writes preallocates the file with zeros, so a length of zero is where the log ends.
 * Sources: FileTxnLog, SerializeUtils, Util.writeTxnBytes.
 *
 * Decides what a record is and whether it is whole. Files, and what to make of a record that is not
 * whole, are left to the server's `disk/`.
 */

import { ADLER32_INITIAL, adler32 } from '@zooid/protocol';
import { ViewCache } from '../view-cache.ts';
import { wordAdler32 } from './word-adler32.ts';

/** "ZKLG". */
export const LOG_MAGIC = 0x5a4b_4c47;
/** Bytes before the first record. */
export const LOG_HEADER_BYTES = 16;
/** Bytes of a record besides its payload. */
export const LOG_RECORD_OVERHEAD_BYTES = 13;
/** Checksum and length: what must be read before the extent of a record is known. */
export const LOG_PREFIX_BYTES = 12;
/** A payload begins with a TxnHeader, which has this length. */
export const TXN_HEADER_BYTES = 32;

const LOG_VERSION = 2;
const END_OF_RECORD = 0x42;
/** Up to here, copying and summing in one loop beats two passes (measured: 190 bytes take 110 ns). */
const FUSED_COPY_BYTES_MAX = 4096;
const ADLER_MODULUS = 65521;
/** The prefix sums of 20 bytes stay below 2^16. */
const ADLER_GROUP_WORDS = 20;
const EVEN_BYTES = 0x00ff_00ff;

// Transactions lie many in one block, and go many into one buffer.
const sourceViews = new ViewCache();
const targetViews = new ViewCache();

const ZXID_OFFSET = 12;

/** Writes the file header into `[at, at + LOG_HEADER_BYTES)`. */
export function writeLogHeader(target: Uint8Array, at: number): void {
  writeInt(target, at, LOG_MAGIC);
  writeInt(target, at + 4, LOG_VERSION);
  target.fill(0, at + 8, at + LOG_HEADER_BYTES);
}

/** What the first bytes of a log file say. */
export type LogHeaderState = 'valid' | 'cut-short' | 'foreign';

/**
 * Judges the header in `[0, length)`. As in Apache only the magic number decides.
 *
 * @returns `cut-short` when the file ends within the header, or zeros take the place of some of its end: a
 *   file that was being created; `foreign` when it is no transaction log.
 */
export function checkLogHeader(bytes: Uint8Array, length: number): LogHeaderState {
  const header = new Uint8Array(LOG_HEADER_BYTES);
  writeLogHeader(header, 0);
  let at = 0;
  while (at < 4 && at < length && bytes[at] === header[at]) at++;
  if (at === 4) return length < LOG_HEADER_BYTES ? 'cut-short' : 'valid';
  for (; at < Math.min(length, LOG_HEADER_BYTES); at++) if (bytes[at] !== 0) return 'foreign';
  return 'cut-short';
}

/**
 * Writes one record around the payload `[start, end)` of `bytes` into `target` from `at` on.
 *
 * The caller has made room for `end - start + LOG_RECORD_OVERHEAD_BYTES`. Hot path: allocates nothing
 * for a payload of at most 4 KB, while buffers are the same from record to record.
 *
 * @returns where the next record begins.
 */
export function writeLogRecord(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start;
  const payloadAt = at + LOG_PREFIX_BYTES;
  let checksum: number;
  if (length <= FUSED_COPY_BYTES_MAX) {
    checksum = copyAndSum(target, payloadAt, bytes, start, end);
  } else {
    target.set(bytes.subarray(start, end), payloadAt);
    checksum = adler32(ADLER32_INITIAL, bytes, start, end);
  }
  // The checksum is an unsigned int in a long.
  target[at] = 0;
  target[at + 1] = 0;
  target[at + 2] = 0;
  target[at + 3] = 0;
  writeInt(target, at + 4, checksum);
  writeInt(target, at + 8, length);
  target[payloadAt + length] = END_OF_RECORD;
  return payloadAt + length + 1;
}

/** What stands at a place in a log where a record should begin. */
export const LogRecordState = {
  /** Checksum, length and end mark agree. */
  whole: 0,
  /** Checksum and length are zero: the log ends here, if nothing but zeros follows. */
  zeros: 1,
  /** The bytes at hand end before the record does, or before its length is known. */
  incomplete: 2,
  /** A length that no record has, or a length of zero after a checksum. */
  badLength: 3,
  /** Checksum and length are plausible, the end mark is missing. */
  unfinished: 4,
  /** Length and end mark agree, the checksum does not. */
  badChecksum: 5,
} as const;
export type LogRecordState = (typeof LogRecordState)[keyof typeof LogRecordState];

/**
 * Judges the record that begins at `at` of `bytes`, of which `[0, end)` is content.
 *
 * `incomplete` also means: give me more of the file. The length is {@link logRecordLength}.
 *
 * @param view - over the same bytes: whoever has many records in one buffer makes it once, and the sum takes half the time.
 */
export function checkLogRecord(
  bytes: Uint8Array,
  at: number,
  end: number,
  view?: DataView,
): LogRecordState {
  if (at + LOG_PREFIX_BYTES > end) return LogRecordState.incomplete;
  const length = logRecordLength(bytes, at);
  if (length === 0) {
    for (let i = at; i < at + 8; i++) if (bytes[i] !== 0) return LogRecordState.badLength;
    return LogRecordState.zeros;
  }
  // Apache throws away nothing shorter, but nothing shorter than a TxnHeader was ever written.
  if (length < TXN_HEADER_BYTES) return LogRecordState.badLength;
  const payloadAt = at + LOG_PREFIX_BYTES;
  if (payloadAt + length + 1 > end) return LogRecordState.incomplete;
  if (bytes[payloadAt + length] !== END_OF_RECORD) return LogRecordState.unfinished;
  const payloadEnd = payloadAt + length;
  const checksum =
    view === undefined
      ? adler32(ADLER32_INITIAL, bytes, payloadAt, payloadEnd)
      : wordAdler32(ADLER32_INITIAL, bytes, payloadAt, payloadEnd, view);
  return readInt(bytes, at) === 0 && readInt(bytes, at + 4) === (checksum | 0)
    ? LogRecordState.whole
    : LogRecordState.badChecksum;
}

/** The payload's length as the record at `at` states it; may be negative or absurd if the record is damaged. */
export function logRecordLength(bytes: Uint8Array, at: number): number {
  return readInt(bytes, at + 8);
}

/** The zxid in the TxnHeader that begins at `payloadAt`; NaN if it is not below 2^53, which no server writes. */
export function txnZxid(bytes: Uint8Array, payloadAt: number): number {
  const high = readInt(bytes, payloadAt + ZXID_OFFSET);
  if (high < -0x20_0000 || high >= 0x20_0000) return Number.NaN;
  return high * 0x1_0000_0000 + (readInt(bytes, payloadAt + ZXID_OFFSET + 4) >>> 0);
}

/**
 * Whether `next` may stand in a log right after `previous`: the next counter, or the first transaction
 * of a later epoch. Servers log failed requests too, so within an epoch no counter is ever left out.
 */
export function mayFollow(previous: number, next: number): boolean {
  if (next === previous + 1) return true;
  return epochOf(next) > epochOf(previous) && counterOf(next) <= 1;
}

function epochOf(zxid: number): number {
  return Math.floor(zxid / 0x1_0000_0000);
}

function counterOf(zxid: number): number {
  return zxid % 0x1_0000_0000;
}

/**
 * Looks for a whole record that begins anywhere in `[from, end)`: the proof that damage before it is
 * not merely the end of an unfinished write.
 *
 * @param previousZxid - last zxid known to be good; a record must have a later one to count.
 * @returns where the record begins, or -1.
 */
export function findLogRecord(
  bytes: Uint8Array,
  from: number,
  end: number,
  previousZxid: number,
): number {
  const last = end - LOG_RECORD_OVERHEAD_BYTES - TXN_HEADER_BYTES;
  for (let at = from; at <= last; at++) {
    // The upper half of the stored checksum is zero and so is, in practice, the first byte of a length:
    // nearly every false start ends at the first comparison.
    if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0)
      continue;
    const length = logRecordLength(bytes, at);
    if (length < TXN_HEADER_BYTES || length > end - at - LOG_RECORD_OVERHEAD_BYTES) continue;
    if (bytes[at + LOG_PREFIX_BYTES + length] !== END_OF_RECORD) continue;
    const zxid = txnZxid(bytes, at + LOG_PREFIX_BYTES);
    if (!(zxid > previousZxid)) continue;
    if (checkLogRecord(bytes, at, end) === LogRecordState.whole) return at;
  }
  return -1;
}

/**
 * Whether all but the last byte of `[at, end)` is a checksum, some length, and the payload of exactly that
 * checksum: then the record was completely written, and its length or end mark was damaged later.
 */
export function isPayloadWhole(bytes: Uint8Array, at: number, end: number): boolean {
  const payloadAt = at + LOG_PREFIX_BYTES;
  if (end - 1 - payloadAt < TXN_HEADER_BYTES) return false;
  return (adler32(ADLER32_INITIAL, bytes, payloadAt, end - 1) | 0) === readInt(bytes, at + 4);
}

/**
 * Copies and computes Adler-32 in one pass over words; at most FUSED_COPY_BYTES_MAX bytes, for which no sum leaves int32
 * (n + 255·n·(n+1)/2 stays below 2^31 for n <= 4103) and one reduction at the end is enough.
 */
function copyAndSum(
  target: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const from = sourceViews.of(bytes);
  const to = targetViews.of(target);
  const shift = at - start;
  let low = 1;
  let high = 0;
  let i = start;
  for (let words = (end - start) >>> 2; words > 0; ) {
    const count = Math.min(words, ADLER_GROUP_WORDS);
    words -= count;
    // As in word-adler32.ts: two sums of 16 bits in each variable.
    let even = 0;
    let odd = 0;
    let evenPrefix = 0;
    let oddPrefix = 0;
    for (const groupEnd = i + 4 * count; i < groupEnd; i += 4) {
      const word = from.getInt32(i, true);
      to.setInt32(i + shift, word, true);
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
    high = (high + 4 * count * low + 4 * prefix + (4 * byte0 + 3 * byte1 + 2 * byte2 + byte3)) | 0;
    low += byte0 + byte1 + byte2 + byte3;
  }
  for (; i < end; i++) {
    const byte = from.getUint8(i);
    to.setUint8(i + shift, byte);
    low = (low + byte) | 0;
    high = (high + low) | 0;
  }
  return (((high % ADLER_MODULUS) << 16) | (low % ADLER_MODULUS)) >>> 0;
}

function readInt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function writeInt(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
