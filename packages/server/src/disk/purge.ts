/**
 * Removes snapshots and logs that no restart can need.
 *
 * Kept are the newest `keptSnapshots` snapshots that are proved to be whole, by their checksums, and every
 * log that may hold a transaction after the oldest of these. Files are only removed if the logs reach back to
 * that oldest snapshot: otherwise older files may be all there is to start from.
 *
 * Sources: PurgeTxnLog; ZooKeeper's tracker, 3231: a purge that counted broken snapshots.
 */

import { promises as fsp } from 'node:fs';
import {
  type LogName,
  listLogs,
  listSnapshots,
  logsAfter,
  type SnapshotName,
} from './disk-names.ts';
import { isWholeSnapshot } from './snapshot-check.ts';
import { removeSetAside } from './state-swap.ts';

/** The least that may be kept; source: PurgeTxnLog, `autopurge.snapRetainCount`. */
export const KEPT_SNAPSHOTS_MIN = 3;

export interface PurgeOptions {
  readonly snapshotDirectory: string;
  readonly logDirectory: string;
  /** `autopurge.snapRetainCount`; fewer than {@link KEPT_SNAPSHOTS_MIN} is taken as that. */
  readonly keptSnapshots: number;
}

export interface PurgeResult {
  /** Files removed, and directories of what was set aside. */
  readonly removed: readonly string[];
  /** Snapshots that are not whole and were not counted. */
  readonly broken: readonly string[];
  /** Why nothing was removed, if something stood against it. */
  readonly refusedBecause: string | undefined;
}

/** What a purge would do. */
export interface PurgePlan {
  /** Files that no restart can need: snapshots, then logs. */
  readonly removable: readonly string[];
  /** The oldest snapshot that is kept; undefined when there are too few to remove anything. */
  readonly oldestKept: SnapshotName | undefined;
  /** Snapshots that are not whole and were not counted. */
  readonly broken: readonly string[];
  /** Why nothing may be removed, if something stands against it. */
  readonly refusedBecause: string | undefined;
}

/** Finds what a purge may remove, and touches nothing. Reads the kept snapshots whole, in steps as {@link purge} does. */
export async function planPurge(options: PurgeOptions): Promise<PurgePlan> {
  const snapshots = listSnapshots(options.snapshotDirectory);
  const logs = listLogs(options.logDirectory);
  const keptMin = Math.max(options.keptSnapshots, KEPT_SNAPSHOTS_MIN);

  const broken: string[] = [];
  const whole: SnapshotName[] = [];
  for (const snapshot of snapshots) {
    if (whole.length === keptMin) break;
    if (await isWholeSnapshot(snapshot)) whole.push(snapshot);
    else broken.push(snapshot.path);
  }
  const oldest = whole[keptMin - 1];
  if (oldest === undefined) {
    // Nothing to remove yet, or broken files in place of good ones: then older logs are still needed.
    const refusedBecause =
      broken.length === 0
        ? undefined
        : `${broken.length} snapshots are broken, only ${whole.length} are whole`;
    return { removable: [], oldestKept: undefined, broken, refusedBecause };
  }
  if (!isCovered(oldest, logs)) {
    const refusedBecause = `the logs after ${oldest.path} are not all there`;
    return { removable: [], oldestKept: oldest, broken, refusedBecause };
  }
  const kept = new Set(logsAfter(logs, oldest.zxid).map((log) => log.path));
  const removable = [
    ...snapshots.filter((snapshot) => snapshot.zxid < oldest.zxid).map((snapshot) => snapshot.path),
    ...logs.filter((log) => !kept.has(log.path)).map((log) => log.path),
  ];
  return { removable, oldestKept: oldest, broken, refusedBecause: undefined };
}

/**
 * Purges once. Reads the kept snapshots whole, in steps that leave the event loop to others. Where there are enough of them, the state that
 * a leader's took the place of goes as well.
 *
 * Files that appear meanwhile are left alone.
 */
export async function purge(options: PurgeOptions): Promise<PurgeResult> {
  const { removable, oldestKept, broken, refusedBecause } = await planPurge(options);
  const removed: string[] = [];
  for (const file of removable) {
    try {
      await fsp.unlink(file);
      removed.push(file);
    } catch {
      // Gone already, or not ours to remove: it is tried again next time.
    }
  }
  if (oldestKept !== undefined && refusedBecause === undefined) {
    removed.push(...(await removeSetAside(options, 'none')));
  }
  return { removed, broken, refusedBecause };
}

/**
 * Whether the logs go on from the snapshot without a hole at the front: some log begins at or before the next
 * zxid, or at a later epoch's first, or none is later at all. Holes further on are the business of recovery.
 */
function isCovered(snapshot: SnapshotName, logs: readonly LogName[]): boolean {
  const first = logsAfter(logs, snapshot.zxid)[0];
  if (first === undefined || first.zxid <= snapshot.zxid + 1) return true;
  return first.zxid % 0x1_0000_0000 <= 1;
}
