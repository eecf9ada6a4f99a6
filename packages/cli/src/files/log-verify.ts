/**
 * `zooid log verify`: whether logs hold every transaction from their first to their last, each as it was written.
 *
 * What stands at the end of a file is judged as a start of the server judges it (judgeLogTail); unlike a start, this goes on
 * after the first damage and tells all there is.
 */

import fs from 'node:fs';
import path from 'node:path';
import { decodeTxnRecord, JuteReader, MalformedError } from '@zooid/protocol';
import {
  isUnreadRequest,
  javaHex,
  type LogName,
  LogScan,
  type LogTail,
  listLogs,
  mayFollow,
  parseLogName,
  type ScannedRecord,
} from '@zooid/server/files';
import { fileError, readableFileBytes } from './arguments.ts';
import type { Finding } from './finding.ts';

/** Findings of one kind in one file; what is beyond is counted. */
const FINDINGS_PER_FILE_MAX = 20;

/** What one file holds. */
export interface LogReport {
  readonly file: string;
  readonly bytes: number;
  readonly records: number;
  /** NaN if there is no record. */
  readonly firstZxid: number;
  readonly lastZxid: number;
}

/**
 * The logs that arguments name, in the order of their zxids: files, or directories, of which `version-2` is looked into.
 *
 * @throws CommandError if one is not there, or a directory holds none.
 */
export function namedLogs(targets: readonly string[]): LogName[] {
  const logs: LogName[] = [];
  for (const target of targets) {
    if (isDirectory(target)) logs.push(...listLogs(logDirectoryOf(target)));
    else {
      readableFileBytes(target);
      logs.push({ path: target, zxid: parseLogName(path.basename(target)) ?? Number.NaN });
    }
  }
  return logs.sort((a, b) => a.zxid - b.zxid || 0);
}

/** `version-2` of a data directory, or the directory itself. */
export function logDirectoryOf(directory: string): string {
  const inside = path.join(directory, 'version-2');
  return fs.existsSync(inside) ? inside : directory;
}

function isDirectory(target: string): boolean {
  try {
    return fs.statSync(target).isDirectory();
  } catch (error) {
    throw fileError(target, error);
  }
}

/** Verifies logs as one chain, in steps that leave the event loop to others. */
export class LogVerifier {
  readonly findings: Finding[] = [];
  readonly logs: LogReport[] = [];
  readonly #reader = new JuteReader();
  /** Zxid of the last record, over all files. */
  #lastZxid = Number.NaN;
  // Checksum and length of that record, to know it again.
  #lastChecksum = 0;
  #lastLength = 0;
  #perFile = 0;

