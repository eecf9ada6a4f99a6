/**
 * Changing the data of a znode.
 *
 *     SetDataRequest := ustring path · buffer data · int version
 *
 * Source: zookeeper.jute (proto.SetDataRequest).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

export interface SetDataRequest {
  readonly path: string;
  /** A view of the frame; null is kept as null. */
  readonly data: Uint8Array | null;
  /** Version that the znode must have; -1 matches any. */
  readonly version: number;
}

/** Reads the body of setData. @throws MalformedError when it is cut short. */
export function decodeSetDataRequest(reader: JuteReader): SetDataRequest {
  const path = reader.text();
  const data = reader.buffer();
  return { path, data, version: reader.int() };
}

/** Appends the body of setData. */
export function encodeSetDataRequest(writer: JuteWriter, request: SetDataRequest): void {
  writer.ustring(request.path);
  writer.buffer(request.data);
  writer.int(request.version);
}
