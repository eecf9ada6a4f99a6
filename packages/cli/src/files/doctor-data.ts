/**
 * `zooid doctor DATADIR`: what would keep a server from starting with this directory, or from going on for long. Only
 * looks: nothing is locked, removed or repaired. What a start would trust is asked of the code that a start runs.
 */

import fs from 'node:fs';
import path from 'node:path';
import { decodeTxnRecord, JuteReader } from '@zooid/protocol';
import {
  javaHex,
  type LogName,
  listLogs,
  listSnapshots,
  logsAfter,
  RecoveryError,
  type ReplayResult,
  replayLogs,
  type SnapshotName,
} from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import { isSystemError } from '../exit.ts';
import {
  checkClock,
  checkLeftovers,
  checkLock,
  checkMissing,
  checkNumbers,
  checkPermissions,
  checkPlaces,
  checkSpace,
  type Places,
} from './directory-checks.ts';
import { type Diagnosis, Notes } from './finding.ts';
import { checkEpochs, checkMyId } from './member-checks.ts';
import { verifySnapshot } from './snapshot-verify.ts';

/** A replay of more takes seconds. */
const REPLAYED_MANY = 2_000_000;

/** What is asked about. */
export interface DataDirectories {
  readonly dataDir: string;
  readonly dataLogDir: string;
}

/** Examines the directories of one server. Reads the newest snapshot and the logs after it whole. */
export async function examineData(
  directories: DataDirectories,
  context: CommandContext,
): Promise<Diagnosis> {
  const notes = new Notes();
  const places = placesOf(directories);
  for (const root of new Set([places.dataDir, places.dataLogDir])) checkLock(notes, root);
  const missing = [...places.versions].find((directory) => !fs.existsSync(directory));
  if (missing !== undefined) {
    checkMissing(notes, missing);
    return notes;
  }
  for (const directory of places.versions) checkPermissions(notes, directory);
  if (notes.has('UNREADABLE')) return notes;
  checkPlaces(notes, places);
  const snapshots = listSnapshots(places.snapshotDirectory);
  const logs = listLogs(places.logDirectory);
  const lastZxid = await new ChainExamination(notes, places, context).check(snapshots, logs);
  checkEpochs(notes, places, lastZxid);
  checkMyId(notes, places);
  for (const directory of places.versions) checkLeftovers(notes, directory);
  checkNumbers(notes, places, snapshots, logs);
  checkSpace(notes, places, snapshots);
  checkClock(notes, [...snapshots, ...logs]);
  return notes;
}

/** From the newest whole snapshot to the end of the log, as a start goes. */
class ChainExamination {
  readonly #notes: Notes;
  readonly #places: Places;
  readonly #context: CommandContext;

  constructor(notes: Notes, places: Places, context: CommandContext) {
    this.#notes = notes;
    this.#places = places;
    this.#context = context;
  }

