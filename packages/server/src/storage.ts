import fs, { promises as fsp } from 'node:fs';
import type { NewState, ServerCore } from '@zooid/core';
import type { StorageConfig } from './config/config.ts';
import { DataDir } from './disk/data-dir.ts';
import { type DiskCalls, realDisk } from './disk/disk-calls.ts';
import { listSnapshots } from './disk/disk-names.ts';
import { FileTxnLog, type FileTxnLogOptions } from './disk/file-txn-log.ts';
import { handInTxns, type TxnRange } from './disk/log-read.ts';
import type { VisitRecord } from './disk/log-replay.ts';
import { LogTruncateError, truncateLog } from './disk/log-truncate.ts';
import { LogWriteError } from './disk/log-write-error.ts';
import { MemoryWarmer } from './disk/memory-warmer.ts';
import { Purger } from './disk/purger.ts';
import { type RecoveryFact, type RecoveryResult, recovery } from './disk/recovery.ts';
import { type SnapshotFile, SnapshotStore, type SnapshotWriting } from './disk/snapshot-store.ts';
import {
  commitRestored,
  finishSwap,
  hasPendingSwap,
  RESTORED_TEMPORARY_NAME,
  removeSetAside,
  type SwapReason,
} from './disk/state-swap.ts';
import { runInTurns } from './disk/steps.ts';
import type { TxnLog, TxnLogEvents } from './disk/txn-log.ts';
import type { ShellFact } from './report/shell-fact.ts';

/** How long a server that stops waits for a snapshot. */
const SNAPSHOT_AT_STOP_MS_MAX = 2000;

export interface StorageParts {
  readonly config: StorageConfig;
  readonly digest: 'compared' | 'ignored';
  readonly report: (fact: ShellFact) => void;
  /** A number in [0, 1): servers of an ensemble must not all take their snapshots at once. */
  readonly random: () => number;
  /** By which log and snapshots are written; the real disk unless given. */
  readonly disk?: DiskCalls | undefined;
}

/** What was found on disk at the start. */
export interface Recovered {
  readonly lastZxid: number;
  /** Times in ms. */
  readonly snapshotDurationMs: number;
  readonly replayDurationMs: number;
  readonly recordCount: number;
}

/** How the server stands still while its state is swapped. */
export interface StillServer {
  /** Resolves when nothing is in work and nothing can begin. */
  stop(): Promise<void>;
  /** The state on disk is the new one: puts it in force. In the same turn of the event loop, before {@link goOn}. */
  takeOver(state: NewState): void;
  /** Also after a failure, and then with the state of before. */
  goOn(): void;
}

/**
 * The server's disk as a whole: opens and locks the directories, restores the core from them, keeps the
 * log, and decides when a snapshot is taken and old files go. How each is done is in `disk/`.
 */
export class Storage {
  readonly #parts: StorageParts;
  readonly #dataDir: DataDir;
  readonly #disk: DiskCalls;
  readonly #snapshots: SnapshotStore;
  readonly #purger: Purger;
  #isClosing = false;
  #core: ServerCore | undefined;
  #log: TxnLog | undefined;
  #logEvents: TxnLogEvents | undefined;
  #writing: SnapshotWriting | undefined;
  #snapshotDone: Promise<SnapshotFile | undefined> = Promise.resolve(undefined);
  /** Records and bytes of log at which the next snapshot is due. */
  #recordsDue = 0;
  #bytesDue = 0;
  /** Ends the patience with a snapshot while the server stops. */
  #snapshotTimer: NodeJS.Timeout | undefined;
  /** A state that is on its way to take the place of the one in force. */
  #swap: Promise<void> | undefined;
  #writingAside: SnapshotWriting | undefined;

