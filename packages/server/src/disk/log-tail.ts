/**
 * What to make of a log's last bytes: the end, the rest of an interrupted write, or damage.
 *
 * Files are filled with zeros before records go in, and a group of records is one write. So when power
 * or a process goes in the middle of a write, some of the group's blocks hold it and others are still
 * zero, in no particular order; no byte has any third value. Damage is what cannot have come about so:
 *
 *   - a record that was completely written (its end mark stands, no block of it is zero) and does not
 *     match its checksum, or matches it with another length or end mark: a bit changed later;
 *   - whole records after the trouble, unless a block before them is missing and all of it lies within
 *     one write: they belong to the same group, and no part of that was ever acknowledged.
 *
 * A record that was acknowledged is never judged to be torn, except for the loss of whole blocks at
 * the very end of the last log, which nothing in the format tells apart.
 */

import fs from 'node:fs';
import {
  checkLogRecord,
  findLogRecord,
  isPayloadWhole,
  LOG_PREFIX_BYTES,
  LogRecordState,
  logRecordLength,
} from '@zooid/core';
import { GROUP_WRITE_BYTES_MAX } from './log-file.ts';

/** The file system writes whole pages, so a page is what is missing after an interrupted write... */
const PAGE_BYTES = 4096;
/** ...and inside of a page a disk writes whole sectors. */
const SECTOR_BYTES = 512;
/** A tail longer than this is not examined in memory; no write leaves one. */
const TAIL_BYTES_MAX = 512 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

export type LogTail =
  /** Nothing but zeros: the log ends here. */
  | { readonly kind: 'clean' }
  /** The rest of a write that was never completed. `contentBytes` from here on are not zero. */
  | {
      readonly kind: 'torn';
      readonly contentBytes: number;
      /** Whether whole records are among it, cut off from the rest by a missing block. */
      readonly holds: 'fragments' | 'whole-records';
    }
  | { readonly kind: 'damaged'; readonly what: string };

/**
 * Judges the bytes from `offset`, where no whole record begins, to the end of the file.
 *
 * @param previousZxid - zxid of the last whole record before, or what takes its place.
 */
export function judgeLogTail(
  fd: number,
  offset: number,
  fileBytes: number,
  previousZxid: number,
): LogTail {
  const contentEnd = findContentEnd(fd, offset, fileBytes);
  if (contentEnd === offset) return { kind: 'clean' };
  const contentBytes = contentEnd - offset;
  if (contentBytes > TAIL_BYTES_MAX) {
    return { kind: 'damaged', what: `the record is damaged and ${contentBytes} bytes follow` };
  }
  // One byte more than the content: a record that ends with it shows whether its end mark is a zero.
  const bytes = readRange(fd, offset, Math.min(contentEnd + 1, fileBytes));

  const next = findLogRecord(bytes, 1, contentBytes, previousZxid);
  if (next >= 0) {
    const isOneWrite = contentBytes <= GROUP_WRITE_BYTES_MAX;
    if (isOneWrite && isBlockMissing(bytes, offset, next, PAGE_BYTES)) {
      return { kind: 'torn', contentBytes, holds: 'whole-records' };
    }
    return {
      kind: 'damaged',
      what: `the record is damaged, and whole records follow at offset ${offset + next}`,
    };
  }
  const what = describeDamage(bytes, offset, contentBytes);
  return what === undefined
    ? { kind: 'torn', contentBytes, holds: 'fragments' }
    : { kind: 'damaged', what };
}

/** Why the record at the front of `bytes` cannot be torn, or undefined if it can. No whole record follows it. */
function describeDamage(
  bytes: Uint8Array,
  offset: number,
  contentBytes: number,
): string | undefined {
  if (isPayloadWhole(bytes, 0, contentBytes)) {
    return 'the length or the end mark of a complete record was changed';
  }
  switch (checkLogRecord(bytes, 0, bytes.byteLength)) {
    case LogRecordState.badChecksum: {
      const recordEnd = LOG_PREFIX_BYTES + logRecordLength(bytes, 0) + 1;
      return isBlockMissing(bytes, offset, recordEnd, SECTOR_BYTES)
        ? undefined
        : 'a complete record does not match its checksum';
    }
    case LogRecordState.zeros:
      return isBlockMissing(bytes, offset, contentBytes, SECTOR_BYTES)
        ? undefined
        : 'the beginning of a record was overwritten with zeros';
    default:
      return undefined;
  }
}

/**
 * Whether some block of the file is still zero between the front of `bytes`, which lies at `fileOffset`, and
 * `end`. Of the first block only what lies after the front counts: before it stand older records.
 */
function isBlockMissing(
  bytes: Uint8Array,
  fileOffset: number,
  end: number,
  blockBytes: number,
): boolean {
  let start = 0;
  let blockEnd = blockBytes - (fileOffset % blockBytes);
  while (blockEnd <= end) {
    if (isZero(bytes, start, blockEnd)) return true;
    start = blockEnd;
    blockEnd += blockBytes;
  }
  return false;
}

/** One past the last byte of the file that is not zero, or `offset` if there is none after it. */
function findContentEnd(fd: number, offset: number, fileBytes: number): number {
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, fileBytes - offset));
  const zeros = Buffer.alloc(chunk.byteLength);
  let end = fileBytes;
  while (end > offset) {
    const start = Math.max(offset, end - chunk.byteLength);
    const count = fs.readSync(fd, chunk, 0, end - start, start);
    // Compared at once: up to 64 MB of padding are read at each start after a crash.
    if (chunk.compare(zeros, 0, count, 0, count) !== 0) {
      for (let i = count - 1; i >= 0; i--) if (chunk[i] !== 0) return start + i + 1;
    }
    end = start;
  }
  return offset;
}

function readRange(fd: number, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start);
  let got = 0;
  while (got < bytes.byteLength) {
    const count = fs.readSync(fd, bytes, got, bytes.byteLength - got, start + got);
    if (count === 0) break;
    got += count;
  }
  return bytes;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}
