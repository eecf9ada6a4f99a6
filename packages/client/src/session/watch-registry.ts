/**
 * Which watches this session has on its servers, and who waits for them.
 *
 * It decides who hears of an event and what must be registered again on a new connection. Paths are the server's;
 * the wire is the session core's, streams and promises are the caller's.
 *
 * Source: ZKWatchManager.materialize (who hears of what), ClientCnxn.primeConnection (the chunks).
 */

import { EventType, OpCode, parentOf, type Request } from '@zooid/protocol';

/** What happened to a znode. */
export type WatchEventType = 'created' | 'deleted' | 'data-changed' | 'children-changed';

/** A watch that fires once. */
export interface OneShotWatch {
  /** `exist` is that of `exists`, which may become a `data` watch, because the znode is there. */
  readonly kind: 'data' | 'exist' | 'children';
  /** The server's path. */
  readonly path: string;
  onEvent(type: WatchEventType, path: string): void;
  /** The session ended first. */
  onEnd(error: Error): void;
}

/** A watch that fires until it is removed. */
export interface LastingWatch {
  /** `recursive` hears of the znode and all below it, but not `children-changed`. */
  readonly mode: 'persistent' | 'recursive';
  /** The server's path. */
  readonly path: string;
  onEvent(type: WatchEventType, path: string): void;
  /** The connection was lost for a while, and something may have changed that no event tells of. */
  onGap(): void;
  onEnd(error: Error): void;
}

/** Watches that one setWatches request registers again, with those who must be told when it left a gap. */
export interface SetWatchesChunk {
  readonly request: Request;
  readonly lasting: readonly LastingWatch[];
}

/** Bytes of paths in one setWatches request; the last path may go beyond. A server takes a frame of 1 MB. */
const CHUNK_BYTES_MAX = 128 * 1024;

type Table<W> = Map<string, Set<W>>;
/** How the registry tells watches apart. */
export type WatchKind = OneShotWatch['kind'] | LastingWatch['mode'];

