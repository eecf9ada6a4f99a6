/**
 * Holds the bytes of transactions that are in flight, oldest first, in blocks that are used again.
 * A queue of many small byte strings without an object for each.
 */

const BLOCK_BYTES = 256 * 1024;
const SPARE_BLOCKS_MAX = 8;

export interface TxnBlock {
  readonly bytes: Uint8Array;
  used: number;
  /** Transactions in this block that are not released yet. */
  live: number;
}

export class TxnBytes {
  #current: TxnBlock = newBlock(BLOCK_BYTES);
  readonly #spare: TxnBlock[] = [];
  /** Where the last {@link append} put its bytes. */
  lastStart = 0;

  /** Copies `[start, end)` in; they begin at {@link lastStart} of the block returned, until it is {@link release}d. */
  append(source: Uint8Array, start: number, end: number): TxnBlock {
    const length = end - start;
    if (this.#current.used + length > this.#current.bytes.byteLength) this.#next(length);
    const block = this.#current;
    block.bytes.set(source.subarray(start, end), block.used);
    this.lastStart = block.used;
    block.used += length;
    block.live++;
    return block;
  }

  /** One transaction of `block` is no longer needed. */
  release(block: TxnBlock): void {
    block.live--;
    if (block.live > 0) return;
    if (block === this.#current) {
      block.used = 0;
    } else if (this.#spare.length < SPARE_BLOCKS_MAX && block.bytes.byteLength === BLOCK_BYTES) {
      block.used = 0;
      this.#spare.push(block);
    }
  }

  #next(length: number): void {
    this.#current =
      length > BLOCK_BYTES ? newBlock(length) : (this.#spare.pop() ?? newBlock(BLOCK_BYTES));
  }
}

function newBlock(bytes: number): TxnBlock {
  return { bytes: new Uint8Array(bytes), used: 0, live: 0 };
}
