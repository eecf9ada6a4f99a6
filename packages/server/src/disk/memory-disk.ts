import type { NewState } from '@zooid/core';

/**
 * Where a server without a disk leaves its data when it stops, for the next one to go on with: what a data directory is for
 * the others. Give the same one to {@link startServer} again. One server at a time uses it.
 */
export class MemoryDisk {
  #state: NewState | undefined;
  #isInUse = false;

  /** Takes what is there, for one server alone; undefined when there is nothing yet. @throws when another server has it. */
  open(): NewState | undefined {
    if (this.#isInUse) throw new Error('another server uses this memory disk');
    this.#isInUse = true;
    return this.#state;
  }

  /** Leaves this state for the next server; nobody may change it any more. */
  close(state: NewState): void {
    this.#state = state;
    this.#isInUse = false;
  }
}
