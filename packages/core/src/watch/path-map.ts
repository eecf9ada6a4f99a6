/** Entries in one Map before it is split: growing a Map this large takes well under a millisecond. */
const SPLIT_AT = 8192;
/** Power of two. */
const SHARDS = 256;

/**
 * A Map from paths that can hold millions of them without a pause: a JavaScript Map copies itself
 * whenever it doubles, which takes 100 ms and more at a million entries, and it ends at 2^24 entries.
 * This one turns into many small Maps once it is large.
 *
 * Invariant: either #shards is undefined and #only holds everything, or #only is empty.
 */
export class PathMap<V> {
  #only = new Map<string, V>();
  #shards: Map<string, V>[] | undefined = undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(path: string): V | undefined {
    return this.#shardOf(path).get(path);
  }

  set(path: string, value: V): void {
    const map = this.#shardOf(path);
    const before = map.size;
    map.set(path, value);
    if (map.size === before) return;
    this.#size++;
    if (this.#shards === undefined && this.#size > SPLIT_AT) this.#split();
  }

  delete(path: string): boolean {
    if (!this.#shardOf(path).delete(path)) return false;
    this.#size--;
    // Empty again: give the memory back.
    if (this.#size === 0 && this.#shards !== undefined) this.clear();
    return true;
  }

  clear(): void {
    this.#only = new Map();
    this.#shards = undefined;
    this.#size = 0;
  }

  *[Symbol.iterator](): Generator<[string, V]> {
    if (this.#shards === undefined) yield* this.#only;
    else for (const shard of this.#shards) yield* shard;
  }

  #shardOf(path: string): Map<string, V> {
    return this.#shards === undefined ? this.#only : this.#shards[shardIndex(path)]!;
  }

  #split(): void {
    const shards = Array.from({ length: SHARDS }, () => new Map<string, V>());
    for (const [path, value] of this.#only) shards[shardIndex(path)]!.set(path, value);
    this.#only = new Map();
    this.#shards = shards;
  }
}

/** Names differ most at their end (sequence numbers), so only the last characters are mixed. */
function shardIndex(path: string): number {
  let hash = path.length;
  for (let i = Math.max(0, path.length - 8); i < path.length; i++) {
    hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (SHARDS - 1);
}
