/**
 * Every record of the logs after a zxid, in order, each verified: checksum, end mark, and that it
 * follows the one before. Nothing is changed on disk here; what there is to repair is told.
 *
 * A damaged record in a log that others follow is harmless exactly if the next log goes on with the very
 * next zxid: then the server that wrote it had already given up on the damaged one, and gave its zxid
 * to another transaction. Apache leaves such files after a crash, for it begins a new log and never cuts the old one.
 */

import fs from 'node:fs';
import {
  checkLogHeader,
  checkLogRecord,
  LOG_HEADER_BYTES,
  LOG_PREFIX_BYTES,
  LOG_RECORD_OVERHEAD_BYTES,
  LogRecordState,
  logRecordLength,
  mayFollow,
  TXN_HEADER_BYTES,
  txnZxid,
} from '@zooid/core';
import { ErrorCode, MalformedError, OpCode } from '@zooid/protocol';
import type { LogName } from './disk-names.ts';
import { judgeLogTail } from './log-tail.ts';
import { RecoveryError } from './recovery-error.ts';

/** It shares the second cache (1 MB) with what the tree is busy with. */
const WINDOW_BYTES_MAX = 256 * 1024;
/** Where the 32 bits of the checksum stand in a record; the four bytes before are zero. */
const CHECKSUM_OFFSET = 4;

/** What is at the end of a log besides padding, or that it holds no record at all. */
export interface LogFlaw {
  readonly kind: 'torn-tail' | 'no-records';
  readonly path: string;
  /** Where the last whole record ends. */
  readonly offset: number;
  /** Bytes from there that are not padding. */
  readonly contentBytes: number;
  readonly holds: 'fragments' | 'whole-records';
  /** Whether it is the last log: only that one is repaired. */
  readonly place: 'last' | 'earlier';
}

export interface ReplayResult {
  /** Zxid of the last record, or the zxid that the replay began after. */
  readonly lastZxid: number;
  /** Records given to the visitor, and what they take in the files. */
  readonly records: number;
  readonly bytes: number;
  /** Records that stood in the logs a second time, byte for byte. */
  readonly duplicates: number;
  readonly flaws: readonly LogFlaw[];
}

/** Takes the payload `[start, end)` of one record; valid during the call only. */
export type VisitRecord = (zxid: number, bytes: Uint8Array, start: number, end: number) => void;

/**
 * Gives every record with a zxid above `afterZxid` to `visit`.
 *
 * @param logs - in ascending order; the first one may begin before `afterZxid`.
 * @throws RecoveryError if a record is damaged or missing. Records before it have been visited.
 */
export function replayLogs(
  logs: readonly LogName[],
  afterZxid: number,
  visit: VisitRecord,
): ReplayResult {
  const replay = new Replay(afterZxid, visit);
  for (let i = 0; i < logs.length; i++) replay.readLog(logs[i]!, logs[i + 1]);
  return replay.result();
}

class Replay {
  readonly #afterZxid: number;
  readonly #visit: VisitRecord;
  readonly #flaws: LogFlaw[] = [];
  #window = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  #lastZxid: number;
  /** Zxid of the last whole record of the file being read, visited or not. */
  #seenZxid = 0;
  // Checksum and length of the last record, to know it again.
  #lastChecksum = 0;
  #lastLength = 0;
  #records = 0;
  #bytes = 0;
  #duplicates = 0;

  constructor(afterZxid: number, visit: VisitRecord) {
    this.#afterZxid = afterZxid;
    this.#lastZxid = afterZxid;
    this.#visit = visit;
  }

  result(): ReplayResult {
    return {
      lastZxid: this.#lastZxid,
      records: this.#records,
      bytes: this.#bytes,
      duplicates: this.#duplicates,
      flaws: this.#flaws,
    };
  }