  /** @returns the last zxid; undefined if that cannot be known. */
  async check(
    snapshots: readonly SnapshotName[],
    logs: readonly LogName[],
  ): Promise<number | undefined> {
    const chosen = await this.#chooseSnapshot(snapshots);
    if (chosen === undefined) {
      this.#checkNoSnapshot(snapshots, logs);
      if (snapshots.length > 0) return undefined;
    }
    const startZxid = chosen?.zxid ?? 0;
    const replay = this.#replay(logsAfter(logs, startZxid), startZxid);
    if (replay === undefined) return undefined;
    this.#notes.facts.push(
      `log: ${replay.records} transactions after the snapshot, up to zxid ${hex(replay.lastZxid)}`,
    );
    for (const flaw of replay.flaws) {
      if (flaw.kind === 'no-records') {
        this.#notes.find(
          'info',
          'LOG_EMPTY',
          flaw.path,
          'there is no record in it.',
          'None needed.',
        );
        continue;
      }
      this.#notes.find(
        // A server that runs is writing there just now.
        flaw.place === 'last' && !this.#notes.has('IN_USE') ? 'warning' : 'info',
        'LOG_TORN_TAIL',
        `${flaw.path}, offset ${flaw.offset}`,
        `torn tail: ${flaw.contentBytes} bytes of a write that was never completed; nothing of it was acknowledged.`,
        'None needed for zooid server, which cuts it off at its start. For others: zooid log repair',
      );
    }
    const refused = snapshots.find((snapshot) => snapshot.zxid > replay.lastZxid);
    if (chosen !== undefined && refused !== undefined && refused.zxid > chosen.zxid) {
      this.#notes.find(
        'error',
        'LOG_TOO_SHORT',
        this.#places.logDirectory,
        `the log ends at ${hex(replay.lastZxid)}, and the damaged snapshot of ${hex(refused.zxid)} proves that there was more.`,
        'Put the missing logs back, or take the data of another member.',
      );
    }
    if (replay.records > REPLAYED_MANY) {
      this.#notes.find(
        'info',
        'LONG_REPLAY',
        this.#places.logDirectory,
        `a start replays ${replay.records} transactions, which takes seconds.`,
        'A smaller snapCount makes snapshots more often.',
      );
    }
    return replay.lastZxid;
  }

  async #chooseSnapshot(snapshots: readonly SnapshotName[]): Promise<SnapshotName | undefined> {
    for (const snapshot of snapshots) {
      const checked = await this.#verify(snapshot);
      if (checked === undefined) continue;
      const bad = checked.findings.filter((finding) => finding.severity !== 'info');
      this.#notes.findings.push(...bad);
      if (bad.length > 0) continue;
      this.#notes.facts.push(
        `snapshot: ${path.basename(snapshot.path)}, ${checked.znodes} znodes, ${checked.dataBytes} bytes of data, ${checked.sessions} sessions`,
      );
      return snapshot;
    }
    return undefined;
  }

  async #verify(snapshot: SnapshotName) {
    try {
      return await verifySnapshot(snapshot, this.#context);
    } catch (error) {
      // Purged meanwhile, or a disk that fails.
      if (!isSystemError(error)) throw error;
      if (error.code !== 'ENOENT')
        this.#notes.find(
          'error',
          'UNREADABLE',
          snapshot.path,
          `it cannot be read: ${error.message}.`,
          DISK_REMEDY,
        );
      return undefined;
    }
  }

  #checkNoSnapshot(snapshots: readonly SnapshotName[], logs: readonly LogName[]): void {
    if (snapshots.length > 0) {
      this.#notes.find(
        'error',
        'NO_WHOLE_SNAPSHOT',
        this.#places.snapshotDirectory,
        `none of ${snapshots.length} snapshots is whole: a server does not start.`,
        'Put one back from a backup, or take the data of another member.',
      );
    } else if (logs.length > 0) {
      this.#notes.find(
        'error',
        'SNAPSHOT_MISSING',
        this.#places.snapshotDirectory,
        'there are logs and no snapshot: a server refuses to start, for znodes may be missing.',
        'Put the snapshot back. Only if the logs go back to the very first transaction: start once with -Dzookeeper.snapshot.trust.empty=true',
      );
    } else {
      this.#notes.find(
        'info',
        'EMPTY',
        this.#places.snapshotDirectory,
        'there are neither snapshots nor logs: a server begins with an empty tree.',
      );
    }
  }

  #replay(logs: readonly LogName[], afterZxid: number): ReplayResult | undefined {
    const reader = new JuteReader();
    try {
      return replayLogs(logs, afterZxid, (_zxid, bytes, start, end) => {
        reader.reset(bytes, start, end);
        decodeTxnRecord(reader);
      });
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      const where = `${error.file}, offset ${error.offset}`;
      const what = error.message.slice(where.length + 2, -error.remedy.length - 2);
      this.#notes.find(
        'error',
        error.code,
        where,
        `${what}: a server does not start.`,
        error.remedy,
      );
      return undefined;
    }
  }
}

const DISK_REMEDY = 'Check the disk.';

function placesOf(directories: DataDirectories): Places {
  // Whoever names version-2 means the directory around it.
  const dataDir = withoutVersion(directories.dataDir);
  const dataLogDir = withoutVersion(directories.dataLogDir);
  const snapshotDirectory = path.join(dataDir, 'version-2');
  const logDirectory = path.join(dataLogDir, 'version-2');
  const versions = new Set([snapshotDirectory, logDirectory]);
  return { dataDir, dataLogDir, snapshotDirectory, logDirectory, versions };
}

function withoutVersion(directory: string): string {
  const full = path.resolve(directory);
  return path.basename(full) === 'version-2' ? path.dirname(full) : full;
}

function hex(zxid: number): string {
  return `0x${javaHex(zxid)}`;
}
