/**
 * What the service should hold after each committed transaction, by plain maps, written without a look at the core: every version of every
 * znode, so that a read can be compared with the state at exactly the zxid that it was answered at.
 */

import {
  decodeTxn,
  decodeTxnRecord,
  decodeUtf8,
  JuteReader,
  OpCode,
  type Txn,
} from '@zooid/protocol';
import { type KnownTxn, zxidText } from './checks.ts';

/** A znode after some change. */
export interface ZnodeVersion {
  readonly zxid: number;
  readonly exists: boolean;
  readonly czxid: number;
  readonly version: number;
  readonly data: string;
  /** 0n unless it is ephemeral. */
  readonly owner: bigint;
}

interface ChildChange {
  readonly zxid: number;
  readonly name: string;
  readonly isAdded: boolean;
}

/** What is known of a write besides what it changed. */
export interface CommittedWrite {
  readonly sessionId: bigint;
  readonly xid: number;
  readonly type: number;
  readonly err: number;
}

type Fail = (check: string, message: string) => never;

/** Where every text that is written is unique. */
const TOKENS_BELOW = '/t/';

const noVersions: readonly ZnodeVersion[] = [];

export class Model {
  readonly #fail: Fail;
  readonly #versions = new Map<string, ZnodeVersion[]>();
  readonly #children = new Map<string, Set<string>>();
  readonly #childChanges = new Map<string, ChildChange[]>();
  readonly #ephemerals = new Map<bigint, Set<string>>();
  readonly #sessions = new Set<bigint>();
  /** When a session ended, by its zxid. */
  readonly #ended = new Map<bigint, number>();
  readonly #writes = new Map<number, CommittedWrite>();
  /** By the text that a client wrote, each of which is unique: the zxid that made it so. */
  readonly #tokens = new Map<string, number>();

  constructor(fail: Fail) {
    this.#fail = fail;
    const root = { zxid: 0, exists: true, czxid: 0, version: 0, data: '', owner: 0n };
    this.#versions.set('/', [root]);
  }

  apply({ zxid, bytes }: Pick<KnownTxn, 'zxid' | 'bytes'>): void {
    const { header, txn } = decodeTxnRecord(new JuteReader(bytes));
    const { sessionId, cxid: xid, type } = header;
    const err = txn.type === OpCode.error ? txn.err : 0;
    this.#writes.set(zxid, { sessionId, xid, type, err });
    this.#apply(zxid, sessionId, txn);
  }

  writeAt(zxid: number): CommittedWrite | undefined {
    return this.#writes.get(zxid);
  }

  /** The zxid at which this unique text was written; undefined when it never was. */
  tokenZxid(token: string): number | undefined {
    return this.#tokens.get(token);
  }

  hasSession(id: bigint): boolean {
    return this.#sessions.has(id);
  }

  /** Zxid of the end of a session; undefined while it lives. */
  endOf(id: bigint): number | undefined {
    return this.#ended.get(id);
  }

