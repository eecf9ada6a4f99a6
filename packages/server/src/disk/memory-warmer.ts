/**
 * Memory made ready while a snapshot is loaded. The system gives it page by page to whoever writes to it first, which
 * takes 0.6 ms a megabyte: a sixth of a restart with a million znodes. A thread of libuv's pool can be that one: it reads
 * something into it.
 */

import fs from 'node:fs';
import { MEMORY_BLOCK_BYTES } from '@zooid/core';

/** Who is given memory. */
export interface WarmedTree {
  /** Whether it would take more. */
  readonly wantsMemory: boolean;
  provideMemory(block: ArrayBuffer): void;
}

/** More would compete with the loading itself where there are two cores. */
const READS_MAX = 2;
/** The memory for a smaller snapshot is there at once. */
const FILE_BYTES_MIN = 4 * MEMORY_BLOCK_BYTES;

export class MemoryWarmer {
  readonly #tree: WarmedTree;
  #fd: number;
  #reads = 0;
  #isStopped = false;

  private constructor(fd: number, tree: WarmedTree) {
    this.#fd = fd;
    this.#tree = tree;
  }

  /**
   * For a tree that this file will be loaded into.
   *
   * @returns undefined where it is not worth while, or there is no file that can be read.
   */
  static open(file: string | undefined, tree: WarmedTree): MemoryWarmer | undefined {
    if (file === undefined) return undefined;
    try {
      if (fs.statSync(file).size < FILE_BYTES_MIN) return undefined;
      return new MemoryWarmer(fs.openSync(file, 'r'), tree);
    } catch {
      return undefined;
    }
  }

  /** Has more memory made ready, if the tree wants it. To be called whenever the event loop was free. */
  run(): void {
    while (this.#reads < READS_MAX && this.#tree.wantsMemory) this.#warm();
  }

  /** Gives no more memory from now on. */
  stop(): void {
    this.#isStopped = true;
    this.#closeIfIdle();
  }

  #warm(): void {
    const block = new ArrayBuffer(MEMORY_BLOCK_BYTES);
    this.#reads++;
    fs.read(this.#fd, new Uint8Array(block), 0, MEMORY_BLOCK_BYTES, 0, () => {
      this.#reads--;
      // An error left some of it cold; that is all.
      if (this.#isStopped) this.#closeIfIdle();
      else this.#tree.provideMemory(block);
    });
  }

  #closeIfIdle(): void {
    if (this.#reads > 0 || this.#fd < 0) return;
    fs.closeSync(this.#fd);
    this.#fd = -1;
  }
}
