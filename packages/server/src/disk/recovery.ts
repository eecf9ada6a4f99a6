/**
 * From files to the state of the server: the newest whole snapshot, then every later record of the log.
 *
 *   snapshots, newest first ──whole?──► load ──► logs from there on ──verified──► onTxn ... ──► repair the tail
 *          │ no                                        │ damaged, or a record missing
 *          └─► the one before                          └─► RecoveryError: file, offset, remedy; nothing changed
 *
 * Nobody is served before it is done. Decides what is trusted; what a record means is left to
 * the target.
 */

import fs from 'node:fs';
import path from 'node:path';
import { AssertionError, DIGEST_VERSION } from '@zooid/core';
import { MalformedError } from '@zooid/protocol';
import {
  listLogs,
  listSnapshots,
  logsAfter,
  type SnapshotName,
  TORN_TAIL_PREFIX,
} from './disk-names.ts';
import { isSystemError, type LogFlaw, type ReplayResult, replayLogs } from './log-replay.ts';
import { RecoveryError } from './recovery-error.ts';
import { quickSnapshotFlaw } from './snapshot-check.ts';
import { type LoadableTree, type LoadedSnapshot, loadSnapshot } from './snapshot-loader.ts';
import { StatedDigest } from './stated-digest.ts';

export interface RecoveryOptions {
  /** Directory of the snapshots: `version-2` under dataDir. Exists. */
  readonly snapshotDirectory: string;
  /** Directory of the logs: `version-2` under dataLogDir; may be the same one. Exists. */
  readonly logDirectory: string;
  /** `snapshot.trust.empty`. Whether logs without any snapshot are taken as all there is. */
  readonly missingSnapshot: 'refused' | 'trusted';
  /** `digest.enabled`. Whether the tree keeps a digest that the snapshot's can be compared with. */
  readonly digest: 'compared' | 'ignored';
  /** Whether a torn tail is cut off, or only told; tools that must not write take the latter. */
  readonly tornTail: 'repaired' | 'reported';
}

/** Who is recovered. */
export interface RecoveryTarget {
  readonly tree: LoadableTree;
  /** A session that the snapshot holds. Called before {@link onSnapshotLoaded}. */
  onSession(id: bigint, timeoutMs: number): void;
  /**
   * The tree is the one of the snapshot; without a snapshot it is untouched and `zxid` is 0. Called once, before any txn.
   *
   * @param fuzzyUntilZxid - up to this one the tree may be a mixture that never was, and digests of transactions need not
   *   fit it; the next one's does. Equal to `zxid` for an exact snapshot.
   */
  onSnapshotLoaded?(zxid: number, fuzzyUntilZxid: number): void;
  /**
   * One transaction after the snapshot: TxnHeader, txn and perhaps TxnDigest, `[start, end)` of `bytes`, valid
   * during the call. After a fuzzy snapshot some of the first ones are in the tree already.
   */
  onTxn(bytes: Uint8Array, start: number, end: number): void;
}

/** What recovery did, for the log. */
export type RecoveryFact =
  | { readonly kind: 'snapshot-refused'; readonly file: string; readonly reason: string }
  | { readonly kind: 'log-tail-torn'; readonly flaw: LogFlaw; readonly savedAs: string | undefined }
  | { readonly kind: 'log-without-records'; readonly flaw: LogFlaw }
  | { readonly kind: 'duplicate-records'; readonly count: number }
  | {
      readonly kind: 'snapshot-digest-mismatch';
      readonly zxid: number;
      readonly expected: bigint;
      readonly actual: bigint;
    }
  | {
      /** A fuzzy snapshot holds changes that the log, which ends before, cannot complete. */
      readonly kind: 'snapshot-digest-not-reached';
      readonly zxid: number;
      readonly lastZxid: number;
    };

export interface RecoveryResult {
  /** Zxid of the last transaction; 0 for an empty database. */
  readonly lastZxid: number;
  /** Zxid of the snapshot; undefined when none was loaded. Then one must be written before the first log record is. */
  readonly snapshotZxid: number | undefined;
  readonly snapshotFile: string | undefined;
  /** Modification time of the snapshot, in ms since 1970. */
  readonly snapshotTimeMs: number | undefined;
  readonly sessionCount: number;
  /** Records that the logs hold after the snapshot, and their bytes. */
  readonly recordCount: number;
  readonly recordBytes: number;
  readonly snapshotDurationMs: number;
  readonly replayDurationMs: number;
  /** In the order in which they were found. */
  readonly facts: readonly RecoveryFact[];
}

/**
 * Loads what the directories hold into `target`, and cuts off what an interrupted write left at the end. Yields now and then,
 * for others who want the event loop.
 *
 * @throws RecoveryError if what is there cannot be trusted; the directories are unchanged then, and
 *   the target must be thrown away.
 */
