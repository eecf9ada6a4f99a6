/**
 * The tree of znodes, as Apache's DataTree holds it: what is there, and what a txn changes.
 *
 * A znode is a row number; the root is row 0. Whether a change is allowed (does the path exist, may this
 * session, is it empty ...) is decided before, by whoever prepares txns; here it is only asserted. Watches,
 * quotas and sessions are somebody else's. See row.ts for the layout, docs/internals/tree.md for the whole.
 */

import {
  decodeUtf8,
  type ExtendedTypes,
  encodeUtf8Into,
  type JuteReader,
  type JuteWriter,
  MalformedError,
  readAcl,
  STAT_BYTES,
} from '@zooid/protocol';
import { assert } from '../assert.ts';
import { AclStore, OPEN_ACL_ID } from './acl-store.ts';
import { crc32, crc32Byte, crc32OfStat } from './crc32.ts';
import { OwnerSets, ZnodeKind } from './owner-sets.ts';
import { childHash, type HashKey, hashKeyOf, mixHash, spreadHash } from './path-hash.ts';
import { PathIndex } from './path-index.ts';
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
  FLAG_CHILDREN_UNDIGESTED,
  FLAG_KIND_MASK,
  FLAG_LIVE,
  FLAG_UNDIGESTED,
  FLAGS,
  IMAGE_MARK,
  MTIME,
  MZXID,
  NAME_BYTES,
  NEXT_SIBLING,
  OWNER,
  PAGE_SHIFT,
  PARENT,
  PATH_BYTES,
  PATH_CRC,
  PATH_HASH,
  PATH_UNITS,
  PREFIX_CRC,
  PREV_SIBLING,
  PZXID,
  ROW_MASK,
  ROW_SHIFT,
  VERSION,
} from './row.ts';
import { TreeImage } from './tree-image.ts';
import { ZnodeStore } from './znode-store.ts';

const SLASH = 0x2f;
const TWO_32 = 0x1_0000_0000;
const NO_BYTES = new Uint8Array(0);
const zookeeperName = asciiBytes('zookeeper');

export interface DataTreeOptions {
  /** Whether the digest is kept up; it is 0 otherwise. */
  readonly digestEnabled: boolean;
  /** How owners of TTL znodes are told from session ids; default `extended`. */
  readonly extendedTypes?: ExtendedTypes;
  /** An int32 that nobody outside knows, against paths made to collide. Default 0. */
  readonly hashSeed?: number;
}

/** What {@link DataTree.create} wants; one record is reused for all creations. */
export interface CreateZnode {
  parentRow: number;
  /** `[nameStart, nameEnd)`: the last component of the path, at least a byte. */
  nameBytes: Uint8Array;
  nameStart: number;
  nameEnd: number;
  /** `[dataStart, dataEnd)`, or null for null data. */
  data: Uint8Array | null;
  dataStart: number;
  dataEnd: number;
  /** From AclStore.intern. */
  aclId: number;
  /** As stored: 0, a session id, or the mark of a container or TTL znode. */
  ephemeralOwner: bigint;
  zxid: number;
  timeMs: number;
  /** The parent's cversion after the creation; -1 for one more than it has (old CreateTxnV0). */
  parentCversion: number;
}

/** A {@link CreateZnode} to be filled in. */
export function newCreateZnode(): CreateZnode {
  return {
    parentRow: 0,
    nameBytes: NO_BYTES,
    nameStart: 0,
    nameEnd: 0,
    data: null,
    dataStart: 0,
    dataEnd: 0,
    aclId: OPEN_ACL_ID,
    ephemeralOwner: 0n,
    zxid: 0,
    timeMs: 0,
    parentCversion: -1,
  };
}

export class DataTree {
  readonly acls: AclStore = new AclStore();

  readonly #digestEnabled: boolean;
  readonly #key: HashKey;
  readonly #owners: OwnerSets;
  readonly #store: ZnodeStore = new ZnodeStore();
  readonly #index: PathIndex = new PathIndex(this.#store);
  readonly #pages: Int32Array[] = this.#store.rows.pages;

  #liveRows = 0;
  #dataBytes = 0;
  /** The digest, as a high and a low int32. */
  readonly #digest = new Int32Array(2);