  /** @param report - called with the bytes read of the file. */
  async verify(
    log: LogName,
    next: LogName | undefined,
    report: (bytes: number) => void,
  ): Promise<void> {
    this.#perFile = 0;
    const scan = new LogScan(log.path);
    try {
      if (!this.#checkHeader(scan)) return;
      await this.#checkRecords(scan, log, next, report);
    } finally {
      scan.close();
    }
  }

  #checkHeader(scan: LogScan): boolean {
    if (scan.header === 'valid') return true;
    this.logs.push(reportOf(scan, 0, Number.NaN, Number.NaN));
    if (scan.header === 'foreign') {
      this.#find(scan.path, 0, {
        severity: 'error',
        code: 'LOG_FOREIGN',
        message: 'this is no transaction log, it does not begin with ZKLG.',
        remedy: 'Move it elsewhere, or put the right file in its place.',
      });
    } else {
      this.#find(scan.path, 0, {
        severity: 'info',
        code: 'LOG_EMPTY',
        message: 'there is no record in it; it was just being created.',
        remedy: 'None needed: a start removes or passes over it.',
      });
    }
    return false;
  }

  async #checkRecords(
    scan: LogScan,
    log: LogName,
    next: LogName | undefined,
    report: (bytes: number) => void,
  ): Promise<void> {
    let records = 0;
    let firstZxid = Number.NaN;
    let lastInFile = Number.isNaN(log.zxid) ? 0 : log.zxid - 1;
    let tail: LogTail | undefined;
    let restAt = 0;
    for (const record of scan.records()) {
      if (record.state === 'bad-checksum') {
        const verdict = scan.judgeEnd(lastInFile);
        if (verdict.kind !== 'damaged' || isContinued(next, lastInFile)) {
          tail = verdict;
          break;
        }
        this.#damage(scan.path, record.offset, 'the record does not match its checksum.');
        // What it says of itself is not to be trusted, but it holds a place in the order.
        if (record.zxid === lastInFile + 1) this.#lastZxid = lastInFile = record.zxid;
        continue;
      }
      records++;
      this.#checkOrder(record, log, records);
      this.#checkContent(record, log);
      if (records === 1) firstZxid = record.zxid;
      this.#lastZxid = lastInFile = record.zxid;
      this.#lastChecksum = storedChecksum(record);
      this.#lastLength = record.end - record.start;
      if (record.offset - restAt < 4_000_000) continue;
      restAt = record.offset;
      report(record.offset);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    this.logs.push(reportOf(scan, records, firstZxid, lastInFile));
    this.#checkTail(scan, tail ?? scan.judgeEnd(lastInFile), records, lastInFile, next);
  }

  /** The next counter, or the first transaction of a later epoch. */
  #checkOrder(record: ScannedRecord, log: LogName, position: number): void {
    const { zxid } = record;
    const last = this.#lastZxid;
    if (position === 1 && !Number.isNaN(log.zxid) && zxid !== log.zxid) {
      this.#find(log.path, record.offset, {
        severity: 'error',
        code: 'LOG_MISNAMED',
        message: `the name says that it begins with zxid ${hex(log.zxid)}, it begins with ${hex(zxid)}.`,
        remedy: `Rename it to log.${javaHex(zxid)}: servers choose files by their names.`,
      });
    }
    if (Number.isNaN(last) || mayFollow(last, zxid)) return;
    if (zxid === last && isUnreadRequest(record.bytes, record.start, record.end)) return;
    if (zxid === last && this.#isSameAsLast(record)) {
      this.#find(log.path, record.offset, {
        severity: 'info',
        code: 'LOG_DUPLICATE',
        message: `the transaction ${hex(zxid)} stands here a second time, byte for byte; servers pass over it.`,
      });
      return;
    }
    const isBack = zxid <= last;
    this.#find(log.path, record.offset, {
      severity: 'error',
      code: isBack ? 'LOG_ORDER' : 'LOG_GAP',
      message: isBack
        ? `zxid ${hex(zxid)} stands after ${hex(last)}: the order goes back.`
        : `transactions are missing: ${hex(zxid)} stands where ${hex(last + 1)} must follow ${hex(last)}.`,
      remedy: isBack
        ? 'Look at both with: zooid log dump --from/--to. Files of two histories do not belong side by side: keep those of one member.'
        : 'Put the missing log file back (from a backup, or from where it was moved to), or take the data of another member. Nothing is missing if a snapshot of a later zxid is there.',
    });
  }

  #isSameAsLast(record: ScannedRecord): boolean {
    return (
      record.end - record.start === this.#lastLength &&
      storedChecksum(record) === this.#lastChecksum
    );
  }

  /** A record that matches its checksum and cannot be understood was written so. */
  #checkContent(record: ScannedRecord, log: LogName): void {
    this.#reader.reset(record.bytes, record.start, record.end);
    try {
      decodeTxnRecord(this.#reader);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#find(log.path, record.offset, {
        severity: 'error',
        code: 'LOG_UNREADABLE',
        message: `the transaction ${hex(record.zxid)} cannot be understood though its checksum matches: ${error.message}.`,
        remedy:
          'It was written by a newer or a broken server: use that one, or take the data of another member.',
      });
    }
  }

  #checkTail(
    scan: LogScan,
    tail: LogTail,
    records: number,
    lastZxid: number,
    next: LogName | undefined,
  ): void {
    if (tail.kind === 'clean') {
      if (records > 0) return;
      this.#find(scan.path, scan.offset, {
        severity: 'info',
        code: 'LOG_EMPTY',
        message: 'there is no record in it.',
        remedy: 'None needed: a start removes or passes over it.',
      });
      return;
    }
    const what =
      tail.kind === 'torn'
        ? `${tail.contentBytes} bytes of a write that was never completed`
        : tail.what;
    if (isContinued(next, lastZxid)) {
      this.#find(scan.path, scan.offset, {
        severity: 'info',
        code: 'LOG_TAIL_REPLACED',
        message: `${what}; of no account, for ${next!.path} goes on with the very next zxid.`,
      });
      return;
    }
    if (tail.kind === 'damaged') {
      this.#damage(scan.path, scan.offset, `${what}.`);
      return;
    }
    const wholeRecords = tail.holds === 'whole-records' ? ' Whole records are among them.' : '';
    this.#find(scan.path, scan.offset, {
      severity: 'warning',
      code: 'LOG_TORN_TAIL',
      message: `torn tail: ${what} (nothing of it was ever acknowledged).${wholeRecords}`,
      remedy:
        next === undefined
          ? 'None needed for zooid server, which cuts it off at its start. For others: zooid log repair'
          : 'None needed if the next log begins a later epoch; else the next log shows a gap.',
    });
  }

  #damage(file: string, offset: number, message: string): void {
    this.#find(file, offset, {
      severity: 'error',
      code: 'LOG_DAMAGED',
      message: `damage, and no torn tail: ${message}`,
      remedy:
        'Acknowledged transactions may be lost: put an intact copy in its place (backup or another member). ' +
        'If there is none, see what can be saved: zooid log dump, zooid log repair --help',
    });
  }

  #find(where: string, offset: number, finding: Omit<Finding, 'where' | 'offset'>): void {
    this.#perFile++;
    if (this.#perFile <= FINDINGS_PER_FILE_MAX) this.findings.push({ where, offset, ...finding });
    if (this.#perFile !== FINDINGS_PER_FILE_MAX + 1) return;
    this.findings.push({
      severity: 'error',
      code: 'MORE',
      where,
      message: `there is more of this; the first ${FINDINGS_PER_FILE_MAX} are told.`,
    });
  }
}

function isContinued(next: LogName | undefined, lastZxid: number): boolean {
  return next?.zxid === lastZxid + 1;
}

function reportOf(scan: LogScan, records: number, firstZxid: number, lastZxid: number): LogReport {
  return {
    file: scan.path,
    bytes: scan.fileBytes,
    records,
    firstZxid,
    lastZxid: records === 0 ? Number.NaN : lastZxid,
  };
}

function storedChecksum(record: ScannedRecord): number {
  const view = new DataView(record.bytes.buffer, record.bytes.byteOffset);
  return view.getInt32(record.start - 8);
}

function hex(zxid: number): string {
  return Number.isNaN(zxid) ? 'of no server' : `0x${javaHex(zxid)}`;
}
