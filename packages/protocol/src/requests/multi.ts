/**
 * Several operations as one: multi (all or nothing) and multiRead.
 *
 *     MultiRequest := (MultiHeader{op, false, -1} · body of op)* · end
 *
 * A multi holds create, create2, createContainer, createTTL, delete, setData and check; a multiRead getData and
 * getChildren. Mixing the two kinds is refused. Source: MultiOperationRecord.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';
import { writeMultiEnd, writeMultiHeader } from '../multi-header.ts';
import { OpCode } from '../op-code.ts';
import {
  type CreateRequest,
  type CreateTtlRequest,
  decodeCreateRequest,
  decodeCreateTtlRequest,
  encodeCreateRequest,
  encodeCreateTtlRequest,
} from './create.ts';
import {
  decodePathVersionRequest,
  decodePathWatchRequest,
  encodePathVersionRequest,
  encodePathWatchRequest,
  type PathVersionRequest,
  type PathWatchRequest,
} from './path.ts';
import { decodeSetDataRequest, encodeSetDataRequest, type SetDataRequest } from './set-data.ts';

type OpOf<Op extends keyof typeof OpCode> = { readonly op: (typeof OpCode)[Op] };

/** One operation of a multi. */
export type MultiWriteOp =
  | (OpOf<'create' | 'create2' | 'createContainer'> & CreateRequest)
  | (OpOf<'createTTL'> & CreateTtlRequest)
  | (OpOf<'delete' | 'check'> & PathVersionRequest)
  | (OpOf<'setData'> & SetDataRequest);

/** One operation of a multiRead; its watch flag is not looked at. */
export type MultiReadOp = OpOf<'getData' | 'getChildren'> & PathWatchRequest;

export type MultiOp = MultiWriteOp | MultiReadOp;

/**
 * Reads the body of multi or multiRead.
 *
 * @throws MalformedError when it is cut short, holds an operation that a multi may not hold, or mixes
 *   reads and writes.
 */
export function decodeMultiRequest(reader: JuteReader): MultiOp[] {
  const ops: MultiOp[] = [];
  let reads = 0;
  for (;;) {
    const type = reader.int();
    const isDone = reader.boolean();
    reader.int();
    if (isDone) break;
    const op = decodeMultiOp(reader, type);
    if (op.op === OpCode.getData || op.op === OpCode.getChildren) reads++;
    ops.push(op);
    if (reads !== 0 && reads !== ops.length) {
      throw new MalformedError('a multi mixes reads and writes');
    }
  }
  return ops;
}

/** Appends the body of multi or multiRead. */
export function encodeMultiRequest(writer: JuteWriter, ops: readonly MultiOp[]): void {
  for (const op of ops) {
    writeMultiHeader(writer, op.op, -1);
    encodeMultiOp(writer, op);
  }
  writeMultiEnd(writer);
}

function decodeMultiOp(reader: JuteReader, op: number): MultiOp {
  switch (op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      return { op, ...decodeCreateRequest(reader) };
    case OpCode.createTTL:
      return { op, ...decodeCreateTtlRequest(reader) };
    case OpCode.delete:
    case OpCode.check:
      return { op, ...decodePathVersionRequest(reader) };
    case OpCode.setData:
      return { op, ...decodeSetDataRequest(reader) };
    case OpCode.getData:
    case OpCode.getChildren:
      return { op, ...decodePathWatchRequest(reader) };
    default:
      throw new MalformedError(`opcode ${op} inside a multi`);
  }
}

function encodeMultiOp(writer: JuteWriter, op: MultiOp): void {
  switch (op.op) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
      encodeCreateRequest(writer, op);
      return;
    case OpCode.createTTL:
      encodeCreateTtlRequest(writer, op);
      return;
    case OpCode.delete:
    case OpCode.check:
      encodePathVersionRequest(writer, op);
      return;
    case OpCode.setData:
      encodeSetDataRequest(writer, op);
      return;
    case OpCode.getData:
    case OpCode.getChildren:
      encodePathWatchRequest(writer, op);
      return;
    default:
      op satisfies never;
  }
}