  /** The znode as it was at `zxid`; undefined when it was not there. */
  at(path: string, zxid: number): ZnodeVersion | undefined {
    const versions = this.#versions.get(path) ?? noVersions;
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i]!;
      if (version.zxid <= zxid) return version.exists ? version : undefined;
    }
    return undefined;
  }

  /** All that the znode ever was, first to last. */
  versionsOf(path: string): readonly ZnodeVersion[] {
    return this.#versions.get(path) ?? noVersions;
  }

  /** Sorted names of the children at `zxid`. */
  childrenAt(path: string, zxid: number): string[] {
    const names = new Set(this.#children.get(path));
    const changes = this.#childChanges.get(path) ?? [];
    for (let i = changes.length - 1; i >= 0 && changes[i]!.zxid > zxid; i--) {
      const { name, isAdded } = changes[i]!;
      if (isAdded) names.delete(name);
      else names.add(name);
    }
    return [...names].sort();
  }

  /** The first change of the znode itself after `zxid`. */
  firstChangeAfter(path: string, zxid: number): number | undefined {
    return firstAfter(this.#versions.get(path) ?? noVersions, zxid);
  }

  /** The first change of its list of children after `zxid`. */
  firstChildChangeAfter(path: string, zxid: number): number | undefined {
    return firstAfter(this.#childChanges.get(path) ?? [], zxid);
  }

  #apply(zxid: number, sessionId: bigint, txn: Txn): void {
    switch (txn.type) {
      case OpCode.createSession:
        if (this.#sessions.has(sessionId)) this.#fail('session', `${sessionId} begins twice`);
        this.#sessions.add(sessionId);
        return;
      case OpCode.closeSession:
        this.#closeSession(zxid, sessionId, txn.paths);
        return;
      case OpCode.create:
      case OpCode.create2:
        this.#create(zxid, txn.path, textOf(txn.data), txn.ephemeral ? sessionId : 0n);
        return;
      case OpCode.createContainer:
        this.#create(zxid, txn.path, textOf(txn.data), 0n);
        return;
      case OpCode.delete:
      case OpCode.deleteContainer:
        this.#delete(zxid, txn.path);
        return;
      case OpCode.setData:
        this.#set(zxid, txn.path, textOf(txn.data), txn.version);
        return;
      case OpCode.multi:
        this.#applyMulti(zxid, sessionId, txn.txns);
        return;
      case OpCode.error:
      case OpCode.check:
      case OpCode.reconfig:
        return;
      default:
        this.#fail('model', `a transaction of type ${txn.type}`);
    }
  }

  /** All of them, or none. */
  #applyMulti(
    zxid: number,
    sessionId: bigint,
    txns: readonly { readonly type: number; readonly data: Uint8Array | null }[],
  ): void {
    if (txns.some(({ type }) => type === OpCode.error)) return;
    for (const { type, data } of txns) {
      this.#apply(zxid, sessionId, decodeTxn(new JuteReader(data ?? new Uint8Array(0)), type));
    }
  }

  #closeSession(zxid: number, sessionId: bigint, paths: readonly string[] | null): void {
    const expected = [...(this.#ephemerals.get(sessionId) ?? [])].sort();
    const stated = [...(paths ?? expected)].sort();
    if (stated.join() !== expected.join()) {
      this.#fail(
        'ephemerals',
        `the end of ${sessionId} at ${zxidText(zxid)} deletes ${stated.join()}, it has ${expected.join()}`,
      );
    }
    for (const path of expected) this.#delete(zxid, path);
    if (this.#sessions.delete(sessionId)) this.#ended.set(sessionId, zxid);
  }

  #create(zxid: number, path: string, data: string, owner: bigint): void {
    if (this.at(path, zxid) !== undefined) {
      this.#fail('exactly-once', `${path} is created again at ${zxidText(zxid)}`);
    }
    if (owner !== 0n) {
      if (!this.#sessions.has(owner)) {
        this.#fail('ephemerals', `${path} of the session ${owner}, which is no more`);
      }
      const owned = this.#ephemerals.get(owner);
      if (owned === undefined) this.#ephemerals.set(owner, new Set([path]));
      else owned.add(path);
    }
    this.#push(path, { zxid, exists: true, czxid: zxid, version: 0, data, owner });
    this.#noteToken(zxid, path, data);
    this.#changeChildren(zxid, path, true);
  }

  #delete(zxid: number, path: string): void {
    const before = this.at(path, zxid);
    if (before === undefined) this.#fail('model', `${path} is deleted and not there`);
    if (before.owner !== 0n) this.#ephemerals.get(before.owner)?.delete(path);
    this.#push(path, { ...before, zxid, exists: false });
    this.#changeChildren(zxid, path, false);
  }

  #set(zxid: number, path: string, data: string, version: number): void {
    const before = this.at(path, zxid);
    if (before === undefined) this.#fail('model', `${path} is set and not there`);
    if (version !== before.version + 1) {
      this.#fail('lost-update', `${path} goes from version ${before.version} to ${version}`);
    }
    this.#push(path, { ...before, zxid, version, data });
    this.#noteToken(zxid, path, data);
  }

  #noteToken(zxid: number, path: string, token: string): void {
    if (token === '' || !path.startsWith(TOKENS_BELOW)) return;
    const other = this.#tokens.get(token);
    if (other !== undefined) {
      this.#fail('exactly-once', `${token} is written at ${zxidText(other)} and ${zxidText(zxid)}`);
    }
    this.#tokens.set(token, zxid);
  }

  #push(path: string, version: ZnodeVersion): void {
    const versions = this.#versions.get(path);
    if (versions === undefined) this.#versions.set(path, [version]);
    else versions.push(version);
  }

  #changeChildren(zxid: number, path: string, isAdded: boolean): void {
    const slash = path.lastIndexOf('/');
    const parent = path.slice(0, slash) || '/';
    const name = path.slice(slash + 1);
    const names = this.#children.get(parent) ?? new Set();
    this.#children.set(parent, names);
    if (isAdded) names.add(name);
    else names.delete(name);
    const changes = this.#childChanges.get(parent) ?? [];
    this.#childChanges.set(parent, changes);
    changes.push({ zxid, name, isAdded });
  }
}

function firstAfter(
  changes: readonly { readonly zxid: number }[],
  zxid: number,
): number | undefined {
  let first: number | undefined;
  for (let i = changes.length - 1; i >= 0 && changes[i]!.zxid > zxid; i--) first = changes[i]!.zxid;
  return first;
}

function textOf(data: Uint8Array | null): string {
  return data === null ? '' : decodeUtf8(data, 0, data.byteLength);
}
