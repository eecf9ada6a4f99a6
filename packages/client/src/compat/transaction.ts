import assert from 'node:assert';
import { ErrorCode, type MultiResult, type MultiWriteOp, OpCode } from '@zooid/protocol';
import { wireAclsOf } from './acl.ts';
import { type CreateArgument, readCreateArguments } from './arguments.ts';
import { type Callback, type Caller, callWithError } from './caller.ts';
import type { ConnectionManager } from './connection-manager.ts';
import { isSequential } from './constants.ts';
import { type Exception, exceptionOfCode } from './exception.ts';
import { multiOperation, newPathOf, ownBuffer } from './operations.ts';
import { assertPath, assertSequentialPath } from './path.ts';
import { makeReplaceable } from './replaceable.ts';
import { type Stat, statOfWire } from './stat.ts';

/** What became of one operation. */
export interface TransactionResult {
  /** Opcode of the operation: 1 create, 2 remove, 5 setData, 13 check; -1 when the transaction failed. */
  readonly type: number;
  /** What was created. */
  readonly path?: string;
  /** The new stat of what was set. */
  readonly stat?: Stat;
  /** Why it failed; 0 of those before the one that was refused, RUNTIME_INCONSISTENCY of those after it. */
  readonly err?: number;
}

const ANY_VERSION = -1;

/** Several changes as one: all are carried out, or none. */
export class Transaction {
  readonly #manager: ConnectionManager;
  readonly #caller: Caller;
  readonly #ops: MultiWriteOp[] = [];
  /** As the user gave them, for errors. */
  readonly #paths: string[] = [];

  constructor(manager: ConnectionManager, caller: Caller) {
    this.#manager = manager;
    this.#caller = caller;
  }

  /** Optional data, ACL and mode are known by their types. @throws AssertionError */
  create(path: string, ...options: CreateArgument[]): this {
    const { data, acls, mode } = readCreateArguments(options);
    if (isSequential(mode)) assertSequentialPath(path);
    else assertPath(path);
    assert(acls.length > 0, 'acls must be a non-empty array.');
    return this.#add(path, {
      op: OpCode.create,
      path: newPathOf(this.#manager.chroot, path, mode),
      data,
      acl: wireAclsOf(acls),
      flags: mode,
    });
  }

  /** Goes on only if the znode has this version; without one, if it exists. @throws AssertionError */
  check(path: string, version?: number): this {
    return this.#add(path, { op: OpCode.check, ...this.#guard(path, version) });
  }

  /** @throws AssertionError */
  setData(path: string, data: Buffer | null | undefined, version?: number): this {
    assertPath(path);
    assert(
      data === null || data === undefined || Buffer.isBuffer(data),
      'data must be a valid buffer, null or undefined.',
    );
    return this.#add(path, {
      op: OpCode.setData,
      ...this.#guard(path, version),
      data: data ? ownBuffer(data) : null,
    });
  }

  /** @throws AssertionError */
  remove(path: string, version?: number): this {
    return this.#add(path, { op: OpCode.delete, ...this.#guard(path, version) });
  }

  /**
   * Carries it out. The error is that of the first operation that was refused; then nothing was changed, and the results say
   * which one it was.
   */
  commit(callback: Callback<[results: TransactionResult[]]>): void {
    assert(typeof callback === 'function', 'callback must be a function');
    // It may be changed and committed again while this one is under way.
    const paths = [...this.#paths];
    this.#caller.requestOnce(multiOperation(paths[0], this.#ops), (error, results) => {
      if (error === null) callback(firstFailure(results, paths), results.map(this.#resultOf));
      else callWithError(callback, error);
    });
  }

  /** The same as a promise. Rejects with the error, whose `path` says which operation was refused. */
  commitAsync(): Promise<TransactionResult[]> {
    return new Promise((resolve, reject) => {
      this.commit((error, results) => (error === null ? resolve(results) : reject(error)));
    });
  }

  #guard(path: string, version: number | undefined): { path: string; version: number } {
    assertPath(path);
    const wanted = version ?? ANY_VERSION;
    assert(typeof wanted === 'number', 'version must be a number.');
    return { path: this.#manager.chroot.toServer('transaction', path), version: wanted };
  }

  #add(path: string, op: MultiWriteOp): this {
    this.#ops.push(op);
    this.#paths.push(path);
    return this;
  }

  readonly #resultOf = (result: MultiResult): TransactionResult => {
    switch (result.op) {
      case OpCode.create:
      case OpCode.create2:
        return { type: OpCode.create, path: this.#manager.chroot.toClient(result.path) };
      case OpCode.setData:
        return { type: result.op, stat: statOfWire(result.stat) };
      case OpCode.error:
        return { type: result.op, err: result.err };
      default:
        return { type: result.op };
    }
  };
}

makeReplaceable(Transaction.prototype, ['commitAsync']);

/** The error of the operation that was refused; null when none was. */
function firstFailure(results: readonly MultiResult[], paths: readonly string[]): Exception | null {
  const index = results.findIndex(({ op, ...rest }) => {
    return op === OpCode.error && 'err' in rest && rest.err !== ErrorCode.ok;
  });
  const failed = results[index];
  return failed?.op === OpCode.error ? exceptionOfCode(failed.err, paths[index]) : null;
}
