/**
 * The transactions committed last, for learners that lack only those.
 *
 * Invariant: zxids grow, and no transaction that was committed between the first and the last is missing. Bounded by number and by bytes.
 * Source: ZKDatabase.committedLog.
 */

import { assert } from '../assert.ts';
import { mayFollow } from '../storage/log-format.ts';

const SLOT_BYTES_MIN = 512;
/** Slots of the usual size that come from one array: making one for each takes longer than what it is for. */
const SLOTS_PER_BLOCK = 16;

/** One transaction: header, body and digest are `[0, length)` of `bytes`. */
export interface CommittedTxn {
  readonly zxid: number;
  readonly bytes: Uint8Array;
  readonly length: number;
}

interface Slot {
  zxid: number;
  bytes: Uint8Array;
  length: number;
}

export class CommittedLog {
  readonly #bytesMax: number;
  readonly #countMax: number;
  /** A ring of `countMax`; those at its end are made when they are needed first. */
  readonly #slots: Slot[] = [];
  /** What new slots are cut from. */
  #block: Uint8Array = new Uint8Array(0);
  #first = 0;
  #count = 0;
  #bytes = 0;

  /** @param countMax - `commitLogCount`, at least 1. */
  constructor(countMax: number, bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#countMax = countMax;
  }

  get size(): number {
    return this.#count;
  }

  /** Zxid of the oldest; undefined when there is none. */
  get minZxid(): number | undefined {
    return this.#count === 0 ? undefined : this.#at(0).zxid;
  }

  /** Zxid of the newest; undefined when there is none. */
  get maxZxid(): number | undefined {
    return this.#count === 0 ? undefined : this.#at(this.#count - 1).zxid;
  }

  /** Adds the transaction that was committed after all others: `[start, end)` of `bytes`, which is copied. */
  add(zxid: number, bytes: Uint8Array, start: number, end: number): void {
    const { maxZxid } = this;
    assert(maxZxid === undefined || mayFollow(maxZxid, zxid), 'committed transactions have no gap');
    const length = end - start;
    while (
      this.#count === this.#countMax ||
      (this.#count > 0 && this.#bytes + length > this.#bytesMax)
    ) {
      this.#dropOldest();
    }
    const at = (this.#first + this.#count) % this.#countMax;
    const slot = this.#slots[at] ?? this.#addSlot();
    this.#count++;
    const room = slot.bytes.byteLength;
    // A slot that once held a large one does not keep its memory for small ones.
    if (room < length || room > Math.max(4 * length, SLOT_BYTES_MIN)) {
      slot.bytes = new Uint8Array(Math.max(length, SLOT_BYTES_MIN));
    }
    for (let i = start, to = 0; i < end; i++, to++) slot.bytes[to] = bytes[i]!;
    slot.zxid = zxid;
    slot.length = length;
    this.#bytes += length;
  }

  /** The highest zxid at or below `zxid`; undefined when all are above it, or there is none. */
  floor(zxid: number): number | undefined {
    const index = this.#countUpTo(zxid);
    return index === 0 ? undefined : this.#at(index - 1).zxid;
  }

  /** Those above `zxid`, oldest first. The log must not change meanwhile. */
  *after(zxid: number): IterableIterator<CommittedTxn> {
    for (let i = this.#countUpTo(zxid); i < this.#count; i++) yield this.#at(i);
  }

  clear(): void {
    while (this.#count > 0) this.#dropOldest();
  }

  /** How many have a zxid of at most `zxid`. */
  #countUpTo(zxid: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#at(middle).zxid <= zxid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #addSlot(): Slot {
    const offset = (this.#slots.length % SLOTS_PER_BLOCK) * SLOT_BYTES_MIN;
    if (offset === 0) this.#block = new Uint8Array(SLOTS_PER_BLOCK * SLOT_BYTES_MIN);
    const bytes = this.#block.subarray(offset, offset + SLOT_BYTES_MIN);
    const slot = { zxid: 0, bytes, length: 0 };
    this.#slots.push(slot);
    return slot;
  }

  #at(index: number): Slot {
    return this.#slots[(this.#first + index) % this.#countMax]!;
  }

  #dropOldest(): void {
    this.#bytes -= this.#at(0).length;
    this.#first = (this.#first + 1) % this.#countMax;
    this.#count--;
  }
}
