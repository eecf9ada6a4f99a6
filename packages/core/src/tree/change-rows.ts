import { type Acl, openAcl } from '@zooid/protocol';
import { assert } from '../assert.ts';
import { spreadHash } from './path-hash.ts';
import { PATH_HASH, ROW_SHIFT } from './row.ts';

/*
 * The words of a row (row.ts) that mean something else in a change; the others are those of the znode as it will be.
 */
/** Row of the znode in the tree; -1 while its creation is not applied. */
export const TREE_ROW = 0;
/** Next older path with the same bucket, or -1. */
const CHAINED = 1;
/** The change of the same path that this one supersedes, or -1. Means nothing once that one is applied. */
const PREVIOUS = 2;
/** Bits, see below. */
const STATE = 3;
/** The path is `[PATH_START, PATH_END)` of the bytes that belong to the change; that of the root is empty. */
const PATH_START = 5;
const PATH_END = 6;

/** A later change of the path is in flight. */
const SUPERSEDED = 1;
/** The znode will be gone; of the words of its row none but the path's hash then has a meaning. */
const GONE = 2;

const NO_BYTES = new Uint8Array(0);
/** Power of two. */
const CAPACITY_MIN = 64;
/** Room for more than this is given back when nothing is in flight. */
const CAPACITY_KEPT = 16_384;

/**
 * Every change that is proposed and not yet applied: a znode as one transaction will leave it.
 *
 * A change is a number, its slot in a ring in the order of zxids. It has the 32 words of a row of the tree, so that a znode
 * is copied word by word from the tree or from an older change, and its digest is one pass over them.
 *
 *     slots    ... | change | change | change | ...        oldest applied first, newest taken back first
 *     buckets  hash of a path ──► newest change of the path ──► of another path with this bucket ...
 *
 * Invariants:
 * - slots are in the order of zxids
 * - a change is in a bucket ⇔ it is not superseded: each path has one there, its newest
 * - the bytes of a path stay where they are until the change is applied or taken back
 */
export class ChangeRows {
  /** Change `c` begins at word `c << ROW_SHIFT`. Replaced by {@link reserve}. */
  words: Int32Array = new Int32Array(CAPACITY_MIN << ROW_SHIFT);
  /** Its ACL. Replaced by {@link reserve}. */
  acls: (readonly Acl[])[] = new Array<readonly Acl[]>(CAPACITY_MIN).fill(openAcl);
  /** The bytes its path stands in. */
  #paths: Uint8Array[] = new Array<Uint8Array>(CAPACITY_MIN).fill(NO_BYTES);
  #zxids = new Float64Array(CAPACITY_MIN);
  #buckets = new Int32Array(CAPACITY_MIN).fill(-1);
  #mask = CAPACITY_MIN - 1;
  #first = 0;
  #size = 0;
  /** Changes of the transaction being applied that {@link next} has told. */
  #told = 0;

  /** Changes in flight. */
  get size(): number {
    return this.#size;
  }

