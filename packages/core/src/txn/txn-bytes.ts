/**
 * Holds the bytes of transactions that are in flight, oldest first, in blocks that are used again. A transaction is
 * written where it stays: none is copied, and there is no object for each.
 */

import { JuteWriter } from '@zooid/protocol';

const BLOCK_BYTES = 256 * 1024;
const SPARE_BLOCKS_MAX = 8;
/** A transaction is as long as its request but for this: header, digest, the name of a sequential znode. */
const BEYOND_REQUEST_BYTES = 256;

export interface TxnBlock {
  readonly out: JuteWriter;
  /** Transactions in this block that are not released yet. */
  live: number;
}

export class TxnBytes {
  /** Undefined until something is written: a follower writes nothing here. */
  #current: TxnBlock | undefined;
  readonly #spare: TxnBlock[] = [];

  /**
   * The block for the next transaction, which begins where its `out` ends now, and is {@link keep}t when it is written.
   *
   * @param requestBytes - length of the request: the block will probably not have to grow.
   */
  begin(requestBytes: number): TxnBlock {
    const bytes = requestBytes + BEYOND_REQUEST_BYTES;
    const block = this.#current;
    if (block === undefined) return this.#next(0);
    const { length } = block.out;
    return length > 0 && length + bytes > BLOCK_BYTES ? this.#next(bytes) : block;
  }

  /** A transaction was written to `block`, and stays until it is {@link release}d. */
  keep(block: TxnBlock): void {
    block.live++;
  }

  /** One transaction of `block` is no longer needed. */
  release(block: TxnBlock): void {
    block.live--;
    if (block.live > 0) return;
    block.out.clear();
    const isUsual = block.out.bytes.byteLength === BLOCK_BYTES;
    if (block !== this.#current) {
      if (isUsual && this.#spare.length < SPARE_BLOCKS_MAX) this.#spare.push(block);
    } else if (!isUsual) {
      this.#next(0);
    }
  }

  #next(bytes: number): TxnBlock {
    const block =
      bytes > BLOCK_BYTES ? newBlock(bytes) : (this.#spare.pop() ?? newBlock(BLOCK_BYTES));
    this.#current = block;
    return block;
  }
}

function newBlock(bytes: number): TxnBlock {
  return { out: new JuteWriter(bytes), live: 0 };
}
