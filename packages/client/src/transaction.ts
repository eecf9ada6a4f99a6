import {
  decodeMultiResponse,
  ErrorCode,
  type MultiResult,
  type MultiWriteOp,
  OpCode,
} from '@zooid/protocol';
import type { Chroot } from './chroot.ts';
import { createRequest } from './create-request.ts';
import { bytesOf } from './data.ts';
import { errorOfCode, TransactionError } from './errors.ts';
import type { CreateOptions, DataInput } from './options.ts';
import type { Created } from './replies.ts';
import type { CallOptions } from './session/call.ts';
import type { Session } from './session/session.ts';
import { type Stat, statOf } from './stat.ts';

/** The version of a write that takes any. */
const ANY_VERSION = -1;

type CreateFields = Omit<CreateOptions, keyof CallOptions | 'idempotent'>;

/**
 * Several changes as one: all are carried out, at one zxid, or none.
 *
 * The type of the results follows the calls: `Created` of create, `Stat` of set, undefined of delete and check.
 */
export class Transaction<Results extends readonly unknown[] = []> {
  readonly #session: Session;
  readonly #chroot: Chroot;
  readonly #ops: MultiWriteOp[] = [];
  /** As the caller gave them, for errors. */
  readonly #paths: string[] = [];

  constructor(session: Session, chroot: Chroot) {
    this.#session = session;
    this.#chroot = chroot;
  }

  /** Adds a znode. @throws BadArgumentsError for a path, mode or TTL that is none. */
  create(
    path: string,
    data?: DataInput,
    options?: CreateFields,
  ): Transaction<[...Results, Created]> {
    return this.#add(path, createRequest('transaction', this.#chroot, path, data, options));
  }

  /** Changes data. @throws BadArgumentsError for a path that is none. */
  set(
    path: string,
    data: DataInput,
    options?: { readonly version?: number | undefined },
  ): Transaction<[...Results, Stat]> {
    return this.#add(path, {
      op: OpCode.setData,
      path: this.#chroot.toServer('transaction', path),
      data: bytesOf(data),
      version: options?.version ?? ANY_VERSION,
    });
  }

  /** Removes a znode. @throws BadArgumentsError for a path that is none. */
  delete(
    path: string,
    options?: { readonly version?: number | undefined },
  ): Transaction<[...Results, undefined]> {
    return this.#add(path, {
      op: OpCode.delete,
      path: this.#chroot.toServer('transaction', path),
      version: options?.version ?? ANY_VERSION,
    });
  }

  /** Goes on only if the znode has this version; without one, if it exists. @throws BadArgumentsError for a path that is none. */
  check(path: string, version: number = ANY_VERSION): Transaction<[...Results, undefined]> {
    return this.#add(path, {
      op: OpCode.check,
      path: this.#chroot.toServer('transaction', path),
      version,
    });
  }

  /**
   * Carries it out. A transaction may be committed again; it is the same changes once more.
   *
   * @throws TransactionError when one of the changes is refused: nothing was changed. Its `cause` is that change's error.
   */
  async commit(options?: CallOptions): Promise<Results> {
    const results = await this.#session.call(
      {
        operation: 'transaction',
        path: this.#paths[0],
        request: { op: OpCode.multi, ops: this.#ops },
        decode: decodeMultiResponse,
        effect: 'once',
      },
      options,
    );
    this.#throwIfRefused(results);
    return results.map((result) => this.#valueOf(result)) as unknown as Results;
  }

  #add<T>(path: string, op: MultiWriteOp): Transaction<[...Results, T]> {
    this.#ops.push(op);
    this.#paths.push(path);
    return this as unknown as Transaction<[...Results, T]>;
  }

  #throwIfRefused(results: readonly MultiResult[]): void {
    for (const [index, result] of results.entries()) {
      if (result.op !== OpCode.error) continue;
      // Those before the culprit say 0, those after it that there was one.
      if (result.err === ErrorCode.ok || result.err === ErrorCode.runtimeInconsistency) continue;
      const operation = operationOf(this.#ops[index]);
      throw new TransactionError(
        index,
        errorOfCode(result.err, { operation, path: this.#paths[index] }),
      );
    }
  }

  #valueOf(result: MultiResult): Created | Stat | undefined {
    switch (result.op) {
      case OpCode.create2:
        return { path: this.#chroot.toClient(result.path), stat: statOf(result.stat) };
      case OpCode.setData:
        return statOf(result.stat);
      default:
        return undefined;
    }
  }
}

function operationOf(op: MultiWriteOp | undefined): string {
  switch (op?.op) {
    case OpCode.setData:
      return 'set';
    case OpCode.delete:
      return 'delete';
    case OpCode.check:
      return 'check';
    default:
      return 'create';
  }
}
