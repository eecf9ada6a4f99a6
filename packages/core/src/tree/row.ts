/**
 * The layout of a row: one znode is 32 int32 words, 128 bytes, two cache lines.
 *
 *     word  0 parent        1 firstChild   2 nextSibling   3 prevSibling
 *           4 pathHash      5 content      6 nameBytes     7 dataBytes
 *           8 childCount    9 flags       10 aclId
 *          11 czxid        13 mzxid       15 pzxid        17 ctime        19 mtime      (two words each)
 *          21 version      22 cversion    23 aversion     24 ephemeralOwner             (two words)
 *          26 pathCrc      27 prefixCrc   28 digest       29 imageMark
 *          30 pathBytes    31 pathUnits
 *
 * A 64-bit field is its high and its low half, so that no read or write of a stat makes a bigint.
 * Words 11 to 25 stand in the order in which Apache's digest runs over them (source: DigestCalculator),
 * and so a digest is one pass over consecutive words.
 *
 * Rows live in pages of 1 MB, which are never moved: growth copies nothing.
 */

import type { SpareMemory } from './spare-memory.ts';

/** Row of the parent; the root is its own. In a free row: the next free row, or -1. */
export const PARENT = 0;
/** Row of the oldest child, or -1. Siblings are listed from old to new. */
export const FIRST_CHILD = 1;
/** Row of the next younger sibling; -1 in the youngest. */
export const NEXT_SIBLING = 2;
/** Row of the next older sibling; in the oldest, the row of the youngest, which so is found at once. */
export const PREV_SIBLING = 3;
/** Hash state after the whole path (path-hash.ts); a child's hash follows from it. */
export const PATH_HASH = 4;
/** Arena handle of name and then data; {@link NO_CONTENT} when both are empty. */
export const CONTENT = 5;
/** Length of the name in bytes; 0 in the root only. */
export const NAME_BYTES = 6;
/** Length of the data in bytes; -1 for null data. */
export const DATA_BYTES = 7;
/** Children, not descendants. */
export const CHILD_COUNT = 8;
/** `FLAG_*` bits; 0 in a free row. */
export const FLAGS = 9;
/** Id in the AclStore; -1 is the open ACL. */
export const ACL_ID = 10;
export const CZXID = 11;
export const MZXID = 13;
export const PZXID = 15;
export const CTIME = 17;
export const MTIME = 19;
export const VERSION = 21;
/** As stored: counts creations of children only. */
export const CVERSION = 22;
export const AVERSION = 23;
/** As stored, with the marks of containers and TTL znodes. */
export const OWNER = 24;
/** CRC-32 of the path bytes. */
export const PATH_CRC = 26;
/** CRC-32 of path and data: a change of the stat alone goes on from here. */
export const PREFIX_CRC = 27;
/** Digest of the znode as it stands in the tree's sum; 0 when it is not in the sum. See FLAG_STALE_DIGEST. */
export const DIGEST = 28;
/** Generation of the youngest image that has the znode in its file, or that the znode is too young for. Older images have it, too. */
export const IMAGE_MARK = 29;
/** Length of the path in bytes; 0 for the root, whose path in files is empty. */
export const PATH_BYTES = 30;
/** Length of the path in UTF-16 units: what Apache counts as a path's size. */
export const PATH_UNITS = 31;

/** The words from czxid to ephemeralOwner. */
export const STAT_WORDS = 15;

/** {@link CONTENT} of a znode without name and data. */
export const NO_CONTENT = 0x7fff_ffff;

/** Bits 0 and 1 of the flags: the ZnodeKind. */
export const FLAG_KIND_MASK = 3;
/** The row holds a znode. */
export const FLAG_LIVE = 4;
/** The path begins with "/zookeeper/": not part of the digest. */
export const FLAG_UNDIGESTED = 8;
/** Children get {@link FLAG_UNDIGESTED}: set in "/zookeeper" and everything below. */
export const FLAG_CHILDREN_UNDIGESTED = 16;

/** {@link DIGEST} is of an older stat; the row is in the list of those to be brought up to date. */
export const FLAG_STALE_DIGEST = 32;

/** Row `r` begins at word `(r & ROW_MASK) << ROW_SHIFT` of page `r >>> PAGE_SHIFT`. */
export const ROW_SHIFT = 5;
export const PAGE_SHIFT = 13;
export const ROW_MASK = 8191;
/** Rows that the first page has room for at first: 64 KB. */
const FIRST_ROWS = 512;

/**
 * Hands out rows, of which a block of memory holds 8192. Free rows are reused, the last freed first. The first page begins
 * small and doubles, for most trees are small.
 */
export class RowPages {
  /** The words of rows 0 to 8191, of 8192 to 16383, ... The first is another one when {@link allocate} has made it larger. */
  readonly pages: Int32Array[] = [];
  /** Every row in use or free is below this. */
  limit = 0;
  /** Rows that the pages have room for. */
  #room = 0;
  #firstFree = -1;
  readonly #memory: SpareMemory;

  constructor(memory: SpareMemory) {
    this.#memory = memory;
  }

  /** A row whose words are undefined: the caller writes all of them. */
  allocate(): number {
    const free = this.#firstFree;
    if (free >= 0) {
      this.#firstFree =
        this.pages[free >>> PAGE_SHIFT]![((free & ROW_MASK) << ROW_SHIFT) + PARENT]!;
      return free;
    }
    const row = this.limit++;
    if (row === this.#room) this.#makeRoom();
    return row;
  }

  /** Takes a row back. */
  release(row: number): void {
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const at = (row & ROW_MASK) << ROW_SHIFT;
    page[at + FLAGS] = 0;
    page[at + PARENT] = this.#firstFree;
    this.#firstFree = row;
  }

  /** Forgets all rows and gives their memory back. */
  clear(): void {
    this.pages.length = 0;
    this.limit = 0;
    this.#room = 0;
    this.#firstFree = -1;
  }

  #makeRoom(): void {
    const room = this.#room;
    if (room > ROW_MASK) {
      this.pages.push(new Int32Array(this.#memory.take()));
      this.#room = room + ROW_MASK + 1;
      return;
    }
    const larger = room === 0 ? FIRST_ROWS : 2 * room;
    const memory =
      larger > ROW_MASK ? this.#memory.take() : new ArrayBuffer(larger << (ROW_SHIFT + 2));
    const page = new Int32Array(memory);
    if (room > 0) page.set(this.pages[0]!);
    this.pages[0] = page;
    this.#room = larger;
  }
}
