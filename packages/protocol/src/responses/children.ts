/**
 * What the list operations answer.
 *
 *     GetChildrenResponse          := vector<ustring> children
 *     GetChildren2Response         := vector<ustring> children · Stat stat
 *     GetAllChildrenNumberResponse := int totalNumber
 *     GetEphemeralsResponse        := vector<ustring> ephemerals
 *
 * Source: zookeeper.jute (proto.GetChildrenResponse, GetChildren2Response, GetAllChildrenNumberResponse,
 * GetEphemeralsResponse).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { decodeStat, encodeStat, type Stat } from '../stat.ts';

export interface GetChildrenResponse {
  /** Names, not paths, in no order. */
  readonly children: readonly string[];
}

export interface GetChildren2Response extends GetChildrenResponse {
  readonly stat: Stat;
}

export interface GetAllChildrenNumberResponse {
  /** Descendants at every depth. */
  readonly totalNumber: number;
}

export interface GetEphemeralsResponse {
  /** Paths of the session's own ephemeral znodes. */
  readonly ephemerals: readonly string[];
}

/** Reads the reply to getChildren. @throws MalformedError when it is cut short. */
export function decodeGetChildrenResponse(reader: JuteReader): GetChildrenResponse {
  return { children: reader.texts() };
}

/** Appends the reply to getChildren. */
export function encodeGetChildrenResponse(writer: JuteWriter, response: GetChildrenResponse): void {
  writer.texts(response.children);
}

/** Reads the reply to getChildren2. @throws MalformedError when it is cut short. */
export function decodeGetChildren2Response(reader: JuteReader): GetChildren2Response {
  const children = reader.texts();
  return { children, stat: decodeStat(reader) };
}

/** Appends the reply to getChildren2. */
export function encodeGetChildren2Response(
  writer: JuteWriter,
  response: GetChildren2Response,
): void {
  writer.texts(response.children);
  encodeStat(writer, response.stat);
}

/** Reads the reply to getAllChildrenNumber. @throws MalformedError when it is cut short. */
export function decodeGetAllChildrenNumberResponse(
  reader: JuteReader,
): GetAllChildrenNumberResponse {
  return { totalNumber: reader.int() };
}

/** Appends the reply to getAllChildrenNumber. */
export function encodeGetAllChildrenNumberResponse(
  writer: JuteWriter,
  response: GetAllChildrenNumberResponse,
): void {
  writer.int(response.totalNumber);
}

/** Reads the reply to getEphemerals. @throws MalformedError when it is cut short. */
export function decodeGetEphemeralsResponse(reader: JuteReader): GetEphemeralsResponse {
  return { ephemerals: reader.texts() };
}

/** Appends the reply to getEphemerals. */
export function encodeGetEphemeralsResponse(
  writer: JuteWriter,
  response: GetEphemeralsResponse,
): void {
  writer.texts(response.ephemerals);
}
