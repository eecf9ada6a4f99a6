import type { JuteWriter } from '@zooid/protocol';
import { ByteArena } from './byte-arena.ts';
import type { PathMatcher } from './path-index.ts';
import {
  ACL_ID,
  CONTENT,
  CTIME,
  CZXID,
  DATA_BYTES,
  NAME_BYTES,
  NO_CONTENT,
  OWNER,
  PAGE_SHIFT,
  PARENT,
  PATH_BYTES,
  PZXID,
  ROW_MASK,
  ROW_SHIFT,
  RowPages,
} from './row.ts';

const SLASH = 0x2f;

/**
 * Rows and the bytes they point to: what concerns one znode (or its chain of parents) and neither the index
 * nor the totals. A znode's name and data lie side by side in one string of the arena.
 */
export class ZnodeStore implements PathMatcher {
  readonly rows: RowPages = new RowPages();
  readonly arena: ByteArena = new ByteArena();

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
      const name = this.arena.bytes(handle);
      const offset = this.arena.offset(handle);
      for (let i = 0; i < length; i++) if (name[offset + i] !== bytes[at + i]) return false;
      at--;
      current = page[base + PARENT]!;
    }
    return at === start;
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
    const arena = this.arena;
    const nameBytes = page[base + NAME_BYTES]!;
    const oldHandle = page[base + CONTENT]!;
    const oldLength = nameBytes + Math.max(page[base + DATA_BYTES]!, 0);
    const length = data === null ? nameBytes : nameBytes + dataBytes;
    page[base + DATA_BYTES] = data === null ? -1 : dataBytes;
    if (oldHandle !== NO_CONTENT && length > 0 && arena.isSameRoom(oldLength, length)) {
      if (data === null) return;
      copyBytes(
        data,
        dataStart,
        dataBytes,
        arena.bytes(oldHandle),
        arena.offset(oldHandle) + nameBytes,
      );
      return;
    }
    const oldBytes = oldHandle === NO_CONTENT ? NO_BYTES : arena.bytes(oldHandle);
    const oldOffset = oldHandle === NO_CONTENT ? 0 : arena.offset(oldHandle);
    page[base + CONTENT] = this.storeContent(
      oldBytes,
      oldOffset,
      nameBytes,
      data,
      dataStart,
      dataBytes,
    );
    if (oldHandle !== NO_CONTENT) arena.free(oldHandle, oldLength);
  }

  /** Appends a row's data as a jute buffer. */
  writeData(page: Int32Array, base: number, out: JuteWriter): void {
    const length = page[base + DATA_BYTES]!;
    out.int(length);
    if (length <= 0) return;
    const handle = page[base + CONTENT]!;
    const start = this.arena.offset(handle) + page[base + NAME_BYTES]!;
    out.raw(this.arena.bytes(handle), start, start + length);
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
    out.ensure(4 + pathBytes);
    out.int(pathBytes);
    out.length += pathBytes;
    this.fillPath(row, out.bytes, out.length);
    this.writeData(page, base, out);
    const aclId = page[base + ACL_ID]!;
    out.ensure(68);
    out.longFromHalves(aclId >> 31, aclId);
    out.longFromHalves(page[base + CZXID]!, page[base + CZXID + 1]!);
    out.longFromHalves(page[base + CZXID + 2]!, page[base + CZXID + 3]!); // mzxid
    for (let at = CTIME; at < OWNER; at++) out.int(page[base + at]!);
    out.longFromHalves(page[base + OWNER]!, page[base + OWNER + 1]!);
    out.longFromHalves(page[base + PZXID]!, page[base + PZXID + 1]!);
  }
}

const NO_BYTES = new Uint8Array(0);

/** Copies `length` bytes. The arrays may be the same, the ranges must not overlap. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  length: number,
  to: Uint8Array,
  at: number,
): void {
  if (length <= 128) {
    // A loop beats the call into the engine and the view it needs.
    for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
  } else {
    to.set(from.subarray(start, start + length), at);
  }
}
