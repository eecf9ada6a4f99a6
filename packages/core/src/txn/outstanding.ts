import { type Acl, openAcl } from '@zooid/protocol';
import { Queue } from '../queue.ts';

/**
 * What a znode will look like once a proposal in flight is applied. Made by `prepare.ts`, which reads
 * the newest one of a path before it looks into the tree.
 *
 * Records are used again: one is valid until its proposal is applied or rolled back, and it does not
 * change once its request was prepared.
 */
export class ChangeRecord {
  path = '';
  /** The proposal that makes it true; 0 for a znode as it stands in the tree. */
  zxid = 0;
  /** A later record of the path is in flight. */
  isSuperseded = false;
  /** False: the znode will be gone; of the other fields only {@link digest} then has a meaning. */
  exists = false;
  czxid = 0;
  mzxid = 0;
  pzxid = 0;
  ctimeMs = 0;
  mtimeMs = 0;
  version = 0;
  /** Stored cversion: creations only. */
  cversion = 0;
  aversion = 0;
  ephemeralOwner = 0n;
  childCount = 0;
  acls: readonly Acl[] = openAcl;
  /** Bytes of data; 0 for null. */
  dataLength = 0;
  /** CRC-32 after path and data: what a change of the stat alone goes on from. */
  prefixCrc = 0;
  /** Digest of the whole znode as it will be; 0 where digests do not count. */
  digest = 0;

  /** Takes over everything but path, zxid and existence. */
  copyZnode(from: ChangeRecord): void {
    this.czxid = from.czxid;
    this.mzxid = from.mzxid;
    this.pzxid = from.pzxid;
    this.ctimeMs = from.ctimeMs;
    this.mtimeMs = from.mtimeMs;
    this.version = from.version;
    this.cversion = from.cversion;
    this.aversion = from.aversion;
    this.ephemeralOwner = from.ephemeralOwner;
    this.childCount = from.childCount;
    this.acls = from.acls;
    this.dataLength = from.dataLength;
    this.prefixCrc = from.prefixCrc;
    this.digest = from.digest;
  }
}

/** Records kept for the next requests. */
const SPARE_RECORDS_MAX = 16_384;

/**
 * The tree as it will be: every change that is proposed and not yet applied.
 *
 * Invariants:
 * - `#records` is in zxid order
 * - `#byPath` holds the newest record of its path, and only records that are also in `#records`
 * - a record is superseded ⇔ it is in `#records` and not in `#byPath`
 */
export class OutstandingChanges {
  readonly #records = new Queue<ChangeRecord>(1024);
  readonly #byPath = new Map<string, ChangeRecord>();
  readonly #spare: ChangeRecord[] = [];

  /** Records not yet applied. */
  get size(): number {
    return this.#records.size;
  }

  /** The newest record of `path`, if one is in flight. */
  get(path: string): ChangeRecord | undefined {
    return this.#byPath.get(path);
  }

  /**
   * Adds a record of an existing znode, to be filled in; it is the newest of its path from now on.
   *
   * @param previous - what {@link get} says of the path now; a record of the tree, with zxid 0, counts as none.
   */
  add(path: string, zxid: number, previous: ChangeRecord | undefined): ChangeRecord {
    if (previous !== undefined && previous.zxid > 0) previous.isSuperseded = true;
    const record = this.#spare.pop() ?? new ChangeRecord();
    record.path = path;
    record.zxid = zxid;
    record.isSuperseded = false;
    record.exists = true;
    this.#records.push(record);
    this.#byPath.set(path, record);
    return record;
  }

  /** Forgets everything up to `zxid`: it is in the tree now. */
  applied(zxid: number): void {
    for (;;) {
      const oldest = this.#records.peek();
      if (oldest === undefined || oldest.zxid > zxid) return;
      this.#records.shift();
      if (!oldest.isSuperseded) this.#byPath.delete(oldest.path);
      if (this.#spare.length < SPARE_RECORDS_MAX) this.#spare.push(oldest);
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
      if (!touched.has(record.path)) continue;
      const older = this.#byPath.get(record.path);
      if (older !== undefined) older.isSuperseded = true;
      record.isSuperseded = false;
      this.#byPath.set(record.path, record);
    }
  }

  /** Everything in flight, oldest first. */
  [Symbol.iterator](): IterableIterator<ChangeRecord> {
    return this.#records[Symbol.iterator]();
  }
}
