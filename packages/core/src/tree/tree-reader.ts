import {
  decodeUtf8,
  type ExtendedTypes,
  encodeUtf8Into,
  type JuteWriter,
  STAT_BYTES,
} from '@zooid/protocol';
import { assert } from '../assert.ts';
import { OwnerSets, ZnodeKind } from './owner-sets.ts';
import { childHash, type HashKey, hashKeyOf, mixHash, spreadHash } from './path-hash.ts';
import { PathIndex } from './path-index.ts';
import {
  ACL_ID,
  AVERSION,
  CHILD_COUNT,
  CONTENT,
  CTIME,
  CVERSION,
  CZXID,
  DATA_BYTES,
  FIRST_CHILD,
  FLAG_KIND_MASK,
  FLAGS,
  MTIME,
  MZXID,
  NAME_BYTES,
  NEXT_SIBLING,
  OWNER,
  PAGE_SHIFT,
  PARENT,
  PATH_BYTES,
  PZXID,
  ROW_MASK,
  ROW_SHIFT,
  VERSION,
} from './row.ts';
import { copyBytes, putInt, ZnodeStore } from './znode-store.ts';

const SLASH = 0x2f;
const TWO_32 = 0x1_0000_0000;

/**
 * What can be asked of a tree: which znode a path is, what a znode is like, and both straight into a reply.
 * {@link DataTree} adds what changes it.
 *
 * A znode is a row number; the root is row 0. Rows that are asked for must be live.
 */
export abstract class TreeReader {
  protected store: ZnodeStore = new ZnodeStore();
  protected pages: Int32Array[] = this.store.rows.pages;
  protected index: PathIndex = new PathIndex(this.store);
  protected owners: OwnerSets;
  protected hashKey: HashKey;
  /** Znodes, the root among them. */
  protected liveRows = 0;

  #pathScratch: Uint8Array = new Uint8Array(256);

  constructor(extendedTypes: ExtendedTypes, hashSeed: number) {
    this.owners = new OwnerSets(extendedTypes);
    this.hashKey = hashKeyOf(hashSeed);
  }

  // ---- look-up

  /** The row of an absolute path in UTF-8 ("/" or nothing: the root), or -1. Allocates nothing. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (end - start <= 1) return end === start || bytes[start] === SLASH ? 0 : -1;
    if (bytes[start] !== SLASH) return -1;
    return this.index.find(spreadHash(this.hashOfPath(bytes, start, end)), bytes, start, end);
  }

  /** As {@link find}, for a path whose hash is known; that of the root is empty. */
  findHashed(hash: number, bytes: Uint8Array, start: number, end: number): number {
    if (end === start) return 0;
    return bytes[start] === SLASH ? this.index.find(spreadHash(hash), bytes, start, end) : -1;
  }