  private constructor(parts: StorageParts, dataDir: DataDir) {
    this.#parts = parts;
    this.#dataDir = dataDir;
    this.#disk = parts.disk ?? realDisk;
    this.#snapshots = new SnapshotStore(
      {
        directory: dataDir.snapshotDirectory,
        compression: parts.config.snapshotCompression,
        lastZxid: parts.config.isLastZxidInSnapshot ? 'written' : 'omitted',
      },
      this.#disk,
    );
    this.#purger = new Purger({
      snapshotDirectory: dataDir.snapshotDirectory,
      logDirectory: dataDir.logDirectory,
      keptSnapshots: parts.config.purgeRetainCount,
      mayPurge: () => this.#swap === undefined,
      onPurged: (count) => parts.report({ kind: 'files-purged', count }),
      onFailed: (reason) => parts.report({ kind: 'purge-failed', reason }),
    });
    this.#chooseNextSnapshot();
  }

  /** Opens the directories for this process alone. @throws DataDirError */
  static open(parts: StorageParts): Storage {
    const { config } = parts;
    const dataDir = DataDir.open({
      dataDir: config.dataDir,
      dataLogDir: config.dataLogDir,
      missing: config.isDirCreated ? 'created' : 'refused',
    });
    try {
      const restored = finishSwap(dataDir);
      if (restored !== undefined) parts.report({ kind: 'restore-resumed', file: restored });
      return new Storage(parts, dataDir);
    } catch (error) {
      dataDir.close();
      throw error;
    }
  }

  /** `version-2` under dataDir. */
  get snapshotDirectory(): string {
    return this.#dataDir.snapshotDirectory;
  }

  /** `version-2` under dataLogDir. */
  get logDirectory(): string {
    return this.#dataDir.logDirectory;
  }

  /** Size of the newest snapshot, bytes; 0 when there is none. */
  get snapshotBytes(): number {
    const newest = listSnapshots(this.snapshotDirectory)[0];
    return newest === undefined
      ? 0
      : (fs.statSync(newest.path, { throwIfNoEntry: false })?.size ?? 0);
  }

  /** Where transactions go; {@link restore} has opened it. */
  get log(): TxnLog {
    if (this.#log === undefined) throw new Error('the log is not open before the restore');
    return this.#log;
  }

  /**
   * Brings the core to where the files say it was, and opens the log behind it. When this resolves, a
   * crash at any later moment finds what it needs.
   *
   * @throws RecoveryError when the files cannot be trusted; they are unchanged then.
   */
  async restore(core: ServerCore, events: TxnLogEvents, nowMs: number): Promise<Recovered> {
    this.#core = core;
    this.#logEvents = events;
    const { recovered, orphanCount } = await this.#load(core, nowMs);
    // A log without a snapshot is refused at the next start. And ephemerals that no session owned are
    // gone without a transaction: a log replayed over the old snapshot would meet them again.
    if (recovered.snapshotZxid === undefined || orphanCount > 0) await this.takeSnapshot();
    return recovered;
  }

  /** Loads the files into the core, which is empty, and opens the log behind them. */
  async #load(
    core: ServerCore,
    nowMs: number,
  ): Promise<{ readonly recovered: RecoveryResult; readonly orphanCount: number }> {
    const { config, report } = this.#parts;
    const warmer = MemoryWarmer.open(listSnapshots(this.snapshotDirectory)[0]?.path, core.tree);
    const steps = recovery(
      {
        snapshotDirectory: this.snapshotDirectory,
        logDirectory: this.logDirectory,
        missingSnapshot: config.isEmptySnapshotTrusted ? 'trusted' : 'refused',
        digest: this.#parts.digest,
        tornTail: 'repaired',
      },
      {
        tree: core.tree,
        onSession: (id, timeoutMs) => core.restoreSession(id, timeoutMs),
        onSnapshotLoaded: (zxid, fuzzyUntil) => core.restoredSnapshot(zxid, fuzzyUntil),
        onTxn: (bytes, start, end) => core.replayTxn(bytes, start, end),
      },
    );
    const recovered = await runInTurns(steps, () => warmer?.run()).finally(() => warmer?.stop());
    for (const fact of recovered.facts) report(shellFactOf(fact));
    const orphanCount = core.finishRestore(nowMs);
    report({
      kind: 'recovered',
      snapshotZxid: recovered.snapshotZxid ?? 0,
      lastZxid: recovered.lastZxid,
      txnCount: recovered.recordCount,
      nodeCount: core.tree.nodeCount,
      sessionCount: core.sessions.size,
      snapshotMs: recovered.snapshotDurationMs,
      logMs: recovered.replayDurationMs,
    });
    this.#log = this.#openLog(recovered.lastZxid, this.#logEvents!, {
      bytesSinceSnapshot: recovered.recordBytes,
      recordsSinceSnapshot: recovered.recordCount,
    });
    return { recovered, orphanCount };
  }

  /**
   * Cuts the log back so that `zxid` is its last record, on disk and in the core, which is restored anew from what is left. When this
   * resolves, a restart comes up with the same. Nothing may be appended meanwhile, and everything appended must be durable and applied.
   *
   * @throws LogTruncateError when that cannot be; then nothing has changed. After any other error nobody knows what the core holds:
   *   the log is reported as failed, and the next start comes up with the state of before, or with some of its end gone.
   */
  async truncate(zxid: number, nowMs: number): Promise<void> {
    if (this.#swap !== undefined) throw new Error('the state is being replaced');
    const truncating = this.#truncate(zxid, nowMs);
    this.#swap = truncating.then(
      () => {},
      () => {},
    );
    let orphanCount: number;
    try {
      orphanCount = await truncating;
    } finally {
      this.#swap = undefined;
    }
    if (orphanCount > 0) await this.takeSnapshot();
  }

  /** @returns how many ephemerals went without a transaction. */
  async #truncate(zxid: number, nowMs: number): Promise<number> {
    const core = this.#core!;
    const { log } = this;
    // It is of the tree that goes.
    this.#writing?.abort();
    await this.#snapshotDone.catch(() => {});
    await this.#purger.idle;
    await log.close();
    if (this.#isClosing) throw new Error('the server stops');
    try {
      await truncateLog(this.#dataDir, zxid);
    } catch (error) {
      if (error instanceof LogTruncateError)
        this.#log = this.#openLog(log.lastAppendedZxid, this.#logEvents!);
      else this.#failSwap(error as Error);
      throw error;
    }
    try {
      core.beginRestore();
      const { orphanCount } = await this.#load(core, nowMs);
      return orphanCount;
    } catch (error) {
      this.#failSwap(error as Error);
      throw error;
    }
  }

  /**
   * Reads the transactions of a range from the log on disk and hands each to `visit`, if all of them are there, together with no more
   * than `bytesMax` bytes. Others have the event loop in between.
   *
   * @param visit - its bytes are valid during the call.
   * @returns `unavailable`: not all of them are there, or they are longer; none was handed in.
   * @throws what the system says when a file cannot be read; some may have been handed in.
   */
  async readLog(
    range: TxnRange,
    bytesMax: number,
    visit: VisitRecord,
  ): Promise<'complete' | 'unavailable'> {
    return handInTxns(this.logDirectory, range, bytesMax, visit, () => {
      if (this.#isClosing) throw new Error('the server stops');
    });
  }

  /** Takes a snapshot when the log has grown enough. Called after transactions were applied. */
  snapshotIfDue(): void {
    const { log } = this;
    const isDue =
      log.recordsSinceSnapshot >= this.#recordsDue || log.bytesSinceSnapshot >= this.#bytesDue;
    if (!isDue || this.#writing !== undefined || this.#swap !== undefined) return;
    if (this.#isClosing) return;
    this.#chooseNextSnapshot();
    this.takeSnapshot().then(
      // The log may have grown beyond the limit meanwhile, and no write may come that would notice.
      () => this.snapshotIfDue(),
      // A failure is reported; the log keeps everything until the next one.
      () => {},
    );
  }

  /**
   * Writes a snapshot of everything applied so far and resolves when it is durable. One that is being
   * written is waited for first.
   *
   * @throws SnapshotWriteError, which is also reported; nothing else is lost.
   */
  async takeSnapshot(): Promise<SnapshotFile> {
    while (this.#writing !== undefined || this.#swap !== undefined) {
      await (this.#swap ?? this.#snapshotDone).catch(() => {});
    }
    const core = this.#core;
    if (core === undefined) throw new Error('there is nothing to take a snapshot of yet');
    if (this.#isClosing) throw new Error('the server stops');
    const head = core.snapshotHead();
    const writing = this.#snapshots.begin(head);
    this.#writing = writing;
    const { log } = this;
    if (log.recordsSinceSnapshot > 0) log.roll();
    log.markSnapshot();
    this.#snapshotDone = writing.write(core.beginImage(writing.out));
    try {
      const file = await this.#snapshotDone;
      if (file === undefined)
        throw new Error(
          this.#isClosing
            ? 'the snapshot was given up because the server stops'
            : 'the snapshot was given up because the log is cut back',
        );
      const { zxid, bytes, durationMs } = file;
      this.#parts.report({ kind: 'snapshot-taken', zxid, file: file.path, bytes, durationMs });
      return file;
    } catch (error) {
      this.#parts.report({ kind: 'snapshot-failed', reason: (error as Error).message });
      throw error;
    } finally {
      this.#writing = undefined;
    }
  }

  /**
   * Puts another state in the place of everything, on disk and in memory: when this resolves, a restart comes up with it, and
   * what was there before is set aside. Before the server stands still the state is durable beside the other.
   *
   * @throws SnapshotWriteError or another error when the state of before stays; then the server goes on with it. If neither can be told,
   *   the log is reported as failed, and the next start comes up with one of the two.
   */
  async replaceState(state: NewState, reason: SwapReason, server: StillServer): Promise<void> {
    if (this.#swap !== undefined) throw new Error('another restore is under way');
    this.#swap = this.#replaceState(state, reason, server);
    try {
      await this.#swap;
      if (reason === 'sync') this.#keepLastSetAside();
    } finally {
      this.#swap = undefined;
    }
  }

  async #replaceState(state: NewState, reason: SwapReason, server: StillServer): Promise<void> {
    const head = state.head(this.#parts.digest === 'compared' ? 'kept' : 'none');
    const writing = this.#snapshots.beginAside(head, RESTORED_TEMPORARY_NAME);
    this.#writingAside = writing;
    const aside = await writing.write(state.tree.beginImage(writing.out));
    this.#writingAside = undefined;
    if (aside === undefined) throw new Error('the server stops');
    try {
      // No new ones begin: they would be of the tree of before, or remove files that are being moved.
      await this.#snapshotDone.catch(() => {});
      await this.#purger.idle;
      await server.stop();
      try {
        await this.#swapFiles(state, reason);
        this.#takeOver(state, server);
      } finally {
        server.goOn();
      }
    } finally {
      await fsp.rm(aside.path, { force: true });
    }
  }

  async #swapFiles(state: NewState, reason: SwapReason): Promise<void> {
    const { log } = this;
    const { snapshotCompression } = this.#parts.config;
    const events = this.#logEvents!;
    await log.close();
    try {
      if (this.#isClosing) throw new Error('the server stops');
      commitRestored(this.#dataDir, reason, state.zxid, snapshotCompression);
    } catch (error) {
      // The next start finishes it. Until then nothing may be acknowledged, and the log stays closed.
      if (hasPendingSwap(this.#dataDir)) this.#failSwap(error as Error);
      else this.#log = this.#openLog(log.lastAppendedZxid, events);
      throw error;
    }
    this.#log = this.#openLog(state.zxid, events);
  }

  /** What a leader's state has taken the place of before is no use any more: the one of now is whole, and the last is at hand. */
  #keepLastSetAside(): void {
    this.#purger.run(async () => (await removeSetAside(this.#dataDir, 'last')).length);
  }

  #takeOver(state: NewState, server: StillServer): void {
    try {
      server.takeOver(state);
    } catch (error) {
      this.#failSwap(error as Error);
      throw error;
    }
  }

  #failSwap(error: Error): void {
    this.#logEvents!.onFailed(new LogWriteError(this.snapshotDirectory, 0, error));
  }

  #openLog(
    lastZxid: number,
    events: TxnLogEvents,
    sinceSnapshot: Partial<FileTxnLogOptions> = {},
  ): FileTxnLog {
    const { config } = this.#parts;
    return new FileTxnLog(
      {
        directory: this.logDirectory,
        lastZxid,
        preallocBytes: config.preallocateBytes,
        sync: config.isSyncForced ? 'each-write' : 'never',
        fileBytesMax: config.logFileBytesMax,
        slowSyncMs: config.syncWarningMs,
        ...sinceSnapshot,
      },
      events,
      this.#disk,
    );
  }

  /** Begins to remove files that no restart can need, now and every `autopurge.purgeInterval`. */
  startPurging(): void {
    const { purgeIntervalMs } = this.#parts.config;
    if (purgeIntervalMs > 0) this.#purger.start(purgeIntervalMs);
  }

  /**
   * Writes what is left of the log and takes no more.
   *
   * @param snapshot - what becomes of one that is being written. Finished, within two seconds, it spares the next start the log
   *   since it began, 2 us for each record.
   */
  async stop(snapshot: 'finished' | 'given-up'): Promise<void> {
    this.#isClosing = true;
    this.#purger.stop();
    this.#writingAside?.abort();
    if (snapshot === 'finished') {
      this.#writing?.hurry();
      this.#snapshotTimer = setTimeout(() => this.#writing?.abort(), SNAPSHOT_AT_STOP_MS_MAX);
    } else {
      this.#writing?.abort();
    }
    await this.#swap?.catch(() => {});
    await this.#log?.close();
  }

  /** Waits for the snapshot, if there is one, and unlocks the directories. After {@link stop}. */
  async close(): Promise<void> {
    await this.#snapshotDone.catch(() => {});
    clearTimeout(this.#snapshotTimer);
    this.#dataDir.close();
  }

  /** Half of the limits and a random part of the other half. Source: SyncRequestProcessor. */
  #chooseNextSnapshot(): void {
    const { snapshotTxnCount, snapshotLogBytes } = this.#parts.config;
    const share = 0.5 + this.#parts.random() / 2;
    this.#recordsDue = Math.max(1, Math.floor(snapshotTxnCount * share));
    this.#bytesDue = snapshotLogBytes === undefined ? Infinity : snapshotLogBytes * share;
  }
}

function shellFactOf(fact: RecoveryFact): ShellFact {
  switch (fact.kind) {
    case 'snapshot-refused':
      return { kind: 'snapshot-unusable', file: fact.file, reason: fact.reason };
    case 'log-tail-torn':
      return {
        kind: 'log-tail-cut',
        file: fact.flaw.path,
        offset: fact.flaw.offset,
        bytes: fact.flaw.contentBytes,
      };
    default:
      return { kind: 'recovery-note', note: fact };
  }
}
