import { type JuteWriter, STAT_PERSISTED_BYTES } from '@zooid/protocol';
import { ViewCache } from '../view-cache.ts';
import { ByteArena } from './byte-arena.ts';
import { CRC32_NATIVE_BYTES_MIN, crc32, crc32Copying } from './crc32.ts';
import type { PathMatcher } from './path-index.ts';
import {
  ACL_ID,
  CONTENT,
  CTIME,
  CZXID,
  DATA_BYTES,
  NAME_BYTES,
  NO_CONTENT,
  PAGE_SHIFT,
  PARENT,
  PATH_BYTES,
  PATH_CRC,
  PREFIX_CRC,
  PZXID,
  ROW_MASK,
  ROW_SHIFT,
  RowPages,
} from './row.ts';
import { SpareMemory } from './spare-memory.ts';

const SLASH = 0x2f;
/** Of a snapshot record: path length, data length, acl id and StatPersisted. */
const RECORD_BYTES_FIXED = 4 + 4 + 8 + STAT_PERSISTED_BYTES;

/**
 * Rows and the bytes they point to: what concerns one znode (or its chain of parents) and neither the index
 * nor the totals. A znode's name and data lie side by side in one string of the arena.
 */
export class ZnodeStore implements PathMatcher {
  readonly memory: SpareMemory = new SpareMemory();
  readonly rows: RowPages = new RowPages(this.memory);
  readonly arena: ByteArena = new ByteArena(this.memory);
  /** CRC-32 of path and data of what {@link storeSummed} stored last. */
  contentCrc = 0;

  /** Of what data comes from. */
  readonly #sourceViews = new ViewCache();
  /** Of what records are written to. */
  readonly #targetViews = new ViewCache();

  /** Whether `[start, end)` of `bytes` is the path of `row`: names are compared from the last one up. */
  matches(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const pages = this.rows.pages;
    let at = end;
    for (let current = row; current !== 0; ) {
      const page = pages[current >>> PAGE_SHIFT]!;
      const base = (current & ROW_MASK) << ROW_SHIFT;
      const length = page[base + NAME_BYTES]!;
      at -= length;
      if (at <= start || bytes[at - 1] !== SLASH) return false;
      const handle = page[base + CONTENT]!;
      const offset = this.arena.offset(handle);
      if (isLittleEndian) {
        if (!equalsWords(this.arena.words(handle), offset >>> 2, bytes, at, at + length))
          return false;
      } else {
        const name = this.arena.bytes(handle);
        for (let i = 0; i < length; i++) if (name[offset + i] !== bytes[at + i]) return false;
      }
      at--;
      current = page[base + PARENT]!;
    }
    return at === start;
  }

  /** Whether two rows have the same path, the row of neither's parent being there twice. */
  areTwins(row: number, other: number): boolean {
    const page = this.rows.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    const otherPage = this.rows.pages[other >>> PAGE_SHIFT]!;
    const otherBase = (other & ROW_MASK) << ROW_SHIFT;
    const length = page[base + NAME_BYTES]!;
    if (length !== otherPage[otherBase + NAME_BYTES]) return false;
    if (page[base + PARENT] !== otherPage[otherBase + PARENT]) return false;
    const handle = page[base + CONTENT]!;
    const otherHandle = otherPage[otherBase + CONTENT]!;
    const from = this.arena.offset(handle);
    const otherFrom = this.arena.offset(otherHandle);
    const bytes = this.arena.bytes(handle);
    const otherBytes = this.arena.bytes(otherHandle);
    for (let i = 0; i < length; i++) {
      if (bytes[from + i] !== otherBytes[otherFrom + i]) return false;
    }
    return true;
  }

  /** Writes the path of `row` so that it ends before `end` of `target`; it takes PATH_BYTES bytes. */
  fillPath(row: number, target: Uint8Array, end: number): void {
    const pages = this.rows.pages;
    let at = end;
    for (let current = row; current !== 0; ) {
      const page = pages[current >>> PAGE_SHIFT]!;
      const base = (current & ROW_MASK) << ROW_SHIFT;
      const length = page[base + NAME_BYTES]!;
      const handle = page[base + CONTENT]!;
      at -= length;
      copyBytes(this.arena.bytes(handle), this.arena.offset(handle), length, target, at);
      target[--at] = SLASH;
      current = page[base + PARENT]!;
    }
  }

