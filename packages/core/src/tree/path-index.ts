import { assert } from '../assert.ts';

/** Tells whether a row is the znode of a path: hashes alone may agree by chance. */
export interface PathMatcher {
  /** Whether the path of `row` is `[start, end)` of `bytes`. */
  matches(row: number, bytes: Uint8Array, start: number, end: number): boolean;
}

/** Slots of a segment: 8 KB. */
const SEGMENT_SLOTS = 1024;
const SLOT_MASK = SEGMENT_SLOTS - 1;
/** Words of a segment: a slot is a row (0 = empty; the root is never here) and its hash. */
const SEGMENT_SHIFT = 11;
const SEGMENT_WORD_MASK = (1 << SEGMENT_SHIFT) - 1;
/** Segments of a page: 1 MB. The first page begins with two and doubles, for most trees are small. */
const PAGE_SHIFT = 7;
const PAGE_MASK = (1 << PAGE_SHIFT) - 1;
const PAGE_WORDS = 1 << (PAGE_SHIFT + SEGMENT_SHIFT);
/** Entries at which a segment is split. Linear probing wants a quarter free. */
const SPLIT_ENTRIES = 768;
/**
 * Deepest split. Only a flood of equal hashes gets here: 2^21 segments of ordinary hashes hold a billion
 * entries. From then on a segment is filled to the brim, and what does not fit goes into the overflow map.
 */
const DEPTH_MAX = 21;

/**
 * Path hash -> row, by extendible hashing: a directory over the high bits of the hash names a segment, in
 * which open addressing with linear probing finds the slot by the low bits.
 *
 *     hash  dddddddd........ssssssssss          d: directory, s: slot
 *
 * A segment that gets full is split in two by its next bit: some 10 us, whatever the size of the index; the
 * directory doubles now and then, 4 bytes a segment. So no call ever rehashes everything. Deletion shifts
 * back the slots behind it and leaves no tombstone.
 */
export class PathIndex {
  readonly #matcher: PathMatcher;
  /** Segment numbers, 2^depth of them. */
  #directory: Int32Array = new Int32Array(2);
  /** 32 - depth: what to shift a hash by. */
  #directoryShift = 31;
  #pages: Int32Array[] = [];
  #segments = 0;
  /** By segment: bits of the hash that its entries share, and their number. */
  #depths: Uint8Array = new Uint8Array(64);
  #counts: Int32Array = new Int32Array(64);
  /** Entries that found no room; empty but under attack. Row -> hash. */
  readonly #overflow = new Map<number, number>();
  readonly #scratch = new Int32Array(1 << SEGMENT_SHIFT);
  /** @internal Of no meaning; without it the engine would leave out the first pass of {@link insertAll}. */
  seen = 0;

  constructor(matcher: PathMatcher) {
    this.#matcher = matcher;
    this.clear();
  }

