/**
 * The tree of znodes, as Apache's DataTree holds it: what is there, and what a txn changes.
 *
 * A znode is a row number; the root is row 0. Whether a change is allowed (does the path exist, may this
 * session, is it empty ...) is decided before, by whoever prepares txns; here it is only asserted. Watches,
 * quotas and sessions are somebody else's. See row.ts for the layout, docs/internals/tree.md for the whole.
 */

import { type ExtendedTypes, type JuteReader, type JuteWriter, readAcl } from '@zooid/protocol';
import { assert } from '../assert.ts';
import { AclStore, OPEN_ACL_ID } from './acl-store.ts';
import { crc32, crc32Byte } from './crc32.ts';
import { type CreateZnode, newCreateZnode } from './create-znode.ts';
import { ZnodeKind } from './owner-sets.ts';
import { childHash, spreadHash } from './path-hash.ts';
import {
  ACL_ID,
  AVERSION,
  CHILD_COUNT,
  CONTENT,
  CTIME,
  CVERSION,
  CZXID,
  DATA_BYTES,
  DIGEST,
  FIRST_CHILD,
  FLAG_KIND_MASK,
  FLAG_LIVE,
  FLAG_UNDIGESTED,
  FLAGS,
  IMAGE_MARK,
  MTIME,
  MZXID,
  NAME_BYTES,
  OWNER,
  PAGE_SHIFT,
  PARENT,
  PATH_BYTES,
  PATH_CRC,
  PATH_HASH,
  PATH_UNITS,
  PREFIX_CRC,
  PZXID,
  ROW_MASK,
  ROW_SHIFT,
  VERSION,
} from './row.ts';
import { linkChild, unlinkChild } from './siblings.ts';
import { TreeDigest } from './tree-digest.ts';
import { TreeImage } from './tree-image.ts';
import { TreeReader } from './tree-reader.ts';
import { ZnodeLoader } from './znode-loader.ts';
import { childFlags, utf16Length } from './znode-name.ts';

export { type CreateZnode, newCreateZnode } from './create-znode.ts';
export { ZnodeKind } from './owner-sets.ts';

const SLASH = 0x2f;
const TWO_32 = 0x1_0000_0000;
const NO_BYTES = new Uint8Array(0);
/** What {@link DataTree.loadNodes} takes in one call or two: more would lie about. */
const SPARE_BLOCKS = 4;

export interface DataTreeOptions {
  /** Whether the digest is kept up; it is 0 otherwise. */
  readonly digestEnabled: boolean;
  /** How owners of TTL znodes are told from session ids; default `extended`. */
  readonly extendedTypes?: ExtendedTypes;
  /** An int32 that nobody outside knows, against paths made to collide. Default 0. */
  readonly hashSeed?: number;
}

export class DataTree extends TreeReader {
  #acls: AclStore = new AclStore();

  readonly #digestEnabled: boolean;
  #dataBytes = 0;
  #digest: TreeDigest = new TreeDigest(this.pages);

  /** Open images, the oldest first. */
  readonly #images: TreeImage[] = [];
  /** Mark of the image that was begun last. New rows get it, and so open images leave them out. */
  #generation = 0;

  /** From `clearForLoad` to `finishLoad`. */
  #loader: ZnodeLoader | undefined;

  constructor(options: DataTreeOptions) {
    super(options.extendedTypes ?? 'extended', options.hashSeed ?? 0);
    this.#digestEnabled = options.digestEnabled;
    this.#makeRoot();
    this.#makeSpecialZnodes();
  }

  /** The lists that znodes have, by id. Not to be kept: {@link takeOver} replaces it. */
  get acls(): AclStore {
    return this.#acls;
  }

  // ---- changes

  /**
   * Adds a znode. Its parent's cversion becomes `parentCversion` and its pzxid the zxid, each only upwards
   * (a log may be replayed over a state that has the creation already).
   *
   * @returns the new row. There must be no such child.
   */
  create(c: CreateZnode): number {
    const parentRow = c.parentRow;
    const row = this.#insert(c, this.#hashOf(c));
    const parentPage = this.pages[parentRow >>> PAGE_SHIFT]!;
    const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;

    const stored = parentPage[parentBase + CVERSION]!;
    const cversion = c.parentCversion === -1 ? (stored + 1) | 0 : c.parentCversion;
    if (cversion > stored) {
      parentPage[parentBase + CVERSION] = cversion;
      raiseLong(parentPage, parentBase + PZXID, c.zxid);
      this.#touchDigest(parentRow, parentPage, parentBase);
    }
    return row;
  }

