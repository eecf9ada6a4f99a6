/**
 * Copies of bytes that stay as they are: of what is sent, and of what is written. They are cut from larger arrays, for an array of its own
 * takes longer to make, and to clear away, than the few bytes of a packet take to copy.
 */

const BLOCK_BYTES = 64 * 1024;
/** A longer copy gets an array of its own. */
const SHARED_BYTES_MAX = 4096;
/** Up to here a loop beats the call into the engine and the view that it needs. */
const LOOPED_BYTES_MAX = 64;

/** Copies that live about as long as each other: a block is held by the last of its copies. */
class ByteCopies {
  #block = new Uint8Array(BLOCK_BYTES);
  #used = 0;

  /** A copy of `[start, end)`. */
  of(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    const { block, at } = this.room(length);
    if (length > LOOPED_BYTES_MAX) block.set(bytes.subarray(start, end), at);
    else for (let i = 0; i < length; i++) block[at + i] = bytes[start + i]!;
    return block.subarray(at, at + length);
  }

  /** Room for so many bytes, which nobody else writes to. Its content is undefined. */
  room(length: number): { readonly block: Uint8Array; readonly at: number } {
    if (length > SHARED_BYTES_MAX) return { block: new Uint8Array(length), at: 0 };
    if (this.#used + length > BLOCK_BYTES) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += length;
    return { block: this.#block, at };
  }
}

/** Of what is on its way. */
export const sentBytes: ByteCopies = new ByteCopies();
/** Of what is kept on disks, or until the end of a history. */
export const keptBytes: ByteCopies = new ByteCopies();
