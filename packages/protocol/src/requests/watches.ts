/**
 * Leaving, asking after and taking away watches.
 *
 *     CheckWatchesRequest, RemoveWatchesRequest := ustring path · int type
 *     AddWatchRequest := ustring path · int mode
 *     SetWatches      := long relativeZxid · vector<ustring> data, exist, child
 *     SetWatches2     := SetWatches · vector<ustring> persistent, persistentRecursive
 *
 * Source: zookeeper.jute (proto.CheckWatchesRequest, RemoveWatchesRequest, AddWatchRequest, SetWatches, SetWatches2).
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** Body of checkWatches and removeWatches. */
export interface WatchesRequest {
  readonly path: string;
  /** A `WatcherType`, or whatever the client sent. */
  readonly type: number;
}

export interface AddWatchRequest {
  readonly path: string;
  /** An `AddWatchMode`, or whatever the client sent. */
  readonly mode: number;
}

/** What a client sends on a new connection, so that no watch is lost. */
export interface SetWatchesRequest {
  /** The newest zxid that the client has seen: what changed later fires at once. */
  readonly relativeZxid: number;
  readonly dataWatches: readonly string[];
  /** Watches of exists() on znodes that were not there. */
  readonly existWatches: readonly string[];
  readonly childWatches: readonly string[];
}

export interface SetWatches2Request extends SetWatchesRequest {
  readonly persistentWatches: readonly string[];
  readonly persistentRecursiveWatches: readonly string[];
}

/** Reads the body of checkWatches or removeWatches. @throws MalformedError when it is cut short. */
export function decodeWatchesRequest(reader: JuteReader): WatchesRequest {
  const path = reader.text();
  return { path, type: reader.int() };
}

/** Appends the body of checkWatches or removeWatches. */
export function encodeWatchesRequest(writer: JuteWriter, request: WatchesRequest): void {
  writer.ustring(request.path);
  writer.int(request.type);
}

/** Reads the body of addWatch. @throws MalformedError when it is cut short. */
export function decodeAddWatchRequest(reader: JuteReader): AddWatchRequest {
  const path = reader.text();
  return { path, mode: reader.int() };
}

/** Appends the body of addWatch. */
export function encodeAddWatchRequest(writer: JuteWriter, request: AddWatchRequest): void {
  writer.ustring(request.path);
  writer.int(request.mode);
}

/** Reads the body of setWatches. @throws MalformedError when it is cut short. */
export function decodeSetWatchesRequest(reader: JuteReader): SetWatchesRequest {
  const relativeZxid = reader.longAsNumber();
  const dataWatches = reader.texts();
  const existWatches = reader.texts();
  return { relativeZxid, dataWatches, existWatches, childWatches: reader.texts() };
}

/** Appends the body of setWatches. */
export function encodeSetWatchesRequest(writer: JuteWriter, request: SetWatchesRequest): void {
  writer.longFromNumber(request.relativeZxid);
  writer.texts(request.dataWatches);
  writer.texts(request.existWatches);
  writer.texts(request.childWatches);
}

/** Reads the body of setWatches2. @throws MalformedError when it is cut short. */
export function decodeSetWatches2Request(reader: JuteReader): SetWatches2Request {
  const relativeZxid = reader.longAsNumber();
  const dataWatches = reader.texts();
  const existWatches = reader.texts();
  const childWatches = reader.texts();
  const persistentWatches = reader.texts();
  const persistentRecursiveWatches = reader.texts();
  return {
    relativeZxid,
    dataWatches,
    existWatches,
    childWatches,
    persistentWatches,
    persistentRecursiveWatches,
  };
}

/** Appends the body of setWatches2. */
export function encodeSetWatches2Request(writer: JuteWriter, request: SetWatches2Request): void {
  encodeSetWatchesRequest(writer, request);
  writer.texts(request.persistentWatches);
  writer.texts(request.persistentRecursiveWatches);
}
