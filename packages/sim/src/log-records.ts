/**
 * What a disk holds of a transaction log, record by record in the production format, and what is found in it after a crash.
 */

import {
  checkLogRecord,
  LOG_PREFIX_BYTES,
  LOG_RECORD_OVERHEAD_BYTES,
  LogRecordState,
  writeLogRecord,
} from '@zooid/core';
import { keptBytes } from './byte-copies.ts';

export interface LogRecord {
  readonly zxid: number;
  /** With checksum and length, as on disk; a torn one is shorter, a damaged one has other bits. */
  bytes: Uint8Array;
  /** Of the transaction and all before it. */
  readonly chain: number;
}

/** Makes the record around the transaction `[start, end)` of `bytes`. */
export function makeRecord(
  zxid: number,
  chain: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): LogRecord {
  const length = end - start + LOG_RECORD_OVERHEAD_BYTES;
  const { block, at } = keptBytes.room(length);
  writeLogRecord(block, at, bytes, start, end);
  return { zxid, bytes: block.subarray(at, at + length), chain };
}

/** Where the transaction lies in {@link LogRecord.bytes}. */
export const TXN_START: number = LOG_PREFIX_BYTES;

export function txnEnd(record: LogRecord): number {
  return record.bytes.byteLength - 1;
}

function isWhole({ bytes }: LogRecord): boolean {
  return checkLogRecord(bytes, 0, bytes.byteLength) === LogRecordState.whole;
}

/**
 * Drops the torn end of a log.
 *
 * @returns false when it is damaged before its end: there are whole records behind a bad one, so it is no torn write, and who starts from
 *   it would have forgotten what it acknowledged.
 */
export function dropTornTail(records: LogRecord[]): boolean {
  const bad = records.findIndex((record) => !isWhole(record));
  if (bad < 0) return true;
  for (let i = bad + 1; i < records.length; i++) if (isWhole(records[i]!)) return false;
  records.length = bad;
  return true;
}
