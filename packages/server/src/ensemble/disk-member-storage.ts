import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { NewState, SavedEpochs, ServerCore, Turn } from '@zooid/core';
import { systemClock } from '../clock.ts';
import { EpochFiles } from '../disk/epoch-files.ts';
import type { Storage } from '../storage.ts';
import type { MemberStorage } from './member-storage.ts';

/** A member's storage on disk: the log and the snapshots of `Storage`, two files with the epochs, and `initialize`. */
export class DiskMemberStorage implements MemberStorage {
  readonly #storage: Storage;
  readonly #core: () => ServerCore;
  readonly #turn: () => Turn;
  readonly #files: EpochFiles;
  readonly #initializeFile: string;

  constructor(parts: {
    readonly storage: Storage;
    readonly core: () => ServerCore;
    readonly turn: () => Turn;
  }) {
    this.#storage = parts.storage;
    this.#core = parts.core;
    this.#turn = parts.turn;
    this.#files = new EpochFiles(parts.storage.snapshotDirectory);
    this.#initializeFile = join(dirname(parts.storage.snapshotDirectory), 'initialize');
  }

  /** Somebody says that this server is new, and lacks nothing, with a file `initialize` in dataDir. Source: FileTxnSnapLog.restore. */
  get isMarkedAsNew(): boolean {
    return existsSync(this.#initializeFile);
  }

  get epochs(): SavedEpochs {
    return this.#files.load(this.#core().lastAppliedZxid);
  }

  saveAcceptedEpoch(epoch: number): void {
    this.#files.saveAccepted(epoch);
  }

  saveCurrentEpoch(epoch: number): void {
    this.#files.saveCurrent(epoch);
    // Once only: if the disk is lost later, this server is not new.
    rmSync(this.#initializeFile, { force: true });
  }

  async truncate(zxid: number): Promise<void> {
    await this.#storage.truncate(zxid, systemClock.nowMs());
  }

  async installState(state: NewState): Promise<void> {
    await this.#storage.replaceState(state, 'sync', {
      // Nothing is in work: no client is served, and the log is idle.
      stop: async () => {},
      takeOver: (from) => {
        this.#turn().begin();
        this.#core().replaceState(from);
        this.#turn().end();
      },
      goOn: () => {},
    });
  }

  async readTxns(
    afterZxid: number,
    lastZxid: number,
    bytesMax: number,
  ): Promise<readonly Uint8Array[] | undefined> {
    const txns: Uint8Array[] = [];
    const outcome = await this.#storage.readLog(
      { afterZxid, lastZxid },
      bytesMax,
      (_zxid, bytes, start, end) => txns.push(bytes.slice(start, end)),
    );
    return outcome === 'complete' ? txns : undefined;
  }
}
