/**
 * The disk of one server, which outlives its processes: a transaction log, snapshots, the two epochs.
 *
 *     log  [ durable | being written | gathered ]        a crash keeps what is durable, and of what is being written any part
 *
 * What is durable is never lost; what is not may vanish or be torn. A write that fails ends the process, as in production.
 */

import type { ServerCore } from '@zooid/core';
import { JuteReader, type Membership } from '@zooid/protocol';
import { dropTornTail, type LogRecord, TXN_START, txnEnd } from './log-records.ts';
import type { SeededRandom } from './random.ts';
import { decodeState } from './state-stream.ts';

export interface StoredSnapshot {
  readonly zxid: number;
  readonly bytes: Uint8Array;
  /** Of the history that led to it. */
  readonly chain: number;
}

/** The disk is full, or does not do what it should. */
export class DiskError extends Error {
  readonly code = 'DISK';
}

/** The log is damaged where no torn write can have done it. */
export class RottenLogError extends Error {
  readonly code = 'ROTTEN_LOG';
}

export class SimulatedDisk {
  acceptedEpoch = 0;
  currentEpoch = 0;
  /** The configuration in force, and one that was proposed and may be in force since. */
  membership: Membership;
  seenMembership: Membership | undefined;
  /** Oldest first. */
  snapshots: StoredSnapshot[] = [];
  /** Oldest first; those of the newest snapshot may be among them. */
  records: LogRecord[] = [];
  /** Of {@link records}, so many are durable. */
  durableCount = 0;
  /** And so many will be when the write that is in flight is done. */
  writingCount = 0;
  /** While set, each write and sync fails. */
  isFailing = false;
  /** Reads of the log fail. */
  isUnreadable = false;
  /** What a sync takes besides its usual time. */
  extraMs = 0;
  /** A sync has been in flight for longer than anybody waits: it ends when this is over. */
  stalledUntilMs = 0;
  /** Zxid before the first record. */
  #droppedZxid = 0;

  /** @param membership - what a person wrote into the files. */
  constructor(membership: Membership) {
    this.membership = membership;
  }

  /** Zxid up to which everything is durable. */
  get durableZxid(): number {
    const last = this.records[this.durableCount - 1];
    return last?.zxid ?? this.snapshots.at(-1)?.zxid ?? 0;
  }

  /** Zxid of the last transaction appended. */
  get lastZxid(): number {
    return this.records.at(-1)?.zxid ?? this.snapshots.at(-1)?.zxid ?? 0;
  }

  /** Of the whole history appended. */
  get lastChain(): number {
    return this.records.at(-1)?.chain ?? this.snapshots.at(-1)?.chain ?? 0;
  }

  get hasUnsynced(): boolean {
    return this.writingCount < this.records.length;
  }

  get isSyncing(): boolean {
    return this.writingCount > this.durableCount;
  }

  /** The chain of the history up to `zxid`; undefined when that is not known here. */
  chainAt(zxid: number): number | undefined {
    if (zxid === 0) return 0;
    const at = this.indexOf(zxid);
    if (at >= 0) return this.records[at]!.chain;
    return this.snapshots.find((snapshot) => snapshot.zxid === zxid)?.chain;
  }

  /** @throws DiskError while the disk fails. */
  assertWorks(): void {
    if (this.isFailing) throw new DiskError('the disk does not write');
  }

  /** Where the record of this zxid is; -1 when it is not in the log. */
  indexOf(zxid: number): number {
    const { records } = this;
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (records[middle]!.zxid < zxid) low = middle + 1;
      else high = middle;
    }
    return records[low]?.zxid === zxid ? low : -1;
  }

  /** The process is gone: what was only gathered is lost, and what was being written is there in part. */
  crash(random: SeededRandom): void {
    const inFlight = this.writingCount - this.durableCount;
    const kept = this.durableCount + random.below(inFlight + 1);
    const torn = kept < this.writingCount && random.chance(0.5) ? this.records[kept] : undefined;
    this.records.length = kept;
    if (torn !== undefined) {
      torn.bytes = torn.bytes.slice(0, 1 + random.below(torn.bytes.byteLength - 1));
      this.records.push(torn);
    }
    this.durableCount = Math.min(this.durableCount, this.records.length);
    this.writingCount = this.durableCount;
  }

  /** One bit of a durable record that is not the last one. @returns false when there is none. */
  flipBit(random: SeededRandom): boolean {
    const newest = this.snapshots.at(-1)?.zxid ?? 0;
    const first = this.records.findIndex(({ zxid }) => zxid > newest);
    const count = this.durableCount - 1 - first;
    if (first < 0 || count <= 0) return false;
    const record = this.records[first + random.below(count)]!;
    record.bytes = record.bytes.slice();
    record.bytes[random.below(record.bytes.byteLength)]! ^= 1 << random.below(8);
    return true;
  }

  /** Brings a process up to what is on disk. @throws RottenLogError */
  restore(core: ServerCore): void {
    if (!dropTornTail(this.records)) throw new RottenLogError('the log is damaged');
    this.durableCount = this.records.length;
    this.writingCount = this.records.length;
    const snapshot = this.snapshots.at(-1);
    if (snapshot !== undefined) {
      const sessions = decodeState(new JuteReader(snapshot.bytes), core.tree);
      for (const [id, timeoutMs] of sessions) core.restoreSession(id, timeoutMs);
    }
    const from = snapshot?.zxid ?? 0;
    core.restoredSnapshot(from);
    for (const record of this.records) {
      if (record.zxid > from) core.replayTxn(record.bytes, TXN_START, txnEnd(record));
    }
  }

  /** A snapshot of what is durable. Older ones go, except for `keepCount`, and so do the records that no snapshot needs any more. */
  addSnapshot(snapshot: StoredSnapshot, keepCount: number): void {
    this.snapshots.push(snapshot);
    if (this.snapshots.length > keepCount) {
      this.snapshots.splice(0, this.snapshots.length - keepCount);
    }
    if (keepCount > 0) this.#dropUpTo(this.snapshots[0]!.zxid);
  }

  /** The state takes the place of everything. */
  install(snapshot: StoredSnapshot): void {
    this.snapshots = [snapshot];
    this.#droppedZxid = snapshot.zxid;
    this.records = [];
    this.durableCount = 0;
    this.writingCount = 0;
  }

  /** Cuts the log back to `zxid`. @returns false, and changes nothing, when what is on disk does not lead there. */
  truncate(zxid: number): boolean {
    const snapshots = this.snapshots.filter((snapshot) => snapshot.zxid <= zxid);
    if (snapshots.length === 0 && this.#droppedZxid > 0) return false;
    const at = this.indexOf(zxid);
    if (at < 0 && zxid !== 0 && snapshots.at(-1)?.zxid !== zxid) return false;
    this.snapshots = snapshots;
    this.records.length = at + 1;
    this.durableCount = this.records.length;
    this.writingCount = this.records.length;
    return true;
  }

  #dropUpTo(zxid: number): void {
    const count = this.records.findIndex((record) => record.zxid > zxid);
    const dropped = count < 0 ? this.durableCount : Math.min(count, this.durableCount);
    if (dropped === 0) return;
    this.#droppedZxid = this.records[dropped - 1]!.zxid;
    this.records.splice(0, dropped);
    this.durableCount -= dropped;
    this.writingCount -= dropped;
  }
}
