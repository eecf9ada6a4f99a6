import { EventType, WatcherType } from '@zooid/protocol';
import { assert } from '../assert.ts';
import { ModeTable, parentPath } from './mode-table.ts';
import type { PathMap } from './path-map.ts';
import { WatchMode } from './watch-mode.ts';
import type { WatcherRecord } from './watcher-record.ts';

/** Told of each event: whom it concerns, what happened, and to which path. */
export type EmitWatchEvent<W> = (watcher: W, eventType: EventType, path: string) => void;

/** What a WatchTable may be given. */
export interface WatchTableOptions {
  /**
   * How many connections one event concerned (never 0), for the metrics node_created_watch_count and
   * its siblings. Includes those that a NodeDeleted did not go to a second time, as Apache counts.
   */
  readonly onFired?: (eventType: EventType, watcherCount: number) => void;
}

/**
 * Who watches what. A watch belongs to a connection and dies with it.
 *
 * As in Apache there are two tables, and each event looks into certain ones:
 *
 *   getData, exists              standard              in data
 *   getChildren                  standard              in child
 *   addWatch persistent          persistent            in both
 *   addWatch persistentRecursive persistentRecursive   in data only (3.9; 3.6 to 3.8 used both)
 *
 *   create       NodeCreated → data[path]; NodeChildrenChanged → child[parent]
 *   delete       NodeDeleted → data[path], then child[path] without those just told;
 *                NodeChildrenChanged → child[parent]
 *   setData      NodeDataChanged → data[path]
 *
 * Recursive watches are found from the path upwards in the data table, so they see creations,
 * deletions and data changes below them, but never NodeChildrenChanged.
 * Whether a connection may see the event (READ on the znode) is for the caller to decide in `emit`.
 *
 * Sources: DataTree (createNode, deleteNode, setData, addWatch, removeWatch, containsWatcher),
 * WatchManager and WatchStats of 3.9.
 */
export class WatchTable<W extends object> {
  readonly #records = new Map<W, WatcherRecord<W>>();
  readonly #data = new ModeTable<W>('data');
  readonly #child = new ModeTable<W>('child');
  readonly #onFired: WatchTableOptions['onFired'];
  /** Number of the event being fired; marks the connections that have it. */
  #firing = 0;
  /** Reused between events. Taken away while in use, so that `emit` may change the table. */
  #fired: W[] | undefined = [];

  constructor(options: WatchTableOptions = {}) {
    this.#onFired = options.onFired;
  }

  /** No event concerns anybody. Fast: for callers that would have to make a path first. */
  get isEmpty(): boolean {
    return this.#data.watchCount === 0 && this.#child.watchCount === 0;
  }

  /** Some watch is recursive: an event concerns more than its own path and parent. */
  get hasRecursive(): boolean {
    return this.#data.hasRecursive;
  }

  /** Watches in both tables; a persistent one counts twice. The metric watch_count. */
  get watchCount(): number {
    return this.#data.watchCount + this.#child.watchCount;
  }

  /** Pairs of path and connection in the data table: the total that `wchs` shows, as in Apache. */
  get dataWatchCount(): number {
    return this.#data.watchCount;
  }

  /**
   * Connections that have had a watch in the data table and have not removed it themselves; `wchs`
   * counts those whose watches have all fired, too.
   */
  get watcherCount(): number {
    return this.#data.watcherCount;
  }

  /** Paths with a watch in the data table, as `wchs` counts. */
  get pathCount(): number {
    return this.#data.pathCount;
  }

  /** A standard watch of getData or exists. The path need not exist. */
  addData(path: string, watcher: W): void {
    this.#data.add(path, this.#recordOf(watcher), WatchMode.standard);
  }

  /** A standard watch of getChildren. */
  addChild(path: string, watcher: W): void {
    this.#child.add(path, this.#recordOf(watcher), WatchMode.standard);
  }

  addPersistent(path: string, watcher: W): void {
    const record = this.#recordOf(watcher);
    this.#data.add(path, record, WatchMode.persistent);
    this.#child.add(path, record, WatchMode.persistent);
  }

  addPersistentRecursive(path: string, watcher: W): void {
    this.#data.add(path, this.#recordOf(watcher), WatchMode.persistentRecursive);
  }

  /**
   * Whether the connection holds a watch of this type on exactly this path (checkWatches): children
   * and data mean standard watches, any means whatever there is. False for an unknown type.
   *
   * Up to 3.8 Apache answered yes as soon as *anybody* watched the path; this is 3.9.
   */
  has(path: string, type: number, watcher: W): boolean {
    const record = this.#records.get(watcher);
    if (record === undefined) return false;
    switch (type) {
      case WatcherType.children:
        return this.#child.has(path, record, WatchMode.standard);
      case WatcherType.data:
        return this.#data.has(path, record, WatchMode.standard);
      case WatcherType.persistent:
        return this.#data.has(path, record, WatchMode.persistent);
      case WatcherType.persistentRecursive:
        return this.#data.has(path, record, WatchMode.persistentRecursive);
      case WatcherType.any:
        return (
          this.#child.has(path, record, WatchMode.any) ||
          this.#data.has(path, record, WatchMode.any)
        );
      default:
        return false;
    }
  }

