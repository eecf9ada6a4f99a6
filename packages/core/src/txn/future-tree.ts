import {
  type Acl,
  decodeUtf8,
  encodeUtf8,
  type JuteWriter,
  TXN_DIGEST_VERSION,
} from '@zooid/protocol';
import { ChangeRows, TREE_ROW } from '../tree/change-rows.ts';
import { crc32, crc32Byte, crc32OfStat } from '../tree/crc32.ts';
import type { DataTree } from '../tree/data-tree.ts';
import { DigestSum } from '../tree/digest-sum.ts';
import { FutureZnode } from '../tree/future-znode.ts';
import {
  AVERSION,
  CHILD_COUNT,
  CTIME,
  CVERSION,
  CZXID,
  DATA_BYTES,
  DIGEST,
  FLAG_UNDIGESTED,
  FLAGS,
  MTIME,
  MZXID,
  OWNER,
  PATH_CRC,
  PREFIX_CRC,
  PZXID,
  ROW_SHIFT,
  VERSION,
} from '../tree/row.ts';
import { childFlags } from '../tree/znode-name.ts';

const SLASH = 0x2f;
const TWO_32 = 0x1_0000_0000;
/** No request changes more rows of its own: a znode and its parent. */
const CHANGES_OF_A_REQUEST = 2;

/**
 * The tree as it will be once everything proposed is applied: the tree, the changes in flight on top,
 * and the digest that follows from both. Requests are checked against this one and leave their
 * changes here.
 *
 * A look-up says where the path stands; if a change follows from it, those bytes must stay until the change is applied: they
 * are those of the transaction. What a look-up hands out is valid until the next one of the same kind or the next change.
 */
export class FutureTree {
  readonly #tree: DataTree;
  readonly #isDigested: boolean;
  readonly #changes = new ChangeRows();
  // What a request is about, and its parent: both can be held at once.
  readonly #znode = new FutureZnode();
  readonly #parent = new FutureZnode();

  readonly #digest = new DigestSum();
  /** The digest before the transaction that is being prepared. */
  readonly #digestBefore = new DigestSum();

  /** The transaction that is being prepared: its zxid, also in halves, and its wall clock in halves. */
  #zxid = 0;
  #zxidHigh = 0;
  #zxidLow = 0;
  #timeHigh = 0;
  #timeLow = 0;

  constructor(tree: DataTree, options: { readonly digestEnabled: boolean }) {
    this.#tree = tree;
    this.#isDigested = options.digestEnabled;
    this.reset();
  }

  /** The changes in flight: whoever applies them learns from each where its znode is. */
  get changes(): ChangeRows {
    return this.#changes;
  }