  /** Removes a znode without children, not the root; its parent's pzxid is raised to the zxid. */
  delete(row: number, zxid: number): void {
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    assert(row !== 0, 'the root is never deleted');
    assert((page[base + FLAGS]! & FLAG_LIVE) !== 0, 'a znode is deleted once');
    assert(page[base + CHILD_COUNT] === 0, 'a znode to delete has no children');
    const parentRow = page[base + PARENT]!;
    this.#keepImage(row);

    this.#digest.drop(page, base);
    this.index.remove(spreadHash(page[base + PATH_HASH]!), row);
    unlinkChild(this.pages, row);
    const kind = page[base + FLAGS]! & FLAG_KIND_MASK;
    if (kind !== ZnodeKind.persistent) {
      this.owners.remove(row, kind as ZnodeKind, this.ephemeralOwner(row));
    }
    this.acls.release(page[base + ACL_ID]!);
    this.#dataBytes -= page[base + PATH_UNITS]! + Math.max(page[base + DATA_BYTES]!, 0);
    this.store.freeContent(page, base);
    this.store.rows.release(row);
    this.liveRows--;

    const parentPage = this.pages[parentRow >>> PAGE_SHIFT]!;
    const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;
    raiseLong(parentPage, parentBase + PZXID, zxid);
    this.#touchDigest(parentRow, parentPage, parentBase);
  }

  /**
   * Replaces data by `[start, end)` of `bytes` or by null, and sets version, mzxid and mtime.
   */
  setData(
    row: number,
    bytes: Uint8Array | null,
    start: number,
    end: number,
    version: number,
    zxid: number,
    timeMs: number,
  ): void {
    this.#keepImage(row);
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    this.#replaceData(page, base, bytes, start, end);
    page[base + VERSION] = version;
    setLong(page, base + MZXID, zxid);
    setLong(page, base + MTIME, timeMs);
    this.#touchDigest(row, page, base);
  }

  /** Gives a znode another ACL and sets its aversion. */
  setAcl(row: number, aclId: number, aversion: number): void {
    this.#keepImage(row);
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    this.acls.acquire(aclId);
    this.acls.release(page[base + ACL_ID]!);
    page[base + ACL_ID] = aclId;
    page[base + AVERSION] = aversion;
    this.#touchDigest(row, page, base);
  }

  /**
   * Raises cversion and pzxid, each only upwards: what is left of a creation or deletion that the state has
   * already when a log is replayed. Source: DataTree.setCversionPzxid, deleteNode.
   */
  raiseParent(row: number, cversion: number, pzxid: number): void {
    this.#keepImage(row);
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    if (cversion > page[base + CVERSION]!) page[base + CVERSION] = cversion;
    raiseLong(page, base + PZXID, pzxid);
    this.#touchDigest(row, page, base);
  }

  /** Replaces data and leaves the stat alone: statistics of quotas, which no txn carries. */
  replaceDataQuietly(row: number, bytes: Uint8Array): void {
    this.#keepImage(row);
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    this.#replaceData(page, base, bytes, 0, bytes.length);
    this.#touchDigest(row, page, base);
  }

  // ---- totals

  /** As Apache counts: the root is there twice, as "" and as "/". */
  get nodeCount(): number {
    return this.liveRows + 1;
  }

  /**
   * UTF-16 length of all paths plus bytes of all data, the root counted twice (as "" and as "/").
   * Source: DataTree.approximateDataSize.
   */
  get dataBytes(): number {
    return this.#dataBytes + 1 + Math.max(this.dataLength(0), 0);
  }

  get ephemeralCount(): number {
    return this.owners.ephemeralCount;
  }

  /** Bytes of memory held for znodes, names and data (and the free room among them). */
  get memoryBytes(): number {
    let bytes = this.store.arena.reservedBytes;
    for (const page of this.pages) bytes += page.byteLength;
    return bytes + this.index.memoryBytes;
  }

  /** Apache's tree digest, an unsigned 64-bit sum. */
  get digest(): bigint {
    return (BigInt(this.digestHigh >>> 0) << 32n) + BigInt(this.digestLow >>> 0);
  }

  /** High half of {@link digest}, as an int32. */
  get digestHigh(): number {
    return this.#digest.high;
  }