  readLog(log: LogName, next: LogName | undefined): void {
    this.#seenZxid = log.zxid - 1;
    let fd: number;
    try {
      fd = fs.openSync(log.path, 'r');
    } catch (error) {
      throw unreadable(log.path, 0, error);
    }
    try {
      const size = fs.fstatSync(fd).size;
      const end = this.#readRecords(fd, log, size);
      this.#checkEnd(fd, log, end, size, next);
    } catch (error) {
      throw isSystemError(error) ? unreadable(log.path, 0, error) : error;
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Visits the records of one file. @returns where no whole record begins any more. */
  #readRecords(fd: number, log: LogName, size: number): number {
    // The window holds [base, base + held) of the file; `at` is where the next record begins in it.
    const windowBytes = Math.min(size, WINDOW_BYTES_MAX);
    if (this.#window.byteLength < windowBytes) this.#useWindow(new Uint8Array(windowBytes));
    let base = 0;
    let held = fs.readSync(fd, this.#window, 0, Math.min(this.#window.byteLength, size), 0);
    switch (checkLogHeader(this.#window, held)) {
      case 'foreign':
        throw new RecoveryError(
          'LOG_FOREIGN',
          log.path,
          0,
          'this is no transaction log',
          'Move the file elsewhere, or put the right one in its place, then start again.',
        );
      case 'cut-short':
        return 0;
      case 'valid':
    }
    let at = LOG_HEADER_BYTES;
    for (;;) {
      let state = checkLogRecord(this.#window, at, held, this.#view);
      if (state === LogRecordState.incomplete) {
        const wanted = this.#wantedBytes(at, held);
        if (base + at + wanted > size) return base + at;
        this.#window.copyWithin(0, at, held);
        base += at;
        held -= at;
        at = 0;
        if (wanted > this.#window.byteLength) this.#growWindow(wanted, held);
        held += readUpTo(fd, this.#window, held, base + held);
        state = checkLogRecord(this.#window, 0, held, this.#view);
        if (state === LogRecordState.incomplete) {
          // Only the prefix was wanted before; now the length is known.
          if (this.#wantedBytes(0, held) > held) continue;
          return base;
        }
      }
      if (state !== LogRecordState.whole) return base + at;
      const end = at + LOG_RECORD_OVERHEAD_BYTES + logRecordLength(this.#window, at);
      this.#take(log, base + at, at, end);
      at = end;
    }
  }

  /** Bytes that must be at hand to judge the record at `at`. */
  #wantedBytes(at: number, held: number): number {
    if (held - at < LOG_PREFIX_BYTES) return LOG_PREFIX_BYTES;
    return LOG_RECORD_OVERHEAD_BYTES + logRecordLength(this.#window, at);
  }

  #growWindow(bytes: number, held: number): void {
    const grown = new Uint8Array(bytes);
    grown.set(this.#window.subarray(0, held));
    this.#useWindow(grown);
  }

  #useWindow(window: Uint8Array<ArrayBuffer>): void {
    this.#window = window;
    this.#view = new DataView(window.buffer);
  }

  /** Takes the whole record `[at, end)` of the window, which lies at `offset` of the file. */
  #take(log: LogName, offset: number, at: number, end: number): void {
    const payloadAt = at + LOG_PREFIX_BYTES;
    const zxid = txnZxid(this.#window, payloadAt);
    this.#seenZxid = zxid;
    if (zxid <= this.#afterZxid) return;
    if (!mayFollow(this.#lastZxid, zxid)) {
      if (zxid === this.#lastZxid && this.#isSameAsLast(at, end)) {
        this.#duplicates++;
        return;
      }
      if (zxid === this.#lastZxid && isUnreadRequest(this.#window, payloadAt, end - 1)) return;
      throw new RecoveryError(
        'LOG_GAP',
        log.path,
        offset,
        `zxid 0x${zxid.toString(16)} stands where 0x${(this.#lastZxid + 1).toString(16)} must follow 0x${this.#lastZxid.toString(16)}`,
        'Put the missing log file back (from a backup, or from where it was moved to), or take the data of another member, then start again.',
      );
    }
    this.#lastZxid = zxid;
    this.#lastChecksum = this.#view.getInt32(at + CHECKSUM_OFFSET);
    this.#lastLength = end - at;
    this.#records++;
    this.#bytes += end - at;
    try {
      this.#visit(zxid, this.#window, payloadAt, end - 1);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      throw new RecoveryError(
        'LOG_DAMAGED',
        log.path,
        offset,
        `the transaction 0x${zxid.toString(16)} cannot be understood though its checksum matches: ${error.message}`,
        'It was written by a newer or a broken server: start with that one, or take the data of another member.',
        error,
      );
    }
  }

  #isSameAsLast(at: number, end: number): boolean {
    return (
      end - at === this.#lastLength &&
      this.#view.getInt32(at + CHECKSUM_OFFSET) === this.#lastChecksum
    );
  }

  /** Judges what follows the last whole record of a file. */
  #checkEnd(fd: number, log: LogName, end: number, size: number, next: LogName | undefined): void {
    const hasRecords = end > LOG_HEADER_BYTES;
    // What lies beyond is of no account if the next file proves that nothing is missing.
    const isContinued = next !== undefined && next.zxid === this.#lastZxid + 1;
    const tail = isContinued
      ? ({ kind: 'clean' } as const)
      : judgeLogTail(fd, end, size, this.#seenZxid);
    if (tail.kind === 'damaged') {
      throw new RecoveryError(
        'LOG_DAMAGED',
        log.path,
        end,
        tail.what,
        'Acknowledged transactions may be lost from here on: put an intact copy of the file in its place (backup or another member), then start again.',
      );
    }
    if (hasRecords && tail.kind === 'clean') return;
    this.#flaws.push({
      kind: hasRecords ? 'torn-tail' : 'no-records',
      path: log.path,
      offset: end,
      contentBytes: tail.kind === 'torn' ? tail.contentBytes : 0,
      holds: tail.kind === 'torn' ? tail.holds : 'fragments',
      place: next === undefined ? 'last' : 'earlier',
    });
  }
}

/**
 * Whether a transaction says that a request could not be decoded. Apache 3.9 gives such a refusal the
 * zxid of the transaction before it; it changes nothing. Source: PrepRequestProcessor.pRequestHelper.
 */
export function isUnreadRequest(bytes: Uint8Array, payloadAt: number, payloadEnd: number): boolean {
  if (payloadEnd - payloadAt < TXN_HEADER_BYTES + 4) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset + payloadAt);
  return (
    view.getInt32(TXN_HEADER_BYTES - 4) === OpCode.error &&
    view.getInt32(TXN_HEADER_BYTES) === ErrorCode.marshallingError
  );
}

function readUpTo(fd: number, target: Uint8Array, offset: number, position: number): number {
  let got = 0;
  while (offset + got < target.byteLength) {
    const wanted = target.byteLength - offset - got;
    const count = fs.readSync(fd, target, offset + got, wanted, position + got);
    if (count === 0) break;
    got += count;
  }
  return got;
}

/** Whether the system refused a call, as opposed to a bug of ours. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;
}

function unreadable(path: string, offset: number, error: unknown): RecoveryError {
  const what = error instanceof Error ? error.message : String(error);
  return new RecoveryError(
    'UNREADABLE',
    path,
    offset,
    `the file cannot be read: ${what}`,
    'Check permissions and the disk, then start again.',
    error,
  );
}
