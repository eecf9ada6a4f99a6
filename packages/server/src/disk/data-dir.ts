/**
 * The directories of one server: where everything is, that they are ours, and that they are ours alone.
 *
 *     <dataDir>/myid  initialize  zooid.lock
 *     <dataDir>/version-2/snapshot.<zxid>…  acceptedEpoch  currentEpoch
 *     <dataLogDir>/version-2/log.<zxid>                                       dataLogDir may be dataDir
 *     <dataLogDir>/zooid.lock
 *
 * Source: FileTxnSnapLog, QuorumPeer (epochs), QuorumPeerConfig (myid).
 */

import fs from 'node:fs';
import path from 'node:path';
import { DataDirError } from './data-dir-error.ts';
import { DirectoryLock } from './directory-lock.ts';
import {
  parseLogName,
  parseSnapshotName,
  TEMPORARY_SNAPSHOT_PREFIX,
  TORN_TAIL_PREFIX,
} from './disk-names.ts';
import { isRestoreName } from './state-swap.ts';

export interface DataDirOptions {
  /** `dataDir`. */
  readonly dataDir: string;
  /** `dataLogDir`; undefined: the same. */
  readonly dataLogDir: string | undefined;
  /** `zookeeper.datadir.autocreate`. What to do about a directory that is not there. */
  readonly missing: 'created' | 'refused';
}

export class DataDir {
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** `<dataDir>/version-2`. */
  readonly snapshotDirectory: string;
  /** `<dataLogDir>/version-2`. */
  readonly logDirectory: string;

  readonly #locks: readonly DirectoryLock[];

  private constructor(options: DataDirOptions, locks: readonly DirectoryLock[]) {
    this.dataDir = path.resolve(options.dataDir);
    this.dataLogDir = path.resolve(options.dataLogDir ?? options.dataDir);
    this.snapshotDirectory = path.join(this.dataDir, VERSION_DIRECTORY);
    this.logDirectory = path.join(this.dataLogDir, VERSION_DIRECTORY);
    this.#locks = locks;
  }

  /**
   * Opens the directories for this process alone, creating them if that is allowed.
   *
   * @throws DataDirError when one is missing, of another kind, not writable, or in use by another server.
   */
  static open(options: DataDirOptions): DataDir {
    const roots = new Set([
      path.resolve(options.dataDir),
      path.resolve(options.dataLogDir ?? options.dataDir),
    ]);
    for (const root of roots) {
      assertDirectoryOrNothing(root);
      assertNotForeign(root);
    }
    if (roots.size === 2) assertNotSwapped(...([...roots] as [string, string]));
    for (const root of roots) prepare(path.join(root, VERSION_DIRECTORY), options.missing);

    const locks: DirectoryLock[] = [];
    try {
      for (const root of roots) locks.push(DirectoryLock.acquire(root));
      const opened = new DataDir(options, locks);
      opened.#removeTemporaryFiles();
      return opened;
    } catch (error) {
      for (const lock of locks) lock.release();
      throw error;
    }
  }

  /** Lets others open the directories. */
  close(): void {
    for (const lock of this.#locks) lock.release();
  }

  /** The server id in `myid`; undefined if there is no such file. @throws DataDirError if it holds no number. */
  readMyId(): number | undefined {
    const file = path.join(this.dataDir, 'myid');
    const text = readText(file);
    if (text === undefined) return undefined;
    // The first line counts, as in Apache.
    return parseCount(file, (text.split('\n', 1)[0] ?? '').trim());
  }

  /**
   * Whether the operator has declared that an empty database is right (`zkServer-initialize.sh`). The file
   * counts once: it is removed.
   */
  takeInitialize(): boolean {
    try {
      fs.unlinkSync(path.join(this.dataDir, 'initialize'));
      return true;
    } catch {
      return false;
    }
  }

  /** Length of all files under dataDir, in bytes: `dirs`, `conf`. */
  snapshotBytes(): number {
    return directoryBytes(this.snapshotDirectory);
  }

  /** Length of all files under dataLogDir, in bytes, padding included. */
  logBytes(): number {
    return directoryBytes(this.logDirectory);
  }

  /** What an interrupted snapshot left. Only the holder of the lock may. */
  #removeTemporaryFiles(): void {
    for (const name of fs.readdirSync(this.snapshotDirectory)) {
      if (name.startsWith(TEMPORARY_SNAPSHOT_PREFIX)) {
        fs.unlinkSync(path.join(this.snapshotDirectory, name));
      }
    }
  }
}

const VERSION_DIRECTORY = 'version-2';

/** Files that show a directory to be another program's. */
const FOREIGN_MARKS: readonly (readonly [name: string, owner: string])[] = [
  ['PG_VERSION', 'PostgreSQL'],
  ['WiredTiger', 'MongoDB'],
  ['ibdata1', 'MySQL'],
  ['member', 'etcd'],
  ['raft', 'a raft store'],
  ['meta.properties', 'Kafka'],
];

