/**
 * Puts another state, restored by an operator or received from a leader, in the place of everything that the directories hold, so that
 * a crash at any moment leaves the one or the other and never a mixture.
 *
 *     tmp.snapshot.restored          whole and durable, but nobody's yet
 *       │ renamed: from here on the restored state is the truth
 *     restored.<n>.snapshot.<zxid>   or received.<n>.snapshot.<zxid>
 *       │ every snapshot and log of before is renamed into before-restore.<n>/ or before-sync.<n>/, snapshots first, oldest first
 *     snapshot.<zxid>                renamed once more: an ordinary directory again
 *
 * Every arrow is durable before the next begins. A server that finds such a file at its start goes on from there, for
 * all of it may be done twice. In the middle an Apache server finds logs without a snapshot, and refuses
 * those, or for a moment nothing, and begins empty: this server must finish first.
 *
 * Nothing is deleted here: the directory has the state of before, and a server can start from it. What was restored by an operator stays
 * until an operator removes it. A leader's state may come as often as this server falls behind, so of those of before only
 * the last is kept ({@link removeSetAside}).
 */

import fs, { promises as fsp } from 'node:fs';
import path from 'node:path';
import {
  listLogs,
  listSnapshots,
  type SnapshotCompression,
  snapshotFileName,
} from './disk-names.ts';

/** Where a restored state is written before it counts; begins like any unfinished snapshot, and goes like one. */
export const RESTORED_TEMPORARY_NAME = 'tmp.snapshot.restored';

/** Whose state it is that takes the place of another: one that an operator restores, or one that a leader sends. */
export type SwapReason = 'restore' | 'sync';

const PENDING_PREFIX = { restore: 'restored', sync: 'received' } as const;

const RESTORED_NAME =
  /^(restored|received)\.(\d{1,9})\.(snapshot\.[0-9a-f]{1,16}(?:\.(?:gz|snappy))?)$/;
const BEFORE_NAME = /^before-(restore|sync)\.(\d{1,9})$/;

/** Whether a file or directory of this name comes from such a swap. */
export function isRestoreName(name: string): boolean {
  return RESTORED_NAME.test(name) || BEFORE_NAME.test(name);
}

export interface SwapDirectories {
  /** `version-2` under dataDir, and under dataLogDir; may be the same. */
  readonly snapshotDirectory: string;
  readonly logDirectory: string;
}

/**
 * Makes {@link RESTORED_TEMPORARY_NAME}, which is durable, the truth: when this returns, a restart comes up with it. No log may be open.
 *
 * @throws what the system says; {@link hasPendingSwap} then tells which state a restart would come up with.
 */
export function commitRestored(
  directories: SwapDirectories,
  reason: SwapReason,
  zxid: number,
  compression: SnapshotCompression,
): void {
  const { snapshotDirectory } = directories;
  const prefix = `${PENDING_PREFIX[reason]}.${nextNumber(directories)}`;
  const name = `${prefix}.${snapshotFileName(zxid, compression)}`;
  fs.renameSync(
    path.join(snapshotDirectory, RESTORED_TEMPORARY_NAME),
    path.join(snapshotDirectory, name),
  );
  syncDirectory(snapshotDirectory);
  finishSwap(directories);
}

/** Whether a restored state counts that is not in its place yet. */
export function hasPendingSwap({ snapshotDirectory }: SwapDirectories): boolean {
  return fs.readdirSync(snapshotDirectory).some((name) => RESTORED_NAME.test(name));
}

/**
 * Finishes a swap that was interrupted; no effect when there is none. For the holder of the lock only, before anything is read.
 *
 * @returns the snapshot of the restored state, if there was one to put in its place.
 */
export function finishSwap(directories: SwapDirectories): string | undefined {
  const { snapshotDirectory, logDirectory } = directories;
  let restored: string | undefined;
  const matches = fs.readdirSync(snapshotDirectory).map((name) => RESTORED_NAME.exec(name));
  for (const match of matches.filter((one) => one !== null)) {
    const [name, prefix, number, snapshotName] = match as unknown as [string, ...string[]];
    const before = `before-${prefix === PENDING_PREFIX.sync ? 'sync' : 'restore'}.${number}`;
    const snapshots = listSnapshots(snapshotDirectory).reverse();
    setAside(snapshotDirectory, before, snapshots);
    setAside(logDirectory, before, listLogs(logDirectory));
    restored = path.join(snapshotDirectory, snapshotName!);
    fs.renameSync(path.join(snapshotDirectory, name), restored);
    syncDirectory(snapshotDirectory);
  }
  return restored;
}

/** Moves files into a directory below theirs; durable when it returns. */
function setAside(
  directory: string,
  before: string,
  files: readonly { readonly path: string }[],
): void {
  const target = path.join(directory, before);
  fs.mkdirSync(target, { recursive: true });
  for (const file of files) fs.renameSync(file.path, path.join(target, path.basename(file.path)));
  syncDirectory(target);
  syncDirectory(directory);
}

/**
 * Removes the states that a leader's took the place of.
 *
 * @param kept - the last one, or none of them.
 * @returns the directories that are gone. @throws what the system says to the first that is not.
 */
export async function removeSetAside(
  { snapshotDirectory, logDirectory }: SwapDirectories,
  kept: 'last' | 'none',
): Promise<readonly string[]> {
  const removed: string[] = [];
  const found: { readonly number: number; readonly path: string }[] = [];
  for (const directory of new Set([snapshotDirectory, logDirectory])) {
    for (const name of await fsp.readdir(directory)) {
      const [, reason, number] = BEFORE_NAME.exec(name) ?? [];
      if (reason === 'sync') {
        found.push({ number: Number(number), path: path.join(directory, name) });
      }
    }
  }
  const last = Math.max(...found.map(({ number }) => number));
  for (const { number, path: directory } of found) {
    if (kept === 'last' && number === last) continue;
    await fsp.rm(directory, { recursive: true, force: true });
    removed.push(directory);
  }
  return removed;
}

/** One more than any before. */
function nextNumber({ snapshotDirectory, logDirectory }: SwapDirectories): number {
  let last = 0;
  for (const directory of [snapshotDirectory, logDirectory]) {
    for (const name of fs.readdirSync(directory)) {
      const number = Number(BEFORE_NAME.exec(name)?.[2] ?? 0);
      last = Math.max(last, number);
    }
  }
  return last + 1;
}

function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
