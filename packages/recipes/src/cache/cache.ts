import { ClosedError, type WatchEvent, type ZooKeeper } from '@zooid/client';
import { type Deferred, deferred, onAbort } from '@zooid/client/waiting';
import { BoundedQueue } from '../bounded-queue.ts';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { unpackGzip } from '../framework/gzip.ts';
import { JoinedSignal } from '../joined-signal.ts';
import { orAborted } from '../or-aborted.ts';
import { nameOf } from '../paths.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import { ChangesOverflowError } from './cache-error.ts';
import { CacheStore } from './cache-store.ts';
import type { CacheChange, CachedNode } from './cached-node.ts';
import { TreeReader } from './tree-reader.ts';

export interface CacheOptions {
  /**
   * How far down it goes: the znode itself (Curator's NodeCache), its children, too (PathChildrenCache), everything below (TreeCache,
   * CuratorCache), or so many levels. Default `tree`.
   */
  readonly depth?: 'node' | 'children' | 'tree' | number | undefined;
  /** Whether data is kept, or only paths and stats. Default `data`. */
  readonly content?: 'data' | 'paths' | undefined;
  /**
   * How data stands in the znodes: as it is, or as Curator compresses it (its flag COMPRESSED_DATA), to be unpacked here. Znodes without
   * data are no error then; those with other data are, see `unreadable`. Default `none`.
   */
  readonly compression?: 'none' | 'gzip' | undefined;
  /** False leaves a znode out, with all below it. The cache's own path is not asked. */
  readonly filter?: ((path: string) => boolean) | undefined;
  /**
   * What becomes of a znode that the ACL does not let us read, or whose data cannot be unpacked: the end of the cache, or it is left
   * out. Default `fail`.
   */
  readonly unreadable?: 'fail' | 'leave-out' | undefined;
  /** Most znodes; one more ends the cache with `CacheLimitError`. Default 100,000. */
  readonly maxNodes?: number | undefined;
  /** Most memory, estimated, in bytes; more ends the cache likewise. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** What becomes of the contents when it is closed. Default `clear`. */
  readonly onClose?: 'clear' | 'keep' | undefined;
}

export interface CacheChangesOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
  /** Whether what is there already is told first, as created. Default false. */
  readonly withPresent?: boolean | undefined;
  /** Most changes that may wait to be taken; one more ends the iteration with `ChangesOverflowError`. Default 65,536. */
  readonly maxQueued?: number | undefined;
}

const NODES_MAX_DEFAULT = 100_000;
const BYTES_MAX_DEFAULT = 64 * 1024 * 1024;
const QUEUED_MAX_DEFAULT = 65_536;

/**
 * A part of the tree, here: Curator's CuratorCache.
 *
 *     await using cache = new Cache(sessions, '/config');
 *     await cache.start();
 *     cache.get('/config/banner')?.text();
 *     for await (const change of cache.changes({ signal })) ...
 *
 * It lags behind the servers by the way of one message, never goes back in time for one znode, and between two znodes may show the
 * later change first. While the connection is lost it stays as it was; then, and in a new session, it is compared with the servers' tree.
 * The znode need not exist.
 */
export class Cache implements AsyncDisposable {
  readonly path: string;
  readonly #options: CacheOptions;
  readonly #depthMax: number;
  readonly #store: CacheStore;
  readonly #loop: SessionLoop;
  readonly #followers = new Set<BoundedQueue<CacheChange>>();
  readonly #initialized: Deferred<void> = deferred();
  #isInitialized = false;
  #revision = 0;

