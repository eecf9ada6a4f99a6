import { assert } from '../assert.ts';
import { PathMap } from './path-map.ts';
import { WatchMode } from './watch-mode.ts';
import type { WatcherRecord, WatchKind } from './watcher-record.ts';

/** Who watches a path: almost always one connection, and then no set is made for it. */
type Holder<W> = WatcherRecord<W> | Set<WatcherRecord<W>>;

/**
 * One of the two watch tables of a tree, data or child: which connections watch which path in which
 * modes. Source: WatchManager.
 *
 * Invariants: a record stands in #byPath under a path exactly when its own map has modes for that
 * path; #recursiveCount is the number of (path, connection) pairs with the recursive mode.
 */
export class ModeTable<W extends object> {
  readonly #kind: WatchKind;
  readonly #byPath = new PathMap<Holder<W>>();
  #watchCount = 0;
  #watcherCount = 0;
  #recursiveCount = 0;

  constructor(kind: WatchKind) {
    this.#kind = kind;
  }

  /** Pairs of path and connection. */
  get watchCount(): number {
    return this.#watchCount;
  }

  /** Paths that somebody watches. */
  get pathCount(): number {
    return this.#byPath.size;
  }

  /** Connections that have had a watch and have not removed it themselves. */
  get watcherCount(): number {
    return this.#watcherCount;
  }

  /** Whether events can concern watches on ancestors of their path. */
  get hasRecursive(): boolean {
    return this.#recursiveCount > 0;
  }

  /** Adds one mode to whatever the connection holds on the path. */
  add(path: string, record: WatcherRecord<W>, mode: number): void {
    let modes = record[this.#kind];
    if (modes === undefined) {
      modes = new PathMap();
      record[this.#kind] = modes;
      this.#watcherCount++;
    }
    const before = modes.get(path) ?? WatchMode.none;
    if ((before & mode) !== 0) return;
    modes.set(path, before | mode);
    if (mode === WatchMode.persistentRecursive) this.#recursiveCount++;
    if (before !== WatchMode.none) return;

    this.#watchCount++;
    const holder = this.#byPath.get(path);
    if (holder === undefined) this.#byPath.set(path, record);
    else if (holder instanceof Set) holder.add(record);
    else this.#byPath.set(path, new Set([holder, record]));
  }

  /** Whether the connection holds any of `modes` on exactly this path. */
  has(path: string, record: WatcherRecord<W>, modes: number): boolean {
    return ((record[this.#kind]?.get(path) ?? WatchMode.none) & modes) !== 0;
  }

  /** Takes `modes` away. @returns whether the connection held any of them. */
  remove(path: string, record: WatcherRecord<W>, modes: number): boolean {
    const paths = record[this.#kind];
    const before = paths?.get(path) ?? WatchMode.none;
    const left = before & ~modes;
    if (paths === undefined || left === before) return false;
    this.#setModes(path, record, before, left);
    if (left === WatchMode.none) {
      this.#dropFromPath(path, record);
      if (paths.size === 0) this.#forget(record);
    }
    return true;
  }

  /** Takes away everything that a connection holds. */
  removeAll(record: WatcherRecord<W>): void {
    const paths = record[this.#kind];
    if (paths === undefined) return;
    for (const [path, modes] of paths) {
      if ((modes & WatchMode.persistentRecursive) !== 0) this.#recursiveCount--;
      this.#watchCount--;
      this.#dropFromPath(path, record);
    }
    this.#forget(record);
  }

  /**
   * Collects into `fired` every connection that an event at `path` concerns, each once: those that
   * watch the path itself, whose standard watches are thereby used up, and those with a recursive
   * watch on an ancestor. Those already marked with `firing` are left out, all others are marked.
   *
   * @returns how many connections the event concerns, those left out included.
   */
  fire(path: string, firing: number, fired: W[]): number {
    let concerned = 0;
    const holder = this.#byPath.get(path);
    if (holder instanceof Set) {
      concerned = holder.size;
      for (const record of holder) {
        if (this.#useUp(path, record)) holder.delete(record);
        collect(record, firing, fired);
      }
      if (holder.size === 0) this.#byPath.delete(path);
    } else if (holder !== undefined) {
      concerned = 1;
      if (this.#useUp(path, holder)) this.#byPath.delete(path);
      collect(holder, firing, fired);
    }
    return this.#recursiveCount > 0
      ? concerned + this.#fireAncestors(path, firing, fired)
      : concerned;
  }

  /** Every path with its connections. Not to be changed meanwhile. */
  *entries(): Generator<[string, Iterable<W>]> {
    for (const [path, holder] of this.#byPath) {
      if (holder instanceof Set) yield [path, watchersOf(holder)];
      else yield [path, [holder.watcher]];
    }
  }

  #fireAncestors(path: string, firing: number, fired: W[]): number {
    const before = fired.length;
    for (let at = parentPath(path); at !== undefined; at = parentPath(at)) {
      const holder = this.#byPath.get(at);
      if (holder instanceof Set) {
        for (const record of holder) this.#collectRecursive(at, record, firing, fired);
      } else if (holder !== undefined) {
        this.#collectRecursive(at, holder, firing, fired);
      }
    }
    return fired.length - before;
  }

  #collectRecursive(path: string, record: WatcherRecord<W>, firing: number, fired: W[]): void {
    if (this.has(path, record, WatchMode.persistentRecursive)) collect(record, firing, fired);
  }

  /** @returns whether nothing is left of the connection's watch on the path. */
  #useUp(path: string, record: WatcherRecord<W>): boolean {
    const before = record[this.#kind]?.get(path) ?? WatchMode.none;
    assert(before !== WatchMode.none, 'both sides of the watch table agree');
    const left = before & ~WatchMode.standard;
    if (left !== before) this.#setModes(path, record, before, left);
    return left === WatchMode.none;
  }

  /** Changes the connection's side only. */
  #setModes(path: string, record: WatcherRecord<W>, before: number, left: number): void {
    const paths = record[this.#kind]!;
    if ((before & ~left & WatchMode.persistentRecursive) !== 0) this.#recursiveCount--;
    if (left !== WatchMode.none) {
      paths.set(path, left);
      return;
    }
    paths.delete(path);
    this.#watchCount--;
  }

  /** Changes the path's side only. */
  #dropFromPath(path: string, record: WatcherRecord<W>): void {
    const holder = this.#byPath.get(path);
    if (holder instanceof Set) {
      holder.delete(record);
      if (holder.size === 0) this.#byPath.delete(path);
    } else {
      assert(holder === record, 'both sides of the watch table agree');
      this.#byPath.delete(path);
    }
  }

  #forget(record: WatcherRecord<W>): void {
    record[this.#kind] = undefined;
    this.#watcherCount--;
  }
}

function collect<W>(record: WatcherRecord<W>, firing: number, fired: W[]): void {
  if (record.firing === firing) return;
  record.firing = firing;
  fired.push(record.watcher);
}

function* watchersOf<W>(records: Iterable<WatcherRecord<W>>): Generator<W> {
  for (const record of records) yield record.watcher;
}

/** "/a/b" → "/a" → "/" → undefined. */
export function parentPath(path: string): string | undefined {
  if (path === '/') return undefined;
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.substring(0, slash);
}
