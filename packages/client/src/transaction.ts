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
import type { CallOptions } from './session/call.ts';
import type { Session } from './session/session.ts';
import { type Stat, statOf } from './stat.ts';

/** The version of a write that takes any. */
const ANY_VERSION = -1;

/** A znode that a transaction created. */
export interface CreatedInTransaction {
  /** Its path; of a sequential one with the digits. */
  readonly path: string;
  /** undefined where the server does not tell it: Apache's do so only of containers and of znodes with a TTL before 3.8.4. */
  readonly stat: Stat | undefined;
}

type CreateFields = Omit<CreateOptions, keyof CallOptions | 'idempotent'>;

/**
 * Several changes as one: all are carried out, at one zxid, or none.
 *
 * The type of the results follows the calls: `CreatedInTransaction` of create, `Stat` of set, undefined of delete and check.
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
  ): Transaction<[...Results, CreatedInTransaction]> {
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
        // As it is now, whenever it is sent.
        request: { op: OpCode.multi, ops: [...this.#ops] },
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
    let index = results.findIndex(isCulprit);
    if (index < 0) index = results.findIndex(({ op }) => op === OpCode.error);
    const culprit = results[index];
    if (culprit?.op !== OpCode.error) return;
    const facts = { operation: operationOf(this.#ops[index]), path: this.#paths[index] };
    throw new TransactionError(index, errorOfCode(culprit.err, facts));
  }

  #valueOf(result: MultiResult): CreatedInTransaction | Stat | undefined {
    switch (result.op) {
      case OpCode.create:
        return { path: this.#chroot.toClient(result.path), stat: undefined };
      case OpCode.create2:
        return { path: this.#chroot.toClient(result.path), stat: statOf(result.stat) };
      case OpCode.setData:
        return statOf(result.stat);
      default:
        return undefined;
    }
  }
}

/** Those before the culprit say 0, those after it that there was one. */
function isCulprit(result: MultiResult): boolean {
  return (
    result.op === OpCode.error &&
    result.err !== ErrorCode.ok &&
    result.err !== ErrorCode.runtimeInconsistency
  );
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
