/**
 * What multi and multiRead answer.
 *
 *     MultiResponse := (MultiHeader{type, false, err} · body of type)* · end
 *
 * create2, createContainer and createTTL all come back as create2; delete and check have no body; an operation that
 * failed comes back as `error`. When a multi fails every result is an error: 0 for those before the
 * culprit, RuntimeInconsistency for those after it. Source: MultiResponse, FinalRequestProcessor.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';
import { writeMultiEnd, writeMultiHeader } from '../multi-header.ts';
import { OpCode } from '../op-code.ts';
import {
  decodeGetChildrenResponse,
  encodeGetChildrenResponse,
  type GetChildrenResponse,
} from './children.ts';
import {
  type Create2Response,
  decodeCreate2Response,
  decodePathResponse,
  encodeCreate2Response,
  encodePathResponse,
  type PathResponse,
} from './create.ts';
import {
  decodeGetDataResponse,
  decodeStatResponse,
  encodeGetDataResponse,
  encodeStatResponse,
  type GetDataResponse,
  type StatResponse,
} from './data.ts';
import { decodeErrorResponse, type ErrorResponse, encodeErrorResponse } from './error.ts';

type OpOf<Op extends keyof typeof OpCode> = { readonly op: (typeof OpCode)[Op] };

/** Result of one operation of a multi or multiRead. */
export type MultiResult =
  | (OpOf<'create'> & PathResponse)
  | (OpOf<'create2'> & Create2Response)
  | (OpOf<'setData'> & StatResponse)
  | (OpOf<'getData'> & GetDataResponse)
  | (OpOf<'getChildren'> & GetChildrenResponse)
  | OpOf<'delete' | 'check'>
  | (OpOf<'error'> & ErrorResponse);

/** Reads the reply to multi or multiRead. @throws MalformedError when it is cut short or not one. */
export function decodeMultiResponse(reader: JuteReader): MultiResult[] {
  const results: MultiResult[] = [];
  for (;;) {
    const type = reader.int();
    const isDone = reader.boolean();
    reader.int();
    if (isDone) return results;
    results.push(decodeMultiResult(reader, type));
  }
}

/** Appends the reply to multi or multiRead. */
export function encodeMultiResponse(writer: JuteWriter, results: readonly MultiResult[]): void {
  for (const result of results) {
    writeMultiHeader(writer, result.op, result.op === OpCode.error ? result.err : 0);
    encodeMultiResult(writer, result);
  }
  writeMultiEnd(writer);
}

function decodeMultiResult(reader: JuteReader, op: number): MultiResult {
  switch (op) {
    case OpCode.create:
      return { op, ...decodePathResponse(reader) };
    case OpCode.create2:
      return { op, ...decodeCreate2Response(reader) };
    case OpCode.setData:
      return { op, ...decodeStatResponse(reader) };
    case OpCode.getData:
      return { op, ...decodeGetDataResponse(reader) };
    case OpCode.getChildren:
      return { op, ...decodeGetChildrenResponse(reader) };
    case OpCode.delete:
    case OpCode.check:
      return { op };
    case OpCode.error:
      return { op, ...decodeErrorResponse(reader) };
    default:
      throw new MalformedError(`a result of type ${op} inside a multi`);
  }
}

function encodeMultiResult(writer: JuteWriter, result: MultiResult): void {
  switch (result.op) {
    case OpCode.create:
      encodePathResponse(writer, result);
      return;
    case OpCode.create2:
      encodeCreate2Response(writer, result);
      return;
    case OpCode.setData:
      encodeStatResponse(writer, result);
      return;
    case OpCode.getData:
      encodeGetDataResponse(writer, result);
      return;
    case OpCode.getChildren:
      encodeGetChildrenResponse(writer, result);
      return;
    case OpCode.delete:
    case OpCode.check:
      return;
    case OpCode.error:
      encodeErrorResponse(writer, result);
      return;
    default:
      result satisfies never;
  }
}
