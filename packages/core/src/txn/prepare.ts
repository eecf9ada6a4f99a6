import {
  type Acl,
  CONTAINER_OWNER,
  type CreateModeTraits,
  createModeTraits,
  decodeReconfigRequest,
  decodeUtf8,
  EphemeralType,
  ErrorCode,
  type ExtendedTypes,
  encodeUtf8,
  ephemeralTypeOf,
  formatMembership,
  type Id,
  isValidTtl,
  type JuteReader,
  type JuteWriter,
  type Membership,
  OpCode,
  openAcl,
  Permission,
  type ReconfigRequest,
  sequentialSuffix,
  ttlToOwner,
  validatePathBytes,
} from '@zooid/protocol';
import type { AccessRules } from '../auth/access-rules.ts';
import type { QuotaTable } from '../quota/quota.ts';
import type { FutureTree } from './future-tree.ts';
import {
  lastSlash,
  opOfTtlForm,
  readAcls,
  skipMultiOperation,
  skipMultiRequest,
  writeAcls,
  writeAscii,
} from './request-body.ts';
import { RequestBytes } from './request-bytes.ts';

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
  readonly digestEnabled: boolean;
  readonly extendedTypes: ExtendedTypes;
  readonly enforceQuota: boolean;
  readonly reconfigEnabled: boolean;
  /** Write the paths that a closeSession deletes into its transaction (3.6 and later). */
  readonly closeSessionTxnEnabled: boolean;
}

const LETTER_Z = 0x7a;