  /** Makes room: the next `count` calls of {@link add} move nothing, so that slots found now stay. */
  reserve(count: number): void {
    while (this.#size + count > this.#mask + 1) this.#resize((this.#mask + 1) * 2);
  }

  /** The newest change of the path `[start, end)`, which has this hash; -1 when none is in flight. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    if (this.#size === 0) return -1;
    const words = this.words;
    let change = this.#buckets[spreadHash(hash) & this.#mask]!;
    while (change >= 0) {
      const base = change << ROW_SHIFT;
      if (words[base + PATH_HASH] === hash && this.#isOf(change, base, bytes, start, end)) break;
      change = words[base + CHAINED]!;
    }
    return change;
  }

  /** Whether the znode will be there after a change. */
  exists(change: number): boolean {
    return (this.words[(change << ROW_SHIFT) + STATE]! & GONE) === 0;
  }

  /** Row of the znode in the tree; -1 when it was not there yet as the change was prepared. */
  treeRow(change: number): number {
    return this.words[(change << ROW_SHIFT) + TREE_ROW]!;
  }

  /** Hash of its path. */
  pathHash(change: number): number {
    return this.words[(change << ROW_SHIFT) + PATH_HASH]!;
  }

  /**
   * Adds the newest change of the path `[start, end)`; the caller fills in its row.
   *
   * @param previous - what {@link find} says of the path.
   */
  add(
    zxid: number,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    previous: number,
  ): number {
    assert(this.#size <= this.#mask, 'room for a change was reserved');
    const change = (this.#first + this.#size++) & this.#mask;
    const base = change << ROW_SHIFT;
    const words = this.words;
    this.#zxids[change] = zxid;
    this.#paths[change] = bytes;
    words[base + PATH_START] = start;
    words[base + PATH_END] = end;
    words[base + PATH_HASH] = hash;
    words[base + STATE] = 0;
    words[base + PREVIOUS] = previous;
    if (previous < 0) {
      this.#link(change, base);
    } else {
      words[(previous << ROW_SHIFT) + STATE]! |= SUPERSEDED;
      this.#replace(previous, change);
    }
    return change;
  }

  /** Says that the znode will be gone after this change, which is the newest. */
  markGone(change: number): void {
    this.words[(change << ROW_SHIFT) + STATE]! |= GONE;
  }

  /** The path of a change, in UTF-8; empty for the root. */
  path(change: number): Uint8Array {
    const base = change << ROW_SHIFT;
    return this.#paths[change]!.subarray(
      this.words[base + PATH_START],
      this.words[base + PATH_END],
    );
  }

  /** Calls `visit` for every change, oldest first. */
  forEach(visit: (change: number) => void): void {
    for (let i = 0; i < this.#size; i++) visit((this.#first + i) & this.#mask);
  }

  /**
   * The next change of the transaction that is being applied, in the order in which they were made; -1 when there are
   * none (any more): one that comes from a log was never prepared.
   */
  next(zxid: number): number {
    if (this.#told === this.#size) return -1;
    const change = (this.#first + this.#told) & this.#mask;
    if (this.#zxids[change] !== zxid) return -1;
    this.#told++;
    return change;
  }

  /** Forgets everything up to `zxid`: it is in the tree now. */
  applied(zxid: number): void {
    const words = this.words;
    this.#told = 0;
    while (this.#size > 0 && this.#zxids[this.#first]! <= zxid) {
      const change = this.#first;
      if ((words[(change << ROW_SHIFT) + STATE]! & SUPERSEDED) === 0) this.#replace(change, -1);
      this.#forget(change);
      this.#first = (change + 1) & this.#mask;
    }
    if (this.#size === 0 && this.#mask >= CAPACITY_KEPT) this.#resize(CAPACITY_MIN);
  }

  /**
   * Takes back every change of `zxid`, which must be the newest proposal: a multi failed half way.
   * What older proposals in flight say of the same paths is true again.
   */
  rollback(zxid: number): void {
    const words = this.words;
    for (;;) {
      const change = (this.#first + this.#size - 1) & this.#mask;
      if (this.#size === 0 || this.#zxids[change] !== zxid) return;
      const previous = words[(change << ROW_SHIFT) + PREVIOUS]!;
      // Nothing was applied since it was found, so it is still there.
      if (previous >= 0) words[(previous << ROW_SHIFT) + STATE]! &= ~SUPERSEDED;
      this.#replace(change, previous);
      this.#forget(change);
    }
  }

  /** The slot can be used again. */
  #forget(change: number): void {
    this.#size--;
    this.#paths[change] = NO_BYTES;
    this.acls[change] = openAcl;
  }

  #isOf(change: number, base: number, bytes: Uint8Array, start: number, end: number): boolean {
    const words = this.words;
    const from = words[base + PATH_START]!;
    if (words[base + PATH_END]! - from !== end - start) return false;
    const path = this.#paths[change]!;
    // From the end: paths differ there most.
    for (let i = end - start - 1; i >= 0; i--)
      if (path[from + i] !== bytes[start + i]) return false;
    return true;
  }

  #link(change: number, base: number): void {
    const bucket = spreadHash(this.words[base + PATH_HASH]!) & this.#mask;
    this.words[base + CHAINED] = this.#buckets[bucket]!;
    this.#buckets[bucket] = change;
  }

  /** Puts a change of the same path into the place of another in its bucket, or nothing when it is -1. */
  #replace(change: number, by: number): void {
    const words = this.words;
    const base = change << ROW_SHIFT;
    const following = words[base + CHAINED]!;
    if (by >= 0) words[(by << ROW_SHIFT) + CHAINED] = following;
    const put = by >= 0 ? by : following;
    const bucket = spreadHash(words[base + PATH_HASH]!) & this.#mask;
    let at = this.#buckets[bucket]!;
    if (at === change) {
      this.#buckets[bucket] = put;
      return;
    }
    for (;;) {
      assert(at >= 0, 'the newest change of a path is in its bucket');
      const atBase = at << ROW_SHIFT;
      at = words[atBase + CHAINED]!;
      if (at === change) {
        words[atBase + CHAINED] = put;
        return;
      }
    }
  }

  /** Gives the ring another capacity: the oldest change comes into slot 0. */
  #resize(capacity: number): void {
    const { words, acls } = this;
    const paths = this.#paths;
    const zxids = this.#zxids;
    const mask = this.#mask;
    const first = this.#first;
    this.words = new Int32Array(capacity << ROW_SHIFT);
    this.acls = new Array<readonly Acl[]>(capacity).fill(openAcl);
    this.#paths = new Array<Uint8Array>(capacity).fill(NO_BYTES);
    this.#zxids = new Float64Array(capacity);
    this.#buckets = new Int32Array(capacity).fill(-1);
    this.#mask = capacity - 1;
    this.#first = 0;
    for (let to = 0; to < this.#size; to++) {
      const from = (first + to) & mask;
      const base = to << ROW_SHIFT;
      this.words.set(words.subarray(from << ROW_SHIFT, (from + 1) << ROW_SHIFT), base);
      this.acls[to] = acls[from]!;
      this.#paths[to] = paths[from]!;
      this.#zxids[to] = zxids[from]!;
      const previous = words[(from << ROW_SHIFT) + PREVIOUS]!;
      if (previous >= 0) this.words[base + PREVIOUS] = (previous - first) & mask;
      if ((this.words[base + STATE]! & SUPERSEDED) === 0) this.#link(to, base);
    }
  }
}