  /** @param source - one session, with which the cache ends, or a provider, with which it goes on. */
  constructor(source: SessionSource, path: string, options: CacheOptions = {}) {
    this.path = path;
    this.#options = options;
    this.#depthMax = depthOf(options.depth);
    const { maxNodes = NODES_MAX_DEFAULT, maxBytes = BYTES_MAX_DEFAULT } = options;
    this.#store = new CacheStore(path, { maxNodes, maxBytes }, (change) => this.#tell(change));
    this.#loop = new SessionLoop(source, (zk, scope) => this.#keep(zk, scope));
    this.#initialized.promise.catch(() => undefined);
    onAbort(this.#loop.failed, () => this.#fail(this.#loop.failed.reason));
  }

  /** Fires when it cannot go on: its only session has ended, a limit is reached, the ACL forbids it. Its reason is the error. */
  get failed(): AbortSignal {
    return this.#loop.failed;
  }

  /** Whether everything that was there at the beginning is here. */
  get isInitialized(): boolean {
    return this.#isInitialized;
  }

  /** Znodes that it holds, its own path among them. */
  get size(): number {
    return this.#store.size;
  }

  /** Grows with every change of the contents. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Begins. Again is harmless.
   *
   * @returns when it is initialised. The limits end this wait, not the cache.
   * @throws what {@link failed} has as its reason; ClosedError; the signal's reason; OperationTimeoutError
   */
  async start(options: WaitOptions = {}): Promise<void> {
    this.#loop.start();
    this.failed.throwIfAborted();
    using deadline = new Deadline('start', this.path, options);
    await orAborted(this.#initialized.promise, deadline.signal);
  }

  /** A znode, as last seen. */
  get(path: string): CachedNode | undefined {
    return this.#store.get(path);
  }

  /** The children of a znode by name, as last seen. Looks at every znode of the cache. */
  children(path: string): ReadonlyMap<string, CachedNode> {
    const prefix = path === '/' ? '/' : `${path}/`;
    const found = new Map<string, CachedNode>();
    for (const node of this.#store.nodes()) {
      if (node.path.length === prefix.length || !node.path.startsWith(prefix)) continue;
      if (node.path.includes('/', prefix.length)) continue;
      found.set(nameOf(node.path), node);
    }
    return found;
  }

  /** All znodes, in no order. */
  stream(): IterableIterator<CachedNode> {
    return this.#store.nodes();
  }

  /** What changes from now on, before `start` what is there at the beginning included. Ends with the cache. */
  changes(options: CacheChangesOptions = {}): AsyncIterableIterator<CacheChange> {
    const { signal, withPresent = false, maxQueued = QUEUED_MAX_DEFAULT } = options;
    const onFull = () => new ChangesOverflowError(this.path);
    const follower: BoundedQueue<CacheChange> = new BoundedQueue(maxQueued, onFull, () => {
      this.#followers.delete(follower);
      stop?.();
    });
    const stop = signal && onAbort(signal, () => follower.end());
    this.#followers.add(follower);
    if (withPresent) {
      for (const node of this.#store.nodes()) follower.fill([{ type: 'created', node }]);
      if (this.#isInitialized) follower.fill([{ type: 'initialized' }]);
    }
    const { closing, failed } = this.#loop;
    if (failed.aborted) follower.fail(failed.reason);
    else if (signal?.aborted || closing.aborted) follower.end();
    return follower;
  }

  /** Ends it, and its watch. Never rejects; again is harmless. */
  async close(): Promise<void> {
    await this.#loop.close();
    this.#initialized.reject(new ClosedError({ operation: 'start', path: this.path }));
    for (const follower of [...this.#followers]) follower.end();
    if (this.#options.onClose !== 'keep') this.#clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Keeps it like the servers' tree for as long as a session lives. */
  async #keep(zk: ZooKeeper, scope: AbortSignal): Promise<never> {
    using ending = new JoinedSignal(scope);
    const { signal } = ending;
    const { content = 'data', unreadable = 'fail', compression = 'none' } = this.#options;
    const { maxBytes = BYTES_MAX_DEFAULT } = this.#options;
    const reader = new TreeReader(
      zk,
      this.#store,
      {
        content,
        unreadable,
        unpack: compression === 'none' ? undefined : (data) => unpackGzip(data, maxBytes),
        isWanted: (path) => this.#isWanted(path),
        hasWantedChildren: (path) => this.#depthBelow(path) < this.#depthMax,
      },
      (error) => ending.abort(error),
    );
    try {
      // The server of another session may be behind what is here.
      if (this.#revision > 0) await orAborted(zk.sync(this.path), signal);
      await using events = zk.watch(this.path, { recursive: this.#depthMax > 0, signal });
      await orAborted(events.ready, signal);
      const scan = () => {
        void reader.scan(this.path).then(() => this.#onScanned());
      };
      scan();
      for await (const event of events) {
        if (event.type === 'gap') scan();
        else this.#onEvent(reader, event);
      }
      signal.throwIfAborted();
      throw new ClosedError({ operation: 'cache', path: this.path });
    } finally {
      reader.stop();
    }
  }

  #onEvent(reader: TreeReader, { type, path }: WatchEvent): void {
    switch (type) {
      case 'created':
      case 'data-changed':
        reader.look(path);
        break;
      case 'deleted':
        reader.drop(path);
        break;
      default:
        // Children that come and go have events of their own, if they are ours.
        break;
    }
  }

  #onScanned(): void {
    if (this.#isInitialized || this.#loop.closing.aborted) return;
    this.#isInitialized = true;
    this.#initialized.resolve();
    this.#tell({ type: 'initialized' });
  }

  #tell(change: CacheChange): void {
    this.#revision++;
    for (const follower of this.#followers) follower.push(change);
  }

  #clear(): void {
    this.#store.clear();
    this.#revision++;
  }

  #fail(error: unknown): void {
    this.#clear();
    this.#initialized.reject(error);
    for (const follower of [...this.#followers]) follower.fail(error);
  }

  /** Levels below the cache's path: 0 for that itself. */
  #depthBelow(path: string): number {
    if (path === this.path) return 0;
    const below = this.path === '/' ? path.slice(1) : path.slice(this.path.length + 1);
    return below.split('/').length;
  }

  #isWanted(path: string): boolean {
    if (path === this.path) return true;
    if (this.#depthBelow(path) > this.#depthMax) return false;
    const { filter } = this.#options;
    if (filter === undefined) return true;
    // Below a znode that was left out nothing is looked at.
    const start = this.path === '/' ? 1 : this.path.length + 1;
    for (let at = path.indexOf('/', start); at >= 0; at = path.indexOf('/', at + 1)) {
      if (!filter(path.slice(0, at))) return false;
    }
    return filter(path);
  }
}

function depthOf(depth: CacheOptions['depth']): number {
  switch (depth) {
    case 'node':
      return 0;
    case 'children':
      return 1;
    case undefined:
    case 'tree':
      return Number.POSITIVE_INFINITY;
    default:
      if (!(depth >= 0)) throw new RangeError(`depth of ${depth}: at least 0`);
      return depth;
  }
}
