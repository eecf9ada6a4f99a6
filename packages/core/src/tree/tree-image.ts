import type { JuteWriter } from '@zooid/protocol';
import { assert } from '../assert.ts';
import { FLAG_LIVE, FLAGS, IMAGE_MARK, PAGE_SHIFT, PARENT, ROW_MASK, ROW_SHIFT } from './row.ts';
import type { ZnodeStore } from './znode-store.ts';

/** Rows that one slice looks at, at most, when it finds nothing to write: some 0.5 ms. */
const SCANNED_ROWS_MAX = 32_768;

/**
 * The tree as it was at one moment, written while it goes on changing.
 *
 * The scan goes by row number. A mark in each row tells the youngest image that has the znode in its file: all older ones have it,
 * too. Before the tree changes or frees a row, it has the row written as it is by every image that is younger than the
 * mark ({@link keep}); rows made after the beginning are marked from the start. So every znode of that moment is written
 * once, as it was then.
 *
 * Several may be open at a time, as when a learner needs the state while a snapshot is on its way to disk. What the scan of one
 * comes to, it has those older ones write first that do not have it, so that the mark stays true.
 *
 * Parents stand before their children, as readers want it: a znode is written after those of its ancestors
 * that are not yet in the file. They have not changed either, or they would be.
 */
export class TreeImage {
  /** What {@link IMAGE_MARK} holds, this or later, in rows that need not be written any more. */
  readonly generation: number;

  readonly #store: ZnodeStore;
  readonly #out: JuteWriter;
  /** All that are open, this one among them, the oldest first. */
  readonly #open: TreeImage[];
  /** Rows from here on were made later. */
  readonly #limit: number;
  #next = 0;
  #isOpen = true;
  /** Ancestors to be written before a znode, the nearest first; kept for reuse. */
  readonly #ancestors: number[] = [];

  /** @internal Made by DataTree.beginImage. */
  constructor(store: ZnodeStore, out: JuteWriter, generation: number, open: TreeImage[]) {
    this.#store = store;
    this.#out = out;
    this.#limit = store.rows.limit;
    this.generation = generation;
    this.#open = open;
    open.push(this);
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
      if (this.#lacks(page[base + IMAGE_MARK]!)) this.#write(row);
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

  /** Writes a znode, and has those older images write it first that do not have it either. */
  #write(row: number): void {
    for (const image of this.#open) {
      image.keep(row);
      if (image === this) return;
    }
  }

  /** Whether the file does not have what is marked so. Generations may wrap. */
  #lacks(mark: number): boolean {
    return ((mark - this.generation) | 0) < 0;
  }

  /**
   * @internal Writes a znode that is about to change, and what must stand before it, unless it has them. Older images come
   * first.
   */
  keep(row: number): void {
    const pages = this.#store.rows.pages;
    const ancestors = this.#ancestors;
    for (let current = row; ; ) {
      const page = pages[current >>> PAGE_SHIFT]!;
      const base = (current & ROW_MASK) << ROW_SHIFT;
      if (!this.#lacks(page[base + IMAGE_MARK]!)) break;
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
    this.#open.splice(this.#open.indexOf(this), 1);
  }
}