const KNOWN_NAMES = /^(?:acceptedEpoch|currentEpoch)(?:\.tmp)?$|^\./;

function assertDirectoryOrNothing(directory: string): void {
  let stat: fs.Stats;
  try {
    stat = fs.statSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new DataDirError(
      'DATA_DIR_UNUSABLE',
      directory,
      `it cannot be read: ${(error as Error).message}`,
      'Check the path and its permissions.',
      error,
    );
  }
  if (stat.isDirectory()) return;
  throw new DataDirError(
    'DATA_DIR_FOREIGN',
    directory,
    'it is a file and not a directory',
    'Name a directory in dataDir or dataLogDir.',
  );
}

function assertNotForeign(root: string): void {
  const version = path.join(root, VERSION_DIRECTORY);
  assertDirectoryOrNothing(version);
  if (!fs.existsSync(root)) return;
  if (!fs.existsSync(version)) {
    const mark = FOREIGN_MARKS.find(([name]) => fs.existsSync(path.join(root, name)));
    if (mark !== undefined) {
      throw foreign(root, `it belongs to ${mark[1]}: there is ${mark[0]}`);
    }
    return;
  }
  const names = fs.readdirSync(version);
  const strange = names.filter((name) => !isOurs(name));
  // Something beside our files may have been put there by hand; nothing but strange files is not ours.
  if (strange.length > 0 && strange.length === names.length) {
    throw foreign(version, `it holds files that are no logs or snapshots: ${strange[0]}`);
  }
}

function isOurs(name: string): boolean {
  return (
    parseLogName(name) !== undefined ||
    parseSnapshotName(name) !== undefined ||
    name.startsWith(TEMPORARY_SNAPSHOT_PREFIX) ||
    name.startsWith(TORN_TAIL_PREFIX) ||
    isRestoreName(name) ||
    KNOWN_NAMES.test(name)
  );
}

function foreign(directory: string, what: string): DataDirError {
  return new DataDirError(
    'DATA_DIR_FOREIGN',
    directory,
    what,
    'Name an empty directory, or one of a ZooKeeper server, in dataDir or dataLogDir.',
  );
}

/** Source: FileTxnSnapLog.checkLogDir and checkSnapDir. To start with the two swapped is to start empty. */
function assertNotSwapped(dataDir: string, dataLogDir: string): void {
  const snapshot = namesIn(dataLogDir).find((name) => parseSnapshotName(name) !== undefined);
  const log = namesIn(dataDir).find((name) => parseLogName(name) !== undefined);
  if (snapshot === undefined && log === undefined) return;
  throw new DataDirError(
    'DATA_DIR_SWAPPED',
    snapshot === undefined ? dataDir : dataLogDir,
    snapshot === undefined
      ? `dataDir holds a transaction log (${log}) though dataLogDir is another directory`
      : `dataLogDir holds a snapshot (${snapshot})`,
    'Check that dataDir and dataLogDir name the right directories, and move the files to where they belong.',
  );
}

function namesIn(root: string): string[] {
  try {
    return fs.readdirSync(path.join(root, VERSION_DIRECTORY));
  } catch {
    return [];
  }
}

function prepare(directory: string, missing: 'created' | 'refused'): void {
  if (!fs.existsSync(directory)) {
    if (missing === 'refused') {
      throw new DataDirError(
        'DATA_DIR_MISSING',
        directory,
        'it does not exist, and zookeeper.datadir.autocreate is false',
        'Create it, or check the path: perhaps a disk is not mounted.',
      );
    }
    try {
      fs.mkdirSync(directory, { recursive: true });
    } catch (error) {
      throw unusable(directory, 'created', error);
    }
  }
  try {
    fs.accessSync(directory, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
  } catch (error) {
    throw unusable(directory, 'written', error);
  }
}

function unusable(directory: string, verb: string, error: unknown): DataDirError {
  return new DataDirError(
    'DATA_DIR_UNUSABLE',
    directory,
    `it cannot be ${verb}: ${(error as Error).message}`,
    'Give the user of this process the right to read and write there.',
    error,
  );
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DataDirError(
      'DATA_DIR_UNUSABLE',
      file,
      `it cannot be read: ${(error as Error).message}`,
      'Check its permissions.',
      error,
    );
  }
}

function parseCount(file: string, text: string): number {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new DataDirError(
    'DATA_DIR_UNUSABLE',
    file,
    `it should hold one number and holds ${JSON.stringify(text.slice(0, 40))}`,
    'Write the right number into it.',
  );
}

function directoryBytes(directory: string): number {
  let bytes = 0;
  for (const name of fs.readdirSync(directory)) {
    try {
      const stat = fs.statSync(path.join(directory, name));
      if (stat.isFile()) bytes += stat.size;
    } catch {
      // Purged in the meantime.
    }
  }
  return bytes;
}
