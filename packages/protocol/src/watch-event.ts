/**
 * A watch that fired, as the server tells the client.
 *
 *     WatcherEvent := int type · int state · ustring path
 *
 * Source: zookeeper.jute (proto.WatcherEvent), Watcher.Event.
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** What happened to the znode. The last three never cross the wire: clients make them. */
export const EventType = {
  none: -1,
  nodeCreated: 1,
  nodeDeleted: 2,
  nodeDataChanged: 3,
  nodeChildrenChanged: 4,
  dataWatchRemoved: 5,
  childWatchRemoved: 6,
  persistentWatchRemoved: 7,
} as const;

export type EventType = (typeof EventType)[keyof typeof EventType];

/** How the client stands to its server. Only `syncConnected` crosses the wire. */
export const KeeperState = {
  unknown: -1,
  disconnected: 0,
  noSyncConnected: 1,
  syncConnected: 3,
  authFailed: 4,
  connectedReadOnly: 5,
  saslAuthenticated: 6,
  closed: 7,
  expired: -112,
} as const;

export type KeeperState = (typeof KeeperState)[keyof typeof KeeperState];

/** Which watches checkWatches and removeWatches mean. */
export const WatcherType = {
  children: 1,
  data: 2,
  any: 3,
  persistent: 4,
  persistentRecursive: 5,
} as const;

export type WatcherType = (typeof WatcherType)[keyof typeof WatcherType];

/** Whether `type` of a checkWatches or removeWatches request is known. */
export function isWatcherType(type: number): type is WatcherType {
  return type >= WatcherType.children && type <= WatcherType.persistentRecursive;
}

/** How addWatch watches. */
export const AddWatchMode = {
  persistent: 0,
  persistentRecursive: 1,
} as const;

export type AddWatchMode = (typeof AddWatchMode)[keyof typeof AddWatchMode];

/** Whether `mode` of an addWatch request is known. */
export function isAddWatchMode(mode: number): mode is AddWatchMode {
  return mode === AddWatchMode.persistent || mode === AddWatchMode.persistentRecursive;
}

/** Body of a notification. */
export interface WatcherEvent {
  /** An {@link EventType}. */
  readonly type: number;
  /** A {@link KeeperState}; a server always sends `syncConnected`. */
  readonly state: number;
  readonly path: string;
}

/** Reads the body of a notification. @throws MalformedError when it is cut short. */
export function decodeWatcherEvent(reader: JuteReader): WatcherEvent {
  const type = reader.int();
  const state = reader.int();
  return { type, state, path: reader.text() };
}

/** Appends the body of a notification. */
export function encodeWatcherEvent(writer: JuteWriter, event: WatcherEvent): void {
  writer.int(event.type);
  writer.int(event.state);
  writer.ustring(event.path);
}
