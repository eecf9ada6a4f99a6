/**
 * The shape of a tree in little memory: names and lengths and no data. For answers that need znodes in another order than
 * that of a file: children inside of parents, sums over subtrees, two trees side by side.
 *
 * A snapshot has its znodes in any order in which parents come before children: Apache's is that of its hash tables, ours
 * that of the rows of the tree, and both differ from server to server. Rows are columns outside of the JS heap: about 45
 * bytes for each znode and its name, whatever its data. Sorting on disk would need less memory, but room on a disk; and
 * these tools are needed when a disk is full.
 */

import { decodeUtf8, encodeUtf8Into } from '@zooid/protocol';

/** The root, which is always there. */
export const ROOT_ROW = 0;
const NONE = -1;
const ROWS_MIN = 1024;

/** A znode whose parent is not there. */
export class MissingParent extends Error {
  override readonly name = 'MissingParent';
}

export class Outline {
  /** Znodes, the root among them. */
  rowCount = 1;

  #parents: Int32Array<ArrayBuffer> = new Int32Array(ROWS_MIN);
  #depths: Int32Array<ArrayBuffer> = new Int32Array(ROWS_MIN);
  /** Where names begin and end in the arena; a uint32 each. */
  #nameStarts: Uint32Array<ArrayBuffer> = new Uint32Array(ROWS_MIN);
  #nameEnds: Uint32Array<ArrayBuffer> = new Uint32Array(ROWS_MIN);
  #firstChildren: Int32Array<ArrayBuffer> = new Int32Array(ROWS_MIN).fill(NONE);
  #siblings: Int32Array<ArrayBuffer> = new Int32Array(ROWS_MIN).fill(NONE);
  #bytes: Int32Array<ArrayBuffer> = new Int32Array(ROWS_MIN);
  #names: Uint8Array<ArrayBuffer> = new Uint8Array(16 * ROWS_MIN);
  #nameLength = 0;
  /** Rows by parent and name; open addressing, at most half full. */
  #table: Int32Array<ArrayBuffer> = new Int32Array(4 * ROWS_MIN).fill(NONE);
  #scratch: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  // The last parent that was looked for: in most files its children stand together.
  #cachedParent = '';
  #cachedRow = ROOT_ROW;

  constructor() {
    this.#parents[ROOT_ROW] = NONE;
  }

  /** The row of this path, which is added unless it is there. @throws MissingParent */
  add(path: string): number {
    if (path === '' || path === '/') return ROOT_ROW;
    const slash = path.lastIndexOf('/');
    const parent = this.#findParent(path.slice(0, slash));
    if (parent < 0) throw new MissingParent(`${path} comes before its parent, or without it`);
    return this.#addChild(parent, path.slice(slash + 1));
  }

  /** The row of a path, or -1. */
  find(path: string): number {
    let row: number = ROOT_ROW;
    for (const name of path.split('/')) {
      if (name === '') continue;
      row = this.#childRow(row, this.#encode(name));
      if (row < 0) return NONE;
    }
    return row;
  }

  /** Length of its data, as {@link setBytes} said. */
  bytes(row: number): number {
    return this.#bytes[row]!;
  }

  setBytes(row: number, bytes: number): void {
    this.#bytes[row] = bytes;
  }

  parent(row: number): number {
    return this.#parents[row]!;
  }

  /** 0 for the root. */
  depth(row: number): number {
    return this.#depths[row]!;
  }

  hasChildren(row: number): boolean {
    return this.#firstChildren[row] !== NONE;
  }

