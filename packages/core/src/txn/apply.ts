import {
  type Acl,
  CONTAINER_OWNER,
  decodeAcls,
  decodeUtf8,
  ErrorCode,
  EventType,
  type JuteReader,
  type JuteWriter,
  MalformedError,
  OpCode,
  openAcl,
  ttlToOwner,
} from '@zooid/protocol';
import type { Meter } from '../outbox.ts';
import type { QuotaTable } from '../quota/quota.ts';
import { OPEN_ACL_ID } from '../tree/acl-store.ts';
import type { ChangeRows } from '../tree/change-rows.ts';
import { type CreateZnode, type DataTree, newCreateZnode } from '../tree/data-tree.ts';
import type { EmitWatchEvent, WatchTable } from '../watch/watch-table.ts';
import type { AuditTrail } from './audit-trail.ts';
import { skipKnownOpenAcl, skipOpenAcl } from './open-acl.ts';

/** Receives what a change fires; `acls` are those of the znode that the event tells about (CVE-2024-23944). */
export type FireWatch<W> = (
  watcher: W,
  eventType: number,
  path: string,
  zxid: number,
  acls: readonly Acl[],
) => void;

const SLASH = 0x2f;
const LETTER_Z = 0x7a;

/**
 * Changes the tree as transactions say and fires watches. Total: it cannot refuse. What does not fit
 * the tree (only possible while a log is replayed over a fuzzy snapshot of Apache's) is answered
 * with a code and leaves the tree as a complete replay would, so that applying twice is applying once.
 *
 * One instance is reused: after {@link apply}, {@link row} and the path span tell what was changed.
 *
 * Source: DataTree.processTxn, createNode, deleteNode, setData, setACL, killSession.
 */
export class Applier<W extends object> {
  /** The znode that the last transaction created or changed; -1 when there is none. */
  row = -1;
  /** Path of the last transaction: `[pathStart, pathEnd)` of the reader's bytes. */
  pathStart = 0;
  pathEnd = 0;

  readonly #tree: DataTree;
  readonly #changes: ChangeRows;
  readonly #watches: WatchTable<W>;
  readonly #quotas: QuotaTable;
  readonly #fire: FireWatch<W>;
  readonly #meter: Pick<Meter, 'onZnodeWritten'>;
  readonly #emit: EmitWatchEvent<W>;
  readonly #creation: CreateZnode;

  // The change that is firing now: its zxid, the ACLs of its znode and of the parent.
  #zxid = 0;
  #acls: readonly Acl[] = openAcl;
  #parentAcls: readonly Acl[] = openAcl;

