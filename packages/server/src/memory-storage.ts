import type { ServerCore } from '@zooid/core';
import { MemoryTxnLog } from './disk/memory-txn-log.ts';
import type { TxnLog, TxnLogEvents } from './disk/txn-log.ts';

/**
 * A server's storage without a disk: nothing is restored, nothing kept, no snapshot taken. For servers
 * whose data may die with them, in tests above all. Has the shape of `Storage`.
 */
export class MemoryStorage {
  /** There are no directories. */
  readonly snapshotDirectory = '';
  readonly logDirectory = '';
  #log: TxnLog | undefined;

  /** Where transactions go; {@link restore} has opened it. */
  get log(): TxnLog {
    if (this.#log === undefined) throw new Error('the log is not open before the restore');
    return this.#log;
  }

  /** Opens the log of an empty server. */
  async restore(core: ServerCore, events: TxnLogEvents, nowMs: number): Promise<void> {
    core.finishRestore(nowMs);
    this.#log = new MemoryTxnLog({ lastZxid: 0, payloads: 'forgotten' }, events);
  }

  snapshotIfDue(): void {}

  startPurging(): void {}

  /** Answers what is under way, then takes no more. */
  async close(): Promise<void> {
    await this.#log?.close();
  }
}
