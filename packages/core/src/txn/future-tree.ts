import { type Acl, type JuteWriter, TXN_DIGEST_VERSION } from '@zooid/protocol';
import { crc32 } from '../tree/crc32.ts';
import type { DataTree } from '../tree/data-tree.ts';
import { hasDigest, statDigest } from '../tree/digest.ts';
import { ChangeRecord, OutstandingChanges } from './outstanding.ts';

/** What a znode that is to be created will hold. */
export interface FutureZnode {
  readonly path: string;
  /** The path in UTF-8: `[pathStart, pathEnd)`. */
  readonly pathBytes: Uint8Array;
  readonly pathStart: number;
  readonly pathEnd: number;
  readonly data: Uint8Array;
  readonly dataStart: number;
  readonly dataLength: number;
  readonly acls: readonly Acl[];
  readonly ephemeralOwner: bigint;
}

/**
 * The tree as it will be once everything proposed is applied: the tree, the outstanding changes on top,
 * and the digest that follows from both. Requests are checked against this one and leave their
 * changes here.
 *
 * A record that it hands out is valid until the next look-up of the same kind or the next change.
 */
export class FutureTree {
  readonly #tree: DataTree;
  readonly #isDigested: boolean;
  readonly #outstanding = new OutstandingChanges();
  // Znodes as they stand in the tree: the one that a request is about, and its parent.
  readonly #znode = new ChangeRecord();
  readonly #parent = new ChangeRecord();

  // The digest, an unsigned 64-bit sum in two halves.
  #digestHigh = 0;
  #digestLow = 0;

  /** Zxid and wall clock of the transaction that is being prepared. */
  #zxid = 0;
  #timeMs = 0;
  // The digest before it.
  #digestHighBefore = 0;
  #digestLowBefore = 0;

  constructor(tree: DataTree, options: { readonly digestEnabled: boolean }) {
    this.#tree = tree;
    this.#isDigested = options.digestEnabled;
    this.reset();
  }

  /** Changes that are proposed and not applied. */
  get changeCount(): number {
    return this.#outstanding.size;
  }

  /** Goes on from the tree as it is; nothing may be outstanding. */
  reset(): void {
    this.#digestHigh = this.#tree.digestHigh >>> 0;
    this.#digestLow = this.#tree.digestLow >>> 0;
  }

  /** Begins a transaction: the changes that follow are its own. */
  begin(zxid: number, timeMs: number): void {
    this.#zxid = zxid;
    this.#timeMs = timeMs;
    this.#digestHighBefore = this.#digestHigh;
    this.#digestLowBefore = this.#digestLow;
  }

  /** Takes back every change since {@link begin}: a multi failed half way. */
  rollback(): void {
    this.#outstanding.rollback(this.#zxid);
    this.#digestHigh = this.#digestHighBefore;
    this.#digestLow = this.#digestLowBefore;
  }

  /** Everything up to `zxid` is in the tree now. */
  applied(zxid: number): void {
    this.#outstanding.applied(zxid);
  }