  constructor(parts: {
    readonly tree: DataTree;
    /** Changes that were prepared: they know the rows. */
    readonly changes: ChangeRows;
    readonly watches: WatchTable<W>;
    readonly quotas: QuotaTable;
    readonly fire: FireWatch<W>;
    readonly meter: Pick<Meter, 'onZnodeWritten'>;
  }) {
    this.#tree = parts.tree;
    this.#changes = parts.changes;
    this.#watches = parts.watches;
    this.#quotas = parts.quotas;
    this.#fire = parts.fire;
    this.#meter = parts.meter;
    this.#emit = (watcher, eventType, path) =>
      this.#fire(
        watcher,
        eventType,
        path,
        this.#zxid,
        eventType === EventType.nodeChildrenChanged ? this.#parentAcls : this.#acls,
      );
    this.#creation = newCreateZnode();
  }

  /**
   * Applies one transaction body (not a multi, not a session's) that begins at `reader`.
   *
   * @param sessionId - owner of an ephemeral that it creates.
   * @returns ok, or what did not fit. @throws MalformedError on a body that is cut short.
   */
  apply(
    type: number,
    reader: JuteReader,
    header: { readonly sessionId: bigint; readonly zxid: number; readonly timeMs: number },
  ): ErrorCode {
    this.row = -1;
    this.#zxid = header.zxid;
    switch (type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        return this.#create(type, reader, header.sessionId, header.zxid, header.timeMs);
      case OpCode.setData:
      case OpCode.reconfig:
        return this.#setData(reader, header.zxid, header.timeMs);
      case OpCode.delete:
      case OpCode.deleteContainer:
        this.#readPath(reader);
        return this.#delete(reader.bytes, this.pathStart, this.pathEnd, header.zxid);
      case OpCode.setACL:
        return this.#setAcl(reader, header.zxid);
      case OpCode.check:
        this.#readPath(reader);
        reader.int();
        return ErrorCode.ok;
      case OpCode.error:
        return reader.int() as ErrorCode;
      default:
        throw new MalformedError(`a transaction of type ${type}`);
    }
  }

  /**
   * Ends a session: deletes the paths that the transaction lists and whatever else the tree knows to
   * be the session's, each with its events.
   *
   * @param audit - is told of each; undefined in a replay, and while the audit log is off.
   */
  closeSession(
    sessionId: bigint,
    paths: readonly string[],
    zxid: number,
    audit?: AuditTrail | undefined,
  ): void {
    this.#zxid = zxid;
    for (const path of paths) {
      const row = this.#tree.findPath(path);
      if (row >= 0 && this.#tree.ephemeralOwner(row) === sessionId) {
        this.#deleteRow(row, path, zxid);
        audit?.onEphemeralGone(sessionId, path, ErrorCode.ok);
      } else {
        // A fuzzy snapshot has the deletion already, and perhaps the znode of somebody else in its
        // place; but its parent may be older. Source: ZOOKEEPER-3145.
        this.#raiseParentOf(path, zxid);
        audit?.onEphemeralGone(sessionId, path, ErrorCode.noNode);
      }
    }
    for (const row of [...(this.#tree.ephemeralsOf(sessionId) ?? [])]) {
      const path = this.#tree.path(row);
      this.#deleteRow(row, path, zxid);
      audit?.onEphemeralGone(sessionId, path, ErrorCode.ok);
    }
  }

  #create(
    type: number,
    reader: JuteReader,
    sessionId: bigint,
    zxid: number,
    timeMs: number,
  ): ErrorCode {
    // The change of the znode follows that of its parent.
    const parentChange = this.#changes.next(zxid);
    const change = parentChange < 0 ? -1 : this.#changes.next(zxid);
    this.#readPath(reader);
    const dataLength = reader.span();
    const dataStart = reader.spanStart;
    const aclId = this.#readAclId(reader, change);
    let owner = 0n;
    let parentCversion = -1;
    if (type === OpCode.createContainer) {
      parentCversion = reader.int();
      owner = CONTAINER_OWNER;
    } else if (type === OpCode.createTTL) {
      parentCversion = reader.int();
      owner = ttlToOwner(reader.longAsNumber());
    } else {
      if (reader.boolean()) owner = sessionId;
      // Logs of 3.3 and earlier end here. Source: CreateTxnV0.
      if (reader.remaining >= 4) parentCversion = reader.int();
    }

    const tree = this.#tree;
    const { bytes } = reader;
    const start = this.pathStart;
    const slash = lastSlash(bytes, start, this.pathEnd);
    const parentRow = this.#rowOf(parentChange, bytes, start, slash);
    if (parentRow < 0) return ErrorCode.noNode;
    if (parentCversion === -1) parentCversion = (tree.cversion(parentRow) + 1) | 0;
    // One that was prepared is new.
    const existing = change >= 0 ? -1 : tree.find(bytes, start, this.pathEnd);
    if (existing >= 0) {
      tree.setAcl(existing, aclId, tree.aversion(existing));
      tree.raiseParent(parentRow, parentCversion, zxid);
      return ErrorCode.nodeExists;
    }

    const creation = this.#creation;
    creation.parentRow = parentRow;
    creation.nameBytes = bytes;
    creation.nameStart = slash + 1;
    creation.nameEnd = this.pathEnd;
    creation.pathStart = start;
    creation.data = dataLength < 0 ? null : bytes;
    creation.dataStart = dataStart;
    creation.dataEnd = dataStart + dataLength;
    creation.aclId = aclId;
    creation.ephemeralOwner = owner;
    creation.zxid = zxid;
    creation.timeMs = timeMs;
    creation.parentCversion = parentCversion;
    this.row = tree.create(creation);
    this.#meter.onZnodeWritten(bytes, start, this.pathEnd, Math.max(0, dataLength));

    if (this.#isPathNeeded(bytes)) {
      const path = decodeUtf8(bytes, start, this.pathEnd);
      this.#quotas.onCreated(path, Math.max(0, dataLength));
      if (!this.#watches.isEmpty) {
        this.#acls = tree.acls.get(aclId);
        this.#parentAcls = tree.acls.get(tree.aclId(parentRow));
        this.#watches.nodeCreated(path, this.#emit);
      }
    }
    return ErrorCode.ok;
  }

  #setData(reader: JuteReader, zxid: number, timeMs: number): ErrorCode {
    this.#readPath(reader);
    const dataLength = reader.span();
    const dataStart = reader.spanStart;
    const version = reader.int();
    const tree = this.#tree;
    const { bytes } = reader;
    const row = this.#rowOf(this.#changes.next(zxid), bytes, this.pathStart, this.pathEnd);
    if (row < 0) return ErrorCode.noNode;
    const oldLength = tree.dataLength(row);
    tree.setData(
      row,
      dataLength < 0 ? null : bytes,
      dataStart,
      dataStart + dataLength,
      version,
      zxid,
      timeMs,
    );
    this.row = row;
    this.#meter.onZnodeWritten(bytes, this.pathStart, this.pathEnd, Math.max(0, dataLength));
    if (this.#isPathNeeded(bytes)) {
      const path = decodeUtf8(bytes, this.pathStart, this.pathEnd);
      this.#quotas.onDataChanged(path, Math.max(0, dataLength) - Math.max(0, oldLength));
      if (!this.#watches.isEmpty) {
        this.#acls = tree.acls.get(tree.aclId(row));
        this.#watches.nodeDataChanged(path, this.#emit);
      }
    }
    return ErrorCode.ok;
  }

  #delete(bytes: Uint8Array, start: number, end: number, zxid: number): ErrorCode {
    const tree = this.#tree;
    // The change of the parent comes first.
    this.#changes.next(zxid);
    const row = this.#rowOf(this.#changes.next(zxid), bytes, start, end);
    if (row < 0) {
      // The parent still learns of it: a fuzzy snapshot may have missed the child. Source: DataTree.deleteNode.
      const parentRow = tree.find(bytes, start, lastSlash(bytes, start, end));
      if (parentRow >= 0) tree.raiseParent(parentRow, tree.cversion(parentRow), zxid);
      return ErrorCode.noNode;
    }
    if (tree.childCount(row) > 0) this.#deleteBelow(row, zxid);
    this.#deleteRow(row, this.#isPathNeeded(bytes) ? decodeUtf8(bytes, start, end) : '', zxid);
    return ErrorCode.ok;
  }

  /**
   * A deletion is legal only without children. Where a fuzzy snapshot has some, they are those of a
   * later znode of the same name, and the log creates them again.
   */
  #deleteBelow(row: number, zxid: number): void {
    const rows = [row];
    // Grows while it is walked: parents before children.
    for (let i = 0; i < rows.length; i++) {
      this.#tree.forEachChild(rows[i]!, (child) => {
        rows.push(child);
      });
    }
    for (let i = rows.length - 1; i > 0; i--) {
      this.#deleteRow(rows[i]!, this.#tree.path(rows[i]!), zxid);
    }
  }

  #deleteRow(row: number, path: string, zxid: number): void {
    const tree = this.#tree;
    const isFired = !this.#watches.isEmpty;
    if (isFired) {
      this.#acls = tree.acls.get(tree.aclId(row));
      this.#parentAcls = tree.acls.get(tree.aclId(tree.parent(row)));
    }
    const dataLength = Math.max(0, tree.dataLength(row));
    tree.delete(row, zxid);
    if (path !== '') this.#quotas.onDeleted(path, dataLength);
    if (isFired) this.#watches.nodeDeleted(path, this.#emit);
  }

  #raiseParentOf(path: string, zxid: number): void {
    const tree = this.#tree;
    const row = tree.findPath(path.slice(0, path.lastIndexOf('/')));
    if (row >= 0) tree.raiseParent(row, tree.cversion(row), zxid);
  }

  #setAcl(reader: JuteReader, zxid: number): ErrorCode {
    const change = this.#changes.next(zxid);
    this.#readPath(reader);
    const aclId = this.#readAclId(reader, change);
    const aversion = reader.int();
    const row = this.#rowOf(change, reader.bytes, this.pathStart, this.pathEnd);
    if (row < 0) return ErrorCode.noNode;
    this.#tree.setAcl(row, aclId, aversion);
    this.row = row;
    return ErrorCode.ok;
  }

  /**
   * The row of the znode at a path, -1 without one. A change knows the row, if the znode was in the tree when it was
   * prepared: transactions are applied in their order, so nothing can have moved it since.
   */
  #rowOf(change: number, bytes: Uint8Array, start: number, end: number): number {
    if (change < 0) return this.#tree.find(bytes, start, end);
    const row = this.#changes.treeRow(change);
    if (row < 0) return this.#tree.find(bytes, start, end);
    const pathBytes = end - start === 1 ? 0 : end - start;
    this.#tree.assertIsAt(row, this.#changes.pathHash(change), pathBytes);
    return row;
  }

  #readPath(reader: JuteReader): void {
    const length = reader.span();
    if (length < 0) throw new MalformedError('a transaction without a path');
    this.pathStart = reader.spanStart;
    this.pathEnd = this.pathStart + length;
  }

  /** @param change - was prepared with this ACL; -1 for a transaction of a log. */
  #readAclId(reader: JuteReader, change: number): number {
    if (change >= 0 && this.#changes.acls[change] === openAcl) {
      skipKnownOpenAcl(reader);
      return OPEN_ACL_ID;
    }
    if (skipOpenAcl(reader)) return OPEN_ACL_ID;
    return this.#tree.acls.intern(decodeAcls(reader));
  }

  /**
   * Whether anybody needs the path as a string: without a watch and a quota nobody does, unless the
   * change is where quotas are made, below a name that begins with z.
   */
  #isPathNeeded(bytes: Uint8Array): boolean {
    if (!this.#watches.isEmpty || !this.#quotas.isEmpty) return true;
    return bytes[this.pathStart + 1] === LETTER_Z;
  }
}