  #image: TreeImage | undefined;
  /** Mark of the image that was begun last. New rows get it, and so an open image leaves them out. */
  #generation = 0;

  #pathScratch: Uint8Array = new Uint8Array(256);

  /** The path of the parent of the record loaded last, and its row: most siblings stand together. */
  #loadParent: Uint8Array = new Uint8Array(256);
  #loadParentBytes = -1;
  #loadParentRow = 0;

  constructor(options: DataTreeOptions) {
    this.#digestEnabled = options.digestEnabled;
    this.#key = hashKeyOf(options.hashSeed ?? 0);
    this.#owners = new OwnerSets(options.extendedTypes ?? 'extended');
    this.#makeRoot();
    this.#makeSpecialZnodes();
  }

  // ---- look-up

  /** The row of an absolute path in UTF-8 ("/" or nothing: the root), or -1. Allocates nothing. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (end - start <= 1) return end === start || bytes[start] === SLASH ? 0 : -1;
    if (bytes[start] !== SLASH) return -1;
    // The same as childHash name by name, in one pass.
    const multiplier = this.#key.multiplier;
    let hash = this.#key.start;
    let word = 0;
    let nameBytes = 0;
    for (let at = start + 1; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === SLASH) {
        hash = mixHash(hash, word ^ (nameBytes << 24), multiplier);
        word = 0;
        nameBytes = 0;
      } else {
        word = (word << 8) | byte;
        nameBytes++;
        if ((nameBytes & 3) === 0) {
          hash = mixHash(hash, word, multiplier);
          word = 0;
        }
      }
    }
    hash = mixHash(hash, word ^ (nameBytes << 24), multiplier);
    return this.#index.find(spreadHash(hash), bytes, start, end);
  }

  /** As {@link find}, for a string. */
  findPath(path: string): number {
    if (path.length * 3 > this.#pathScratch.length) {
      this.#pathScratch = new Uint8Array(path.length * 6);
    }
    return this.find(this.#pathScratch, 0, encodeUtf8Into(path, this.#pathScratch, 0));
  }

  // ---- facts of a znode

  /** The parent's row; -1 for the root. */
  parent(row: number): number {
    return row === 0 ? -1 : this.#word(row, PARENT);
  }

  /** The path; "/" for the root. */
  path(row: number): string {
    if (row === 0) return '/';
    const length = this.#word(row, PATH_BYTES);
    if (length > this.#pathScratch.length) this.#pathScratch = new Uint8Array(length * 2);
    this.#store.fillPath(row, this.#pathScratch, length);
    return decodeUtf8(this.#pathScratch, 0, length);
  }

  /** The last component of the path; empty for the root. */
  name(row: number): string {
    const length = this.#word(row, NAME_BYTES);
    if (length === 0) return '';
    const handle = this.#word(row, CONTENT);
    const offset = this.#store.arena.offset(handle);
    return decodeUtf8(this.#store.arena.bytes(handle), offset, offset + length);
  }

  czxid(row: number): number {
    return this.#long(row, CZXID);
  }

  mzxid(row: number): number {
    return this.#long(row, MZXID);
  }

  pzxid(row: number): number {
    return this.#long(row, PZXID);
  }

  /** Wall-clock ms. */
  ctime(row: number): number {
    return this.#long(row, CTIME);
  }

  /** Wall-clock ms. */
  mtime(row: number): number {
    return this.#long(row, MTIME);
  }

  version(row: number): number {
    return this.#word(row, VERSION);
  }

  /** As stored: creations of children only, and what the next sequence number is taken from. */
  cversion(row: number): number {
    return this.#word(row, CVERSION);
  }

  aversion(row: number): number {
    return this.#word(row, AVERSION);
  }

  /** As stored, with the marks of containers and TTL znodes. */
  ephemeralOwner(row: number): bigint {
    const high = this.ownerHigh(row);
    const low = this.ownerLow(row);
    return (high | low) === 0 ? 0n : (BigInt(high) << 32n) + BigInt(low >>> 0);
  }

  /** High half of {@link ephemeralOwner}, an int32. */
  ownerHigh(row: number): number {
    return this.#word(row, OWNER);
  }

  /** Low half of {@link ephemeralOwner}, an int32. */
  ownerLow(row: number): number {
    return this.#word(row, OWNER + 1);
  }

  kind(row: number): ZnodeKind {
    return (this.#word(row, FLAGS) & FLAG_KIND_MASK) as ZnodeKind;
  }

  /** Time to live in ms of a znode of kind ttl. */
  ttlMs(row: number): number {
    assert(this.kind(row) === ZnodeKind.ttl, 'only a TTL znode has a time to live');
    return this.#owners.ttlMs(this.ephemeralOwner(row));
  }

  childCount(row: number): number {
    return this.#word(row, CHILD_COUNT);
  }

  aclId(row: number): number {
    return this.#word(row, ACL_ID);
  }

  /** In bytes; -1 for null data. */
  dataLength(row: number): number {
    return this.#word(row, DATA_BYTES);
  }

  /** A copy of the data. */
  copyData(row: number): Uint8Array | null {
    const length = this.#word(row, DATA_BYTES);
    if (length <= 0) return length < 0 ? null : new Uint8Array(0);
    const handle = this.#word(row, CONTENT);
    const start = this.#store.arena.offset(handle) + this.#word(row, NAME_BYTES);
    return this.#store.arena.bytes(handle).slice(start, start + length);
  }

  /** Calls `visit` for every child, from old to new. The tree must not change meanwhile. */
  forEachChild(row: number, visit: (childRow: number) => void): void {
    let child = this.#word(row, FIRST_CHILD);
    while (child >= 0) {
      visit(child);
      child = this.#word(child, NEXT_SIBLING);
    }
  }

  /** Znodes below this one, as Apache's getAllChildrenNumber counts. Takes time in proportion. */
  descendantCount(row: number): number {
    if (row === 0) return this.#liveRows - 1;
    let count = 0;
    let current = this.#word(row, FIRST_CHILD);
    while (current >= 0) {
      count++;
      let next = this.#word(current, FIRST_CHILD);
      while (next < 0 && current !== row) {
        next = this.#word(current, NEXT_SIBLING);
        if (next < 0) current = this.#word(current, PARENT);
      }
      current = next;
    }
    return count;
  }

  // ---- straight into a reply

  /**
   * Appends the 68 bytes of the Stat that clients see: cversion counts creations and deletions, the owner of
   * containers and TTL znodes is 0, and so is the length of null data. Source: DataNode.copyStat.
   */
  writeStat(row: number, writer: JuteWriter): void {
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    const isEphemeral = (page[base + FLAGS]! & FLAG_KIND_MASK) === ZnodeKind.ephemeral;
    const dataBytes = page[base + DATA_BYTES]!;
    const children = page[base + CHILD_COUNT]!;
    writer.ensure(STAT_BYTES);
    writer.longFromHalves(page[base + CZXID]!, page[base + CZXID + 1]!);
    writer.longFromHalves(page[base + MZXID]!, page[base + MZXID + 1]!);
    writer.longFromHalves(page[base + CTIME]!, page[base + CTIME + 1]!);
    writer.longFromHalves(page[base + MTIME]!, page[base + MTIME + 1]!);
    writer.int(page[base + VERSION]!);
    writer.int((page[base + CVERSION]! * 2 - children) | 0);
    writer.int(page[base + AVERSION]!);
    writer.longFromHalves(
      isEphemeral ? page[base + OWNER]! : 0,
      isEphemeral ? page[base + OWNER + 1]! : 0,
    );
    writer.int(Math.max(dataBytes, 0));
    writer.int(children);
    writer.longFromHalves(page[base + PZXID]!, page[base + PZXID + 1]!);
  }

  /** Appends the data as a jute buffer; null has the length -1. */
  writeData(row: number, writer: JuteWriter): void {
    this.#store.writeData(this.#pages[row >>> PAGE_SHIFT]!, (row & ROW_MASK) << ROW_SHIFT, writer);
  }

  /** Appends the names of the children as a jute vector of strings, from old to new. */
  writeChildNames(row: number, writer: JuteWriter): void {
    const arena = this.#store.arena;
    writer.int(this.#word(row, CHILD_COUNT));
    let child = this.#word(row, FIRST_CHILD);
    while (child >= 0) {
      const page = this.#pages[child >>> PAGE_SHIFT]!;
      const base = (child & ROW_MASK) << ROW_SHIFT;
      const handle = page[base + CONTENT]!;
      const start = arena.offset(handle);
      writer.bufferOf(arena.bytes(handle), start, start + page[base + NAME_BYTES]!);
      child = page[base + NEXT_SIBLING]!;
    }
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
    const row = this.#insert(c);
    const parentPage = this.#pages[parentRow >>> PAGE_SHIFT]!;
    const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;

    const stored = parentPage[parentBase + CVERSION]!;
    const cversion = c.parentCversion === -1 ? (stored + 1) | 0 : c.parentCversion;
    if (cversion > stored) {
      parentPage[parentBase + CVERSION] = cversion;
      raiseLong(parentPage, parentBase + PZXID, c.zxid);
      this.#redigest(parentPage, parentBase);
    }
    return row;
  }

  /** Removes a znode without children, not the root; its parent's pzxid is raised to the zxid. */
  delete(row: number, zxid: number): void {
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    assert(row !== 0, 'the root is never deleted');
    assert((page[base + FLAGS]! & FLAG_LIVE) !== 0, 'a znode is deleted once');
    assert(page[base + CHILD_COUNT] === 0, 'a znode to delete has no children');
    const parentRow = page[base + PARENT]!;
    this.#keepImage(row);

    this.#subtractDigest(page[base + DIGEST]!);
    this.#index.remove(spreadHash(page[base + PATH_HASH]!), row);
    this.#unlink(row, page, base);
    const kind = page[base + FLAGS]! & FLAG_KIND_MASK;
    if (kind !== ZnodeKind.persistent) {
      this.#owners.remove(row, kind as ZnodeKind, this.ephemeralOwner(row));
    }
    this.acls.release(page[base + ACL_ID]!);
    this.#dataBytes -= page[base + PATH_UNITS]! + Math.max(page[base + DATA_BYTES]!, 0);
    this.#store.freeContent(page, base);
    this.#store.rows.release(row);
    this.#liveRows--;

    const parentPage = this.#pages[parentRow >>> PAGE_SHIFT]!;
    const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;
    raiseLong(parentPage, parentBase + PZXID, zxid);
    this.#redigest(parentPage, parentBase);
  }

  /** Replaces data by `[start, end)` of `bytes` or by null, and sets version, mzxid and mtime. */
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
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    this.#replaceData(row, bytes, start, end);
    page[base + VERSION] = version;
    setLong(page, base + MZXID, zxid);
    setLong(page, base + MTIME, timeMs);
    this.#redigest(page, base);
  }

  /** Gives a znode another ACL and sets its aversion. */
  setAcl(row: number, aclId: number, aversion: number): void {
    this.#keepImage(row);
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    this.acls.acquire(aclId);
    this.acls.release(page[base + ACL_ID]!);
    page[base + ACL_ID] = aclId;
    page[base + AVERSION] = aversion;
    this.#redigest(page, base);
  }

  /**
   * Raises cversion and pzxid, each only upwards: what is left of a creation or deletion that the state has
   * already when a log is replayed. Source: DataTree.setCversionPzxid, deleteNode.
   */
  raiseParent(row: number, cversion: number, pzxid: number): void {
    this.#keepImage(row);
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    if (cversion > page[base + CVERSION]!) page[base + CVERSION] = cversion;
    raiseLong(page, base + PZXID, pzxid);
    this.#redigest(page, base);
  }

  /** Replaces data and leaves the stat alone: statistics of quotas, which no txn carries. */
  replaceDataQuietly(row: number, bytes: Uint8Array): void {
    this.#keepImage(row);
    this.#replaceData(row, bytes, 0, bytes.length);
    this.#redigest(this.#pages[row >>> PAGE_SHIFT]!, (row & ROW_MASK) << ROW_SHIFT);
  }

  // ---- totals

  /** As Apache counts: the root is there twice, as "" and as "/". */
  get nodeCount(): number {
    return this.#liveRows + 1;
  }

  /**
   * UTF-16 length of all paths plus bytes of all data, the root counted twice (as "" and as "/").
   * Source: DataTree.approximateDataSize.
   */
  get dataBytes(): number {
    return this.#dataBytes + 1 + Math.max(this.dataLength(0), 0);
  }

  get ephemeralCount(): number {
    return this.#owners.ephemeralCount;
  }

  /** Bytes of memory held for znodes, names and data (and the free room among them). */
  get memoryBytes(): number {
    let bytes = this.#store.arena.reservedBytes;
    for (const page of this.#pages) bytes += page.byteLength;
    return bytes + this.#index.memoryBytes;
  }

  /** Apache's tree digest, an unsigned 64-bit sum. */
  get digest(): bigint {
    return (BigInt(this.#digest[0]! >>> 0) << 32n) + BigInt(this.#digest[1]! >>> 0);
  }

  /** High half of {@link digest}, as an int32. */
  get digestHigh(): number {
    return this.#digest[0]!;
  }

  /** Low half of {@link digest}, as an int32. */
  get digestLow(): number {
    return this.#digest[1]!;
  }

  // ---- sets

  /** Rows of a session's ephemerals. Changes with the tree. */
  ephemeralsOf(sessionId: bigint): ReadonlySet<number> | undefined {
    return this.#owners.bySession.get(sessionId);
  }

  /** Sessions that have ephemerals, and their rows. */
  ephemeralSessions(): Iterable<[bigint, ReadonlySet<number>]> {
    return this.#owners.bySession;
  }

  get containers(): ReadonlySet<number> {
    return this.#owners.containers;
  }

  get ttls(): ReadonlySet<number> {
    return this.#owners.ttls;
  }

  // ---- digests of znodes as they are, for digests of znodes as they would be (digest.ts)

  /** A uint32; 0 for those under "/zookeeper/" and when digests are off. */
  nodeDigest(row: number): number {
    return this.#word(row, DIGEST) >>> 0;
  }

  /** CRC-32 of path and data, an int32: what `statDigest` wants when only the stat changes. */
  prefixCrc(row: number): number {
    return this.#word(row, PREFIX_CRC);
  }

  /** CRC-32 of the path, an int32: followed by new data, it gives a new prefix. */
  pathCrc(row: number): number {
    return this.#word(row, PATH_CRC);
  }

  /** Whether the znode is left out of the digest. */
  isUndigested(row: number): boolean {
    return (this.#word(row, FLAGS) & FLAG_UNDIGESTED) !== 0;
  }

  // ---- snapshots

  /** Empties tree and ACLs (an open image is abandoned): then come `acls.load`, `loadNode`, `finishLoad`. */
  clearForLoad(): void {
    this.#image?.abandon();
    this.#store.rows.clear();
    this.#store.arena.clear();
    this.#index.clear();
    this.#owners.clear();
    this.acls.clear();
    this.#digest.fill(0);
    this.#dataBytes = 0;
    this.#liveRows = 0;
    this.#loadParentBytes = -1;
    this.#makeRoot();
  }

  /**
   * Reads one znode of a snapshot into a row: ustring path, buffer data, long acl, StatPersisted.
   *
   * @returns false at the terminator "/".
   * @throws MalformedError when it is cut short, or comes before its parent; the tree is then of no use.
   */
  loadNode(reader: JuteReader): boolean {
    const pathBytes = reader.span();
    const path = reader.bytes;
    const pathStart = reader.spanStart;
    const pathEnd = pathStart + Math.max(pathBytes, 0);
    if (pathBytes === 1 && path[pathStart] === SLASH) return false;
    const dataBytes = reader.span();
    const dataStart = reader.spanStart;
    const aclHigh = reader.int();
    const aclId = this.acls.idOfLoaded(aclHigh * TWO_32 + (reader.int() >>> 0));
    const c = loadRecord;
    c.data = dataBytes < 0 ? null : path;
    c.dataStart = dataStart;
    c.dataEnd = dataStart + Math.max(dataBytes, 0);
    c.aclId = aclId;
    c.nameBytes = path;

    let row = 0;
    if (pathBytes > 0) {
      const slash = path.lastIndexOf(SLASH, pathEnd - 1);
      if (slash < pathStart || slash === pathEnd - 1 || path[pathStart] !== SLASH) {
        throw new MalformedError('a znode in a snapshot has no absolute path');
      }
      c.nameStart = slash + 1;
      c.nameEnd = pathEnd;
      c.parentRow = this.#parentForLoad(path, pathStart, slash);
      row = -1;
    }
    const czxidHigh = reader.int();
    const czxidLow = reader.int();
    const mzxidHigh = reader.int();
    const mzxidLow = reader.int();
    const ctimeHigh = reader.int();
    const ctimeLow = reader.int();
    const mtimeHigh = reader.int();
    const mtimeLow = reader.int();
    const version = reader.int();
    const cversion = reader.int();
    const aversion = reader.int();
    const ownerHigh = reader.int();
    const ownerLow = reader.int();
    const pzxidHigh = reader.int();
    const pzxidLow = reader.int();
    c.ephemeralOwner =
      (ownerHigh | ownerLow) === 0 ? 0n : (BigInt(ownerHigh) << 32n) + BigInt(ownerLow >>> 0);

    if (row < 0) {
      assert(this.find(path, pathStart, pathEnd) < 0, 'a snapshot holds every path once');
      row = this.#insert(c);
    } else {
      this.setAcl(row, aclId, aversion);
      this.#replaceData(row, c.data, c.dataStart, c.dataEnd);
    }
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    page[base + CZXID] = czxidHigh;
    page[base + CZXID + 1] = czxidLow;
    page[base + MZXID] = mzxidHigh;
    page[base + MZXID + 1] = mzxidLow;
    page[base + PZXID] = pzxidHigh;
    page[base + PZXID + 1] = pzxidLow;
    page[base + CTIME] = ctimeHigh;
    page[base + CTIME + 1] = ctimeLow;
    page[base + MTIME] = mtimeHigh;
    page[base + MTIME + 1] = mtimeLow;
    page[base + VERSION] = version;
    page[base + CVERSION] = cversion;
    page[base + AVERSION] = aversion;
    page[base + OWNER] = ownerHigh;
    page[base + OWNER + 1] = ownerLow;
    this.#redigest(page, base);
    return true;
  }

  /** Ends loading: the special znodes exist, and ACLs that nobody has are forgotten. */
  finishLoad(): void {
    this.#loadParentBytes = -1;
    this.#makeSpecialZnodes();
    this.acls.finishLoad();
  }

  /**
   * Begins an exact image of this moment: `writeSlice` of what is returned, and every change of the tree
   * meanwhile, append node records to `out`. One image at a time. The ACL table that belongs to it
   * (`acls.entries()`) must be written in the same turn.
   */
  beginImage(out: JuteWriter): TreeImage {
    assert(this.#image === undefined, 'one image is open at a time');
    this.#generation = (this.#generation + 1) | 0;
    this.#image = new TreeImage(this.#store, out, this.#generation, () => {
      this.#image = undefined;
    });
    return this.#image;
  }

  // ---- inside

  #word(row: number, word: number): number {
    return this.#pages[row >>> PAGE_SHIFT]![((row & ROW_MASK) << ROW_SHIFT) + word]!;
  }

  #long(row: number, word: number): number {
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const at = ((row & ROW_MASK) << ROW_SHIFT) + word;
    return page[at]! * TWO_32 + (page[at + 1]! >>> 0);
  }

  /** Has an open image write a znode that is about to change. */
  #keepImage(row: number): void {
    const image = this.#image;
    if (image !== undefined && this.#word(row, IMAGE_MARK) !== image.generation) image.keep(row);
  }

  /** Adds a row below `c.parentRow`, whose childCount changes but none of its stat. */
  #insert(c: CreateZnode): number {
    const parentRow = c.parentRow;
    const nameStart = c.nameStart;
    const nameBytes = c.nameEnd - nameStart;
    const name = c.nameBytes;
    const dataBytes = c.data === null ? -1 : c.dataEnd - c.dataStart;
    assert(nameBytes > 0, 'a znode has a name');
    this.#keepImage(parentRow);
    const parentPage = this.#pages[parentRow >>> PAGE_SHIFT]!;
    const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;
    const parentFlags = parentPage[parentBase + FLAGS]!;
    assert((parentFlags & FLAG_LIVE) !== 0, 'a parent exists');

    const content = this.#store.storeContent(
      name,
      nameStart,
      nameBytes,
      c.data,
      c.dataStart,
      dataBytes,
    );
    const row = this.#store.rows.allocate();
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;

    let flags = FLAG_LIVE;
    if ((parentFlags & FLAG_CHILDREN_UNDIGESTED) !== 0) {
      flags |= FLAG_UNDIGESTED | FLAG_CHILDREN_UNDIGESTED;
    } else if (parentRow === 0 && isZookeeper(name, nameStart, nameBytes)) {
      flags |= FLAG_CHILDREN_UNDIGESTED;
    }
    const owner = c.ephemeralOwner;
    let ownerHigh = 0;
    let ownerLow = 0;
    if (owner !== 0n) {
      flags |= this.#owners.add(row, owner);
      ownerHigh = Number(BigInt.asIntN(32, owner >> 32n));
      ownerLow = Number(BigInt.asIntN(32, owner));
    }

    const hash = childHash(
      parentPage[parentBase + PATH_HASH]!,
      name,
      nameStart,
      c.nameEnd,
      this.#key.multiplier,
    );
    let pathCrc = 0;
    let prefixCrc = 0;
    if (this.#digestEnabled && (flags & FLAG_UNDIGESTED) === 0) {
      pathCrc = crc32(
        crc32Byte(parentPage[parentBase + PATH_CRC]!, SLASH),
        name,
        nameStart,
        c.nameEnd,
      );
      prefixCrc = c.data === null ? pathCrc : crc32(pathCrc, c.data, c.dataStart, c.dataEnd);
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

    this.#link(row, page, base, parentPage, parentBase);
    this.#index.insert(spreadHash(hash), row);
    this.acls.acquire(c.aclId);
    this.#liveRows++;
    this.#dataBytes += pathUnits + Math.max(dataBytes, 0);
    this.#redigest(page, base);
    return row;
  }

  /** Appends a row to the children of a parent. */
  #link(
    row: number,
    page: Int32Array,
    base: number,
    parentPage: Int32Array,
    parentBase: number,
  ): void {
    parentPage[parentBase + CHILD_COUNT] = parentPage[parentBase + CHILD_COUNT]! + 1;
    page[base + NEXT_SIBLING] = -1;
    const first = parentPage[parentBase + FIRST_CHILD]!;
    if (first < 0) {
      page[base + PREV_SIBLING] = row;
      parentPage[parentBase + FIRST_CHILD] = row;
      return;
    }
    const firstPage = this.#pages[first >>> PAGE_SHIFT]!;
    const firstBase = (first & ROW_MASK) << ROW_SHIFT;
    const last = firstPage[firstBase + PREV_SIBLING]!;
    page[base + PREV_SIBLING] = last;
    firstPage[firstBase + PREV_SIBLING] = row;
    this.#pages[last >>> PAGE_SHIFT]![((last & ROW_MASK) << ROW_SHIFT) + NEXT_SIBLING] = row;
  }

  /** Takes a row out of the children of its parent. */
  #unlink(row: number, page: Int32Array, base: number): void {
    const parentRow = page[base + PARENT]!;
    const parentPage = this.#pages[parentRow >>> PAGE_SHIFT]!;
    const parentBase = (parentRow & ROW_MASK) << ROW_SHIFT;
    parentPage[parentBase + CHILD_COUNT] = parentPage[parentBase + CHILD_COUNT]! - 1;
    const next = page[base + NEXT_SIBLING]!;
    const prev = page[base + PREV_SIBLING]!;
    const first = parentPage[parentBase + FIRST_CHILD]!;
    if (row === first) parentPage[parentBase + FIRST_CHILD] = next;
    else this.#pages[prev >>> PAGE_SHIFT]![((prev & ROW_MASK) << ROW_SHIFT) + NEXT_SIBLING] = next;
    // Behind the youngest comes, so to speak, the oldest: it is who knows the youngest.
    const holder = next >= 0 ? next : first;
    if (holder !== row) {
      this.#pages[holder >>> PAGE_SHIFT]![((holder & ROW_MASK) << ROW_SHIFT) + PREV_SIBLING] = prev;
    }
  }

  /** Replaces data, and what follows from it but the digest. */
  #replaceData(row: number, bytes: Uint8Array | null, start: number, end: number): void {
    const page = this.#pages[row >>> PAGE_SHIFT]!;
    const base = (row & ROW_MASK) << ROW_SHIFT;
    this.#dataBytes += (bytes === null ? 0 : end - start) - Math.max(page[base + DATA_BYTES]!, 0);
    this.#store.replaceData(page, base, bytes, start, end - start);
    if (this.#digestEnabled && (page[base + FLAGS]! & FLAG_UNDIGESTED) === 0) {
      const pathCrc = page[base + PATH_CRC]!;
      page[base + PREFIX_CRC] = bytes === null ? pathCrc : crc32(pathCrc, bytes, start, end);
    }
  }

  /** Brings the digest up to date with the stat of a row. */
  #redigest(page: Int32Array, base: number): void {
    if (!this.#digestEnabled || (page[base + FLAGS]! & FLAG_UNDIGESTED) !== 0) return;
    const digest = crc32OfStat(page[base + PREFIX_CRC]!, page, base + CZXID);
    this.#subtractDigest(page[base + DIGEST]!);
    page[base + DIGEST] = digest;
    const sum = this.#digest;
    const low = (sum[1]! + digest) | 0;
    if (low >>> 0 < digest >>> 0) sum[0]!++;
    sum[1] = low;
  }

  #subtractDigest(digest: number): void {
    const sum = this.#digest;
    const low = sum[1]!;
    if (low >>> 0 < digest >>> 0) sum[0]!--;
    sum[1] = low - digest;
  }

  #makeRoot(): void {
    const row = this.#store.rows.allocate();
    assert(row === 0, 'the root is the first row');
    const page = this.#pages[0]!;
    page.fill(0, 0, 1 << ROW_SHIFT);
    page[FIRST_CHILD] = -1;
    page[PATH_HASH] = this.#key.start;
    page[CONTENT] = this.#store.storeContent(NO_BYTES, 0, 0, NO_BYTES, 0, 0);
    page[FLAGS] = FLAG_LIVE;
    page[ACL_ID] = OPEN_ACL_ID;
    page[IMAGE_MARK] = this.#generation;
    this.#liveRows++;
    this.#redigest(page, 0);
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
    return this.#insert(c);
  }

