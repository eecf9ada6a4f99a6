/**
 * Cuts the history on disk back to a zxid, for a member whose leader does not have what comes after it.
 *
 *     planned       newest snapshot S that is whole and has nothing above zxid · every record from S to zxid verified
 *       │           (or refused, with nothing touched)
 *     snapshots     all that have anything above zxid are removed        ── durable ──┐ a restart comes up with
 *       │                                                                             │ the state of before, or
 *     later logs    removed, newest first, each durable before the next  ── durable ──┤ with some of its end gone:
 *       │                                                                             │ the leader says TRUNC again
 *     the log       with zxid in it is cut behind it                     ── durable ──┘
 *
 * Snapshots go first: one that stayed would bring back what the log no longer has (ZooKeeper's tracker, 4837). Logs go
 * from the end, so that none is ever missing between two that are there. What is in memory is loaded anew afterwards, by the caller (5094).
 */

import fs from 'node:fs';
import {
  LOG_HEADER_BYTES,
  LOG_RECORD_OVERHEAD_BYTES,
  readSnapshotTail,
  SEAL_BYTES,
} from '@zooid/core';
import { JuteReader, MalformedError } from '@zooid/protocol';
import {
  type LogName,
  listLogs,
  listSnapshots,
  logsAfter,
  type SnapshotName,
} from './disk-names.ts';
import { type FileCalls, realFiles, syncDirectory } from './file-calls.ts';
import { replayLogs } from './log-replay.ts';
import { LogScan } from './log-scan.ts';
import { RecoveryError } from './recovery-error.ts';
import { isWholeSnapshot } from './snapshot-check.ts';
import { openSnapshotSource } from './snapshot-source.ts';

export interface TruncateDirectories {
  /** `version-2` under dataDir, and under dataLogDir; may be the same. */
  readonly snapshotDirectory: string;
  readonly logDirectory: string;
}

/** What was done. */
export interface Truncation {
  /** Snapshots and logs, in the order in which they went. */
  readonly removed: readonly string[];
  /** The log that was cut; undefined when it ended there already. */
  readonly cut: string | undefined;
}

/** The log cannot be cut back; nothing was changed on disk. */
export class LogTruncateError extends Error {
  readonly code: 'ZXID_NOT_IN_LOG' | 'NO_SNAPSHOT_BEFORE';
  readonly zxid: number;
  /** What an operator can do. */
  readonly remedy: string;

