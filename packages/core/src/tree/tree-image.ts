import type { JuteWriter } from '@zooid/protocol';
import { assert } from '../assert.ts';
import { FLAG_LIVE, FLAGS, IMAGE_MARK, PAGE_SHIFT, PARENT, ROW_MASK, ROW_SHIFT } from './row.ts';
import type { ZnodeStore } from './znode-store.ts';

/** Rows that one slice looks at, at most, when it finds nothing to write: some 0.5 ms. */
const SCANNED_ROWS_MAX = 32_768;

/**
 * The tree as it was at one moment, written while it goes on changing.
 *
 * The scan goes by row number. A mark in each row tells whether the file has the znode. Before the tree
 * changes or frees a row that is not marked, it has the row written as it is ({@link keep}); rows made after
 * the beginning are marked from the start. So every znode of that moment is written once, as it was then.
 *
 * Parents stand before their children, as readers want it: a znode is written after those of its ancestors
 * that are not yet in the file. They have not changed either, or they would be.
 */
export class TreeImage {
  /** What {@link IMAGE_MARK} holds in rows that need not be written any more. */
  readonly generation: number;

  readonly #store: ZnodeStore;
  readonly #out: JuteWriter;
  readonly #ended: () => void;
  /** Rows from here on were made later. */
  readonly #limit: number;
  #next = 0;
  #isOpen = true;
  /** Ancestors to be written before a znode, the nearest first; kept for reuse. */
  readonly #ancestors: number[] = [];

  /** @internal Made by DataTree.beginImage. */
  constructor(store: ZnodeStore, out: JuteWriter, generation: number, ended: () => void) {
    this.#store = store;
    this.#out = out;
    this.#limit = store.rows.limit;
    this.generation = generation;
    this.#ended = ended;
  }

  /** Whether more is to come. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Writes on, until `maxBytes` or a bounded number of rows are done: it goes beyond `maxBytes` by no more
   * than one znode with its ancestors.
   *
   * @returns true when the image is complete; the terminator "/" is then written, too.
   */
  writeSlice(maxBytes: number): boolean {
    assert(this.#isOpen, 'an image is written only until it is complete or abandoned');
    const pages = this.#store.rows.pages;
    const bytesEnd = this.#out.length + maxBytes;
    const rowsEnd = Math.min(this.#limit, this.#next + SCANNED_ROWS_MAX);
    let row = this.#next;
    for (; row < rowsEnd && this.#out.length < bytesEnd; row++) {
      const page = pages[row >>> PAGE_SHIFT]!;
      const base = (row & ROW_MASK) << ROW_SHIFT;
      if ((page[base + FLAGS]! & FLAG_LIVE) === 0) continue;
      if (page[base + IMAGE_MARK] !== this.generation) this.keep(row);
    }
    this.#next = row;
    if (row < this.#limit) return false;
    this.#out.ustring('/');
    this.#end();
    return true;
  }

  /** Gives the image up; what was written is of no use. Also allowed after its end. */
  abandon(): void {
    if (this.#isOpen) this.#end();
  }

  /** @internal Writes a znode that is about to change, and what must stand before it. */
  keep(row: number): void {
    const pages = this.#store.rows.pages;
    const ancestors = this.#ancestors;
    for (let current = row; ; ) {
      const page = pages[current >>> PAGE_SHIFT]!;
      const base = (current & ROW_MASK) << ROW_SHIFT;
      if (page[base + IMAGE_MARK] === this.generation) break;
      page[base + IMAGE_MARK] = this.generation;
      ancestors.push(current);
      current = page[base + PARENT]!;
    }
    for (let i = ancestors.length - 1; i >= 0; i--)
      this.#store.writeRecord(ancestors[i]!, this.#out);
    ancestors.length = 0;
  }

  #end(): void {
    this.#isOpen = false;
    this.#ended();
  }
}
