import { CacheLimitError } from './cache-error.ts';
import { type CacheChange, CachedNode } from './cached-node.ts';

/** What a znode costs besides its path and its data, in bytes: the stat with its bigints, and the entry of the map. */
const NODE_BYTES = 400;
/** A path has one byte for most characters, and is there once. */
const CHARACTER_BYTES = 1;

export interface StoreLimits {
  readonly maxNodes: number;
  /** An estimate is held against it. */
  readonly maxBytes: number;
}

/** The contents of a cache, and the changes that make them. */
export class CacheStore {
  readonly #path: string;
  readonly #limits: StoreLimits;
  readonly #onChange: (change: CacheChange) => void;
  readonly #nodes = new Map<string, CachedNode>();
  #bytes = 0;

  /** @param path - for errors. */
  constructor(path: string, limits: StoreLimits, onChange: (change: CacheChange) => void) {
    this.#path = path;
    this.#limits = limits;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(path: string): CachedNode | undefined {
    return this.#nodes.get(path);
  }

  nodes(): IterableIterator<CachedNode> {
    return this.#nodes.values();
  }

  paths(): string[] {
    return [...this.#nodes.keys()];
  }

  /** Takes a reading in, unless a newer one is here already. @throws CacheLimitError */
  put(node: CachedNode): void {
    const before = this.#nodes.get(node.path);
    if (before === undefined) {
      this.#set(node);
      this.#onChange({ type: 'created', node });
    } else if (before.stat.czxid !== node.stat.czxid) {
      if (before.stat.czxid > node.stat.czxid) return;
      // It was deleted and made again.
      this.delete(node.path);
      this.put(node);
    } else if (before.stat.mzxid < node.stat.mzxid) {
      this.#set(node);
      this.#onChange({ type: 'changed', node, before });
    } else if (before.stat.mzxid === node.stat.mzxid) {
      // Only its children have changed, or its ACL.
      this.#nodes.set(node.path, new CachedNode(node.path, node.stat, before.data));
    }
  }

  delete(path: string): void {
    const before = this.#nodes.get(path);
    if (before === undefined) return;
    this.#nodes.delete(path);
    this.#bytes -= costOf(before);
    this.#onChange({ type: 'deleted', before });
  }

  clear(): void {
    this.#nodes.clear();
    this.#bytes = 0;
  }

  #set(node: CachedNode): void {
    const before = this.#nodes.get(node.path);
    const bytes = this.#bytes + costOf(node) - (before === undefined ? 0 : costOf(before));
    const { maxNodes, maxBytes } = this.#limits;
    if (before === undefined && this.#nodes.size >= maxNodes) {
      throw new CacheLimitError(this.#path, 'maxNodes', maxNodes);
    }
    if (bytes > maxBytes) throw new CacheLimitError(this.#path, 'maxBytes', maxBytes);
    this.#bytes = bytes;
    this.#nodes.set(node.path, node);
  }
}

function costOf({ path, data }: CachedNode): number {
  return NODE_BYTES + path.length * CHARACTER_BYTES + data.byteLength;
}
