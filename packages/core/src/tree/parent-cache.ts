/** Entries, in sets of four: a path may stand in any place of the set that its hash names. */
const ENTRIES = 2048;
const WAYS = 4;
/** Longer paths are not remembered. */
const PATH_BYTES_MAX = 64;

/**
 * Rows of znodes that had children lately, by path, while a snapshot is loaded. Znodes stand in it in the order in
 * which they were made, so those of a few hundred busy parents alternate.
 */
export class ParentCache {
  readonly #rows: Int32Array = new Int32Array(ENTRIES).fill(-1);
  /** Hash of the path, which has its length in it. */
  readonly #hashes: Int32Array = new Int32Array(ENTRIES);
  readonly #lengths: Uint8Array = new Uint8Array(ENTRIES).fill(0xff);
  readonly #paths: Uint8Array = new Uint8Array(ENTRIES * PATH_BYTES_MAX);
  readonly #view: DataView = new DataView(this.#paths.buffer);
  /** Of the path that was asked for last. */
  #hash = 0;
  /** Which of a set is driven out next. */
  #victim = 0;

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
    this.#hash = hash;
    const first = setOf(hash);
    for (let entry = first; entry < first + WAYS; entry++) {
      if (this.#hashes[entry] === hash && this.#isPath(entry, bytes, view, start, end))
        return this.#rows[entry]!;
    }
    return -1;
  }

  /** Notes the row of the path that {@link find} did not have. */
  remember(bytes: Uint8Array, start: number, end: number, row: number): void {
    if (end - start > PATH_BYTES_MAX) return;
    this.#victim = (this.#victim + 1) & (WAYS - 1);
    const entry = setOf(this.#hash) + this.#victim;
    this.#rows[entry] = row;
    this.#hashes[entry] = this.#hash;
    this.#lengths[entry] = end - start;
    const to = entry * PATH_BYTES_MAX;
    for (let at = start; at < end; at++) this.#paths[to + at - start] = bytes[at]!;
  }

  #isPath(entry: number, bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
    if (this.#lengths[entry] !== end - start) return false;
    let known = entry * PATH_BYTES_MAX;
    let at = start;
    for (; end - at > 3; at += 4, known += 4) {
      if (this.#view.getInt32(known, true) !== view.getInt32(at, true)) return false;
    }
    for (; at < end; at++, known++) if (this.#paths[known] !== bytes[at]) return false;
    return true;
  }
}

/** The first entry of the set of a hash. */
function setOf(hash: number): number {
  return (hash >>> 12) & (ENTRIES - WAYS);
}
