import {
  type Acl,
  CONTAINER_OWNER,
  type CreateModeTraits,
  createModeTraits,
  decodeAcls,
  decodeUtf8,
  EphemeralType,
  ErrorCode,
  type ExtendedTypes,
  encodeAcls,
  ephemeralTypeOf,
  type Id,
  isValidTtl,
  type JuteReader,
  type JuteWriter,
  MalformedError,
  OpCode,
  openAcl,
  Permission,
  sequentialSuffix,
  TXN_DIGEST_VERSION,
  ttlToOwner,
  validatePathBytes,
} from '@zooid/protocol';
import type { AccessRules } from '../auth/access-rules.ts';
import type { QuotaTable } from '../quota/quota.ts';
import { crc32 } from '../tree/crc32.ts';
import type { DataTree } from '../tree/data-tree.ts';
import { hasDigest, statDigest } from '../tree/digest.ts';
import { ChangeRecord, OutstandingChanges } from './outstanding.ts';

/** What a transaction says of itself before its body. Source: TxnHeader. */
export interface RequestContext {
  /** The zxid that the proposal will have. */
  zxid: number;
  /** Wall clock, ms: the ctime and mtime of what it changes. */
  timeMs: number;
  sessionId: bigint;
  /** Who asks. */
  ids: readonly Id[];
}

export interface PrepareOptions {
  readonly extendedTypes: ExtendedTypes;
  readonly digestEnabled: boolean;
  readonly enforceQuota: boolean;
  readonly reconfigEnabled: boolean;
  /** Write the paths that a closeSession deletes into its transaction (3.6 and later). */
  readonly closeSessionTxnEnabled: boolean;
}

const SLASH = 0x2f;

