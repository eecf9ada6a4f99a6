import { NewState, type ServerCore } from '@zooid/core';
import type { MemoryDisk } from './disk/memory-disk.ts';
import { MemoryTxnLog } from './disk/memory-txn-log.ts';
import type { TxnLog, TxnLogEvents } from './disk/txn-log.ts';

/**
 * A server's storage without a disk: no log is kept, no snapshot taken. For servers whose data may die with
 * the process, in tests above all. Has the shape of `Storage`.
 */
export class MemoryStorage {
  /** There are no directories. */
  readonly snapshotDirectory = '';
  readonly logDirectory = '';
  readonly #disk: MemoryDisk;
  #core: ServerCore | undefined;
  #log: TxnLog | undefined;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  /** Where transactions go; {@link restore} has opened it. */
  get log(): TxnLog {
    if (this.#log === undefined) throw new Error('the log is not open before the restore');
    return this.#log;
  }

  /** Goes on with what the last server left. @throws when another server uses the same. */
  async restore(core: ServerCore, events: TxnLogEvents, nowMs: number): Promise<void> {
    const state = this.#disk.open();
    this.#core = core;
    if (state !== undefined) {
      core.tree.takeOver(state.tree);
      for (const [id, timeoutMs] of state.sessions) core.restoreSession(id, timeoutMs);
      core.restoredSnapshot(state.zxid);
    }
    core.finishRestore(nowMs);
    this.#log = new MemoryTxnLog({ lastZxid: state?.zxid ?? 0, payloads: 'forgotten' }, events);
  }

  snapshotIfDue(): void {}

  startPurging(): void {}

  /** Answers what is under way and takes no more. */
  async stop(): Promise<void> {
    await this.#log?.close();
  }

  /** Leaves the data for the next server. After {@link stop}. */
  async close(): Promise<void> {
    const core = this.#core;
    if (core === undefined) return;
    this.#core = undefined;
    const { zxid, sessions } = core.snapshotHead();
    const timeouts = new Map(sessions.map(({ id, timeoutMs }) => [id, timeoutMs]));
    this.#disk.close(new NewState(core.tree, zxid, timeouts));
  }
}
