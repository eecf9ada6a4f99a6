/**
 * Transactions of the log on disk, for a learner that lacks them. The log may be open and grow meanwhile: nothing behind the last one
 * asked for, which is durable, is looked at.
 */

import { mayFollow } from '@zooid/core';
import { type LogName, listLogs } from './disk-names.ts';
import type { VisitRecord } from './log-replay.ts';
import { LogScan } from './log-scan.ts';
import { runInTurns } from './steps.ts';

/** Bytes after which others may have the event loop. */
const STEP_BYTES = 256 * 1024;

/** A transaction of the log: `[start, end)` of `bytes`, valid until the next one is asked for. */
export interface LoggedTxn {
  readonly zxid: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Which transactions. */
export interface TxnRange {
  /** Must be in the log itself: only then does what follows it there follow it in the learner's history. */
  readonly afterZxid: number;
  /** Committed, and durable in the log. */
  readonly lastZxid: number;
}

/**
 * Hands every transaction of a range to `visit`, if all of them are there, together with no more than `bytesMax` bytes. Others
 * have the event loop in between.
 *
 * @param goOn - called when they had it; when it throws, the reading is given up.
 * @returns `unavailable`: not all of them are there, or they are longer; none was handed in.
 * @throws what the system says when a file cannot be read, for example because it was purged; some may have been handed in.
 */
export async function handInTxns(
  logDirectory: string,
  range: TxnRange,
  bytesMax: number,
  visit: VisitRecord,
  goOn: () => void,
): Promise<'complete' | 'unavailable'> {
  if (!(await runInTurns(hasTxns(logDirectory, range, bytesMax), goOn))) return 'unavailable';
  await runInTurns(visitTxns(logDirectory, range, visit), goOn);
  return 'complete';
}

function* visitTxns(
  logDirectory: string,
  range: TxnRange,
  visit: VisitRecord,
): Generator<void, void> {
  let step = 0;
  for (const { zxid, bytes, start, end } of readTxns(logDirectory, range)) {
    visit(zxid, bytes, start, end);
    step += end - start;
    if (step < STEP_BYTES) continue;
    step = 0;
    yield;
  }
}

/**
 * Whether the log has every transaction of the range, whole and in order, with no more than `bytesMax` bytes together. Yields now and
 * then, for others who want the event loop.
 *
 * @throws what the system says when a file cannot be read, for example because it was purged.
 */
export function* hasTxns(
  logDirectory: string,
  range: TxnRange,
  bytesMax: number,
): Generator<void, boolean> {
  let bytes = 0;
  let step = 0;
  let lastZxid = Number.NaN;
  for (const txn of readTxns(logDirectory, range)) {
    const txnBytes = txn.end - txn.start;
    bytes += txnBytes;
    step += txnBytes;
    if (bytes > bytesMax) return false;
    lastZxid = txn.zxid;
    if (step >= STEP_BYTES) {
      step = 0;
      yield;
    }
  }
  return lastZxid === range.lastZxid;
}

/**
 * The transactions of the range in their order, each with its checksum verified and following the one before; ends early where the
 * log does not go on, and at once when `afterZxid` is not in it.
 *
 * @throws as {@link hasTxns}.
 */
export function* readTxns(logDirectory: string, range: TxnRange): Generator<LoggedTxn, void> {
  let previous: number | undefined;
  for (const log of logsFrom(listLogs(logDirectory), range)) {
    const scan = new LogScan(log.path);
    try {
      for (const { state, zxid, bytes, start, end } of scan.records()) {
        if (state !== 'whole') break;
        if (zxid > range.lastZxid) return;
        if (previous === undefined) {
          if (zxid > range.afterZxid) return;
          if (zxid === range.afterZxid) previous = zxid;
          continue;
        }
        // A server of Apache's may have begun a file with a record that the one before has, too.
        if (zxid === previous) continue;
        if (!mayFollow(previous, zxid)) return;
        previous = zxid;
        yield { zxid, bytes, start, end };
        if (zxid === range.lastZxid) return;
      }
    } finally {
      scan.close();
    }
  }
}

/** The log that may hold `afterZxid`, and the later ones up to `lastZxid`. */
function logsFrom(logs: readonly LogName[], { afterZxid, lastZxid }: TxnRange): readonly LogName[] {
  const first = logs.findLastIndex((log) => log.zxid <= afterZxid);
  return first < 0 ? [] : logs.slice(first).filter((log) => log.zxid <= lastZxid);
}