  /** Goes on from the tree as it is; nothing may be outstanding. */
  reset(): void {
    copySum(this.#tree.digestHigh, this.#tree.digestLow, this.#digest);
  }

  /** Begins a transaction: the changes that follow are its own. */
  begin(zxid: number, timeMs: number): void {
    this.#zxid = zxid;
    this.#zxidHigh = Math.floor(zxid / TWO_32);
    this.#zxidLow = zxid | 0;
    this.#timeHigh = Math.floor(timeMs / TWO_32);
    this.#timeLow = timeMs | 0;
    copySum(this.#digest.high, this.#digest.low, this.#digestBefore);
  }

  /** Takes back every change since {@link begin}: a multi failed half way. */
  rollback(): void {
    this.#changes.rollback(this.#zxid);
    copySum(this.#digestBefore.high, this.#digestBefore.low, this.#digest);
  }

  /** Everything up to `zxid` is in the tree now. */
  applied(zxid: number): void {
    this.#changes.applied(zxid);
  }

  /** Writes the TxnDigest that ends a transaction: the tree's digest once it is applied. */
  writeDigest(out: JuteWriter): void {
    out.int(TXN_DIGEST_VERSION);
    out.longFromHalves(this.#digest.high, this.#digest.low);
  }

  // ── Looking ───────────────────────────────────────────────────────────────────────────────────────

  /** The znode whose path is `[start, end)`, in UTF-8; undefined when there will be none. */
  znode(bytes: Uint8Array, start: number, end: number): FutureZnode | undefined {
    const pathEnd = isRoot(bytes, start, end) ? start : end;
    const hash = this.#tree.hashOfPath(bytes, start, pathEnd);
    return this.#lookUp(this.#znode, hash, bytes, start, pathEnd);
  }

  /** As {@link znode}, for the parent of what a request is about. */
  parent(bytes: Uint8Array, start: number, end: number): FutureZnode | undefined {
    const pathEnd = isRoot(bytes, start, end) ? start : end;
    const hash = this.#tree.hashOfPath(bytes, start, pathEnd);
    return this.#lookUp(this.#parent, hash, bytes, start, pathEnd);
  }

  /**
   * As {@link znode}, for a child of the parent looked up last.
   *
   * @param nameStart - behind the slash that ends the parent's path.
   */
  child(bytes: Uint8Array, start: number, nameStart: number, end: number): FutureZnode | undefined {
    if (isRoot(bytes, start, end)) return this.znode(bytes, start, end);
    const hash = this.#tree.hashOfChild(this.#parent.hash, bytes, nameStart, end);
    return this.#lookUp(this.#znode, hash, bytes, start, end);
  }

  /** Paths of what a session will own. */
  ephemeralPathsOf(sessionId: bigint): ReadonlySet<string> {
    const paths = new Set<string>();
    for (const row of this.#tree.ephemeralsOf(sessionId) ?? []) paths.add(this.#tree.path(row));
    const ownerHigh = highOf(sessionId);
    const ownerLow = lowOf(sessionId);
    const changes = this.#changes;
    changes.forEach((change) => {
      const words = changes.words;
      const base = change << ROW_SHIFT;
      const isGone = !changes.exists(change);
      const isOwned = words[base + OWNER] === ownerHigh && words[base + OWNER + 1] === ownerLow;
      if (!isGone && !isOwned) return;
      const bytes = changes.path(change);
      const path = decodeUtf8(bytes, 0, bytes.length);
      if (isGone) paths.delete(path);
      else paths.add(path);
    });
    return paths;
  }

  // ── Changing ──────────────────────────────────────────────────────────────────────────────────────

  /** CRC-32 of the path that {@link child} was asked for and did not find. */
  newPathCrc(): number {
    const { pathBytes, pathEnd } = this.#znode;
    const parent = this.#parent;
    const nameStart = this.#znode.pathStart + (parent.pathEnd - parent.pathStart) + 1;
    return crc32(crc32Byte(parent.pathCrc, SLASH), pathBytes, nameStart, pathEnd);
  }

  /**
   * Creates the znode that {@link child} was asked for and did not find, below the parent.
   *
   * @param dataBytes - length of its data, 0 for null.
   * @param prefixCrc - CRC-32 of its path and data.
   * @param cversion - the parent's afterwards.
   */
  create(
    dataBytes: number,
    pathCrc: number,
    prefixCrc: number,
    acls: readonly Acl[],
    ephemeralOwner: bigint,
    cversion: number,
  ): void {
    const znode = this.#znode;
    const parent = this.#parent;
    const { words: parentWords, base: parentBase } = parent;
    const nameStart = znode.pathStart + (parent.pathEnd - parent.pathStart) + 1;
    const flags = childFlags(
      parent.row,
      parentWords[parentBase + FLAGS]!,
      znode.pathBytes,
      nameStart,
      znode.pathEnd - nameStart,
    );
    // Past 2^31 - 1 the counter stays where it is, and so does pzxid. Source: DataTree.createNode.
    const isCounted = cversion >= parent.cversion;
    const parentChange = this.#changeOf(parent);
    const words = this.#changes.words;
    const changedBase = parentChange << ROW_SHIFT;
    words[changedBase + CHILD_COUNT]!++;
    if (isCounted) {
      words[changedBase + CVERSION] = cversion;
      this.#setZxid(words, changedBase + PZXID);
    }
    this.#redigest(words, changedBase);

    const change = this.#add(znode);
    const base = change << ROW_SHIFT;
    this.#changes.acls[change] = acls;
    words[base + TREE_ROW] = -1;
    words[base + DATA_BYTES] = dataBytes;
    words[base + CHILD_COUNT] = 0;
    words[base + FLAGS] = flags;
    this.#setZxid(words, base + CZXID);
    this.#setZxid(words, base + MZXID);
    this.#setZxid(words, base + PZXID);
    this.#setTime(words, base + CTIME);
    this.#setTime(words, base + MTIME);
    words[base + VERSION] = 0;
    words[base + CVERSION] = 0;
    words[base + AVERSION] = 0;
    words[base + OWNER] = ephemeralOwner === 0n ? 0 : highOf(ephemeralOwner);
    words[base + OWNER + 1] = ephemeralOwner === 0n ? 0 : lowOf(ephemeralOwner);
    words[base + PATH_CRC] = pathCrc;
    words[base + PREFIX_CRC] = prefixCrc;
    words[base + DIGEST] = 0;
    this.#redigest(words, base);
  }

  /** Deletes the znode looked up last, below the parent looked up last. */
  delete(): void {
    const znode = this.#znode;
    const digest = znode.words[znode.base + DIGEST]!;
    const parentChange = this.#changeOf(this.#parent);
    const words = this.#changes.words;
    const parentBase = parentChange << ROW_SHIFT;
    words[parentBase + CHILD_COUNT]!--;
    this.#setZxid(words, parentBase + PZXID);
    this.#redigest(words, parentBase);
    this.#digest.move(digest, 0);
    const change = this.#add(znode);
    words[(change << ROW_SHIFT) + TREE_ROW] = znode.row;
    this.#changes.markGone(change);
  }

  /**
   * Deletes a znode that goes with its session.
   *
   * @param path - of a znode that will be there.
   */
  deleteEphemeral(path: string): void {
    const bytes = encodeUtf8(path);
    const nameStart = bytes.lastIndexOf(SLASH) + 1;
    const parent = this.parent(bytes, 0, nameStart - 1);
    const znode = this.child(bytes, 0, nameStart, bytes.length);
    if (parent !== undefined && znode !== undefined) this.delete();
  }

  /** Replaces the data of the znode looked up last. @param prefixCrc - CRC-32 of path and new data. */
  setData(dataBytes: number, prefixCrc: number, version: number): void {
    const change = this.#changeOf(this.#znode);
    const words = this.#changes.words;
    const base = change << ROW_SHIFT;
    this.#setZxid(words, base + MZXID);
    this.#setTime(words, base + MTIME);
    words[base + VERSION] = version;
    words[base + DATA_BYTES] = dataBytes;
    words[base + PREFIX_CRC] = prefixCrc;
    this.#redigest(words, base);
  }

  /** Replaces the ACL of the znode looked up last. */
  setAcl(acls: readonly Acl[], aversion: number): void {
    const change = this.#changeOf(this.#znode);
    const words = this.#changes.words;
    const base = change << ROW_SHIFT;
    this.#changes.acls[change] = acls;
    words[base + AVERSION] = aversion;
    this.#redigest(words, base);
  }

  /** A change that begins as a copy of the znode; what differs is set on it, then {@link #redigest} follows. */
  #changeOf(znode: FutureZnode): number {
    const change = this.#add(znode);
    const from = znode.words;
    const words = this.#changes.words;
    const fromBase = znode.base;
    const base = change << ROW_SHIFT;
    this.#changes.acls[change] = znode.acls;
    words[base + TREE_ROW] = znode.row;
    words[base + DATA_BYTES] = from[fromBase + DATA_BYTES]!;
    words[base + CHILD_COUNT] = from[fromBase + CHILD_COUNT]!;
    words[base + FLAGS] = from[fromBase + FLAGS]!;
    for (let word = CZXID; word <= DIGEST; word++) words[base + word] = from[fromBase + word]!;
    return change;
  }

  #add({ hash, pathBytes, pathStart, pathEnd, change }: FutureZnode): number {
    return this.#changes.add(this.#zxid, hash, pathBytes, pathStart, pathEnd, change);
  }

  /** Brings a change's digest, and with it the tree's, up to date with the rest of its words. */
  #redigest(words: Int32Array, base: number): void {
    if (!this.#isDigested || (words[base + FLAGS]! & FLAG_UNDIGESTED) !== 0) return;
    const digest = crc32OfStat(words[base + PREFIX_CRC]!, words, base + CZXID);
    this.#digest.move(words[base + DIGEST]!, digest);
    words[base + DIGEST] = digest;
  }

  #setZxid(words: Int32Array, at: number): void {
    words[at] = this.#zxidHigh;
    words[at + 1] = this.#zxidLow;
  }

  #setTime(words: Int32Array, at: number): void {
    words[at] = this.#timeHigh;
    words[at + 1] = this.#timeLow;
  }

  #lookUp(
    znode: FutureZnode,
    hash: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): FutureZnode | undefined {
    const changes = this.#changes;
    // Before it is found: nothing moves then until the changes that follow from it are in.
    changes.reserve(CHANGES_OF_A_REQUEST);
    znode.hash = hash;
    znode.pathBytes = bytes;
    znode.pathStart = start;
    znode.pathEnd = end;
    const change = changes.find(hash, bytes, start, end);
    znode.change = change;
    if (change >= 0) {
      if (!changes.exists(change)) return undefined;
      const { words } = changes;
      const base = change << ROW_SHIFT;
      znode.words = words;
      znode.base = base;
      znode.row = words[base + TREE_ROW]!;
      znode.acls = changes.acls[change]!;
      return znode;
    }
    const tree = this.#tree;
    const row = tree.findHashed(hash, bytes, start, end);
    if (row < 0) return undefined;
    znode.row = row;
    znode.words = tree.settledWords(row);
    znode.base = tree.baseOf(row);
    znode.acls = tree.acls.get(tree.aclId(row));
    return znode;
  }
}

function isRoot(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && bytes[start] === SLASH;
}

function copySum(high: number, low: number, to: DigestSum): void {
  to.high = high;
  to.low = low;
}

function highOf(value: bigint): number {
  return Number(BigInt.asIntN(32, value >> 32n));
}

function lowOf(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}
