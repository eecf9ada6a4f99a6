/**
 * Listing the session's own ephemeral znodes.
 *
 *     GetEphemeralsRequest := ustring prefixPath
 *
 * Source: zookeeper.jute (proto.GetEphemeralsRequest).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

export interface GetEphemeralsRequest {
  /** What the paths must begin with, by plain characters; null, blank or `/` means all. */
  readonly prefixPath: string | null;
}

/** Reads the body of getEphemerals. @throws MalformedError when it is cut short. */
export function decodeGetEphemeralsRequest(reader: JuteReader): GetEphemeralsRequest {
  return { prefixPath: reader.ustring() };
}

/** Appends the body of getEphemerals. */
export function encodeGetEphemeralsRequest(
  writer: JuteWriter,
  request: GetEphemeralsRequest,
): void {
  writer.ustring(request.prefixPath);
}
