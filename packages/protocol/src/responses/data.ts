/**
 * What exists, setData, setACL, getData and reconfig answer.
 *
 *     ExistsResponse, SetDataResponse, SetACLResponse := Stat stat
 *     GetDataResponse := buffer data · Stat stat
 *
 * Source: zookeeper.jute (proto.ExistsResponse, SetDataResponse, SetACLResponse, GetDataResponse).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { decodeStat, encodeStat, type Stat } from '../stat.ts';

/** Body of the reply to exists, setData and setACL. */
export interface StatResponse {
  readonly stat: Stat;
}

/** Body of the reply to getData, and to reconfig (the text of the new configuration). */
export interface GetDataResponse extends StatResponse {
  /** A view of the frame; null data of a znode is null. */
  readonly data: Uint8Array | null;
}

/** Reads the reply to exists, setData or setACL. @throws MalformedError when it is cut short. */
export function decodeStatResponse(reader: JuteReader): StatResponse {
  return { stat: decodeStat(reader) };
}

/** Appends the reply to exists, setData or setACL. */
export function encodeStatResponse(writer: JuteWriter, response: StatResponse): void {
  encodeStat(writer, response.stat);
}

/** Reads the reply to getData or reconfig. @throws MalformedError when it is cut short. */
export function decodeGetDataResponse(reader: JuteReader): GetDataResponse {
  const data = reader.buffer();
  return { data, stat: decodeStat(reader) };
}

/** Appends the reply to getData or reconfig. */
export function encodeGetDataResponse(writer: JuteWriter, response: GetDataResponse): void {
  writer.buffer(response.data);
  encodeStat(writer, response.stat);
}