  /** The row of the parent of a record being loaded. */
  #parentForLoad(path: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const last = this.#loadParent;
    if (length === this.#loadParentBytes) {
      let same = 0;
      while (same < length && last[same] === path[start + same]) same++;
      if (same === length) return this.#loadParentRow;
    }
    const row = this.find(path, start, end);
    if (row < 0) throw new MalformedError('a znode in a snapshot comes before its parent');
    if (length > last.length) this.#loadParent = new Uint8Array(length * 2);
    this.#loadParent.set(path.subarray(start, end));
    this.#loadParentBytes = length;
    this.#loadParentRow = row;
    return row;
  }
}

const loadRecord = newCreateZnode();

function setLong(page: Int32Array, at: number, value: number): void {
  page[at] = Math.floor(value / TWO_32);
  page[at + 1] = value | 0;
}

function raiseLong(page: Int32Array, at: number, value: number): void {
  if (value > page[at]! * TWO_32 + (page[at + 1]! >>> 0)) setLong(page, at, value);
}

/** Length in UTF-16 units of `[start, end)`, which is UTF-8. */
function utf16Length(bytes: Uint8Array, start: number, end: number): number {
  let units = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

function isZookeeper(name: Uint8Array, start: number, length: number): boolean {
  if (length !== zookeeperName.length) return false;
  for (let i = 0; i < length; i++) if (name[start + i] !== zookeeperName[i]) return false;
  return true;
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
