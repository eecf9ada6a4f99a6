/**
 * What precedes every request and every reply of an established connection.
 *
 *     RequestHeader := int xid · int type
 *     ReplyHeader   := int xid · long zxid · int err
 *
 * A reply has a body only when err is 0. Source: zookeeper.jute (proto.RequestHeader, proto.ReplyHeader).
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** Encoded size of a {@link RequestHeader}. */
export const REQUEST_HEADER_BYTES = 8;
/** Encoded size of a {@link ReplyHeader}. */
export const REPLY_HEADER_BYTES = 16;

export interface RequestHeader {
  /** The client's number of the request, or one of `ReservedXid`. */
  readonly xid: number;
  /** An `OpCode`, or whatever the client sent. */
  readonly type: number;
}

export interface ReplyHeader {
  /** Of the request that is answered, or one of `ReservedXid`. */
  readonly xid: number;
  /** What the server had last processed; of a notification the zxid of its cause, or -1. */
  readonly zxid: number;
  /** An `ErrorCode`. */
  readonly err: number;
}

/** Reads a request header. @throws MalformedError when it is cut short. */
export function decodeRequestHeader(reader: JuteReader): RequestHeader {
  const xid = reader.int();
  return { xid, type: reader.int() };
}

/** Appends a request header. */
export function encodeRequestHeader(writer: JuteWriter, header: RequestHeader): void {
  writer.int(header.xid);
  writer.int(header.type);
}

/** Reads a reply header. @throws MalformedError when it is cut short or its zxid is not exact. */
export function decodeReplyHeader(reader: JuteReader): ReplyHeader {
  const xid = reader.int();
  const zxid = reader.longAsNumber();
  return { xid, zxid, err: reader.int() };
}

/** Appends a reply header. */
export function encodeReplyHeader(writer: JuteWriter, header: ReplyHeader): void {
  writer.int(header.xid);
  writer.longFromNumber(header.zxid);
  writer.int(header.err);
}