export function* recovery(
  options: RecoveryOptions,
  target: RecoveryTarget,
): Generator<void, RecoveryResult> {
  const facts: RecoveryFact[] = [];
  const logs = listLogs(options.logDirectory);
  const snapshots = listSnapshots(options.snapshotDirectory);

  const loadStartMs = performance.now();
  const chosen = yield* loadNewestUsable(snapshots, logs.length, options, target.tree, facts);
  if (chosen === undefined) assertEmpty(options, snapshots, logs.length, facts);
  for (const session of chosen?.content.sessions ?? [])
    target.onSession(session.id, session.timeoutMs);
  const snapshotZxid = chosen?.name.zxid ?? 0;
  const stated = chosen?.stated;
  target.onSnapshotLoaded?.(snapshotZxid, stated?.zxid ?? snapshotZxid);
  const replayStartMs = performance.now();

  const replay = replayLogs(
    logsAfter(logs, snapshotZxid),
    snapshotZxid,
    (zxid, bytes, start, end) => {
      target.onTxn(bytes, start, end);
      if (stated?.onTxn(zxid, bytes, start, end)) onDigestDiffers(chosen!, facts);
    },
  );
  if (stated?.state === 'doubtful') onDigestDiffers(chosen!, facts);
  if (stated?.state === 'mixture') {
    const { lastZxid } = replay;
    facts.push({ kind: 'snapshot-digest-not-reached', zxid: stated.zxid, lastZxid });
  }
  assertReached(snapshots, chosen?.name, replay);
  if (replay.duplicates > 0) facts.push({ kind: 'duplicate-records', count: replay.duplicates });
  repair(options, replay.flaws, facts);
  if (options.tornTail === 'repaired') syncNewestLog(options.logDirectory);

  return {
    lastZxid: replay.lastZxid,
    snapshotZxid: chosen?.name.zxid,
    snapshotFile: chosen?.name.path,
    snapshotTimeMs: chosen === undefined ? undefined : fs.statSync(chosen.name.path).mtimeMs,
    sessionCount: chosen?.content.sessions.length ?? 0,
    recordCount: replay.records,
    recordBytes: replay.bytes,
    snapshotDurationMs: replayStartMs - loadStartMs,
    replayDurationMs: performance.now() - replayStartMs,
    facts,
  };
}

interface LoadedFile {
  readonly name: SnapshotName;
  readonly content: LoadedSnapshot;
  readonly stated: StatedDigest;
}

/** @returns what the tree holds now; undefined when that is nothing, and no snapshot can be used. */
function* loadNewestUsable(
  snapshots: readonly SnapshotName[],
  logCount: number,
  options: RecoveryOptions,
  tree: LoadableTree,
  facts: RecoveryFact[],
): Generator<void, LoadedFile | undefined> {
  let doubtful: SnapshotName | undefined;
  for (const name of snapshots) {
    const loaded = yield* tryLoad(name, options, tree);
    if (typeof loaded !== 'string' && loaded.stated.state !== 'doubtful') return loaded;
    if (typeof loaded !== 'string') doubtful ??= name;
    const reason = typeof loaded === 'string' ? loaded : reasonOfDoubt(loaded.stated);
    facts.push({ kind: 'snapshot-refused', file: name.path, reason });
  }
  // There is no better one, and the log can show that it is good. Trusted logs need none.
  if (doubtful !== undefined && logCount > 0 && options.missingSnapshot === 'refused') {
    const loaded = yield* tryLoad(doubtful, options, tree);
    if (typeof loaded !== 'string') {
      facts.splice(0, facts.length, ...facts.filter((fact) => !isAbout(fact, doubtful.path)));
      return loaded;
    }
  }
  if (facts.length > 0) {
    // What was loaded of the last one that was refused.
    tree.clearForLoad();
    tree.finishLoad();
  }
  return undefined;
}

/** @returns what was loaded, or why it is refused. */
function* tryLoad(
  name: SnapshotName,
  options: RecoveryOptions,
  tree: LoadableTree,
): Generator<void, LoadedFile | string> {
  try {
    const flaw = quickSnapshotFlaw(name);
    if (flaw !== undefined) return flaw;
    const content = yield* loadSnapshot(name, tree);
    const { digest } = content.tail;
    const isComparable = options.digest === 'compared' && digest?.version === DIGEST_VERSION;
    const stated = new StatedDigest(tree, name.zxid, isComparable ? digest : undefined);
    return { name, content, stated };
  } catch (error) {
    // What is wrong with this file may be right with the one before; the log then shows whether that is enough.
    const isOfTheFile =
      error instanceof MalformedError || error instanceof AssertionError || isSystemError(error);
    if (!isOfTheFile) throw error;
    return (error as Error).message;
  }
}

function reasonOfDoubt({ difference }: StatedDigest): string {
  const { expected, actual } = difference;
  return (
    `its content has the digest ${actual.toString(16)} and not ${expected.toString(16)}, ` +
    'though its checksum matches (digest.enabled=false loads it nevertheless)'
  );
}