  /** The hash of a path: the same as {@link hashOfChild} name by name, in one pass that also finds where names end. */
  hashOfPath(bytes: Uint8Array, start: number, end: number): number {
    const multiplier = this.hashKey.multiplier;
    let hash = this.hashKey.start;
    if (end === start) return hash;
    const whole = end - 3;
    for (let at = start + 1; ; at++) {
      const nameStart = at;
      for (; at < whole; at += 4) {
        const word =
          (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
        if (hasSlash(word)) break;
        hash = mixHash(hash, word, multiplier);
      }
      let rest = 0;
      for (; at < end && bytes[at] !== SLASH; at++) rest = (rest << 8) | bytes[at]!;
      hash = mixHash(hash, rest ^ ((at - nameStart) << 24), multiplier);
      if (at >= end) return hash;
    }
  }

  /** The hash of a child's path, from its parent's and the name `[start, end)`. */
  hashOfChild(parentHash: number, bytes: Uint8Array, start: number, end: number): number {
    return childHash(parentHash, bytes, start, end, this.hashKey.multiplier);
  }

  /** As {@link find}, for a string. */
  findPath(path: string): number {
    if (path.length * 3 > this.#pathScratch.length) {
      this.#pathScratch = new Uint8Array(path.length * 6);
    }
    return this.find(this.#pathScratch, 0, encodeUtf8Into(path, this.#pathScratch, 0));
  }

  // ---- facts of a znode

  /** The parent's row; -1 for the root. */
  parent(row: number): number {
    return row === 0 ? -1 : this.word(row, PARENT);
  }

  /** The path; "/" for the root. */
  path(row: number): string {
    if (row === 0) return '/';
    const length = this.word(row, PATH_BYTES);
    if (length > this.#pathScratch.length) this.#pathScratch = new Uint8Array(length * 2);
    this.store.fillPath(row, this.#pathScratch, length);
    return decodeUtf8(this.#pathScratch, 0, length);
  }

  /** The last component of the path; empty for the root. */
  name(row: number): string {
    const length = this.word(row, NAME_BYTES);
    if (length === 0) return '';
    const handle = this.word(row, CONTENT);
    const offset = this.store.arena.offset(handle);
    return decodeUtf8(this.store.arena.bytes(handle), offset, offset + length);
  }

  czxid(row: number): number {
    return this.#long(row, CZXID);
  }

  mzxid(row: number): number {
    return this.#long(row, MZXID);
  }

  pzxid(row: number): number {
    return this.#long(row, PZXID);
  }

  /** Wall-clock ms. */
  ctime(row: number): number {
    return this.#long(row, CTIME);
  }

  /** Wall-clock ms. */
  mtime(row: number): number {
    return this.#long(row, MTIME);
  }

  version(row: number): number {
    return this.word(row, VERSION);
  }

  /** As stored: creations of children only, and what the next sequence number is taken from. */
  cversion(row: number): number {
    return this.word(row, CVERSION);
  }

  aversion(row: number): number {
    return this.word(row, AVERSION);
  }

  /** As stored, with the marks of containers and TTL znodes. */
  ephemeralOwner(row: number): bigint {
    const high = this.ownerHigh(row);
    const low = this.ownerLow(row);
    return (high | low) === 0 ? 0n : (BigInt(high) << 32n) + BigInt(low >>> 0);
  }

  /** High half of {@link ephemeralOwner}, an int32. */
  ownerHigh(row: number): number {
    return this.word(row, OWNER);
  }

  /** Low half of {@link ephemeralOwner}, an int32. */
  ownerLow(row: number): number {
    return this.word(row, OWNER + 1);
  }

  kind(row: number): ZnodeKind {
    return (this.word(row, FLAGS) & FLAG_KIND_MASK) as ZnodeKind;
  }

  /** Time to live in ms of a znode of kind ttl. */
  ttlMs(row: number): number {
    assert(this.kind(row) === ZnodeKind.ttl, 'only a TTL znode has a time to live');
    return this.owners.ttlMs(this.ephemeralOwner(row));
  }

  childCount(row: number): number {
    return this.word(row, CHILD_COUNT);
  }

  aclId(row: number): number {
    return this.word(row, ACL_ID);
  }

  /** In bytes; -1 for null data. */
  dataLength(row: number): number {
    return this.word(row, DATA_BYTES);
  }

  /** A copy of the data. */
  copyData(row: number): Uint8Array | null {
    const length = this.word(row, DATA_BYTES);
    if (length <= 0) return length < 0 ? null : new Uint8Array(0);
    const handle = this.word(row, CONTENT);
    const start = this.store.arena.offset(handle) + this.word(row, NAME_BYTES);
    return this.store.arena.bytes(handle).slice(start, start + length);
  }

  /** Calls `visit` for every child, from old to new. The tree must not change meanwhile. */
  forEachChild(row: number, visit: (childRow: number) => void): void {
    let child = this.word(row, FIRST_CHILD);
    while (child >= 0) {
      visit(child);
      child = this.word(child, NEXT_SIBLING);
    }
  }

  /** Znodes below this one, as Apache's getAllChildrenNumber counts. Takes time in proportion. */
  descendantCount(row: number): number {
    if (row === 0) return this.liveRows - 1;
    let count = 0;
    let current = this.word(row, FIRST_CHILD);
    while (current >= 0) {
      count++;
      let next = this.word(current, FIRST_CHILD);
      while (next < 0 && current !== row) {
        next = this.word(current, NEXT_SIBLING);
        if (next < 0) current = this.word(current, PARENT);
      }
      current = next;
    }
    return count;
  }

  // ---- straight into a reply

  /**
   * Appends the 68 bytes of the Stat that clients see: cversion counts creations and deletions, the owner of
   * containers and TTL znodes is 0, and so is the length of null data. Source: DataNode.copyStat.
   */
  writeStat(row: number, writer: JuteWriter): void {
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    const isEphemeral = (page[base + FLAGS]! & FLAG_KIND_MASK) === ZnodeKind.ephemeral;
    const dataBytes = page[base + DATA_BYTES]!;
    const children = page[base + CHILD_COUNT]!;
    writer.ensure(STAT_BYTES);
    const bytes = writer.bytes;
    const at = writer.length;
    putInt(bytes, at, page[base + CZXID]!);
    putInt(bytes, at + 4, page[base + CZXID + 1]!);
    putInt(bytes, at + 8, page[base + MZXID]!);
    putInt(bytes, at + 12, page[base + MZXID + 1]!);
    putInt(bytes, at + 16, page[base + CTIME]!);
    putInt(bytes, at + 20, page[base + CTIME + 1]!);
    putInt(bytes, at + 24, page[base + MTIME]!);
    putInt(bytes, at + 28, page[base + MTIME + 1]!);
    putInt(bytes, at + 32, page[base + VERSION]!);
    putInt(bytes, at + 36, page[base + CVERSION]! * 2 - children);
    putInt(bytes, at + 40, page[base + AVERSION]!);
    putInt(bytes, at + 44, isEphemeral ? page[base + OWNER]! : 0);
    putInt(bytes, at + 48, isEphemeral ? page[base + OWNER + 1]! : 0);
    putInt(bytes, at + 52, Math.max(dataBytes, 0));
    putInt(bytes, at + 56, children);
    putInt(bytes, at + 60, page[base + PZXID]!);
    putInt(bytes, at + 64, page[base + PZXID + 1]!);
    writer.length = at + STAT_BYTES;
  }

  /** Appends the data as a jute buffer; null has the length -1. */
  writeData(row: number, writer: JuteWriter): void {
    this.store.writeData(this.pages[row >>> PAGE_SHIFT]!, (row & ROW_MASK) << ROW_SHIFT, writer);
  }

  /** Appends the names of the children as a jute vector of strings, from old to new. */
  writeChildNames(row: number, writer: JuteWriter): void {
    const arena = this.store.arena;
    writer.int(this.word(row, CHILD_COUNT));
    let child = this.word(row, FIRST_CHILD);
    while (child >= 0) {
      const page = this.pages[child >>> PAGE_SHIFT]!;
      const base = (child & ROW_MASK) << ROW_SHIFT;
      const handle = page[base + CONTENT]!;
      const nameBytes = page[base + NAME_BYTES]!;
      writer.ensure(4 + nameBytes);
      const at = writer.length;
      putInt(writer.bytes, at, nameBytes);
      copyBytes(arena.bytes(handle), arena.offset(handle), nameBytes, writer.bytes, at + 4);
      writer.length = at + 4 + nameBytes;
      child = page[base + NEXT_SIBLING]!;
    }
  }

  protected word(row: number, word: number): number {
    return this.pages[row >>> PAGE_SHIFT]![((row & ROW_MASK) << ROW_SHIFT) + word]!;
  }

  #long(row: number, word: number): number {
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const at = ((row & ROW_MASK) << ROW_SHIFT) + word;
    return page[at]! * TWO_32 + (page[at + 1]! >>> 0);
  }
}

/** Whether one of four bytes is a slash. The trick that finds a zero byte, on the difference to four slashes. */
function hasSlash(word: number): boolean {
  const difference = word ^ 0x2f2f_2f2f;
  return ((difference - 0x0101_0101) & ~difference & 0x8080_8080) !== 0;
}
