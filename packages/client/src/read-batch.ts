import { decodeMultiResponse, type MultiReadOp, type MultiResult, OpCode } from '@zooid/protocol';
import type { Chroot } from './chroot.ts';
import { errorOfCode } from './errors.ts';
import { NodeData } from './node-data.ts';
import type { CallOptions } from './session/call.ts';
import type { Session } from './session/session.ts';
import { statOf } from './stat.ts';

/**
 * Several reads in one request, answered from one state of the tree. Servers from 3.6 on.
 *
 * The type of the results follows the calls: each is what `Promise.allSettled` would give, because each can fail on
 * its own.
 */
export class ReadBatch<Results extends readonly unknown[] = []> {
  readonly #session: Session;
  readonly #chroot: Chroot;
  readonly #ops: MultiReadOp[] = [];
  /** As the caller gave them, for errors. */
  readonly #paths: string[] = [];

  constructor(session: Session, chroot: Chroot) {
    this.#session = session;
    this.#chroot = chroot;
  }

  /** Reads data and stat. @throws BadArgumentsError for a path that is none. */
  get(path: string): ReadBatch<[...Results, PromiseSettledResult<NodeData>]> {
    return this.#add(OpCode.getData, path);
  }

  /** Reads the names of the children. @throws BadArgumentsError for a path that is none. */
  children(path: string): ReadBatch<[...Results, PromiseSettledResult<readonly string[]>]> {
    return this.#add(OpCode.getChildren, path);
  }

  /** Sends the request. Resolves also when some of the reads fail. */
  async run(options?: CallOptions): Promise<Results> {
    const results = await this.#session.call(
      {
        operation: 'readBatch',
        path: this.#paths[0],
        request: { op: OpCode.multiRead, ops: [...this.#ops] },
        // Copied here: the bytes are the connection's.
        decode: (reader) => decodeMultiResponse(reader).map(ownResult),
        effect: 'none',
      },
      options,
    );
    return results.map((result, index) => this.#settledOf(result, index)) as unknown as Results;
  }

  #add<T>(op: MultiReadOp['op'], path: string): ReadBatch<[...Results, T]> {
    this.#ops.push({ op, path: this.#chroot.toServer('readBatch', path), watch: false });
    this.#paths.push(path);
    return this as unknown as ReadBatch<[...Results, T]>;
  }

  #settledOf(result: MultiResult, index: number): PromiseSettledResult<unknown> {
    switch (result.op) {
      case OpCode.getData:
        return { status: 'fulfilled', value: new NodeData(result.data, statOf(result.stat)) };
      case OpCode.getChildren:
        return { status: 'fulfilled', value: result.children };
      case OpCode.error: {
        const operation = this.#ops[index]?.op === OpCode.getData ? 'get' : 'children';
        const facts = { operation, path: this.#paths[index] };
        return { status: 'rejected', reason: errorOfCode(result.err, facts) };
      }
      default:
        return { status: 'fulfilled', value: undefined };
    }
  }
}

function ownResult(result: MultiResult): MultiResult {
  if (result.op !== OpCode.getData || result.data === null) return result;
  return { ...result, data: new Uint8Array(result.data) };
}