  constructor(code: LogTruncateError['code'], zxid: number, what: string, cause?: unknown) {
    const remedy =
      'Empty the data directories of this server, keep myid, and let it copy the state of the ensemble.';
    super(
      `the log cannot be cut back to zxid 0x${zxid.toString(16)}: ${what}. ${remedy}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = 'LogTruncateError';
    this.code = code;
    this.zxid = zxid;
    this.remedy = remedy;
  }
}

/**
 * Makes `zxid` the last record on disk; when this resolves, that is durable. No log may be open, and nothing else
 * may write or remove files meanwhile. A second call with the same zxid finishes one that was interrupted.
 *
 * @throws LogTruncateError when nothing can be left that a start could come up with at this zxid; nothing was changed then. What the
 *   system says, when a file cannot be read or changed.
 */
export async function truncateLog(
  directories: TruncateDirectories,
  zxid: number,
  files: FileCalls = realFiles,
): Promise<Truncation> {
  const plan = await planTruncation(directories, zxid);
  for (const { path } of plan.snapshots) files.unlinkSync(path);
  if (plan.snapshots.length > 0) syncDirectory(directories.snapshotDirectory, files);
  for (const { path } of plan.logs) {
    files.unlinkSync(path);
    syncDirectory(directories.logDirectory, files);
  }
  const { cut } = plan;
  if (cut !== undefined) cutFile(cut.path, cut.length, files);
  return { removed: [...plan.snapshots, ...plan.logs].map(({ path }) => path), cut: cut?.path };
}

interface TruncationPlan {
  /** To be removed, in this order. */
  readonly snapshots: readonly SnapshotName[];
  readonly logs: readonly LogName[];
  /** To be cut to this length. */
  readonly cut: { readonly path: string; readonly length: number } | undefined;
}

async function planTruncation(
  { snapshotDirectory, logDirectory }: TruncateDirectories,
  zxid: number,
): Promise<TruncationPlan> {
  const logs = listLogs(logDirectory);
  const kept = logs.filter((log) => log.zxid <= zxid);
  const later = logs.filter((log) => log.zxid > zxid).reverse();
  const { base, above } = await findBase(listSnapshots(snapshotDirectory), zxid);
  if (base === undefined) {
    const what = 'there is no whole snapshot of that zxid or before';
    throw new LogTruncateError('NO_SNAPSHOT_BEFORE', zxid, what);
  }
  const last = kept.at(-1);
  const end = last === undefined ? undefined : findEnd(last, zxid);
  if (end?.zxid !== zxid && base.zxid !== zxid)
    throw new LogTruncateError('ZXID_NOT_IN_LOG', zxid, 'it is not in the log');
  assertCovered(kept, base, zxid);
  if (last === undefined || end === undefined)
    return { snapshots: above, logs: later, cut: undefined };
  if (end.offset <= LOG_HEADER_BYTES)
    return { snapshots: above, logs: [...later, last], cut: undefined };
  const isCutAlready = end.offset === end.fileBytes;
  const cut = isCutAlready ? undefined : { path: last.path, length: end.offset };
  return { snapshots: above, logs: later, cut };
}

/** @returns the newest whole snapshot with nothing above `zxid`, and those that have something. */
async function findBase(
  snapshots: readonly SnapshotName[],
  zxid: number,
): Promise<{ readonly base: SnapshotName | undefined; readonly above: readonly SnapshotName[] }> {
  const above: SnapshotName[] = [];
  for (const snapshot of snapshots) {
    if (snapshot.zxid > zxid) {
      above.push(snapshot);
    } else if (await isWholeSnapshot(snapshot)) {
      if (reachedBy(snapshot) <= zxid) return { base: snapshot, above };
      above.push(snapshot);
    }
  }
  return { base: undefined, above };
}

/**
 * The last zxid of which a whole snapshot may hold something. Apache's server applies transactions while it writes one, and
 * states at the end how far it had come.
 */
function reachedBy(snapshot: SnapshotName): number {
  const end = readEnd(snapshot, TAIL_BYTES_LONGEST);
  for (const length of TAIL_LENGTHS) {
    if (length > end.byteLength) continue;
    const reader = new JuteReader();
    reader.reset(end, end.byteLength - length, end.byteLength);
    try {
      const { digest, lastZxid } = readSnapshotTail(reader);
      return Math.max(snapshot.zxid, digest?.zxid ?? 0, lastZxid ?? 0);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
    }
  }
  return snapshot.zxid;
}

/** zxid, version and value of a digest. */
const DIGEST_BYTES = 20;
const LAST_ZXID_BYTES = 8;

/** Every form of the end of a snapshot, longest first: seal, digest and seal, last zxid and seal. */
const TAIL_LENGTHS = [
  SEAL_BYTES + DIGEST_BYTES + SEAL_BYTES + LAST_ZXID_BYTES + SEAL_BYTES,
  SEAL_BYTES + DIGEST_BYTES + SEAL_BYTES,
  SEAL_BYTES + LAST_ZXID_BYTES + SEAL_BYTES,
  SEAL_BYTES,
];
const TAIL_BYTES_LONGEST = TAIL_LENGTHS[0]!;

/** The last `count` bytes of a snapshot, uncompressed; fewer if it has no more. */
function readEnd({ path, compression }: SnapshotName, count: number): Uint8Array {
  if (compression === 'none') {
    const fd = fs.openSync(path, 'r');
    try {
      const { size } = fs.fstatSync(fd);
      const bytes = new Uint8Array(Math.min(count, size));
      fs.readSync(fd, bytes, 0, bytes.byteLength, size - bytes.byteLength);
      return bytes;
    } finally {
      fs.closeSync(fd);
    }
  }
  const source = openSnapshotSource(path, compression);
  try {
    let end = new Uint8Array(0);
    const chunk = new Uint8Array(64 * 1024);
    for (;;) {
      const got = source.read(chunk, 0, chunk.byteLength);
      if (got === 0) return end;
      const joined = new Uint8Array(end.byteLength + got);
      joined.set(end);
      joined.set(chunk.subarray(0, got), end.byteLength);
      end = joined.slice(-count);
    }
  } finally {
    source.close();
  }
}

interface LogEnd {
  /** Of the last record that stays; 0 if none does. */
  readonly zxid: number;
  /** Where it ends. */
  readonly offset: number;
  /** Length of the file, padding included. */
  readonly fileBytes: number;
}

/** Where the last record of a log is that stays. */
function findEnd(log: LogName, zxid: number): LogEnd {
  const scan = new LogScan(log.path);
  try {
    let last = 0;
    let offset = LOG_HEADER_BYTES;
    for (const record of scan.records()) {
      if (record.state !== 'whole' || record.zxid > zxid) break;
      last = record.zxid;
      offset = record.offset + record.end - record.start + LOG_RECORD_OVERHEAD_BYTES;
    }
    return { zxid: last, offset, fileBytes: scan.fileBytes };
  } finally {
    scan.close();
  }
}

/** A start must be able to come from the snapshot to the zxid. */
function assertCovered(logs: readonly LogName[], base: SnapshotName, zxid: number): void {
  let reached = base.zxid;
  try {
    replayLogs(logsAfter(logs, base.zxid), base.zxid, (replayed) => {
      if (replayed <= zxid) reached = replayed;
    });
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const what = `the log is not whole from the snapshot ${base.path} on`;
    throw new LogTruncateError('NO_SNAPSHOT_BEFORE', zxid, what, error);
  }
  if (reached === zxid) return;
  const what = `the log does not lead from the snapshot ${base.path} there`;
  throw new LogTruncateError('NO_SNAPSHOT_BEFORE', zxid, what);
}

function cutFile(path: string, length: number, files: FileCalls): void {
  const fd = files.openSync(path, 'r+');
  try {
    files.ftruncateSync(fd, length);
    files.fsyncSync(fd);
  } finally {
    files.closeSync(fd);
  }
}
