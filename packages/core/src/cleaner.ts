import { limits } from './limits.ts';
import type { DataTree } from './tree/data-tree.ts';

/** How often empty containers and overdue TTL znodes are looked for, and how fast they go. */
export interface CleanerOptions {
  readonly checkIntervalMs: number;
  readonly deletesPerMinuteMax: number;
  /** A container that never had a child goes after this time; 0 means never. */
  readonly neverUsedMsMax: number;
}

const MINUTE_MS = 60_000;

/**
 * Finds containers and TTL znodes that are due to go. Finding is not deleting: each becomes an
 * ordinary transaction, and `prepare` looks again.
 *
 * Source: ContainerManager.
 */
export class Cleaner {
  readonly #tree: DataTree;
  readonly #options: CleanerOptions;
  #nextCheckMs: number | undefined = undefined;
  /** Candidates of the last check that are not handed out yet. */
  #candidates: string[] = [];
  /** Deletions that may be asked for now; grows with time. */
  #allowance = 0;
  #lastMs = 0;

  constructor(tree: DataTree, options: CleanerOptions) {
    this.#tree = tree;
    this.#options = options;
  }

  /** Paths to delete now, at most as many as the rate allows. `nowMs` is monotonic, `wallMs` is not. */
  take(nowMs: number, wallMs: number): string[] {
    const { checkIntervalMs, deletesPerMinuteMax } = this.#options;
    this.#nextCheckMs ??= nowMs + checkIntervalMs;
    if (nowMs >= this.#nextCheckMs && this.#candidates.length === 0) {
      this.#nextCheckMs = nowMs + checkIntervalMs;
      this.#candidates = this.#find(wallMs);
      this.#allowance = Math.max(this.#allowance, 1);
      this.#lastMs = nowMs;
    }
    if (this.#candidates.length === 0) return [];
    this.#allowance += ((nowMs - this.#lastMs) * deletesPerMinuteMax) / MINUTE_MS;
    this.#lastMs = nowMs;
    const count = Math.min(Math.floor(this.#allowance), limits.cleanerDeletesPerTickMax);
    this.#allowance -= count;
    return this.#candidates.splice(0, count);
  }

  /** Forgets what was found: the tree is another one now. */
  reset(): void {
    this.#candidates = [];
  }

  #find(wallMs: number): string[] {
    const tree = this.#tree;
    const due: string[] = [];
    for (const row of tree.containers) {
      if (tree.childCount(row) > 0) continue;
      const unusedMs = this.#options.neverUsedMsMax;
      // A container is kept until it had its first child, else it could go before it is used.
      const isUsed = tree.cversion(row) > 0;
      const isAbandoned = unusedMs > 0 && wallMs - tree.mtime(row) > unusedMs;
      if (isUsed || isAbandoned) due.push(tree.path(row));
    }
    for (const row of tree.ttls) {
      if (tree.childCount(row) > 0) continue;
      if (wallMs - tree.mtime(row) > tree.ttlMs(row)) due.push(tree.path(row));
    }
    return due;
  }
}
