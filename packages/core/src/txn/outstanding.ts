import type { Acl } from '@zooid/protocol';
import { Queue } from '../queue.ts';

/**
 * What a znode will look like once a proposal in flight is applied. Made by `prepare.ts`, which reads
 * the newest one of a path before it looks into the tree.
 *
 * A record is never changed after its request was prepared; a later request makes a new one.
 */
export interface ChangeRecord {
  readonly path: string;
  /** The proposal that makes it true. */
  readonly zxid: number;
  /** False: the znode will be gone; every other field is then without meaning. */
  readonly exists: boolean;
  readonly czxid: number;
  readonly mzxid: number;
  readonly pzxid: number;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  /** Stored cversion: creations only. */
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: bigint;
  readonly childCount: number;
  readonly acls: readonly Acl[];
  /** Bytes of data; 0 for null. */
  readonly dataLength: number;
  /** CRC-32 after path and data: what a change of the stat alone goes on from. */
  readonly prefixCrc: number;
  /** Digest of the whole znode as it will be; 0 where digests do not count. */
  readonly digest: number;
}

/**
 * The tree as it will be: every change that is proposed and not yet applied.
 *
 * Invariants:
 * - `#records` is in zxid order
 * - `#byPath` holds the newest record of its path, and only records that are also in `#records`
 */
export class OutstandingChanges {
  readonly #records = new Queue<ChangeRecord>(1024);
  readonly #byPath = new Map<string, ChangeRecord>();

  /** Records not yet applied. */
  get size(): number {
    return this.#records.size;
  }

  /** The newest record of `path`, if one is in flight. */
  get(path: string): ChangeRecord | undefined {
    return this.#byPath.get(path);
  }

  add(record: ChangeRecord): void {
    this.#records.push(record);
    this.#byPath.set(record.path, record);
  }

  /** Forgets everything up to `zxid`: it is in the tree now. */
  applied(zxid: number): void {
    for (;;) {
      const oldest = this.#records.peek();
      if (oldest === undefined || oldest.zxid > zxid) return;
      this.#records.shift();
      if (this.#byPath.get(oldest.path) === oldest) this.#byPath.delete(oldest.path);
    }
  }

  /**
   * Takes back every record of `zxid`, which must be the newest proposal: a multi failed half way.
   * What older proposals in flight say of the same paths is true again.
   */
  rollback(zxid: number): void {
    const touched = new Set<string>();
    for (;;) {
      const newest = this.#records.last();
      if (newest === undefined || newest.zxid !== zxid) break;
      this.#records.pop();
      this.#byPath.delete(newest.path);
      touched.add(newest.path);
    }
    if (touched.size === 0) return;
    for (const record of this.#records) {
      if (touched.has(record.path)) this.#byPath.set(record.path, record);
    }
  }

  /** Everything in flight, oldest first. */
  [Symbol.iterator](): IterableIterator<ChangeRecord> {
    return this.#records[Symbol.iterator]();
  }
}
