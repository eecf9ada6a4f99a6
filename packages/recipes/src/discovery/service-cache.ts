import { Cache, type CacheChangesOptions } from '../cache/cache.ts';
import type { CachedNode } from '../cache/cached-node.ts';
import type { WaitOptions } from '../deadline.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import { decodeInstance } from './instance-json.ts';
import type { ServiceInstance } from './service-instance.ts';

export interface ServiceCacheOptions {
  /** Is told of a registration that is no instance; that is left out. */
  readonly onCorrupt?: ((path: string, error: unknown) => void) | undefined;
}

/** The instances of one service, here: Curator's ServiceCache. To be started. */
export class ServiceCache<T = unknown> implements AsyncDisposable {
  /** Of the service's znode. */
  readonly path: string;
  readonly #cache: Cache;
  readonly #options: ServiceCacheOptions;
  readonly #decoded = new WeakMap<
    CachedNode,
    { readonly instance: ServiceInstance<T> | undefined }
  >();
  #instances:
    | { readonly revision: number; readonly list: readonly ServiceInstance<T>[] }
    | undefined;

  constructor(source: SessionSource, path: string, options: ServiceCacheOptions = {}) {
    this.path = path;
    this.#options = options;
    this.#cache = new Cache(source, path, { depth: 'children' });
  }

  /** Fires when it cannot go on; see `Cache`. */
  get failed(): AbortSignal {
    return this.#cache.failed;
  }

  /** Resolves when all instances are here. @throws as `start` of `Cache` */
  start(options: WaitOptions = {}): Promise<void> {
    return this.#cache.start(options);
  }

  /** All instances, in the order of their znodes' names. */
  instances(): readonly ServiceInstance<T>[] {
    const { revision } = this.#cache;
    if (this.#instances?.revision === revision) return this.#instances.list;
    const names = [...this.#cache.children(this.path)].sort(([a], [b]) => (a < b ? -1 : 1));
    const list = names
      .map(([, node]) => this.#instanceOf(node))
      .filter((instance) => instance !== undefined);
    this.#instances = { revision, list };
    return list;
  }

  /** All instances whenever one has come, gone or changed. Ends with the signal, or the cache. */
  async *changes(
    options: Pick<CacheChangesOptions, 'signal'> = {},
  ): AsyncGenerator<readonly ServiceInstance<T>[], void, undefined> {
    for await (const change of this.#cache.changes(options)) {
      if (change.type === 'initialized' || !this.#cache.isInitialized) continue;
      const { path } = change.type === 'deleted' ? change.before : change.node;
      if (path !== this.path) yield this.instances();
    }
  }

  /** Never rejects; again is harmless. */
  close(): Promise<void> {
    return this.#cache.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #instanceOf(node: CachedNode): ServiceInstance<T> | undefined {
    const known = this.#decoded.get(node);
    if (known !== undefined) return known.instance;
    let instance: ServiceInstance<T> | undefined;
    try {
      instance = decodeInstance<T>(node.data);
    } catch (error) {
      this.#options.onCorrupt?.(node.path, error);
    }
    this.#decoded.set(node, { instance });
    return instance;
  }
}