  /**
   * Takes away the connection's watches of this type on exactly this path (removeWatches).
   *
   * Up to 3.8 children and data took away whatever stood in that table, persistent ones included;
   * since 3.9 they mean standard watches, and a persistent watch has types of its own.
   *
   * @returns whether there was one; if not, the answer is NoWatcher. False for an unknown type.
   */
  remove(path: string, type: number, watcher: W): boolean {
    const record = this.#records.get(watcher);
    if (record === undefined) return false;
    const removed = this.#removeOf(path, type, record);
    if (record.data === undefined && record.child === undefined) this.#records.delete(watcher);
    return removed;
  }

  /** The connection is gone, and its watches with it. */
  removeAll(watcher: W): void {
    const record = this.#records.get(watcher);
    if (record === undefined) return;
    this.#data.removeAll(record);
    this.#child.removeAll(record);
    this.#records.delete(watcher);
  }

  /** Forgets every watch of everybody, and fires none. */
  clear(): void {
    for (const watcher of [...this.#records.keys()]) this.removeAll(watcher);
  }

  /** Fires what the creation of `path` fires. */
  nodeCreated(path: string, emit: EmitWatchEvent<W>): void {
    if (this.isEmpty) return;
    this.#fire(this.#data, EventType.nodeCreated, path, ++this.#firing, emit);
    this.#fireParent(path, emit);
  }

  /** Fires what the deletion of `path` fires. One connection hears NodeDeleted at most once. */
  nodeDeleted(path: string, emit: EmitWatchEvent<W>): void {
    if (this.isEmpty) return;
    const firing = ++this.#firing;
    this.#fire(this.#data, EventType.nodeDeleted, path, firing, emit);
    this.#fire(this.#child, EventType.nodeDeleted, path, firing, emit);
    this.#fireParent(path, emit);
  }

  /** Fires what new data of `path` fires. */
  nodeDataChanged(path: string, emit: EmitWatchEvent<W>): void {
    if (this.isEmpty) return;
    this.#fire(this.#data, EventType.nodeDataChanged, path, ++this.#firing, emit);
  }

  /**
   * Every connection with the paths it watches in the data table, as `wchc` shows them: connections
   * all of whose watches fired are there, with no path. Not to be changed meanwhile.
   */
  *byWatcher(): Generator<[W, Iterable<string>]> {
    for (const record of this.#records.values()) {
      if (record.data === undefined) continue;
      yield [record.watcher, keysOf(record.data)];
    }
  }

  /** Every path watched in the data table with its connections, as `wchp` shows them. */
  byPath(): Generator<[string, Iterable<W>]> {
    return this.#data.entries();
  }

  #recordOf(watcher: W): WatcherRecord<W> {
    let record = this.#records.get(watcher);
    if (record === undefined) {
      record = { watcher, data: undefined, child: undefined, firing: 0 };
      this.#records.set(watcher, record);
    }
    return record;
  }

  #removeOf(path: string, type: number, record: WatcherRecord<W>): boolean {
    switch (type) {
      case WatcherType.children:
        return this.#child.remove(path, record, WatchMode.standard);
      case WatcherType.data:
        return this.#data.remove(path, record, WatchMode.standard);
      case WatcherType.persistent:
        return this.#removeFromBoth(path, record, WatchMode.persistent);
      case WatcherType.persistentRecursive:
        return this.#data.remove(path, record, WatchMode.persistentRecursive);
      case WatcherType.any:
        return this.#removeFromBoth(path, record, WatchMode.any);
      default:
        return false;
    }
  }

  #removeFromBoth(path: string, record: WatcherRecord<W>, modes: number): boolean {
    const fromChild = this.#child.remove(path, record, modes);
    const fromData = this.#data.remove(path, record, modes);
    return fromChild || fromData;
  }

  #fireParent(path: string, emit: EmitWatchEvent<W>): void {
    if (this.#child.watchCount === 0) return;
    const parent = parentPath(path);
    assert(parent !== undefined, 'the root is neither created nor deleted');
    const firing = ++this.#firing;
    this.#fire(this.#child, EventType.nodeChildrenChanged, parent, firing, emit);
  }

  #fire(
    table: ModeTable<W>,
    eventType: EventType,
    path: string,
    firing: number,
    emit: EmitWatchEvent<W>,
  ): void {
    const fired = this.#fired ?? [];
    this.#fired = undefined;
    const concerned = table.fire(path, firing, fired);
    if (concerned > 0) {
      this.#onFired?.(eventType, concerned);
      for (const watcher of fired) emit(watcher, eventType, path);
      // A rare event for everybody should not keep its memory.
      if (fired.length <= 1024) fired.length = 0;
    }
    this.#fired = fired.length === 0 ? fired : [];
  }
}

/** One by one: a connection may watch millions of paths, and whoever shows them may stop early. */
function* keysOf(paths: PathMap<number>): Generator<string> {
  for (const [path] of paths) yield path;
}
