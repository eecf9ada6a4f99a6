import { limits } from './limits.ts';

/** The tree's digest as it was after one transaction. */
export interface DigestLogEntry {
  readonly zxid: number;
  readonly digest: bigint;
}

/** Remembers every so often what the tree's digest was, for comparing servers. Source: DataTree.logZxidDigest. */
export class DigestLog {
  readonly #entries: DigestLogEntry[] = [];

  /** Whether the digest after this transaction is one to remember. */
  isDue(zxid: number): boolean {
    return zxid % limits.digestLogInterval === 0;
  }

  add(zxid: number, digest: bigint): void {
    this.#entries.push({ zxid, digest });
    if (this.#entries.length > limits.digestLogLength) this.#entries.shift();
  }

  /** Forgets everything: the tree is another one now. */
  clear(): void {
    this.#entries.length = 0;
  }

  /** Oldest first. */
  entries(): readonly DigestLogEntry[] {
    return this.#entries;
  }
}