/** Znodes that no client may delete. Source: DataTree.isSpecialPath. */
const specialPaths = new Set(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']);

/** Who will belong to the ensemble if this request is done by the transaction `zxid`; or what it is refused with. */
export type PlanReconfig = (request: ReconfigRequest, zxid: number) => Membership | ErrorCode;

const CONFIG_PATH = encodeUtf8('/zookeeper/config');

/**
 * Turns write requests into transactions: checks them against the tree as it will be (the tree plus
 * what is outstanding) and writes the body of the transaction. Changes nothing but the outstanding
 * changes, and those only when it answers ok; a refusal is a code, in the order of checks that
 * Apache's has, because clients see which error wins.
 *
 * Source: PrepRequestProcessor.
 */
export class Preparer {
  readonly #future: FutureTree;
  readonly #access: AccessRules;
  readonly #quotas: QuotaTable;
  readonly #options: PrepareOptions;
  readonly #bytes: RequestBytes;

  /** Which operations of the last multi were create2. */
  readonly #create2Indexes: number[] = [];

  #context: RequestContext = { zxid: 0, timeMs: 0, sessionId: 0n, ids: [] };
  #planReconfig: PlanReconfig | undefined;

  constructor(parts: {
    readonly future: FutureTree;
    readonly access: AccessRules;
    readonly quotas: QuotaTable;
    readonly options: PrepareOptions;
  }) {
    this.#future = parts.future;
    this.#access = parts.access;
    this.#quotas = parts.quotas;
    this.#options = parts.options;
    this.#bytes = new RequestBytes(parts.options);
  }

  /** From now on reconfigurations are decided by this one; undefined: there is nobody who could. */
  reconfigureBy(plan: PlanReconfig | undefined): void {
    this.#planReconfig = plan;
  }

  /**
   * Which operations of the multi that was prepared last were create2: their answer has a stat, which
   * the transaction does not tell. Undefined when there were none.
   */
  takeCreate2Indexes(): ReadonlySet<number> | undefined {
    if (this.#create2Indexes.length === 0) return undefined;
    return new Set(this.#create2Indexes.splice(0));
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
        return this.#reconfig(reader, out);
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
    const paths = this.#future.ephemeralPathsOf(sessionId);
    for (const path of paths) this.#future.deleteEphemeral(path);
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

    const future = this.#future;
    const mark = out.startFrame();
    this.#bytes.copy(out, bytes, pathStart, pathLength);
    const start = mark + 4;
    const nameStart = start + (slash - pathStart) + 1;
    const parent = future.parent(out.bytes, start, nameStart - 1);
    if (parent === undefined) return ErrorCode.noNode;
    if (!this.#allows(parent.acls, Permission.create)) return ErrorCode.noAuth;

    if (traits.isSequential) writeAscii(out, sequentialSuffix(parent.cversion));
    out.endFrame(mark);
    const end = out.length;
    if (!validatePathBytes(out.bytes, start, end)) return ErrorCode.badArguments;
    if (future.child(out.bytes, start, nameStart, end) !== undefined) return ErrorCode.nodeExists;
    if (this.#isEphemeral(parent.ephemeralOwner)) return ErrorCode.noChildrenForEphemerals;
    const size = Math.max(dataLength, 0);
    if (this.#options.enforceQuota && !this.#quotas.isEmpty) {
      const quotaError = this.#quotas.check(decodeUtf8(out.bytes, start, end), 1, size);
      if (quotaError !== ErrorCode.ok) return quotaError;
    }

    const cversion = (parent.cversion + 1) | 0;
    const pathCrc = future.newPathCrc();
    const prefixCrc = this.#bytes.copySummed(out, bytes, dataStart, dataLength, pathCrc);
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
    future.create(size, pathCrc, prefixCrc, acls, owner, cversion);
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
    const pathStart = reader.spanStart;
    const expected = reader.int();
    if (pathLength < 0) return ErrorCode.marshallingError;
    const future = this.#future;
    const start = this.#writePath(out, reader.bytes, pathStart, pathLength);
    const end = out.length;
    const slash = lastSlash(out.bytes, start, end);
    if (slash < 0) return ErrorCode.badArguments;
    if (isSpecialPath(out.bytes, start, end)) return ErrorCode.badArguments;
    const parent = future.parent(out.bytes, start, slash);
    if (parent === undefined) return ErrorCode.noNode;
    if (!this.#allows(parent.acls, Permission.delete)) return ErrorCode.noAuth;
    const znode = future.child(out.bytes, start, slash + 1, end);
    if (znode === undefined) return ErrorCode.noNode;
    if (expected !== -1 && expected !== znode.version) return ErrorCode.badVersion;
    if (znode.childCount > 0) return ErrorCode.notEmpty;
    future.delete();
    return ErrorCode.ok;
  }

  /** From the cleaner, or a client that sends it: only an empty container or TTL znode goes. */
  #deleteContainer(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const pathStart = reader.spanStart;
    if (pathLength < 0) return ErrorCode.marshallingError;
    const future = this.#future;
    const start = this.#writePath(out, reader.bytes, pathStart, pathLength);
    const end = out.length;
    const slash = lastSlash(out.bytes, start, end);
    if (slash < 0) return ErrorCode.badArguments;
    if (isSpecialPath(out.bytes, start, end)) return ErrorCode.badArguments;
    if (future.parent(out.bytes, start, slash) === undefined) return ErrorCode.noNode;
    const znode = future.child(out.bytes, start, slash + 1, end);
    if (znode === undefined) return ErrorCode.noNode;
    if (znode.childCount > 0) return ErrorCode.notEmpty;
    const type = ephemeralTypeOf(znode.ephemeralOwner, this.#options.extendedTypes);
    // Apache refuses a session's znode only; a persistent one would be deleted. Nobody may rely on that.
    if (type !== EphemeralType.container && type !== EphemeralType.ttl) return ErrorCode.badVersion;
    future.delete();
    return ErrorCode.ok;
  }

  #setData(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const pathStart = reader.spanStart;
    const dataLength = reader.span();
    const dataStart = reader.spanStart;
    const expected = reader.int();
    if (pathLength < 0) return ErrorCode.badArguments;
    const { bytes } = reader;
    const start = this.#writePath(out, bytes, pathStart, pathLength);
    const end = out.length;
    if (!validatePathBytes(out.bytes, start, end)) return ErrorCode.badArguments;
    const znode = this.#future.znode(out.bytes, start, end);
    if (znode === undefined) return ErrorCode.noNode;
    if (!this.#allows(znode.acls, Permission.write)) return ErrorCode.noAuth;
    const size = Math.max(dataLength, 0);
    if (this.#options.enforceQuota && !this.#quotas.isEmpty) {
      const path = decodeUtf8(out.bytes, start, end);
      const quotaError = this.#quotas.check(path, 0, size - znode.dataLength);
      if (quotaError !== ErrorCode.ok) return quotaError;
    }
    if (expected !== -1 && expected !== znode.version) return ErrorCode.badVersion;
    const version = nextVersion(znode.version);
    const prefixCrc = this.#bytes.copySummed(out, bytes, dataStart, dataLength, znode.pathCrc);
    out.int(version);
    this.#future.setData(size, prefixCrc, version);
    return ErrorCode.ok;
  }

  #setAcl(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const pathStart = reader.spanStart;
    const requested = readAcls(reader);
    const expected = reader.int();
    if (pathLength < 0) return ErrorCode.badArguments;
    const start = this.#writePath(out, reader.bytes, pathStart, pathLength);
    const end = out.length;
    if (!validatePathBytes(out.bytes, start, end)) return ErrorCode.badArguments;
    const acls = this.#access.fixUp(requested, this.#context.ids);
    if (acls === undefined) return ErrorCode.invalidACL;
    const znode = this.#future.znode(out.bytes, start, end);
    if (znode === undefined) return ErrorCode.noNode;
    if (!this.#allows(znode.acls, Permission.admin)) return ErrorCode.noAuth;
    if (expected !== -1 && expected !== znode.aversion) return ErrorCode.badVersion;
    const aversion = nextVersion(znode.aversion);
    writeAcls(out, acls);
    out.int(aversion);
    this.#future.setAcl(acls, aversion);
    return ErrorCode.ok;
  }

  #check(reader: JuteReader, out: JuteWriter): ErrorCode {
    const pathLength = reader.span();
    const pathStart = reader.spanStart;
    const expected = reader.int();
    if (pathLength < 0) return ErrorCode.marshallingError;
    const start = this.#writePath(out, reader.bytes, pathStart, pathLength);
    const end = out.length;
    if (!validatePathBytes(out.bytes, start, end)) return ErrorCode.badArguments;
    const znode = this.#future.znode(out.bytes, start, end);
    if (znode === undefined) return ErrorCode.noNode;
    if (!this.#allows(znode.acls, Permission.read)) return ErrorCode.noAuth;
    if (expected !== -1 && expected !== znode.version) return ErrorCode.badVersion;
    out.int(nextVersion(znode.version));
    return ErrorCode.ok;
  }

  /** Begins a transaction with its path, whose bytes then stay: changes refer to them. @returns where they begin. */
  #writePath(out: JuteWriter, bytes: Uint8Array, start: number, length: number): number {
    out.int(length);
    this.#bytes.copy(out, bytes, start, length);
    return out.length - length;
  }

  /** Source: PrepRequestProcessor, case reconfig: the switch comes first, then what is asked for, then whether it may be asked. */
  #reconfig(reader: JuteReader, out: JuteWriter): ErrorCode {
    const request = decodeReconfigRequest(reader);
    if (!this.#options.reconfigEnabled) return ErrorCode.reconfigDisabled;
    // A server that is alone has nobody to leave or to join it.
    if (this.#planReconfig === undefined) return ErrorCode.unimplemented;
    const planned = this.#planReconfig(request, this.#context.zxid);
    if (typeof planned === 'number') return planned;
    const znode = this.#future.znode(CONFIG_PATH, 0, CONFIG_PATH.byteLength);
    if (znode === undefined) return ErrorCode.noNode;
    if (!this.#allows(znode.acls, Permission.write)) return ErrorCode.noAuth;
    out.bufferOf(CONFIG_PATH, 0, CONFIG_PATH.byteLength);
    out.buffer(encodeUtf8(formatMembership(planned)));
    out.int(-1);
    return ErrorCode.ok;
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
          this.#future.rollback();
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

  #allows(acls: readonly Acl[], permission: number): boolean {
    return acls === openAcl || this.#access.allows(acls, permission, this.#context.ids);
  }

  #isEphemeral(owner: bigint): boolean {
    return (
      owner !== 0n && ephemeralTypeOf(owner, this.#options.extendedTypes) === EphemeralType.normal
    );
  }
}

/** -1 stands for "any version" in requests, so no znode may have it. Source: ZOOKEEPER-4743. */
function nextVersion(version: number): number {
  const next = (version + 1) | 0;
  return next === -1 ? 0 : next;
}

function isSpecialPath(bytes: Uint8Array, start: number, end: number): boolean {
  // The root, or something that begins like "/zookeeper": nobody else's path need become a string.
  if (end - start > 1 && bytes[start + 1] !== LETTER_Z) return false;
  return specialPaths.has(decodeUtf8(bytes, start, end));
}
