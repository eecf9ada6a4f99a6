/**
 * Requests that say a path and at most one thing more.
 *
 *     PathRequest        := ustring path                    sync, getACL, getAllChildrenNumber
 *     PathWatchRequest   := ustring path · boolean watch    exists, getData, getChildren, getChildren2
 *     PathVersionRequest := ustring path · int version      delete, check
 *
 * The body of deleteContainer is a PathRequest since 3.9 and the bare bytes of the path before.
 * Source: zookeeper.jute (proto.SyncRequest, GetACLRequest, GetAllChildrenNumberRequest, ExistsRequest,
 * GetDataRequest, GetChildrenRequest, GetChildren2Request, DeleteRequest, CheckVersionRequest);
 * DeleteContainerRequest, PrepRequestProcessor.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { decodeUtf8 } from '../text.ts';

export interface PathRequest {
  readonly path: string;
}

export interface PathWatchRequest extends PathRequest {
  /** Whether to leave a standard watch. */
  readonly watch: boolean;
}

export interface PathVersionRequest extends PathRequest {
  /** Version that the znode must have; -1 matches any. */
  readonly version: number;
}

/** Reads the body of sync, getACL or getAllChildrenNumber. @throws MalformedError when it is cut short. */
export function decodePathRequest(reader: JuteReader): PathRequest {
  return { path: reader.text() };
}

/** Appends the body of sync, getACL, getAllChildrenNumber or deleteContainer. */
export function encodePathRequest(writer: JuteWriter, request: PathRequest): void {
  writer.ustring(request.path);
}

/** Reads the body of exists, getData, getChildren or getChildren2. @throws MalformedError when it is cut short. */
export function decodePathWatchRequest(reader: JuteReader): PathWatchRequest {
  const path = reader.text();
  return { path, watch: reader.boolean() };
}

/** Appends the body of exists, getData, getChildren or getChildren2. */
export function encodePathWatchRequest(writer: JuteWriter, request: PathWatchRequest): void {
  writer.ustring(request.path);
  writer.boolean(request.watch);
}

/** Reads the body of delete or check. @throws MalformedError when it is cut short. */
export function decodePathVersionRequest(reader: JuteReader): PathVersionRequest {
  const path = reader.text();
  return { path, version: reader.int() };
}

/** Appends the body of delete or check. */
export function encodePathVersionRequest(writer: JuteWriter, request: PathVersionRequest): void {
  writer.ustring(request.path);
  writer.int(request.version);
}

/**
 * Reads the body of deleteContainer in either form, up to the reader's end: a length that begins with
 * the byte of `/` would be 754 MiB, more than a frame can be.
 *
 * @throws MalformedError when it is neither.
 */
export function decodeDeleteContainerRequest(reader: JuteReader): PathRequest {
  const start = reader.position;
  if (reader.remaining === 0 || reader.bytes[start] !== 0x2f) return decodePathRequest(reader);
  reader.position = reader.end;
  return { path: decodeUtf8(reader.bytes, start, reader.end) };
}