/** Znodes that no client may delete. Source: DataTree.isSpecialPath. */
const specialPaths = new Set(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']);

/** The ACL vector [world:anyone all] as it stands in nearly every create request. */
const openAclBytes = Uint8Array.of(
  ...[0, 0, 0, 1, 0, 0, 0, 31],
  ...[0, 0, 0, 5, 0x77, 0x6f, 0x72, 0x6c, 0x64],
  ...[0, 0, 0, 6, 0x61, 0x6e, 0x79, 0x6f, 0x6e, 0x65],
);

/**
 * Turns write requests into transactions: checks them against the tree as it will be (the tree plus
 * what is outstanding) and writes the body of the transaction. Changes nothing but the outstanding
 * changes, and those only when it answers ok; a refusal is a code, in the order of checks that
 * Apache's has, because clients see which error wins.
 *
 * Source: PrepRequestProcessor.
 */
export class Preparer {
  readonly outstanding: OutstandingChanges = new OutstandingChanges();
  readonly #tree: DataTree;
  readonly #access: AccessRules;
  readonly #quotas: QuotaTable;
  readonly #options: PrepareOptions;

  // Digest of the tree as it will be, an unsigned 64-bit sum in two halves.
  #digestHigh = 0;
  #digestLow = 0;

  /** Which operations of the last multi were create2. */
  readonly #create2Indexes: number[] = [];
  // Znodes as they stand in the tree, while a request is prepared: the one it is about, and its parent.
  readonly #znode = new ChangeRecord();
  readonly #parent = new ChangeRecord();

  #context: RequestContext = { zxid: 0, timeMs: 0, sessionId: 0n, ids: [] };

  constructor(parts: {
    readonly tree: DataTree;
    readonly access: AccessRules;
    readonly quotas: QuotaTable;
    readonly options: PrepareOptions;
  }) {
    this.#tree = parts.tree;
    this.#access = parts.access;
    this.#quotas = parts.quotas;
    this.#options = parts.options;
    this.resetDigest();
  }

  /**
   * Which operations of the multi that was prepared last were create2: their answer has a stat, which
   * the transaction does not tell. Undefined when there were none.
   */
  takeCreate2Indexes(): ReadonlySet<number> | undefined {
    if (this.#create2Indexes.length === 0) return undefined;
    return new Set(this.#create2Indexes.splice(0));
  }

  /** Takes the tree's digest as the one to go on from; nothing may be outstanding. */
  resetDigest(): void {
    this.#digestHigh = this.#tree.digestHigh >>> 0;
    this.#digestLow = this.#tree.digestLow >>> 0;
  }

  /** Writes the TxnDigest that ends a transaction: the tree's digest once it is applied. */
  writeDigest(out: JuteWriter): void {
    out.int(TXN_DIGEST_VERSION);
    out.longFromHalves(this.#digestHigh, this.#digestLow);
  }

  /**
   * Prepares one request whose body is at `reader`; the transaction's body goes to `out`.
   *
   * @returns ok, or the refusal: then `out` may hold rubbish from where it was, and nothing is outstanding.
   * @throws MalformedError when the body is cut short; nothing is outstanding then either.
   */
  prepare(op: number, reader: JuteReader, out: JuteWriter, context: RequestContext): ErrorCode {
    this.#context = context;
    switch (op) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        return this.#create(op, op, reader, out);
      case OpCode.setData:
        return this.#setData(reader, out);
      case OpCode.delete:
        return this.#delete(reader, out);
      case OpCode.setACL:
        return this.#setAcl(reader, out);
      case OpCode.check:
        return this.#check(reader, out);
      case OpCode.deleteContainer:
        return this.#deleteContainer(reader, out);
      case OpCode.multi:
        return this.#multi(reader, out);
      case OpCode.reconfig:
        return this.#reconfig(reader);
      default:
        return ErrorCode.unimplemented;
    }
  }

  /**
   * Prepares the end of a session: everything it owns, also what is still being created, goes with it.
   * Source: PrepRequestProcessor, case closeSession.
   */
  closeSession(sessionId: bigint, out: JuteWriter, context: RequestContext): void {
    this.#context = context;
    const paths = new Set<string>();
    for (const row of this.#tree.ephemeralsOf(sessionId) ?? []) paths.add(this.#tree.path(row));
    for (const record of this.outstanding) {
      if (!record.exists) paths.delete(record.path);
      else if (record.ephemeralOwner === sessionId) paths.add(record.path);
    }
    for (const path of paths) {
      const record = this.#lookUp(this.#znode, path);
      const parent = this.#lookUp(this.#parent, parentPathOf(path));
      if (record !== undefined && parent !== undefined) this.#recordDelete(record, parent);
    }
    if (this.#options.closeSessionTxnEnabled) out.texts([...paths]);
  }

  /**
   * @param form - the opcode whose body the request has. It differs from `op`, what is to be done, in a
   *   multi only: there Apache takes a createTTL without a TTL mode for an ordinary create.
   */
  #create(op: number, form: number, reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const pathStart = reader.spanStart;
    const dataLength = reader.span();
    const dataStart = reader.spanStart;
    const requested = readAcls(reader);
    const traits = createModeTraits(reader.int());
    const sentTtl = form === OpCode.createTTL ? reader.long() : -1n;
    const ttl = op === OpCode.createTTL ? sentTtl : -1n;

    if (traits === undefined) return ErrorCode.badArguments;
    const modeError = this.#checkMode(op, traits, ttl);
    if (modeError !== ErrorCode.ok) return modeError;
    if (pathLength < 0) return ErrorCode.marshallingError;

    const bytes = reader.bytes;
    const slash = lastSlash(bytes, pathStart, pathStart + pathLength);
    if (slash < 0) return ErrorCode.badArguments;
    const acls = this.#access.fixUp(requested, this.#context.ids);
    if (acls === undefined) return ErrorCode.invalidACL;

    const parentPath = slash === pathStart ? '/' : decodeUtf8(bytes, pathStart, slash);
    const parent = this.#lookUpBytes(this.#parent, parentPath, bytes, pathStart, slash);
    if (parent === undefined) return ErrorCode.noNode;
    if (!this.#allows(parent.acls, Permission.create)) return ErrorCode.noAuth;

    const mark = out.startFrame();
    out.raw(bytes, pathStart, pathStart + pathLength);
    if (traits.isSequential) writeAscii(out, sequentialSuffix(parent.cversion));
    out.endFrame(mark);
    const start = mark + 4;
    const end = out.length;
    if (!validatePathBytes(out.bytes, start, end)) return ErrorCode.badArguments;
    const path = decodeUtf8(out.bytes, start, end);
    const earlier = this.outstanding.get(path);
    const exists = earlier?.exists ?? this.#tree.find(out.bytes, start, end) >= 0;
    if (exists) return ErrorCode.nodeExists;
    if (this.#isEphemeral(parent.ephemeralOwner)) return ErrorCode.noChildrenForEphemerals;
    const size = Math.max(dataLength, 0);
    if (this.#options.enforceQuota && !this.#quotas.isEmpty) {
      const quotaError = this.#quotas.check(path, 1, size);
      if (quotaError !== ErrorCode.ok) return quotaError;
    }

    const cversion = (parent.cversion + 1) | 0;
    const prefixCrc = this.#prefixCrc(out.bytes, start, end, bytes, dataStart, size);
    writeData(out, bytes, dataStart, dataLength);
    writeAcls(out, acls);
    let owner = 0n;
    if (op === OpCode.createContainer) {
      out.int(cversion);
      owner = CONTAINER_OWNER;
    } else if (op === OpCode.createTTL) {
      out.int(cversion);
      out.long(ttl);
      owner = ttlToOwner(Number(ttl));
    } else {
      out.boolean(traits.isEphemeral);
      out.int(cversion);
      if (traits.isEphemeral) owner = this.#context.sessionId;
    }
    this.#recordCreate(path, earlier, parent, cversion, acls, owner, size, prefixCrc);
    return ErrorCode.ok;
  }

  /** Source: PrepRequestProcessor.validateCreateRequest. */
  #checkMode(op: number, traits: CreateModeTraits, ttl: bigint): ErrorCode {
    if (traits.hasTtl && this.#options.extendedTypes === 'off') return ErrorCode.unimplemented;
    if (traits.hasTtl) {
      // A TTL mode through an opcode that carries no TTL has ttl -1 and fails here too.
      if (ttl > BigInt(Number.MAX_SAFE_INTEGER) || !isValidTtl(Number(ttl))) {
        return ErrorCode.badArguments;
      }
    } else if (ttl >= 0n || op === OpCode.createTTL) {
      return ErrorCode.badArguments;
    }
    return ErrorCode.ok;
  }

  #delete(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const start = reader.spanStart;
    const expected = reader.int();
    if (pathLength < 0) return ErrorCode.marshallingError;
    const bytes = reader.bytes;
    const end = start + pathLength;
    const slash = lastSlash(bytes, start, end);
    if (slash < 0) return ErrorCode.badArguments;
    const path = decodeUtf8(bytes, start, end);
    if (specialPaths.has(path)) return ErrorCode.badArguments;
    const parentPath = slash === start ? '/' : decodeUtf8(bytes, start, slash);
    const parent = this.#lookUpBytes(this.#parent, parentPath, bytes, start, slash);
    if (parent === undefined) return ErrorCode.noNode;
    if (!this.#allows(parent.acls, Permission.delete)) return ErrorCode.noAuth;
    const record = this.#lookUpBytes(this.#znode, path, bytes, start, end);
    if (record === undefined) return ErrorCode.noNode;
    if (expected !== -1 && expected !== record.version) return ErrorCode.badVersion;
    if (record.childCount > 0) return ErrorCode.notEmpty;
    out.bufferOf(bytes, start, end);
    this.#recordDelete(record, parent);
    return ErrorCode.ok;
  }

  /** From the cleaner, or a client that sends it: only an empty container or TTL znode goes. */
  #deleteContainer(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const start = reader.spanStart;
    if (pathLength < 0) return ErrorCode.marshallingError;
    const bytes = reader.bytes;
    const end = start + pathLength;
    const slash = lastSlash(bytes, start, end);
    if (slash < 0) return ErrorCode.badArguments;
    const path = decodeUtf8(bytes, start, end);
    if (specialPaths.has(path)) return ErrorCode.badArguments;
    const record = this.#lookUpBytes(this.#znode, path, bytes, start, end);
    if (record === undefined) return ErrorCode.noNode;
    if (record.childCount > 0) return ErrorCode.notEmpty;
    const type = ephemeralTypeOf(record.ephemeralOwner, this.#options.extendedTypes);
    // Apache refuses a session's znode only; a persistent one would be deleted. Nobody may rely on that.
    if (type !== EphemeralType.container && type !== EphemeralType.ttl) return ErrorCode.badVersion;
    const parent = this.#lookUp(this.#parent, parentPathOf(path));
    if (parent === undefined) return ErrorCode.noNode;
    out.bufferOf(bytes, start, end);
    this.#recordDelete(record, parent);
    return ErrorCode.ok;
  }

  #setData(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const start = reader.spanStart;
    const dataLength = reader.span();
    const dataStart = reader.spanStart;
    const expected = reader.int();
    if (pathLength < 0) return ErrorCode.badArguments;
    const bytes = reader.bytes;
    const end = start + pathLength;
    if (!validatePathBytes(bytes, start, end)) return ErrorCode.badArguments;
    const path = decodeUtf8(bytes, start, end);
    const record = this.#lookUpBytes(this.#znode, path, bytes, start, end);
    if (record === undefined) return ErrorCode.noNode;
    if (!this.#allows(record.acls, Permission.write)) return ErrorCode.noAuth;
    const size = Math.max(dataLength, 0);
    if (this.#options.enforceQuota && !this.#quotas.isEmpty) {
      const quotaError = this.#quotas.check(path, 0, size - record.dataLength);
      if (quotaError !== ErrorCode.ok) return quotaError;
    }
    if (expected !== -1 && expected !== record.version) return ErrorCode.badVersion;
    const version = nextVersion(record.version);
    out.bufferOf(bytes, start, end);
    writeData(out, bytes, dataStart, dataLength);
    out.int(version);

    const { zxid, timeMs } = this.#context;
    let prefixCrc = 0;
    let digest = 0;
    if (this.#options.digestEnabled && hasDigest(path)) {
      // "/" and "" are one znode, and its digest begins with the empty path.
      const digestStart = path === '/' ? end : start;
      prefixCrc = crc32(crc32(0, bytes, digestStart, end), bytes, dataStart, dataStart + size);
      digest = statDigest(
        prefixCrc,
        record.czxid,
        zxid,
        record.pzxid,
        record.ctimeMs,
        timeMs,
        version,
        record.cversion,
        record.aversion,
        record.ephemeralOwner,
      );
      this.#digestMoves(record.digest, digest);
    }
    const change = this.outstanding.add(path, zxid, record);
    change.copyZnode(record);
    change.mzxid = zxid;
    change.mtimeMs = timeMs;
    change.version = version;
    change.dataLength = size;
    change.prefixCrc = prefixCrc;
    change.digest = digest;
    return ErrorCode.ok;
  }

  #setAcl(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const start = reader.spanStart;
    const requested = readAcls(reader);
    const expected = reader.int();
    if (pathLength < 0) return ErrorCode.badArguments;
    const bytes = reader.bytes;
    const end = start + pathLength;
    if (!validatePathBytes(bytes, start, end)) return ErrorCode.badArguments;
    const path = decodeUtf8(bytes, start, end);
    const acls = this.#access.fixUp(requested, this.#context.ids);
    if (acls === undefined) return ErrorCode.invalidACL;
    const record = this.#lookUpBytes(this.#znode, path, bytes, start, end);
    if (record === undefined) return ErrorCode.noNode;
    if (!this.#allows(record.acls, Permission.admin)) return ErrorCode.noAuth;
    if (expected !== -1 && expected !== record.aversion) return ErrorCode.badVersion;
    const aversion = nextVersion(record.aversion);
    out.bufferOf(bytes, start, end);
    writeAcls(out, acls);
    out.int(aversion);
    const change = this.#changeOf(record);
    change.acls = acls;
    change.aversion = aversion;
    this.#redigest(change);
    return ErrorCode.ok;
  }

  #check(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const start = reader.spanStart;
    const expected = reader.int();
    if (pathLength < 0) return ErrorCode.marshallingError;
    const bytes = reader.bytes;
    const end = start + pathLength;
    if (!validatePathBytes(bytes, start, end)) return ErrorCode.badArguments;
    const path = decodeUtf8(bytes, start, end);
    const record = this.#lookUpBytes(this.#znode, path, bytes, start, end);
    if (record === undefined) return ErrorCode.noNode;
    if (!this.#allows(record.acls, Permission.read)) return ErrorCode.noAuth;
    if (expected !== -1 && expected !== record.version) return ErrorCode.badVersion;
    out.bufferOf(bytes, start, end);
    out.int(nextVersion(record.version));
    return ErrorCode.ok;
  }

  /** What a standalone server says. Source: PrepRequestProcessor, case reconfig: the switch comes first. */
  #reconfig(reader: JuteReader): ErrorCode {
    for (let i = 0; i < 3; i++) reader.span();
    reader.long();
    return this.#options.reconfigEnabled ? ErrorCode.unimplemented : ErrorCode.reconfigDisabled;
  }

  /**
   * All or nothing: when one operation is refused, every change of the others is taken back and the
   * transaction carries errors only. The multi itself is then still ok: it is logged, and its answer
   * tells each operation's code.
   */
  #multi(reader: JuteReader, out: JuteWriter): ErrorCode {
    const bodyStart = reader.position;
    // A request that cannot be decoded must change nothing, so all of it is looked at first.
    const count = skipMultiRequest(reader);
    reader.position = bodyStart;

    const digestHigh = this.#digestHigh;
    const digestLow = this.#digestLow;
    out.int(count);
    let failed = false;
    this.#create2Indexes.length = 0;
    for (let index = 0; ; index++) {
      const op = reader.int();
      const isDone = reader.boolean();
      reader.int();
      if (isDone) break;
      const opStart = reader.position;
      const effectiveOp = op === OpCode.createTTL ? opOfTtlForm(reader) : op;
      if (op === OpCode.create2) this.#create2Indexes.push(index);
      // Up to 3.8.3 Apache cannot replay a create2 inside of a multi; its transaction is a create's anyway.
      const txnType = effectiveOp === OpCode.create2 ? OpCode.create : effectiveOp;
      out.int(failed ? OpCode.error : txnType);
      const mark = out.startFrame();
      let code: ErrorCode = ErrorCode.runtimeInconsistency;
      if (!failed) {
        code =
          op === OpCode.createTTL
            ? this.#create(effectiveOp, op, reader, out)
            : this.prepare(op, reader, out, this.#context);
        if (code !== ErrorCode.ok) {
          failed = true;
          this.outstanding.rollback(this.#context.zxid);
          this.#digestHigh = digestHigh;
          this.#digestLow = digestLow;
        }
      }
      if (code !== ErrorCode.ok) {
        out.truncate(mark + 4);
        out.patchInt(mark - 4, OpCode.error);
        out.int(code);
      }
      out.endFrame(mark);
      reader.position = opStart;
      skipMultiOperation(op, reader);
    }
    return ErrorCode.ok;
  }

  /** @param earlier - what is outstanding for the path: a deletion, or nothing. */
  #recordCreate(
    path: string,
    earlier: ChangeRecord | undefined,
    parent: ChangeRecord,
    cversion: number,
    acls: readonly Acl[],
    ephemeralOwner: bigint,
    dataLength: number,
    prefixCrc: number,
  ): void {
    const { zxid, timeMs } = this.#context;
    // Past 2^31 - 1 the counter stays where it is, and so does pzxid. Source: DataTree.createNode.
    const hasWrapped = cversion < parent.cversion;
    const parentChange = this.#changeOf(parent);
    parentChange.childCount++;
    if (!hasWrapped) {
      parentChange.cversion = cversion;
      parentChange.pzxid = zxid;
    }
    this.#redigest(parentChange);
    let digest = 0;
    if (this.#options.digestEnabled && hasDigest(path)) {
      digest = statDigest(prefixCrc, zxid, zxid, zxid, timeMs, timeMs, 0, 0, 0, ephemeralOwner);
      this.#digestMoves(0, digest);
    }
    const change = this.outstanding.add(path, zxid, earlier);
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
    change.acls = acls;
    change.dataLength = dataLength;
    change.prefixCrc = prefixCrc;
    change.digest = digest;
  }

  #recordDelete(record: ChangeRecord, parent: ChangeRecord): void {
    const { zxid } = this.#context;
    const parentChange = this.#changeOf(parent);
    parentChange.pzxid = zxid;
    parentChange.childCount--;
    this.#redigest(parentChange);
    this.#digestMoves(record.digest, 0);
    const change = this.outstanding.add(record.path, zxid, record);
    change.exists = false;
    change.ephemeralOwner = 0n;
    change.digest = 0;
  }

  /** A record that begins as a copy of `record`; what differs is set on it, then {@link #redigest} follows. */
  #changeOf(record: ChangeRecord): ChangeRecord {
    const change = this.outstanding.add(record.path, this.#context.zxid, record);
    change.copyZnode(record);
    return change;
  }

  /** Brings the digest up to date after the stat alone was changed. */
  #redigest(change: ChangeRecord): void {
    if (!this.#options.digestEnabled || !hasDigest(change.path)) return;
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

  /** The znode as it will be, or undefined when it will not exist. */
  #lookUp(slot: ChangeRecord, path: string): ChangeRecord | undefined {
    const change = this.outstanding.get(path);
    if (change !== undefined) return change.exists ? change : undefined;
    return this.#fromTree(slot, path, this.#tree.findPath(path));
  }

  #lookUpBytes(
    slot: ChangeRecord,
    path: string,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ChangeRecord | undefined {
    if (this.outstanding.size > 0) {
      const change = this.outstanding.get(path);
      if (change !== undefined) return change.exists ? change : undefined;
    }
    return this.#fromTree(slot, path, this.#tree.find(bytes, start, end));
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

  #allows(acls: readonly Acl[], permission: number): boolean {
    return acls === openAcl || this.#access.allows(acls, permission, this.#context.ids);
  }

  #isEphemeral(owner: bigint): boolean {
    return (
      owner !== 0n && ephemeralTypeOf(owner, this.#options.extendedTypes) === EphemeralType.normal
    );
  }

  #prefixCrc(
    path: Uint8Array,
    pathStart: number,
    pathEnd: number,
    data: Uint8Array,
    dataStart: number,
    dataLength: number,
  ): number {
    if (!this.#options.digestEnabled) return 0;
    return crc32(crc32(0, path, pathStart, pathEnd), data, dataStart, dataStart + dataLength);
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
}

/** -1 stands for "any version" in requests, so no znode may have it. Source: ZOOKEEPER-4743. */
function nextVersion(version: number): number {
  const next = (version + 1) | 0;
  return next === -1 ? 0 : next;
}

function parentPathOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === 0 ? '/' : path.slice(0, slash);
}

/** Where the last slash is; -1 without one, or when there is a NUL: no such path can be looked up. */
function lastSlash(bytes: Uint8Array, start: number, end: number): number {
  let slash = -1;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === SLASH) slash = i;
    else if (byte === 0) return -1;
  }
  return slash;
}

function readAcls(reader: JuteReader): readonly Acl[] {
  if (startsWithOpenAcl(reader)) {
    reader.position += openAclBytes.length;
    return openAcl;
  }
  return decodeAcls(reader);
}

function startsWithOpenAcl(reader: JuteReader): boolean {
  if (reader.remaining < openAclBytes.length) return false;
  const { bytes, position } = reader;
  for (let i = 0; i < openAclBytes.length; i++) {
    if (bytes[position + i] !== openAclBytes[i]) return false;
  }
  return true;
}

function writeAcls(out: JuteWriter, acls: readonly Acl[]): void {
  if (acls === openAcl) out.raw(openAclBytes, 0, openAclBytes.length);
  else encodeAcls(out, acls);
}

function writeData(out: JuteWriter, bytes: Uint8Array, start: number, length: number): void {
  if (length < 0) out.int(-1);
  else out.bufferOf(bytes, start, start + length);
}

function writeAscii(out: JuteWriter, text: string): void {
  for (let i = 0; i < text.length; i++) out.byte(text.charCodeAt(i));
}

/**
 * What a createTTL inside of a multi asks for, by its flags. The reader is at its body and stays there.
 * Source: Op.create with a TTL.
 */
function opOfTtlForm(reader: JuteReader): number {
  const start = reader.position;
  reader.span();
  reader.span();
  readAcls(reader);
  const traits = createModeTraits(reader.int());
  reader.position = start;
  if (traits?.hasTtl === true) return OpCode.createTTL;
  return traits?.isContainer === true ? OpCode.createContainer : OpCode.create;
}

/** Steps over one operation of a multi. @throws MalformedError for a type that no multi may carry. */
function skipMultiOperation(op: number, reader: JuteReader): void {
  switch (op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      reader.span();
      reader.span();
      readAcls(reader);
      // Apache decodes these into an operation at once, which has no room for other modes.
      if (createModeTraits(reader.int())?.hasTtl !== false) {
        throw new MalformedError('a create mode that does not exist, or has no TTL with it');
      }
      return;
    case OpCode.createTTL:
      reader.span();
      reader.span();
      readAcls(reader);
      reader.int();
      reader.long();
      return;
    case OpCode.delete:
    case OpCode.check:
      reader.span();
      reader.int();
      return;
    case OpCode.setData:
      reader.span();
      reader.span();
      reader.int();
      return;
    default:
      throw new MalformedError(`operation ${op} in a multi`);
  }
}

/** Steps over the whole multi request and returns how many operations it has. */
function skipMultiRequest(reader: JuteReader): number {
  for (let count = 0; ; count++) {
    const op = reader.int();
    const isDone = reader.boolean();
    reader.int();
    if (isDone) return count;
    skipMultiOperation(op, reader);
  }
}
