/**
 * An error code as a body: addWatch answers with it even when all is well, a multi for each operation
 * that failed.
 *
 *     ErrorResponse := int err
 *
 * Source: zookeeper.jute (proto.ErrorResponse).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

export interface ErrorResponse {
  /** An `ErrorCode`. */
  readonly err: number;
}

/** Reads an error body. @throws MalformedError when it is cut short. */
export function decodeErrorResponse(reader: JuteReader): ErrorResponse {
  return { err: reader.int() };
}

/** Appends an error body. */
export function encodeErrorResponse(writer: JuteWriter, response: ErrorResponse): void {
  writer.int(response.err);
}