  /** Low half of {@link digest}, as an int32. */
  get digestLow(): number {
    return this.#digest.low;
  }

  // ---- sets

  /** Rows of a session's ephemerals. Changes with the tree. */
  ephemeralsOf(sessionId: bigint): ReadonlySet<number> | undefined {
    return this.owners.bySession.get(sessionId);
  }

  /** Sessions that have ephemerals, and their rows. */
  ephemeralSessions(): Iterable<[bigint, ReadonlySet<number>]> {
    return this.owners.bySession;
  }

  get containers(): ReadonlySet<number> {
    return this.owners.containers;
  }

  get ttls(): ReadonlySet<number> {
    return this.owners.ttls;
  }

  // ---- rows, for a znode as it will be (future-znode.ts)

  /** The words of a row (row.ts), its digest up to date. They begin at {@link baseOf}, and are not to be changed. */
  settledWords(row: number): Int32Array {
    const page = this.pages[row >>> PAGE_SHIFT]!;
    this.#digest.settleRow(page, (row & ROW_MASK) << ROW_SHIFT);
    return page;
  }

  /** Where a row begins in {@link settledWords}. */
  baseOf(row: number): number {
    return (row & ROW_MASK) << ROW_SHIFT;
  }

  /** Stops unless the row holds a znode whose path has this hash and length (0 for the root). */
  assertIsAt(row: number, pathHash: number, pathBytes: number): void {
    const page = this.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    assert(
      (page[base + FLAGS]! & FLAG_LIVE) !== 0 &&
        page[base + PATH_HASH] === pathHash &&
        page[base + PATH_BYTES] === pathBytes,
      'a znode is in the row where it was when its change was prepared',
    );
  }

  // ---- snapshots

