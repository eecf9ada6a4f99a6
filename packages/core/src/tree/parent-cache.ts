/** Entries; the place of a path follows from its hash, and a later one drives out an earlier. */
const ENTRIES = 1024;
/** Longer paths are not remembered. */
const PATH_BYTES_MAX = 64;

/**
 * Rows of znodes that had children lately, by path, while a snapshot is loaded. Znodes stand in it in the order in
 * which they were made, so those of a few hundred busy parents alternate.
 */
export class ParentCache {
  readonly #rows: Int32Array = new Int32Array(ENTRIES).fill(-1);
  readonly #lengths: Uint8Array = new Uint8Array(ENTRIES);
  readonly #paths: Uint8Array = new Uint8Array(ENTRIES * PATH_BYTES_MAX);
  readonly #view: DataView = new DataView(this.#paths.buffer);
  /** Where the path that was asked for last belongs. */
  #entry = 0;

  /** The row of `[start, end)` of `bytes`, which are under `view`, too; -1 if it is not here. */
  find(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const length = end - start;
    if (length > PATH_BYTES_MAX) return -1;
    let hash = length;
    let at = start;
    for (const whole = end - 3; at < whole; at += 4) {
      hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x9e37_79b1);
    const entry = (hash >>> 12) & (ENTRIES - 1);
    this.#entry = entry;
    if (this.#lengths[entry] !== length) return -1;
    let known = entry * PATH_BYTES_MAX;
    for (at = start; end - at > 3; at += 4, known += 4) {
      if (this.#view.getInt32(known, true) !== view.getInt32(at, true)) return -1;
    }
    for (; at < end; at++, known++) if (this.#paths[known] !== bytes[at]) return -1;
    return this.#rows[entry]!;
  }

  /** Notes the row of the path that {@link find} did not have. */
  remember(bytes: Uint8Array, start: number, end: number, row: number): void {
    if (end - start > PATH_BYTES_MAX) return;
    this.#rows[this.#entry] = row;
    this.#lengths[this.#entry] = end - start;
    this.#paths.set(bytes.subarray(start, end), this.#entry * PATH_BYTES_MAX);
  }
}