function isAbout(fact: RecoveryFact, file: string): boolean {
  return fact.kind === 'snapshot-refused' && fact.file === file;
}

/** The log has not shown that the snapshot is good. */
function onDigestDiffers({ name, stated }: LoadedFile, facts: RecoveryFact[]): void {
  // It was in doubt from the beginning, and is refused after all.
  if (stated.zxid === name.zxid) throw snapshotDamaged(name.path, reasonOfDoubt(stated));
  facts.push({ kind: 'snapshot-digest-mismatch', ...stated.difference });
}

/** Nothing was loaded: that is right only if there is nothing. */
function assertEmpty(
  options: RecoveryOptions,
  snapshots: readonly SnapshotName[],
  logCount: number,
  facts: readonly RecoveryFact[],
): void {
  if (logCount > 0 && options.missingSnapshot === 'trusted') return;
  const refused = facts.find((fact) => fact.kind === 'snapshot-refused');
  if (refused !== undefined) {
    // The very first snapshot is of an empty tree: while nothing followed, nothing can be lost with it.
    if (logCount === 0 && snapshots.every((snapshot) => snapshot.zxid === 0)) return;
    throw snapshotDamaged(refused.file, refused.reason);
  }
  if (logCount > 0) {
    throw new RecoveryError(
      'SNAPSHOT_MISSING',
      options.snapshotDirectory,
      0,
      `there are ${logCount} transaction logs and no snapshot`,
      'Put the snapshots back. Only if the logs are complete from the very first transaction, or the data comes from ZooKeeper before 3.5.3, start once with snapshot.trust.empty=true.',
    );
  }
}

function snapshotDamaged(file: string, reason: string): RecoveryError {
  return new RecoveryError(
    'SNAPSHOT_DAMAGED',
    file,
    0,
    `no snapshot is whole; this one is refused because ${reason}`,
    'Put an intact snapshot in the directory (backup or another member), then start again.',
  );
}

/** A snapshot was refused: what it proves to have happened must be in the log. */
function assertReached(
  snapshots: readonly SnapshotName[],
  loaded: SnapshotName | undefined,
  replay: ReplayResult,
): void {
  const newest = snapshots[0];
  if (newest === undefined || newest === loaded || replay.lastZxid >= newest.zxid) return;
  throw new RecoveryError(
    'LOG_TOO_SHORT',
    newest.path,
    0,
    `the snapshot is damaged and the log, which ends at zxid 0x${replay.lastZxid.toString(16)}, does not reach it`,
    'Put an intact copy of the snapshot or the missing logs in place (backup or another member), then start again. If the file is no snapshot of this server, move it away.',
  );
}

/** Cuts off or removes, at the end of the last log, what no whole record begins. */
function repair(options: RecoveryOptions, flaws: readonly LogFlaw[], facts: RecoveryFact[]): void {
  for (const flaw of flaws) {
    const isRepaired = options.tornTail === 'repaired' && flaw.place === 'last';
    let savedAs: string | undefined;
    if (isRepaired) {
      if (flaw.holds === 'whole-records') savedAs = saveTail(flaw);
      if (flaw.kind === 'no-records') removeLog(flaw.path);
      else cutLog(flaw);
    }
    if (flaw.kind === 'no-records') facts.push({ kind: 'log-without-records', flaw });
    else facts.push({ kind: 'log-tail-torn', flaw, savedAs });
  }
}

/** Records that were written but never acknowledged are nobody's, but a person may want to see them. */
function saveTail(flaw: LogFlaw): string {
  const { dir, ext } = path.parse(flaw.path);
  const target = path.join(dir, `${TORN_TAIL_PREFIX}${ext.slice(1)}.${flaw.offset}`);
  const source = fs.openSync(flaw.path, 'r');
  try {
    const bytes = new Uint8Array(flaw.contentBytes);
    fs.readSync(source, bytes, 0, bytes.byteLength, flaw.offset);
    fs.writeFileSync(target, bytes);
  } finally {
    fs.closeSync(source);
  }
  return target;
}

function cutLog(flaw: LogFlaw): void {
  const fd = fs.openSync(flaw.path, 'r+');
  try {
    fs.ftruncateSync(fd, flaw.offset);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Its name is free for the next record, which may well have the same zxid. */
function removeLog(file: string): void {
  fs.unlinkSync(file);
  const directory = fs.openSync(path.dirname(file), 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
}

/**
 * The last process may have died within its last write: what was read back then need not be on the disk. From here on it counts as
 * logged, and as acknowledged, if a leader asks.
 */
function syncNewestLog(logDirectory: string): void {
  const newest = listLogs(logDirectory).at(-1);
  if (newest === undefined) return;
  const fd = fs.openSync(newest.path, 'r');
  try {
    fs.fdatasyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