  /** Empties tree and ACLs (open images are abandoned): then come `acls.load`, `loadNodes`, `finishLoad`. */
  clearForLoad(): void {
    this.#abandonImages();
    this.store.rows.clear();
    this.store.arena.clear();
    this.index.clear();
    this.owners.clear();
    this.acls.clear();
    this.#digest.clear();
    this.#dataBytes = 0;
    this.liveRows = 0;
    this.#makeRoot();
    this.#loader = new ZnodeLoader({
      store: this.store,
      index: this.index,
      owners: this.owners,
      acls: this.acls,
      digest: this.#digestEnabled ? this.#digest : undefined,
      hashMultiplier: this.hashKey.multiplier,
      find: (bytes, start, end) => this.find(bytes, start, end),
    });
  }

  /**
   * Reads znodes of a snapshot into rows, each ustring path, buffer data, long acl, StatPersisted: all that are whole between
   * the reader's position and its end, and the terminator "/" behind the last one.
   *
   * @returns whether the terminator was read; if not, the reader stands before a record that needs more bytes.
   * @throws MalformedError when one cannot be a record, or comes before its parent; the tree is then of no use.
   */
  loadNodes(reader: JuteReader): boolean {
    assert(this.#loader !== undefined, 'a tree is cleared before znodes are loaded');
    return this.#loader.load(reader, this.#generation);
  }

  /**
   * Whether it would take a block of memory ({@link provideMemory}), because it is being loaded and has few. To be asked
   * between calls of {@link loadNodes}.
   */
  get wantsMemory(): boolean {
    return this.#loader !== undefined && this.store.memory.count < SPARE_BLOCKS;
  }

  /**
   * Gives the tree a block to load znodes into, instead of one that it would have to ask the system for.
   *
   * @param block - MEMORY_BLOCK_BYTES, written to already, its content of no account; it belongs to the tree from now on.
   */
  provideMemory(block: ArrayBuffer): void {
    if (this.#loader !== undefined) this.store.memory.add(block);
  }

  /** Ends loading: the special znodes exist, and ACLs that nobody has are forgotten. */
  finishLoad(): void {
    this.liveRows += this.#loader?.addedRows ?? 0;
    this.#dataBytes += this.#loader?.addedBytes ?? 0;
    this.#loader = undefined;
    this.store.memory.clear();
    this.#makeSpecialZnodes();
    this.acls.finishLoad();
  }

  /**
   * Becomes what `other` is, at once whatever the size (open images are abandoned): a tree can be loaded and judged while
   * this one goes on serving. Both must have been made with the same options. `other` must not be used any more.
   */
  takeOver(other: DataTree): void {
    assert(other.#images.length === 0, 'no image of the new tree is open');
    assert(other.#digestEnabled === this.#digestEnabled, 'both trees keep a digest or none does');
    this.#abandonImages();
    this.store = other.store;
    this.pages = other.pages;
    this.index = other.index;
    this.owners = other.owners;
    this.hashKey = other.hashKey;
    this.liveRows = other.liveRows;
    this.#acls = other.#acls;
    this.#digest = other.#digest;
    this.#dataBytes = other.#dataBytes;
    this.#generation = other.#generation;
    this.#loader = undefined;
  }

  /**
   * Begins an exact image of this moment: `writeSlice` of what is returned, and every change of the tree
   * meanwhile, append node records to `out`. Several may be open at a time. The ACL table that belongs to it
   * (`acls.entries()`) must be written in the same turn.
   */
  beginImage(out: JuteWriter): TreeImage {
    this.#generation = (this.#generation + 1) | 0;
    return new TreeImage(this.store, out, this.#generation, this.#images);
  }

  // ---- inside

  /** Has the open images write a znode that is about to change. */
  #keepImage(row: number): void {
    for (const image of this.#images) image.keep(row);
  }

  #abandonImages(): void {
    for (const image of [...this.#images]) image.abandon();
  }

  /** Hash of the path of a child to be. */
  #hashOf(c: CreateZnode): number {
    const parentHash = this.word(c.parentRow, PATH_HASH);
    return childHash(parentHash, c.nameBytes, c.nameStart, c.nameEnd, this.hashKey.multiplier);
  }

  /** Adds a row below `c.parentRow`, whose childCount changes but none of its stat. */
  #insert(c: CreateZnode, hash: number): number {
    const parentRow = c.parentRow;
    const nameStart = c.nameStart;
    const nameBytes = c.nameEnd - nameStart;
    const name = c.nameBytes;
    const dataBytes = c.data === null ? -1 : c.dataEnd - c.dataStart;
    assert(nameBytes > 0, 'a znode has a name');
    this.#keepImage(parentRow);
    const row = this.store.rows.allocate();
    const parentPage = this.pages[parentRow >>> PAGE_SHIFT]!;
    const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;
    const parentFlags = parentPage[parentBase + FLAGS]!;
    assert((parentFlags & FLAG_LIVE) !== 0, 'a parent exists');

    const page = this.pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;

    let flags = childFlags(parentRow, parentFlags, name, nameStart, nameBytes);
    const owner = c.ephemeralOwner;
    let ownerHigh = 0;
    let ownerLow = 0;
    if (owner !== 0n) {
      flags |= this.owners.add(row, owner);
      ownerHigh = Number(BigInt.asIntN(32, owner >> 32n));
      ownerLow = Number(BigInt.asIntN(32, owner));
    }

    const { store } = this;
    const isDigested = this.#digestEnabled && (flags & FLAG_UNDIGESTED) === 0;
    const { data, dataStart } = c;
    let pathCrc = 0;
    let prefixCrc = 0;
    let content: number;
    if (isDigested) {
      const start = crc32Byte(parentPage[parentBase + PATH_CRC]!, SLASH);
      pathCrc = crc32(start, name, nameStart, c.nameEnd);
      content = store.storeSummed(name, nameStart, nameBytes, data, dataStart, dataBytes, pathCrc);
      prefixCrc = store.contentCrc;
    } else {
      content = store.storeContent(name, nameStart, nameBytes, data, dataStart, dataBytes);
    }
    const pathUnits =
      parentPage[parentBase + PATH_UNITS]! + 1 + utf16Length(name, nameStart, c.nameEnd);

    page[base + PARENT] = parentRow;
    page[base + FIRST_CHILD] = -1;
    page[base + PATH_HASH] = hash;
    page[base + CONTENT] = content;
    page[base + NAME_BYTES] = nameBytes;
    page[base + DATA_BYTES] = dataBytes;
    page[base + CHILD_COUNT] = 0;
    page[base + FLAGS] = flags;
    page[base + ACL_ID] = c.aclId;
    const zxidHigh = Math.floor(c.zxid / TWO_32);
    const zxidLow = c.zxid | 0;
    const timeHigh = Math.floor(c.timeMs / TWO_32);
    const timeLow = c.timeMs | 0;
    page[base + CZXID] = zxidHigh;
    page[base + CZXID + 1] = zxidLow;
    page[base + MZXID] = zxidHigh;
    page[base + MZXID + 1] = zxidLow;
    page[base + PZXID] = zxidHigh;
    page[base + PZXID + 1] = zxidLow;
    page[base + CTIME] = timeHigh;
    page[base + CTIME + 1] = timeLow;
    page[base + MTIME] = timeHigh;
    page[base + MTIME + 1] = timeLow;
    page[base + VERSION] = 0;
    page[base + CVERSION] = 0;
    page[base + AVERSION] = 0;
    page[base + OWNER] = ownerHigh;
    page[base + OWNER + 1] = ownerLow;
    page[base + PATH_CRC] = pathCrc;
    page[base + PREFIX_CRC] = prefixCrc;
    page[base + DIGEST] = 0;
    page[base + IMAGE_MARK] = this.#generation;
    page[base + PATH_BYTES] = parentPage[parentBase + PATH_BYTES]! + 1 + nameBytes;
    page[base + PATH_UNITS] = pathUnits;

    linkChild(this.pages, row, parentRow);
    if (c.pathStart < 0) {
      this.index.insert(spreadHash(hash), row);
    } else {
      const isNew = this.index.insertNew(spreadHash(hash), row, name, c.pathStart, c.nameEnd);
      assert(isNew, 'no znode is created twice');
    }
    this.acls.acquire(c.aclId);
    this.liveRows++;
    this.#dataBytes += pathUnits + Math.max(dataBytes, 0);
    this.#touchDigest(row, page, base);
    return row;
  }

  /** Notes that path, data or stat of a row changed. */
  #touchDigest(row: number, page: Int32Array, base: number): void {
    if (this.#digestEnabled) this.#digest.touch(row, page, base);
  }

  /** Replaces data, and what follows from it but the digest. */
  #replaceData(
    page: Int32Array,
    base: number,
    bytes: Uint8Array | null,
    start: number,
    end: number,
  ): void {
    this.#dataBytes += (bytes === null ? 0 : end - start) - Math.max(page[base + DATA_BYTES]!, 0);
    const isDigested = this.#digestEnabled && (page[base + FLAGS]! & FLAG_UNDIGESTED) === 0;
    if (isDigested) this.store.replaceSummed(page, base, bytes, start, end - start);
    else this.store.replaceData(page, base, bytes, start, end - start);
  }

  #makeRoot(): void {
    const row = this.store.rows.allocate();
    assert(row === 0, 'the root is the first row');
    const page = this.pages[0]!;
    page.fill(0, 0, 1 << ROW_SHIFT);
    page[FIRST_CHILD] = -1;
    page[PATH_HASH] = this.hashKey.start;
    page[CONTENT] = this.store.storeContent(NO_BYTES, 0, 0, NO_BYTES, 0, 0);
    page[FLAGS] = FLAG_LIVE;
    page[ACL_ID] = OPEN_ACL_ID;
    page[IMAGE_MARK] = this.#generation;
    this.liveRows++;
    this.#touchDigest(row, page, 0);
  }

  /** Those that are missing of "/zookeeper", "/zookeeper/quota" and "/zookeeper/config". Source: DataTree(). */
  #makeSpecialZnodes(): void {
    const zookeeper = this.#specialZnode('/zookeeper', 0);
    this.#specialZnode('/zookeeper/quota', zookeeper);
    if (this.findPath('/zookeeper/config') >= 0) return;
    const config = this.#specialZnode('/zookeeper/config', zookeeper);
    // Apache sets this ACL by setACL(..., version -1), which so becomes its aversion.
    this.setAcl(config, this.acls.intern(readAcl), -1);
  }

  #specialZnode(path: string, parentRow: number): number {
    const found = this.findPath(path);
    if (found >= 0) return found;
    const c = newCreateZnode();
    c.parentRow = parentRow;
    c.nameBytes = asciiBytes(path);
    c.nameStart = path.lastIndexOf('/') + 1;
    c.nameEnd = path.length;
    c.data = NO_BYTES;
    return this.#insert(c, this.#hashOf(c));
  }
}

function setLong(page: Int32Array, at: number, value: number): void {
  page[at] = Math.floor(value / TWO_32);
  page[at + 1] = value | 0;
}

function raiseLong(page: Int32Array, at: number, value: number): void {
  if (value > page[at]! * TWO_32 + (page[at + 1]! >>> 0)) setLong(page, at, value);
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