/**
 * Writes the result of one operation of a multi.
 * Source: MultiResponse, FinalRequestProcessor case multi.
 */
export function writeMultiResult(
  out: JuteWriter,
  type: number,
  code: ErrorCode,
  tree: DataTree,
  applied: { readonly row: number; readonly pathStart: number; readonly pathEnd: number },
  bytes: Uint8Array,
): void {
  if (type === OpCode.error) {
    writeMultiHeader(out, OpCode.error, code);
    out.int(code);
    return;
  }
  switch (type) {
    case OpCode.create:
      writeMultiHeader(out, OpCode.create, ErrorCode.ok);
      out.bufferOf(bytes, applied.pathStart, applied.pathEnd);
      return;
    case OpCode.create2:
    case OpCode.createTTL:
    case OpCode.createContainer:
      writeMultiHeader(out, OpCode.create2, ErrorCode.ok);
      out.bufferOf(bytes, applied.pathStart, applied.pathEnd);
      tree.writeStat(applied.row, out);
      return;
    case OpCode.setData:
      writeMultiHeader(out, OpCode.setData, ErrorCode.ok);
      tree.writeStat(applied.row, out);
      return;
    case OpCode.check:
      writeMultiHeader(out, OpCode.check, ErrorCode.ok);
      return;
    default:
      writeMultiHeader(out, OpCode.delete, ErrorCode.ok);
  }
}

function writeMultiHeader(out: JuteWriter, type: number, error: number): void {
  out.int(type);
  out.boolean(false);
  out.int(error);
}

/** Ends a multi response. */
export function writeMultiEnd(out: JuteWriter): void {
  out.int(-1);
  out.boolean(true);
  out.int(-1);
}

function lastSlash(bytes: Uint8Array, start: number, end: number): number {
  let slash = end - 1;
  while (slash > start && bytes[slash] !== SLASH) slash--;
  return slash;
}
