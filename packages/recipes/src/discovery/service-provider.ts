import type { WaitOptions } from '../deadline.ts';
import type { ServiceCache } from './service-cache.ts';
import { keyOf, type ServiceInstance } from './service-instance.ts';
import { type ProviderStrategy, roundRobin } from './strategies.ts';

/** When an instance that failed is left alone: Curator's DownInstancePolicy. */
export interface DownInstancePolicy {
  /** Errors after which it is. Default 2. */
  readonly errorThreshold?: number | undefined;
  /** For how long after the first of them, in ms. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

export interface ServiceProviderOptions<T> {
  /** Default: one after the other. */
  readonly strategy?: ProviderStrategy<T> | undefined;
  /** Instances for which one of these is false are not chosen. */
  readonly filters?: readonly ((instance: ServiceInstance<T>) => boolean)[] | undefined;
  readonly downInstances?: DownInstancePolicy | undefined;
  /** Now, in ms, on a clock that never goes back. `performance.now` unless given. */
  readonly now?: (() => number) | undefined;
}

const ERROR_THRESHOLD = 2;
const DOWN_MS = 30_000;

/**
 * Chooses an instance of a service for each use: Curator's ServiceProvider. To be started.
 *
 *     await using mail = discovery.provider('mail');
 *     await mail.start();
 *     const instance = mail.choose();
 *     if (instance) await send(buildUri(instance)).catch(() => mail.noteError(instance));
 */
export class ServiceProvider<T = unknown> implements AsyncDisposable {
  readonly #cache: ServiceCache<T>;
  readonly #options: ServiceProviderOptions<T>;
  readonly #strategy: ProviderStrategy<T>;
  readonly #now: () => number;
  /** By the instance's key. */
  readonly #errors = new Map<string, { count: number; readonly firstAtMs: number }>();

  /** @param cache - is the provider's from now on: it starts and closes it. */
  constructor(cache: ServiceCache<T>, options: ServiceProviderOptions<T> = {}) {
    this.#cache = cache;
    this.#options = options;
    this.#strategy = options.strategy ?? roundRobin();
    this.#now = options.now ?? (() => performance.now());
  }

  /** Fires when it hears of changes no more; see `Cache`. */
  get failed(): AbortSignal {
    return this.#cache.failed;
  }

  /** Resolves when all instances are known. @throws as `start` of `Cache` */
  start(options: WaitOptions = {}): Promise<void> {
    return this.#cache.start(options);
  }

  /** Instances that are enabled, pass the filters, and have not failed too often. */
  instances(): ServiceInstance<T>[] {
    const { filters = [] } = this.#options;
    return this.#cache.instances().filter((instance) => {
      return (
        instance.enabled && filters.every((filter) => filter(instance)) && !this.#isDown(instance)
      );
    });
  }

  /** The one to use now; undefined when there is none. Ask anew for each use. */
  choose(): ServiceInstance<T> | undefined {
    return this.#strategy(this.instances());
  }

  /** Using it has failed. */
  noteError(instance: ServiceInstance<T>): void {
    this.#forgetOld();
    const key = keyOf(instance);
    const errors = this.#errors.get(key);
    if (errors === undefined) this.#errors.set(key, { count: 1, firstAtMs: this.#now() });
    else errors.count++;
  }

  /** Never rejects; again is harmless. */
  close(): Promise<void> {
    return this.#cache.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isDown(instance: ServiceInstance<T>): boolean {
    this.#forgetOld();
    const { errorThreshold = ERROR_THRESHOLD } = this.#options.downInstances ?? {};
    return (this.#errors.get(keyOf(instance))?.count ?? 0) >= errorThreshold;
  }

  #forgetOld(): void {
    const { timeoutMs = DOWN_MS } = this.#options.downInstances ?? {};
    for (const [key, { firstAtMs }] of this.#errors) {
      if (this.#now() - firstAtMs >= timeoutMs) this.#errors.delete(key);
    }
  }
}
