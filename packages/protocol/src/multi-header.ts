/**
 * What separates the operations and the results of a multi.
 *
 *     MultiHeader := int type · boolean done · int err
 *     end         := -1 · true · -1
 *
 * Source: zookeeper.jute (proto.MultiHeader), MultiOperationRecord, MultiResponse.
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** Encoded size of a {@link MultiHeader}. */
export const MULTI_HEADER_BYTES = 9;

export interface MultiHeader {
  /** An `OpCode`; `OpCode.error` before an ErrorResponse and at the end. */
  readonly type: number;
  /** Whether this is the end: nothing follows. */
  readonly done: boolean;
  /** -1 in a request; in a response the error of this operation. */
  readonly err: number;
}

/** Reads a header. @throws MalformedError when it is cut short. */
export function decodeMultiHeader(reader: JuteReader): MultiHeader {
  const type = reader.int();
  const done = reader.boolean();
  return { type, done, err: reader.int() };
}

/** Appends a header. */
export function encodeMultiHeader(writer: JuteWriter, header: MultiHeader): void {
  writer.int(header.type);
  writer.boolean(header.done);
  writer.int(header.err);
}

/** Appends the header that stands before an operation or result, without making an object. */
export function writeMultiHeader(writer: JuteWriter, type: number, err: number): void {
  writer.int(type);
  writer.byte(0);
  writer.int(err);
}

/** Appends the header that ends a multi. */
export function writeMultiEnd(writer: JuteWriter): void {
  writer.int(-1);
  writer.byte(1);
  writer.int(-1);
}