  /** The arena's handle for name and then data; {@link NO_CONTENT} for no bytes at all. */
  storeContent(
    name: Uint8Array,
    nameStart: number,
    nameBytes: number,
    data: Uint8Array | null,
    dataStart: number,
    dataBytes: number,
  ): number {
    const length = data === null ? nameBytes : nameBytes + dataBytes;
    if (length === 0) return NO_CONTENT;
    const handle = this.arena.allocate(length);
    const target = this.arena.bytes(handle);
    const offset = this.arena.offset(handle);
    copyBytes(name, nameStart, nameBytes, target, offset);
    if (data !== null) copyBytes(data, dataStart, dataBytes, target, offset + nameBytes);
    return handle;
  }

  /**
   * As {@link storeContent}, and goes on with a CRC over the data: {@link contentCrc} then has it. One pass does both
   * for data of the usual size; for long data two native calls are faster.
   */
  storeSummed(
    name: Uint8Array,
    nameStart: number,
    nameBytes: number,
    data: Uint8Array | null,
    dataStart: number,
    dataBytes: number,
    pathCrc: number,
  ): number {
    this.contentCrc = pathCrc;
    const length = data === null ? nameBytes : nameBytes + dataBytes;
    if (length === 0) return NO_CONTENT;
    const handle = this.arena.allocate(length);
    copyBytes(name, nameStart, nameBytes, this.arena.bytes(handle), this.arena.offset(handle));
    if (data !== null) this.#copySummed(pathCrc, data, dataStart, dataBytes, handle, nameBytes);
    return handle;
  }

  /** Gives the bytes of a row back. */
  freeContent(page: Int32Array, base: number): void {
    const handle = page[base + CONTENT]!;
    if (handle === NO_CONTENT) return;
    this.arena.free(handle, page[base + NAME_BYTES]! + Math.max(page[base + DATA_BYTES]!, 0));
  }

  /** Puts other data into a row; its name stays. Sets CONTENT and DATA_BYTES. */
  replaceData(
    page: Int32Array,
    base: number,
    data: Uint8Array | null,
    dataStart: number,
    dataBytes: number,
  ): void {
    this.#makeRoom(page, base, data === null ? -1 : dataBytes);
    if (data === null || dataBytes === 0) return;
    const handle = page[base + CONTENT]!;
    const at = this.arena.offset(handle) + page[base + NAME_BYTES]!;
    copyBytes(data, dataStart, dataBytes, this.arena.bytes(handle), at);
  }

  /** As {@link replaceData}, and sets PREFIX_CRC. */
  replaceSummed(
    page: Int32Array,
    base: number,
    data: Uint8Array | null,
    dataStart: number,
    dataBytes: number,
  ): void {
    this.#makeRoom(page, base, data === null ? -1 : dataBytes);
    const pathCrc = page[base + PATH_CRC]!;
    this.contentCrc = pathCrc;
    if (data !== null && dataBytes > 0) {
      const handle = page[base + CONTENT]!;
      this.#copySummed(pathCrc, data, dataStart, dataBytes, handle, page[base + NAME_BYTES]!);
    }
    page[base + PREFIX_CRC] = this.contentCrc;
  }

