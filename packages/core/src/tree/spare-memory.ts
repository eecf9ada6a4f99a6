/** Bytes of a block: what rows, names and data grow by. */
export const MEMORY_BLOCK_BYTES: number = 1024 * 1024;

/**
 * Blocks of memory that somebody else has touched already. A system gives memory page by page when it is first written
 * to, 0.6 ms a megabyte, and a restart that fills 270 of them has others who could wait for that.
 */
export class SpareMemory {
  readonly #blocks: ArrayBuffer[] = [];

  get count(): number {
    return this.#blocks.length;
  }

  /** @param block - of {@link MEMORY_BLOCK_BYTES}; its content is of no account, and it belongs to this from now on. */
  add(block: ArrayBuffer): void {
    this.#blocks.push(block);
  }

  /** A spare block, or a new one. Its content is undefined. */
  take(): ArrayBuffer {
    return this.#blocks.pop() ?? new ArrayBuffer(MEMORY_BLOCK_BYTES);
  }

  clear(): void {
    this.#blocks.length = 0;
  }
}