  /** The last part of the path; empty for the root. */
  name(row: number): string {
    return decodeUtf8(this.#names, this.#nameStarts[row]!, this.#nameEnds[row]!);
  }

  /** The whole path; "/" for the root. */
  path(row: number): string {
    if (row === ROOT_ROW) return '/';
    let path = '';
    for (let at = row; at !== ROOT_ROW; at = this.parent(at)) path = `/${this.name(at)}${path}`;
    return path;
  }

  /** Rows of the children, by name. */
  children(row: number): number[] {
    const rows: { readonly row: number; readonly name: string }[] = [];
    for (let child = this.#firstChildren[row]!; child !== NONE; child = this.#siblings[child]!)
      rows.push({ row: child, name: this.name(child) });
    // Of UTF-16 units, as Java compares strings.
    rows.sort((a, b) => (a.name < b.name ? -1 : 1));
    return rows.map((child) => child.row);
  }

  /** A subtree: parents before children, children by name. */
  *walk(top: number): Generator<number, void> {
    const waiting = [top];
    for (;;) {
      const row = waiting.pop();
      if (row === undefined) return;
      yield row;
      if (!this.hasChildren(row)) continue;
      const children = this.children(row);
      for (let i = children.length - 1; i >= 0; i--) waiting.push(children[i]!);
    }
  }

  #findParent(path: string): number {
    if (path === this.#cachedParent) return this.#cachedRow;
    const row = this.find(path);
    if (row < 0) return row;
    this.#cachedParent = path;
    this.#cachedRow = row;
    return row;
  }

  #addChild(parent: number, name: string): number {
    const nameBytes = this.#encode(name);
    const found = this.#childRow(parent, nameBytes);
    if (found >= 0) return found;
    if (this.rowCount === this.#parents.length) this.#growRows();
    if (this.#nameLength + nameBytes > this.#names.byteLength) this.#growNames(nameBytes);
    const row = this.rowCount;
    this.rowCount++;
    this.#names.set(this.#scratch.subarray(0, nameBytes), this.#nameLength);
    this.#nameStarts[row] = this.#nameLength;
    this.#nameLength += nameBytes;
    this.#nameEnds[row] = this.#nameLength;
    this.#parents[row] = parent;
    this.#depths[row] = this.#depths[parent]! + 1;
    this.#siblings[row] = this.#firstChildren[parent]!;
    this.#firstChildren[parent] = row;
    if (2 * this.rowCount > this.#table.length) this.#growTable();
    else this.#enter(row);
    return row;
  }

  /** Puts a name into the scratch. @returns its length. */
  #encode(name: string): number {
    if (name.length * 3 > this.#scratch.byteLength) this.#scratch = new Uint8Array(name.length * 6);
    return encodeUtf8Into(name, this.#scratch, 0);
  }

  /** The child whose name is in the scratch, or -1. */
  #childRow(parent: number, nameBytes: number): number {
    const mask = this.#table.length - 1;
    for (let slot = hash(parent, this.#scratch, 0, nameBytes) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#table[slot]!;
      if (row === NONE || (this.#parents[row] === parent && this.#isNamed(row, nameBytes)))
        return row;
    }
  }

  #isNamed(row: number, nameBytes: number): boolean {
    const start = this.#nameStarts[row]!;
    if (this.#nameEnds[row]! - start !== nameBytes) return false;
    for (let i = 0; i < nameBytes; i++)
      if (this.#names[start + i] !== this.#scratch[i]) return false;
    return true;
  }

  #enter(row: number): void {
    const mask = this.#table.length - 1;
    const start = this.#nameStarts[row]!;
    let slot = hash(this.#parents[row]!, this.#names, start, this.#nameEnds[row]!) & mask;
    while (this.#table[slot] !== NONE) slot = (slot + 1) & mask;
    this.#table[slot] = row;
  }

  #growTable(): void {
    this.#table = new Int32Array(this.#table.length * 2).fill(NONE);
    for (let row = 1; row < this.rowCount; row++) this.#enter(row);
  }

  #growRows(): void {
    const rows = this.#parents.length * 2;
    const grownInts = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(rows).fill(NONE, column.length);
      grown.set(column);
      return grown;
    };
    const grownUints = (column: Uint32Array): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(rows);
      grown.set(column);
      return grown;
    };
    this.#parents = grownInts(this.#parents);
    this.#firstChildren = grownInts(this.#firstChildren);
    this.#siblings = grownInts(this.#siblings);
    this.#bytes = grownInts(this.#bytes).fill(0, this.#bytes.length);
    this.#nameStarts = grownUints(this.#nameStarts);
    this.#nameEnds = grownUints(this.#nameEnds);
    this.#depths = grownInts(this.#depths);
  }

  #growNames(nameBytes: number): void {
    const grown = new Uint8Array(
      Math.max(this.#names.byteLength * 2, this.#nameLength + nameBytes),
    );
    grown.set(this.#names);
    this.#names = grown;
  }
}

/** FNV-1a over the row of the parent and the name, mixed: an int32. */
function hash(parent: number, bytes: Uint8Array, start: number, end: number): number {
  let h = Math.imul(parent ^ 0x811c_9dc5, 0x0100_0193);
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x0100_0193);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b_3c6d);
  return h ^ (h >>> 13);
}
