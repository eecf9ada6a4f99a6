import { assert, LOG_RECORD_OVERHEAD_BYTES, mayFollow } from '@zooid/core';
import type { TxnLog, TxnLogEvents } from './txn-log.ts';

export interface MemoryTxnLogOptions {
  /** Zxid that the first record follows; 0 for an empty database. */
  readonly lastZxid: number;
  /** Whether payloads are kept to be looked at; a server without a disk forgets them. */
  readonly payloads: 'kept' | 'forgotten';
  /** How completion is put off until after the current call; `setImmediate` unless told otherwise. */
  readonly schedule?: (complete: () => void) => void;
}

/** One record that {@link MemoryTxnLog} keeps. */
export interface MemoryRecord {
  readonly zxid: number;
  readonly payload: Uint8Array;
}

/** A transaction log without a disk: for tests and for servers whose data may die with them. Never fails. */
export class MemoryTxnLog implements TxnLog {
  /** What was synced, oldest first; stays empty when payloads are forgotten. */
  readonly records: MemoryRecord[] = [];

  readonly #options: MemoryTxnLogOptions;
  readonly #events: TxnLogEvents;
  readonly #schedule: (complete: () => void) => void;
  #gathered: MemoryRecord[] = [];
  #isSyncing = false;
  /** What the completion under way will report. */
  #syncingTo = 0;
  #onIdle: (() => void) | undefined;
  #isClosed = false;
  #lastAppendedZxid: number;
  #lastSyncedZxid: number;
  #bytesSinceSnapshot = 0;
  #recordsSinceSnapshot = 0;

  constructor(options: MemoryTxnLogOptions, events: TxnLogEvents) {
    this.#options = options;
    this.#events = events;
    this.#schedule = options.schedule ?? setImmediate;
    this.#lastAppendedZxid = options.lastZxid;
    this.#lastSyncedZxid = options.lastZxid;
  }

  get hasUnsynced(): boolean {
    return this.#lastAppendedZxid > (this.#isSyncing ? this.#syncingTo : this.#lastSyncedZxid);
  }

  get isSyncing(): boolean {
    return this.#isSyncing;
  }

  get lastAppendedZxid(): number {
    return this.#lastAppendedZxid;
  }

  get lastSyncedZxid(): number {
    return this.#lastSyncedZxid;
  }

  get bytesSinceSnapshot(): number {
    return this.#bytesSinceSnapshot;
  }

  get recordsSinceSnapshot(): number {
    return this.#recordsSinceSnapshot;
  }

  append(zxid: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) return;
    assert(mayFollow(this.#lastAppendedZxid, zxid), 'records are appended without a gap');
    if (this.#options.payloads === 'kept') {
      this.#gathered.push({ zxid, payload: bytes.slice(start, end) });
    }
    this.#lastAppendedZxid = zxid;
    this.#bytesSinceSnapshot += end - start + LOG_RECORD_OVERHEAD_BYTES;
    this.#recordsSinceSnapshot++;
  }

  sync(): void {
    if (this.#isSyncing || !this.hasUnsynced) return;
    this.#isSyncing = true;
    this.#syncingTo = this.#lastAppendedZxid;
    const group = this.#gathered;
    this.#gathered = [];
    this.#schedule(() => {
      this.#isSyncing = false;
      this.#lastSyncedZxid = this.#syncingTo;
      for (const record of group) this.records.push(record);
      this.#events.onSynced(this.#syncingTo, 0);
      if (this.#onIdle !== undefined) this.#closeWhenIdle();
    });
  }

  roll(): void {}

  markSnapshot(): void {
    this.#bytesSinceSnapshot = 0;
    this.#recordsSinceSnapshot = 0;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      this.#closeWhenIdle();
    });
  }

  #closeWhenIdle(): void {
    this.sync();
    if (this.#isSyncing) return;
    this.#isClosed = true;
    this.#onIdle?.();
  }
}