  /** Writes the TxnDigest that ends a transaction: the tree's digest once it is applied. */
  writeDigest(out: JuteWriter): void {
    out.int(TXN_DIGEST_VERSION);
    out.longFromHalves(this.#digestHigh, this.#digestLow);
  }

  // ── Looking ───────────────────────────────────────────────────────────────────────────────────────

  /** The znode at `path`, which stands in UTF-8 at `[start, end)`; undefined when there will be none. */
  znode(path: string, bytes: Uint8Array, start: number, end: number): ChangeRecord | undefined {
    return this.#lookUp(this.#znode, path, bytes, start, end);
  }

  /** As {@link znode}, for the parent of what a request is about: both can be held at once. */
  parent(path: string, bytes: Uint8Array, start: number, end: number): ChangeRecord | undefined {
    return this.#lookUp(this.#parent, path, bytes, start, end);
  }

  /** As {@link znode}, without the bytes of the path. */
  znodeAt(path: string): ChangeRecord | undefined {
    return this.#lookUpPath(this.#znode, path);
  }

  /** As {@link parent}, without the bytes of the path. */
  parentAt(path: string): ChangeRecord | undefined {
    return this.#lookUpPath(this.#parent, path);
  }

  /** Whether there will be a znode: cheaper than {@link znode}. */
  has(path: string, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#outstanding.get(path)?.exists ?? this.#tree.find(bytes, start, end) >= 0;
  }

  /** Paths of what a session will own. */
  ephemeralPathsOf(sessionId: bigint): ReadonlySet<string> {
    const paths = new Set<string>();
    for (const row of this.#tree.ephemeralsOf(sessionId) ?? []) paths.add(this.#tree.path(row));
    for (const record of this.#outstanding) {
      if (!record.exists) paths.delete(record.path);
      else if (record.ephemeralOwner === sessionId) paths.add(record.path);
    }
    return paths;
  }

  // ── Changing ──────────────────────────────────────────────────────────────────────────────────────

  /** @param cversion - the parent's afterwards. */
  create(znode: FutureZnode, parent: ChangeRecord, cversion: number): void {
    const zxid = this.#zxid;
    const timeMs = this.#timeMs;
    const parentChange = this.#changeOf(parent);
    parentChange.childCount++;
    // Past 2^31 - 1 the counter stays where it is, and so does pzxid. Source: DataTree.createNode.
    if (cversion >= parent.cversion) {
      parentChange.cversion = cversion;
      parentChange.pzxid = zxid;
    }
    this.#redigest(parentChange);

    const { path, ephemeralOwner } = znode;
    const change = this.#outstanding.add(path, zxid, this.#outstanding.get(path));
    change.czxid = zxid;
    change.mzxid = zxid;
    change.pzxid = zxid;
    change.ctimeMs = timeMs;
    change.mtimeMs = timeMs;
    change.version = 0;
    change.cversion = 0;
    change.aversion = 0;
    change.ephemeralOwner = ephemeralOwner;
    change.childCount = 0;
    change.acls = znode.acls;
    change.dataLength = znode.dataLength;
    change.digest = 0;
    const { pathBytes, pathStart, pathEnd, data, dataStart, dataLength } = znode;
    change.prefixCrc = this.#isDigested
      ? crc32(crc32(0, pathBytes, pathStart, pathEnd), data, dataStart, dataStart + dataLength)
      : 0;
    this.#redigest(change);
  }

  delete(record: ChangeRecord, parent: ChangeRecord): void {
    const parentChange = this.#changeOf(parent);
    parentChange.pzxid = this.#zxid;
    parentChange.childCount--;
    this.#redigest(parentChange);
    this.#digestMoves(record.digest, 0);
    const change = this.#outstanding.add(record.path, this.#zxid, record);
    change.exists = false;
    change.ephemeralOwner = 0n;
    change.digest = 0;
  }

  /** The path stands in UTF-8 at `[pathStart, pathEnd)`; null data has length 0. */
  setData(
    record: ChangeRecord,
    version: number,
    pathBytes: Uint8Array,
    pathStart: number,
    pathEnd: number,
    data: Uint8Array,
    dataStart: number,
    dataLength: number,
  ): void {
    const change = this.#changeOf(record);
    change.mzxid = this.#zxid;
    change.mtimeMs = this.#timeMs;
    change.version = version;
    change.dataLength = dataLength;
    if (this.#isDigested) {
      // "/" and "" are one znode, and its digest begins with the empty path.
      const digestStart = change.path === '/' ? pathEnd : pathStart;
      const pathCrc = crc32(0, pathBytes, digestStart, pathEnd);
      change.prefixCrc = crc32(pathCrc, data, dataStart, dataStart + dataLength);
    }
    this.#redigest(change);
  }

  setAcl(record: ChangeRecord, acls: readonly Acl[], aversion: number): void {
    const change = this.#changeOf(record);
    change.acls = acls;
    change.aversion = aversion;
    this.#redigest(change);
  }

  /** A record that begins as a copy of `record`; what differs is set on it, then {@link #redigest} follows. */
  #changeOf(record: ChangeRecord): ChangeRecord {
    const change = this.#outstanding.add(record.path, this.#zxid, record);
    change.copyZnode(record);
    return change;
  }

  /** Brings the record's digest, and with it the tree's, up to date with the rest of the record. */
  #redigest(change: ChangeRecord): void {
    if (!this.#isDigested || !hasDigest(change.path)) return;
    const digest = statDigest(
      change.prefixCrc,
      change.czxid,
      change.mzxid,
      change.pzxid,
      change.ctimeMs,
      change.mtimeMs,
      change.version,
      change.cversion,
      change.aversion,
      change.ephemeralOwner,
    );
    this.#digestMoves(change.digest, digest);
    change.digest = digest;
  }

  #digestMoves(from: number, to: number): void {
    let low = this.#digestLow + to - from;
    let high = this.#digestHigh;
    if (low < 0) {
      low += 0x1_0000_0000;
      high -= 1;
    } else if (low >= 0x1_0000_0000) {
      low -= 0x1_0000_0000;
      high += 1;
    }
    this.#digestLow = low;
    this.#digestHigh = high >>> 0;
  }

  #lookUp(
    slot: ChangeRecord,
    path: string,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ChangeRecord | undefined {
    const change = this.#outstanding.get(path);
    if (change !== undefined) return change.exists ? change : undefined;
    return this.#fromTree(slot, path, this.#tree.find(bytes, start, end));
  }

  #lookUpPath(slot: ChangeRecord, path: string): ChangeRecord | undefined {
    const change = this.#outstanding.get(path);
    if (change !== undefined) return change.exists ? change : undefined;
    return this.#fromTree(slot, path, this.#tree.findPath(path));
  }

  #fromTree(slot: ChangeRecord, path: string, row: number): ChangeRecord | undefined {
    if (row < 0) return undefined;
    const tree = this.#tree;
    slot.path = path;
    slot.exists = true;
    slot.czxid = tree.czxid(row);
    slot.mzxid = tree.mzxid(row);
    slot.pzxid = tree.pzxid(row);
    slot.ctimeMs = tree.ctime(row);
    slot.mtimeMs = tree.mtime(row);
    slot.version = tree.version(row);
    slot.cversion = tree.cversion(row);
    slot.aversion = tree.aversion(row);
    slot.ephemeralOwner = tree.ephemeralOwner(row);
    slot.childCount = tree.childCount(row);
    slot.acls = tree.acls.get(tree.aclId(row));
    slot.dataLength = Math.max(tree.dataLength(row), 0);
    slot.prefixCrc = tree.prefixCrc(row);
    slot.digest = tree.nodeDigest(row);
    return slot;
  }
}