export class WatchRegistry {
  readonly #oneShots: Readonly<Record<OneShotWatch['kind'], Table<OneShotWatch>>> = {
    data: new Map(),
    exist: new Map(),
    children: new Map(),
  };
  readonly #lasting: Readonly<Record<LastingWatch['mode'], Table<LastingWatch>>> = {
    persistent: new Map(),
    recursive: new Map(),
  };
  /** Of #lasting: those of which no server has said that it has them. */
  readonly #unconfirmed = new Set<LastingWatch>();
  /** One-shot watches that reads on their way will leave. */
  readonly #expected = new Set<OneShotWatch>();
  readonly #fired = new WeakSet<OneShotWatch>();

  /** Watches held, of all kinds. */
  get size(): number {
    let size = 0;
    for (const table of Object.values(this.#oneShots)) {
      for (const watches of table.values()) size += watches.size;
    }
    for (const table of Object.values(this.#lasting)) {
      for (const watches of table.values()) size += watches.size;
    }
    return size;
  }

  addOneShot(watch: OneShotWatch, kind: OneShotWatch['kind'] = watch.kind): void {
    add(this.#oneShots[kind], watch.path, watch);
  }

  /**
   * A read that leaves this watch is about to be sent: until it is answered nobody may take the watches of its path off the
   * server.
   *
   * @returns what ends that. Again is harmless.
   */
  expectOneShot(watch: OneShotWatch): () => void {
    this.#expected.add(watch);
    return () => this.#expected.delete(watch);
  }

  addLasting(watch: LastingWatch): void {
    add(this.#lasting[watch.mode], watch.path, watch);
  }

  /**
   * The request for this watch is about to be sent. It hears of events, but is not registered again on a new connection,
   * where its request is sent again: the server may not know such watches.
   */
  expectLasting(watch: LastingWatch): void {
    this.addLasting(watch);
    this.#unconfirmed.add(watch);
  }

  /** The server has it. */
  confirmLasting(watch: LastingWatch): void {
    this.#unconfirmed.delete(watch);
  }

  /** Forgets a watch; {@link kindsAt} says what the server may forget with it. */
  removeOneShot(watch: OneShotWatch): void {
    for (const table of Object.values(this.#oneShots)) remove(table, watch.path, watch);
  }

  /** Forgets a watch; {@link kindsAt} says what the server may forget with it. */
  removeLasting(watch: LastingWatch): void {
    remove(this.#lasting[watch.mode], watch.path, watch);
    this.#unconfirmed.delete(watch);
  }

  /** Lasting watches at `path` that the server has confirmed. */
  lastingAt(path: string): readonly LastingWatch[] {
    const { persistent, recursive } = this.#lasting;
    const all = [...(persistent.get(path) ?? []), ...(recursive.get(path) ?? [])];
    return all.filter((watch) => !this.#unconfirmed.has(watch));
  }

  /** Whether a one-shot watch has fired. */
  hasFired(watch: OneShotWatch): boolean {
    return this.#fired.has(watch);
  }

  /** Kinds of watches that are held, or expected, at `path`: what the server must keep. */
  kindsAt(path: string): readonly WatchKind[] {
    const tables: readonly (readonly [WatchKind, ReadonlyMap<string, unknown>])[] = [
      ...(Object.entries(this.#oneShots) as [WatchKind, Table<OneShotWatch>][]),
      ...(Object.entries(this.#lasting) as [WatchKind, Table<LastingWatch>][]),
    ];
    const kinds = new Set(tables.filter(([, table]) => table.has(path)).map(([kind]) => kind));
    for (const watch of this.#expected) if (watch.path === path) kinds.add(watch.kind);
    return [...kinds];
  }

  /**
   * Tells of an event everybody who waits for it; one-shot watches are forgotten by it.
   *
   * @param type - an `EventType` of the wire; one that is not known is left alone.
   */
  dispatch(type: number, path: string): void {
    const eventType = eventTypes.get(type);
    if (eventType === undefined) return;
    const { data, exist, children } = this.#oneShots;
    const fired = new Set<OneShotWatch>();
    if (eventType !== 'children-changed') {
      take(data, path, fired);
      take(exist, path, fired);
    }
    if (eventType === 'children-changed' || eventType === 'deleted') take(children, path, fired);
    for (const watch of fired) {
      this.#fired.add(watch);
      watch.onEvent(eventType, path);
    }
    for (const watch of this.#lasting.persistent.get(path) ?? []) watch.onEvent(eventType, path);
    if (eventType !== 'children-changed') this.#dispatchRecursive(eventType, path);
  }

  #dispatchRecursive(type: WatchEventType, path: string): void {
    const { recursive } = this.#lasting;
    if (recursive.size === 0) return;
    for (let at = path; ; at = parentOf(at)) {
      for (const watch of recursive.get(at) ?? []) watch.onEvent(type, path);
      if (at === '/') return;
    }
  }

  /**
   * What registers all watches again on a new connection.
   *
   * @param relativeZxid - the newest zxid seen: one-shot watches of what changed after it fire at once.
   */
  setWatches(relativeZxid: number): readonly SetWatchesChunk[] {
    const chunks: SetWatchesChunk[] = [];
    let chunk = new ChunkBuilder();
    for (const [kind, path, watches] of this.#all()) {
      if (chunk.bytes >= CHUNK_BYTES_MAX) {
        chunks.push(chunk.build(relativeZxid));
        chunk = new ChunkBuilder();
      }
      chunk.add(kind, path, watches);
    }
    if (chunk.bytes > 0) chunks.push(chunk.build(relativeZxid));
    return chunks;
  }

  *#all(): Generator<readonly [WatchKind, string, readonly LastingWatch[]]> {
    for (const kind of ['data', 'exist', 'children'] as const) {
      for (const path of this.#oneShots[kind].keys()) yield [kind, path, []];
    }
    for (const kind of ['persistent', 'recursive'] as const) {
      for (const [path, watches] of this.#lasting[kind]) {
        const confirmed = [...watches].filter((watch) => !this.#unconfirmed.has(watch));
        if (confirmed.length > 0) yield [kind, path, confirmed];
      }
    }
  }

  /** Forgets every watch and tells who waited. */
  end(error: Error): void {
    const all = new Set<OneShotWatch | LastingWatch>();
    for (const table of [...Object.values(this.#oneShots), ...Object.values(this.#lasting)]) {
      for (const watches of table.values()) for (const watch of watches) all.add(watch);
      table.clear();
    }
    this.#unconfirmed.clear();
    for (const watch of all) watch.onEnd(error);
  }

  /** The same for some kinds of watches at one path. */
  endAt(path: string, kinds: readonly WatchKind[], error: Error): void {
    const ended = new Set<OneShotWatch | LastingWatch>();
    for (const kind of kinds) {
      if (kind === 'persistent' || kind === 'recursive') take(this.#lasting[kind], path, ended);
      else take(this.#oneShots[kind], path, ended);
    }
    for (const watch of ended) if (isLasting(watch)) this.#unconfirmed.delete(watch);
    for (const watch of ended) watch.onEnd(error);
  }
}

/** Gathers one chunk. */
class ChunkBuilder {
  bytes = 0;
  readonly #paths: Readonly<Record<WatchKind, string[]>> = {
    data: [],
    exist: [],
    children: [],
    persistent: [],
    recursive: [],
  };
  readonly #lasting: LastingWatch[] = [];

  add(kind: WatchKind, path: string, watches: readonly LastingWatch[]): void {
    this.#paths[kind].push(path);
    for (const watch of watches) this.#lasting.push(watch);
    // A character is at most three bytes, a length four: counted high, the frame is never longer.
    this.bytes += 4 + path.length * 3;
  }

  /** As setWatches where that will do: servers before 3.6 do not know the other. */
  build(relativeZxid: number): SetWatchesChunk {
    const { data, exist, children, persistent, recursive } = this.#paths;
    const oneShots = {
      relativeZxid,
      dataWatches: data,
      existWatches: exist,
      childWatches: children,
    };
    const request: Request =
      this.#lasting.length === 0
        ? { op: OpCode.setWatches, ...oneShots }
        : {
            op: OpCode.setWatches2,
            ...oneShots,
            persistentWatches: persistent,
            persistentRecursiveWatches: recursive,
          };
    return { request, lasting: this.#lasting };
  }
}

const eventTypes: ReadonlyMap<number, WatchEventType> = new Map([
  [EventType.nodeCreated, 'created'],
  [EventType.nodeDeleted, 'deleted'],
  [EventType.nodeDataChanged, 'data-changed'],
  [EventType.nodeChildrenChanged, 'children-changed'],
]);

function add<W>(table: Table<W>, path: string, watch: W): void {
  const watches = table.get(path);
  if (watches === undefined) table.set(path, new Set([watch]));
  else watches.add(watch);
}

function remove<W>(table: Table<W>, path: string, watch: W): void {
  const watches = table.get(path);
  if (watches?.delete(watch) && watches.size === 0) table.delete(path);
}

/** Moves all watches at `path` to `into`. */
function take<W extends V, V>(table: Table<W>, path: string, into: Set<V>): void {
  const watches = table.get(path);
  if (watches === undefined) return;
  table.delete(path);
  for (const watch of watches) into.add(watch);
}

function isLasting(watch: OneShotWatch | LastingWatch): watch is LastingWatch {
  return 'mode' in watch;
}