  /** Memory held. */
  get memoryBytes(): number {
    let bytes = this.#directory.byteLength;
    for (const page of this.#pages) bytes += page.byteLength;
    return bytes;
  }

  /** Forgets every entry. */
  clear(): void {
    this.#pages = [];
    this.#segments = 0;
    this.#overflow.clear();
    this.#directory = new Int32Array(2);
    this.#directoryShift = 31;
    this.#directory[0] = this.#addSegment(1);
    this.#directory[1] = this.#addSegment(1);
  }

  /** The row of the path with this hash, or -1. */
  find(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const segment = this.#directory[hash >>> this.#directoryShift]!;
    const page = this.#pages[segment >>> PAGE_SHIFT]!;
    const base = (segment & PAGE_MASK) << SEGMENT_SHIFT;
    let slot = hash & SLOT_MASK;
    for (let probes = 0; probes < SEGMENT_SLOTS; probes++) {
      const at = base + (slot << 1);
      const row = page[at]!;
      if (row === 0) return -1;
      if (page[at + 1] === hash && this.#matcher.matches(row, bytes, start, end)) return row;
      slot = (slot + 1) & SLOT_MASK;
    }
    return this.#findOverflow(hash, bytes, start, end);
  }

  /** Adds a row, which must not be there. */
  insert(hash: number, row: number): void {
    for (;;) {
      const segment = this.#directory[hash >>> this.#directoryShift]!;
      const count = this.#counts[segment]!;
      if (count < SPLIT_ENTRIES || (this.#depths[segment]! >= DEPTH_MAX && count < SEGMENT_SLOTS)) {
        this.#counts[segment] = count + 1;
        place(
          this.#pages[segment >>> PAGE_SHIFT]!,
          (segment & PAGE_MASK) << SEGMENT_SHIFT,
          hash,
          row,
        );
        return;
      }
      if (this.#depths[segment]! >= DEPTH_MAX) {
        this.#overflow.set(row, hash);
        return;
      }
      this.#split(segment, hash);
    }
  }

  /**
   * Adds a row for the path `[start, end)` of `bytes`, unless there is one already.
   *
   * @returns false when there is one; nothing is changed then.
   */
  insertNew(hash: number, row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const segment = this.#directory[hash >>> this.#directoryShift]!;
    const count = this.#counts[segment]!;
    if (count >= SPLIT_ENTRIES) {
      if (this.find(hash, bytes, start, end) >= 0) return false;
      this.insert(hash, row);
      return true;
    }
    // One search finds the znode or the place for it: a segment that may be split is never full.
    const page = this.#pages[segment >>> PAGE_SHIFT]!;
    const base = (segment & PAGE_MASK) << SEGMENT_SHIFT;
    let at = base + ((hash & SLOT_MASK) << 1);
    for (let held = page[at]!; held !== 0; held = page[at]!) {
      if (page[at + 1] === hash && this.#matcher.matches(held, bytes, start, end)) return false;
      at = base + ((at - base + 2) & SEGMENT_WORD_MASK);
    }
    this.#counts[segment] = count + 1;
    page[at] = row;
    page[at + 1] = hash;
    return true;
  }

  /**
   * Adds the first `count` rows. In a large index this takes half as long as adding them one by one: first the places of
   * all are looked at, and the processor fetches several of them from memory at the same time.
   *
   * @param areTwins - whether two rows of the same hash are the same znode.
   * @returns false when one is there already; some of the rows may then have been added.
   */
  insertAll(
    hashes: Int32Array,
    rows: Int32Array,
    count: number,
    areTwins: (row: number, other: number) => boolean,
  ): boolean {
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      const segment = this.#directory[hash >>> this.#directoryShift]!;
      const at = ((segment & PAGE_MASK) << SEGMENT_SHIFT) + ((hash & SLOT_MASK) << 1);
      seen |= this.#pages[segment >>> PAGE_SHIFT]![at]!;
    }
    this.seen = seen;
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]!;
      const row = rows[i]!;
      const segment = this.#directory[hash >>> this.#directoryShift]!;
      const page = this.#pages[segment >>> PAGE_SHIFT]!;
      const base = (segment & PAGE_MASK) << SEGMENT_SHIFT;
      const entries = this.#counts[segment]!;
      let slot = hash & SLOT_MASK;
      let probes = 0;
      for (; probes < SEGMENT_SLOTS; probes++) {
        const held = page[base + (slot << 1)]!;
        if (held === 0) break;
        if (page[base + (slot << 1) + 1] === hash && areTwins(held, row)) return false;
        slot = (slot + 1) & SLOT_MASK;
      }
      if (entries >= SPLIT_ENTRIES) {
        if (probes === SEGMENT_SLOTS && this.#hasTwinInOverflow(hash, row, areTwins)) return false;
        this.insert(hash, row);
        continue;
      }
      this.#counts[segment] = entries + 1;
      page[base + (slot << 1)] = row;
      page[base + (slot << 1) + 1] = hash;
    }
    return true;
  }

  /** Removes a row, which must be there under this hash. */
  remove(hash: number, row: number): void {
    const segment = this.#directory[hash >>> this.#directoryShift]!;
    const page = this.#pages[segment >>> PAGE_SHIFT]!;
    const base = (segment & PAGE_MASK) << SEGMENT_SHIFT;
    if (this.#overflow.size > 0 && this.#overflow.delete(row)) return;
    let hole = hash & SLOT_MASK;
    for (let probes = 0; page[base + (hole << 1)] !== row; probes++) {
      assert(
        page[base + (hole << 1)] !== 0 && probes < SEGMENT_SLOTS,
        'a row to remove is in the index',
      );
      hole = (hole + 1) & SLOT_MASK;
    }
    const count = this.#counts[segment]!;
    this.#counts[segment] = count - 1;
    // Whoever stands behind the hole moves into it, unless it would then stand before its own slot.
    let slot = hole;
    for (let probes = 1; probes < SEGMENT_SLOTS; probes++) {
      slot = (slot + 1) & SLOT_MASK;
      const at = base + (slot << 1);
      if (page[at] === 0) break;
      const home = page[at + 1]! & SLOT_MASK;
      if (((slot - home) & SLOT_MASK) >= ((slot - hole) & SLOT_MASK)) {
        page[base + (hole << 1)] = page[at]!;
        page[base + (hole << 1) + 1] = page[at + 1]!;
        hole = slot;
      }
    }
    page[base + (hole << 1)] = 0;
    if (count === SEGMENT_SLOTS && this.#overflow.size > 0) this.#refill(segment);
  }

  /** A search stops at the first empty slot, so an overflowing segment must stay full. */
  #refill(segment: number): void {
    for (const [row, hash] of this.#overflow) {
      if (this.#directory[hash >>> this.#directoryShift] !== segment) continue;
      this.#overflow.delete(row);
      this.insert(hash, row);
      return;
    }
  }

  #findOverflow(hash: number, bytes: Uint8Array, start: number, end: number): number {
    for (const [row, held] of this.#overflow) {
      if (held === hash && this.#matcher.matches(row, bytes, start, end)) return row;
    }
    return -1;
  }

  #hasTwinInOverflow(
    hash: number,
    row: number,
    areTwins: (row: number, other: number) => boolean,
  ): boolean {
    for (const [other, held] of this.#overflow)
      if (held === hash && areTwins(other, row)) return true;
    return false;
  }

  #split(segment: number, hash: number): void {
    const depth = this.#depths[segment]!;
    if (depth === 32 - this.#directoryShift) this.#doubleDirectory();
    const sibling = this.#addSegment(depth + 1);
    this.#depths[segment] = depth + 1;

    // The directory entries of this segment are a run; its upper half goes to the sibling.
    const runBits = 32 - this.#directoryShift - depth;
    const runStart = ((hash >>> this.#directoryShift) >>> runBits) << runBits;
    this.#directory.fill(sibling, runStart + (1 << (runBits - 1)), runStart + (1 << runBits));

    const page = this.#pages[segment >>> PAGE_SHIFT]!;
    const base = (segment & PAGE_MASK) << SEGMENT_SHIFT;
    const siblingPage = this.#pages[sibling >>> PAGE_SHIFT]!;
    const siblingBase = (sibling & PAGE_MASK) << SEGMENT_SHIFT;
    const old = this.#scratch;
    old.set(page.subarray(base, base + (1 << SEGMENT_SHIFT)));
    page.fill(0, base, base + (1 << SEGMENT_SHIFT));
    let moved = 0;
    for (let at = 0; at < old.length; at += 2) {
      const row = old[at]!;
      if (row === 0) continue;
      const held = old[at + 1]!;
      if ((held >>> (31 - depth)) & 1) {
        place(siblingPage, siblingBase, held, row);
        moved++;
      } else {
        place(page, base, held, row);
      }
    }
    this.#counts[sibling] = moved;
    this.#counts[segment] = this.#counts[segment]! - moved;
  }

  #doubleDirectory(): void {
    const old = this.#directory;
    const doubled = new Int32Array(old.length * 2);
    for (let i = 0; i < old.length; i++) {
      doubled[2 * i] = old[i]!;
      doubled[2 * i + 1] = old[i]!;
    }
    this.#directory = doubled;
    this.#directoryShift--;
  }

  #addSegment(depth: number): number {
    const segment = this.#segments++;
    if (segment === 0) this.#pages.push(new Int32Array(2 << SEGMENT_SHIFT));
    else if (segment >>> PAGE_SHIFT === this.#pages.length) {
      this.#pages.push(new Int32Array(PAGE_WORDS));
    } else if (segment << SEGMENT_SHIFT === this.#pages[0]!.length) {
      const grown = new Int32Array(2 * this.#pages[0]!.length);
      grown.set(this.#pages[0]!);
      this.#pages[0] = grown;
    }
    if (segment === this.#depths.length) {
      const depths = new Uint8Array(segment * 2);
      depths.set(this.#depths);
      this.#depths = depths;
      const counts = new Int32Array(segment * 2);
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#depths[segment] = depth;
    this.#counts[segment] = 0;
    return segment;
  }
}

/** Puts an entry into the first empty slot from its own on; there must be one. */
function place(page: Int32Array, base: number, hash: number, row: number): void {
  let slot = hash & SLOT_MASK;
  while (page[base + (slot << 1)] !== 0) slot = (slot + 1) & SLOT_MASK;
  page[base + (slot << 1)] = row;
  page[base + (slot << 1) + 1] = hash;
}
