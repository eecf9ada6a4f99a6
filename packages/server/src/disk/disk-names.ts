/**
 * Names of the files in a data directory.
 *
 *     log.<zxid of its first record>      snapshot.<zxid>[.gz|.snappy]      zxids in lower-case hex, unpadded
 *
 * Apache splits names at the dots and reads only the first two parts, so nothing of ours that is not a
 * log or snapshot may begin with "log." or "snapshot.".
 */

import fs from 'node:fs';
import path from 'node:path';

/** `snapshot.compression.method`; the empty one of ZooKeeper is `none`. */
export type SnapshotCompression = 'none' | 'gz' | 'snappy';

export interface LogName {
  readonly path: string;
  /** Zxid of the first record. */
  readonly zxid: number;
}

export interface SnapshotName {
  readonly path: string;
  /** Zxid that the snapshot is of; a fuzzy one contains some of what came later. */
  readonly zxid: number;
  readonly compression: SnapshotCompression;
}

/** Begins the name of a snapshot that is being written. */
export const TEMPORARY_SNAPSHOT_PREFIX = 'tmp.snapshot.';
/** Begins the name of a copy of what recovery cut off a log, if whole records were among it. */
export const TORN_TAIL_PREFIX = 'torn.log.';

const LOG_NAME = /^log\.([0-9a-f]{1,16})$/;
const SNAPSHOT_NAME = /^snapshot\.([0-9a-f]{1,16})(?:\.(gz|snappy))?$/;

export function logFileName(zxid: number): string {
  return `log.${zxid.toString(16)}`;
}

export function snapshotFileName(zxid: number, compression: SnapshotCompression): string {
  const name = `snapshot.${zxid.toString(16)}`;
  return compression === 'none' ? name : `${name}.${compression}`;
}

export function parseLogName(name: string): number | undefined {
  return parseZxid(LOG_NAME.exec(name)?.[1]);
}

export function parseSnapshotName(
  name: string,
): { readonly zxid: number; readonly compression: SnapshotCompression } | undefined {
  const match = SNAPSHOT_NAME.exec(name);
  const zxid = parseZxid(match?.[1]);
  if (zxid === undefined) return undefined;
  return { zxid, compression: (match![2] ?? 'none') as SnapshotCompression };
}

/** The log files of a directory, earliest first. */
export function listLogs(directory: string): LogName[] {
  const logs: LogName[] = [];
  for (const name of fs.readdirSync(directory)) {
    const zxid = parseLogName(name);
    if (zxid !== undefined) logs.push({ path: path.join(directory, name), zxid });
  }
  return logs.sort((a, b) => a.zxid - b.zxid);
}

/** The snapshots of a directory, whole or not, latest first. */
export function listSnapshots(directory: string): SnapshotName[] {
  const snapshots: SnapshotName[] = [];
  for (const name of fs.readdirSync(directory)) {
    const parsed = parseSnapshotName(name);
    if (parsed !== undefined) snapshots.push({ path: path.join(directory, name), ...parsed });
  }
  return snapshots.sort((a, b) => b.zxid - a.zxid);
}

/**
 * The logs that may hold transactions after `zxid`: the last one that begins at or before `zxid + 1`, and
 * all later ones. `logs` is sorted, earliest first.
 */
export function logsAfter(logs: readonly LogName[], zxid: number): LogName[] {
  let first = 0;
  for (let i = 0; i < logs.length; i++) if (logs[i]!.zxid <= zxid + 1) first = i;
  return logs.slice(first);
}

function parseZxid(hex: string | undefined): number | undefined {
  if (hex === undefined) return undefined;
  const zxid = Number.parseInt(hex, 16);
  return Number.isSafeInteger(zxid) ? zxid : undefined;
}
