/**
 * What create and sync answer.
 *
 *     CreateResponse, SyncResponse := ustring path
 *     Create2Response              := ustring path · Stat stat
 *
 * create answers with the first, create2, createContainer and createTTL with the second.
 * Source: zookeeper.jute (proto.CreateResponse, Create2Response, SyncResponse).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { decodeStat, encodeStat, type Stat } from '../stat.ts';

/** Body of the reply to create and sync. */
export interface PathResponse {
  /** Of a sequential znode with its suffix. */
  readonly path: string;
}

export interface Create2Response extends PathResponse {
  readonly stat: Stat;
}

/** Reads the reply to create or sync. @throws MalformedError when it is cut short. */
export function decodePathResponse(reader: JuteReader): PathResponse {
  return { path: reader.text() };
}

/** Appends the reply to create or sync. */
export function encodePathResponse(writer: JuteWriter, response: PathResponse): void {
  writer.ustring(response.path);
}

/** Reads the reply to create2, createContainer or createTTL. @throws MalformedError when it is cut short. */
export function decodeCreate2Response(reader: JuteReader): Create2Response {
  const path = reader.text();
  return { path, stat: decodeStat(reader) };
}

/** Appends the reply to create2, createContainer or createTTL. */
export function encodeCreate2Response(writer: JuteWriter, response: Create2Response): void {
  writer.ustring(response.path);
  encodeStat(writer, response.stat);
}