  /** Gives a row room for data of another length (-1: null), which is then undefined; its name stays. */
  #makeRoom(page: Int32Array, base: number, dataBytes: number): void {
    const arena = this.arena;
    const nameBytes = page[base + NAME_BYTES]!;
    const oldHandle = page[base + CONTENT]!;
    const oldLength = nameBytes + Math.max(page[base + DATA_BYTES]!, 0);
    const length = nameBytes + Math.max(dataBytes, 0);
    const isEmpty = oldHandle === NO_CONTENT;
    if (isEmpty || length === 0 || !arena.isSameRoom(oldLength, length)) {
      const handle = length === 0 ? NO_CONTENT : arena.allocate(length);
      if (nameBytes > 0) {
        const offset = arena.offset(oldHandle);
        copyBytes(
          arena.bytes(oldHandle),
          offset,
          nameBytes,
          arena.bytes(handle),
          arena.offset(handle),
        );
      }
      if (!isEmpty) arena.free(oldHandle, oldLength);
      page[base + CONTENT] = handle;
    }
    page[base + DATA_BYTES] = dataBytes;
  }

  /**
   * Copies data to `at` of a handle's bytes and goes on with a CRC over it, which {@link contentCrc} then has: in one pass
   * when it is short.
   */
  #copySummed(
    crc: number,
    data: Uint8Array,
    dataStart: number,
    dataBytes: number,
    handle: number,
    at: number,
  ): void {
    const { arena } = this;
    const target = arena.offset(handle) + at;
    const dataEnd = dataStart + dataBytes;
    if (dataBytes >= CRC32_NATIVE_BYTES_MIN) {
      copyBytes(data, dataStart, dataBytes, arena.bytes(handle), target);
      this.contentCrc = crc32(crc, data, dataStart, dataEnd);
      return;
    }
    const source = this.#sourceViews.of(data);
    this.contentCrc = crc32Copying(crc, source, dataStart, dataEnd, arena.view(handle), target);
  }

  /** Appends a row's data as a jute buffer. */
  writeData(page: Int32Array, base: number, out: JuteWriter): void {
    const length = page[base + DATA_BYTES]!;
    out.int(length);
    if (length <= 0) return;
    const handle = page[base + CONTENT]!;
    const start = this.arena.offset(handle) + page[base + NAME_BYTES]!;
    out.ensure(length);
    copyBytes(this.arena.bytes(handle), start, length, out.bytes, out.length);
    out.length += length;
  }

  /**
   * Appends a znode as snapshots hold it:
   *
   *     ustring path ("" for the root) · buffer data · long acl · StatPersisted
   *
   * Source: DataTree.serializeNodeData.
   */
  writeRecord(row: number, out: JuteWriter): void {
    const page = this.rows.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    const pathBytes = page[base + PATH_BYTES]!;
    const dataBytes = page[base + DATA_BYTES]!;
    const copiedBytes = Math.max(dataBytes, 0);
    out.ensure(RECORD_BYTES_FIXED + pathBytes + copiedBytes);
    const view = this.#targetViews.of(out.bytes);
    let at = out.length;
    view.setInt32(at, pathBytes);
    at += 4 + pathBytes;
    this.fillPath(row, out.bytes, at);
    view.setInt32(at, dataBytes);
    at += 4;
    if (copiedBytes > 0) {
      const handle = page[base + CONTENT]!;
      const start = this.arena.offset(handle) + page[base + NAME_BYTES]!;
      if (copiedBytes > WORD_COPY_BYTES_MAX) {
        copyBytes(this.arena.bytes(handle), start, copiedBytes, out.bytes, at);
      } else {
        copyWords(this.arena.view(handle), start, copiedBytes, view, at);
      }
      at += copiedBytes;
    }
    const aclId = page[base + ACL_ID]!;
    view.setInt32(at, aclId >> 31);
    view.setInt32(at + 4, aclId);
    at += 8;
    // The order of the file, which has pzxid last.
    for (let word = CZXID; word < PZXID; word++, at += 4) view.setInt32(at, page[base + word]!);
    for (let word = CTIME; word < PATH_CRC; word++, at += 4) view.setInt32(at, page[base + word]!);
    view.setInt32(at, page[base + PZXID]!);
    view.setInt32(at + 4, page[base + PZXID + 1]!);
    out.length = at + 8;
  }
}

/** Writes an int32 big-endian: a run of these is several times faster than as many calls of a JuteWriter. */
export function putInt(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Reads what {@link putInt} writes. */
export function getInt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Whether `[start, end)` of `bytes` stands in `words` from `from` on: half the loads of a byte by byte loop. */
function equalsWords(
  words: Int32Array,
  from: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let difference = 0;
  let word = from;
  let at = start;
  for (const whole = end - 3; at < whole; at += 4) {
    difference |=
      words[word++]! ^
      (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
  }
  if (at < end) {
    let rest = bytes[at]!;
    let mask = 0xff;
    if (at + 1 < end) {
      rest |= bytes[at + 1]! << 8;
      mask = 0xffff;
    }
    if (at + 2 < end) {
      rest |= bytes[at + 2]! << 16;
      mask = 0xff_ffff;
    }
    difference |= (words[word]! ^ rest) & mask;
  }
  return difference === 0;
}

/** Up to here {@link copyWords} is as fast as the engine's copy, and makes no object for it. */
export const WORD_COPY_BYTES_MAX = 128;

/** Copies `length` bytes, eight at a step. */
export function copyWords(
  from: DataView,
  start: number,
  length: number,
  to: DataView,
  at: number,
): void {
  let source = start;
  let target = at;
  const end = start + length;
  for (const whole = end - 7; source < whole; source += 8, target += 8) {
    to.setInt32(target, from.getInt32(source, true), true);
    to.setInt32(target + 4, from.getInt32(source + 4, true), true);
  }
  while (source < end) to.setUint8(target++, from.getUint8(source++));
}

/** Copies `length` bytes. The arrays may be the same, the ranges must not overlap. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  length: number,
  to: Uint8Array,
  at: number,
): void {
  if (length > 32) {
    to.set(from.subarray(start, start + length), at);
    return;
  }
  // A loop beats the call into the engine and the view that it needs.
  let source = start;
  let target = at;
  const end = start + length;
  for (const whole = end - 3; source < whole; source += 4, target += 4) {
    to[target] = from[source]!;
    to[target + 1] = from[source + 1]!;
    to[target + 2] = from[source + 2]!;
    to[target + 3] = from[source + 3]!;
  }
  while (source < end) to[target++] = from[source++]!;
}
