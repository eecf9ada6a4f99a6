// What `zooid doctor` looks for in the directories of a server, besides what its logs and snapshots say.

import fs from 'node:fs';
import path from 'node:path';
import {
  inspectLock,
  isRestoreName,
  type LogName,
  parseLogName,
  parseSnapshotName,
  type SnapshotName,
  TEMPORARY_SNAPSHOT_PREFIX,
  TORN_TAIL_PREFIX,
} from '@zooid/server/files';
import type { Notes } from './finding.ts';

const MEGABYTE = 1024 * 1024;
/** `preAllocSize`: what a new log asks for at once. */
const PREALLOCATED_BYTES = 64 * MEGABYTE;
/** More snapshots than this were kept by nobody on purpose. */
const SNAPSHOTS_MANY = 10;
/** Clocks that agree to within this are right. */
const CLOCK_SKEW_MS_MAX = 60_000;

/** Where everything is; dataLogDir may be dataDir. */
export interface Places {
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** `version-2` in each. */
  readonly snapshotDirectory: string;
  readonly logDirectory: string;
  /** Both, or the one. */
  readonly versions: ReadonlySet<string>;
}

/** Who has a directory open. */
export function checkLock(notes: Notes, root: string): void {
  const lock = inspectLock(root);
  if (lock === undefined) return;
  const { holder } = lock;
  const who =
    holder === undefined
      ? 'a server that does not say which'
      : `process ${holder.pid} on ${holder.hostname}, started ${holder.startedAt}`;
  const holds = lock.life === 'alive' || (lock.life === 'unknown' && lock.pulse === 'beats');
  if (holds) {
    notes.find(
      'info',
      'IN_USE',
      root,
      `it is in use by ${who}: what is said here may be old already.`,
    );
  } else {
    notes.find(
      'info',
      'LOCK_LEFT',
      lock.file,
      `it was left behind by ${who}, which has ended.`,
      'None needed: the next start takes it over.',
    );
  }
}

/** A version-2 that is not there. */
export function checkMissing(notes: Notes, directory: string): void {
  const root = path.dirname(directory);
  const strays = namesIn(root).filter(
    (name) => parseLogName(name) !== undefined || parseSnapshotName(name) !== undefined,
  );
  if (strays.length > 0) {
    notes.find(
      'error',
      'FILES_MISPLACED',
      root,
      `logs or snapshots lie in it (${strays[0]}), servers look for them in version-2.`,
      `Move them to ${directory}.`,
    );
    return;
  }
  notes.find(
    'warning',
    'EMPTY',
    directory,
    'it does not exist: a server that starts here begins with an empty tree.',
    'If it should not be empty, the path is wrong or a disk is not mounted.',
  );
}

/** Whether a directory and its files can be read and written, and belong to one user. */
export function checkPermissions(notes: Notes, directory: string): void {
  try {
    fs.accessSync(directory, fs.constants.R_OK | fs.constants.X_OK);
  } catch {
    notes.find('error', 'UNREADABLE', directory, 'this user may not read it.', OWNER_REMEDY);
    return;
  }
  const owners = new Map<number, string>([[fs.statSync(directory).uid, directory]]);
  for (const name of namesIn(directory)) {
    const file = path.join(directory, name);
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (!owners.has(stat.uid)) owners.set(stat.uid, file);
    if (stat.isFile() && !isAllowed(file, fs.constants.R_OK)) {
      notes.find('error', 'UNREADABLE', file, 'this user may not read it.', OWNER_REMEDY);
    }
  }
  if (owners.size > 1) {
    const uids = [...owners].map(([uid, file]) => `${uid} (${path.basename(file)})`).join(', ');
    notes.find(
      'warning',
      'OWNERS_DIFFER',
      directory,
      `its files belong to several users: ${uids}. Was a server once started as root?`,
      'chown -R to the user that the server runs as.',
    );
  }
  if (!isAllowed(directory, fs.constants.W_OK)) {
    notes.find(
      'warning',
      'NOT_WRITABLE',
      directory,
      'this user may not write to it; a server that runs as this user cannot start.',
      'Ask again as the user that the server runs as.',
    );
  }
}

/** Whether logs and snapshots are where they belong. Source: FileTxnSnapLog.checkLogDir and checkSnapDir. */
export function checkPlaces(notes: Notes, places: Places): void {
  if (places.dataDir === places.dataLogDir) {
    const isHere = namesIn(places.snapshotDirectory).some(
      (name) => parseLogName(name) !== undefined,
    );
    if (isHere) {
      notes.find(
        'info',
        'ONE_DEVICE',
        places.dataDir,
        'logs and snapshots lie on one disk: writing a snapshot slows down every write.',
        'With many writes, give the log a disk of its own: dataLogDir.',
      );
    }
    return;
  }
  const log = namesIn(places.snapshotDirectory).find((name) => parseLogName(name) !== undefined);
  const snapshot = namesIn(places.logDirectory).find(
    (name) => parseSnapshotName(name) !== undefined,
  );
  const remedy =
    'Check that dataDir and dataLogDir name the right directories; move the files to where they belong.';
  if (log !== undefined)
    notes.find('error', 'SWAPPED', places.dataDir, `dataDir holds a log (${log}).`, remedy);
  if (snapshot !== undefined)
    notes.find(
      'error',
      'SWAPPED',
      places.dataLogDir,
      `dataLogDir holds a snapshot (${snapshot}).`,
      remedy,
    );
  if (fs.statSync(places.snapshotDirectory).dev === fs.statSync(places.logDirectory).dev) {
    notes.find(
      'info',
      'ONE_DEVICE',
      places.dataLogDir,
      'dataLogDir and dataDir are two directories of one disk.',
      'With many writes, give the log a disk of its own.',
    );
  }
}

/** What was left behind in a version-2, by servers or by hands. */
export function checkLeftovers(notes: Notes, directory: string): void {
  for (const name of namesIn(directory)) {
    const file = path.join(directory, name);
    if (/^(log|snapshot)\./.test(name)) {
      if (parseLogName(name) !== undefined || parseSnapshotName(name) !== undefined) continue;
      notes.find(
        'warning',
        'NAME_MISLEADS',
        file,
        "Apache's server reads it as a log or snapshot of the number after the first dot.",
        'Move it out of version-2.',
      );
    } else if (name.startsWith(TEMPORARY_SNAPSHOT_PREFIX)) {
      notes.find(
        'info',
        'LEFTOVER',
        file,
        'a snapshot that is being written, or never was completed.',
        'None needed: a start removes it.',
      );
    } else if (name.startsWith(TORN_TAIL_PREFIX)) {
      notes.find(
        'info',
        'LEFTOVER',
        file,
        'a copy of what a start cut off a log, whole records among it.',
        'If nothing is missed, remove it.',
      );
    } else if (isRestoreName(name)) {
      const remedy = name.startsWith('before')
        ? 'Remove it when it is no longer wanted.'
        : 'Start zooid server once: it completes what was begun.';
      notes.find(
        name.startsWith('before') ? 'info' : 'warning',
        'LEFTOVER',
        file,
        'it comes from a restore, or from a state that a leader has sent.',
        remedy,
      );
    } else if (name.endsWith('.tmp') || name.startsWith('tmp.repair.')) {
      notes.find(
        'info',
        'LEFTOVER',
        file,
        'a file that was being written when a server, or a repair, was ended.',
        'If no server runs, remove it.',
      );
    }
  }
}

/** How many files there are. */
export function checkNumbers(
  notes: Notes,
  places: Places,
  snapshots: readonly SnapshotName[],
  logs: readonly LogName[],
): void {
  const bytes = [...snapshots, ...logs].reduce((sum, file) => sum + allocatedBytes(file.path), 0);
  notes.facts.push(
    `files: ${snapshots.length} snapshots and ${logs.length} logs, ${megabytes(bytes)} on disk`,
  );
  if (snapshots.length <= SNAPSHOTS_MANY) return;
  notes.find(
    'warning',
    'MANY_SNAPSHOTS',
    places.snapshotDirectory,
    `${snapshots.length} snapshots are kept: nobody removes old ones.`,
    `Now: zooid purge ${places.dataLogDir} ${places.dataDir} -n 3; from now on: autopurge.purgeInterval=24 in zoo.cfg`,
  );
}

/** Whether the next log and snapshot have room. */
export function checkSpace(notes: Notes, places: Places, snapshots: readonly SnapshotName[]): void {
  const newest = snapshots[0];
  const snapshotBytes =
    newest === undefined ? 0 : (fs.statSync(newest.path, { throwIfNoEntry: false })?.size ?? 0);
  for (const directory of places.versions) {
    const { bavail, blocks, bsize } = fs.statfsSync(directory);
    const freeBytes = bavail * bsize;
    // The next log is laid out beforehand; the next snapshot stands beside the last one.
    const neededBytes = PREALLOCATED_BYTES + 2 * snapshotBytes;
    const percent = Math.round((bavail / Math.max(1, blocks)) * 100);
    notes.facts.push(`free: ${megabytes(freeBytes)} (${percent} %) at ${directory}`);
    if (freeBytes < neededBytes) {
      notes.find(
        'error',
        'DISK_FULL',
        directory,
        `${megabytes(freeBytes)} are free, the next log and snapshot need ${megabytes(neededBytes)}: a server stops when it cannot write.`,
        'Make room: zooid purge removes what no restart needs.',
      );
    } else if (percent < 5) {
      notes.find(
        'warning',
        'DISK_NEARLY_FULL',
        directory,
        `${megabytes(freeBytes)} are free, ${percent} %.`,
        'Make room: zooid purge removes what no restart needs.',
      );
    }
  }
}

/** Files from the future. */
export function checkClock(notes: Notes, files: readonly { readonly path: string }[]): void {
  const now = Date.now();
  for (const { path: file } of files) {
    const modifiedMs = fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (modifiedMs <= now + CLOCK_SKEW_MS_MAX) continue;
    notes.find(
      'warning',
      'CLOCK',
      file,
      `it was written ${Math.round((modifiedMs - now) / 1000)} s from now: a clock was or is wrong.`,
      'Check that the clock is synchronised (NTP): TTLs and times of znodes depend on it.',
    );
    return;
  }
}

const OWNER_REMEDY =
  'Ask again as the user that the server runs as, or give that user the files (chown -R).';

function namesIn(directory: string): string[] {
  try {
    return fs.readdirSync(directory).sort();
  } catch {
    return [];
  }
}

function isAllowed(file: string, mode: number): boolean {
  try {
    fs.accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

function allocatedBytes(file: string): number {
  return (fs.statSync(file, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
}

function megabytes(bytes: number): string {
  const mega = bytes / MEGABYTE;
  return mega >= 10_240
    ? `${(mega / 1024).toFixed(0)} GB`
    : `${mega.toFixed(mega < 10 ? 1 : 0)} MB`;
}
