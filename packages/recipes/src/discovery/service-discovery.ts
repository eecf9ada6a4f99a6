import { type Acl, NoNodeError } from '@zooid/client';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { joinPath } from '../paths.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';
import { decodeInstance, encodeInstance, type InstanceFormat } from './instance-json.ts';
import { Registration } from './registration.ts';
import { ServiceCache, type ServiceCacheOptions } from './service-cache.ts';
import type { ServiceInstance } from './service-instance.ts';
import { ServiceProvider, type ServiceProviderOptions } from './service-provider.ts';

export interface ServiceDiscoveryOptions {
  /** Whether registrations say that they are enabled; Curator before 5 cannot read those. Default `compatible`: they do not. */
  readonly format?: InstanceFormat | undefined;
  /** Of the znodes that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

/** A service is registered or looked up as one znode each: `<base path>/<service>/<instance id>`, with JSON: Curator's ServiceDiscovery. */
export class ServiceDiscovery<T = unknown> implements AsyncDisposable {
  readonly basePath: string;
  readonly #source: SessionSource;
  readonly #options: ServiceDiscoveryOptions;
  /** By instance id. */
  readonly #registrations = new Map<string, Registration>();

  /** @param source - with a provider, registrations are made again in new sessions. */
  constructor(source: SessionSource, basePath: string, options: ServiceDiscoveryOptions = {}) {
    this.#source = source;
    this.basePath = basePath;
    this.#options = options;
  }

  /**
   * Registers an instance, until it is unregistered or this is closed. A registration of the same id that is there is replaced.
   *
   * @returns a signal that fires when it cannot be kept: the only session has ended, the ACL forbids it. Its reason is the error.
   * @throws RangeError when this id is registered here already; NoAuthError; the signal's reason
   */
  async register(instance: ServiceInstance<T>, options: WaitOptions = {}): Promise<AbortSignal> {
    const { id } = instance;
    if (this.#registrations.has(id)) throw new RangeError(`${id} is registered already`);
    const registration = new Registration(
      this.#source,
      this.#pathOf(instance.name, id),
      instance.type,
      this.#encode(instance),
      this.#options.acl,
    );
    this.#registrations.set(id, registration);
    try {
      using deadline = new Deadline('register', this.basePath, options);
      await registration.start(deadline.signal);
    } catch (error) {
      this.#registrations.delete(id);
      registration.remove().catch(() => undefined);
      throw error;
    }
    return registration.failed;
  }

  /**
   * Changes what a registration says: resolves when a server has it, with a session source in the next session when this one ends meanwhile.
   *
   * @throws RangeError when it is not registered here; NoNodeError when somebody has deleted it; the error of the only session
   */
  async update(instance: ServiceInstance<T>, options: WaitOptions = {}): Promise<void> {
    const registration = this.#registrations.get(instance.id);
    if (registration === undefined) throw new RangeError(`${instance.id} is not registered here`);
    using deadline = new Deadline('update', this.basePath, options);
    await registration.update(this.#encode(instance), deadline.signal);
  }

  /** Takes a registration back, of whichever type. That there is none is as good. */
  async unregister({ id }: Pick<ServiceInstance<T>, 'id'>): Promise<void> {
    const registration = this.#registrations.get(id);
    this.#registrations.delete(id);
    await registration?.remove();
  }

  /** Names of the services that were ever registered, and have not been cleaned up. */
  names(options: WaitOptions = {}): Promise<readonly string[]> {
    return this.#childrenOf(this.basePath, 'names', options);
  }

  /** All instances of a service now, asked of a server; without those that are no instances. */
  async instances(name: string, options: WaitOptions = {}): Promise<ServiceInstance<T>[]> {
    const ids = await this.#childrenOf(joinPath(this.basePath, name), 'instances', options);
    const reads = ids.map((id) => {
      return this.instance(name, id, options).catch((error) => {
        if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
        throw error;
      });
    });
    return (await Promise.all(reads)).filter((instance) => instance !== undefined);
  }

  /** An instance by its id; undefined when there is none. @throws SyntaxError, TypeError when what is there is no instance */
  async instance(
    name: string,
    id: string,
    options: WaitOptions = {},
  ): Promise<ServiceInstance<T> | undefined> {
    const path = this.#pathOf(name, id);
    using deadline = new Deadline('instance', path, options);
    const { signal } = deadline;
    const zk = await openSession(this.#source, signal);
    try {
      return decodeInstance<T>((await zk.get(path, { signal })).data);
    } catch (error) {
      if (error instanceof NoNodeError) return undefined;
      throw error;
    }
  }

  /** The instances of a service, kept here. To be started, and closed. */
  cache(name: string, options?: ServiceCacheOptions): ServiceCache<T> {
    return new ServiceCache(this.#source, joinPath(this.basePath, name), options);
  }

  /** Chooses among the instances of a service. To be started, and closed. */
  provider(
    name: string,
    options?: ServiceProviderOptions<T> & ServiceCacheOptions,
  ): ServiceProvider<T> {
    return new ServiceProvider(this.cache(name, options), options);
  }

  /** Takes all registrations of this object back. Caches and providers stay. @throws NoAuthError when the ACL does not let it */
  async close(): Promise<void> {
    const registrations = [...this.#registrations.values()];
    this.#registrations.clear();
    const results = await Promise.allSettled(registrations.map((one) => one.remove()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pathOf(name: string, id: string): string {
    return joinPath(joinPath(this.basePath, name), id);
  }

  #encode(instance: ServiceInstance<T>): Uint8Array {
    return encodeInstance(instance, this.#options.format ?? 'compatible');
  }

  async #childrenOf(
    path: string,
    operation: string,
    options: WaitOptions,
  ): Promise<readonly string[]> {
    using deadline = new Deadline(operation, path, options);
    const { signal } = deadline;
    const zk = await openSession(this.#source, signal);
    try {
      return (await zk.children(path, { signal })).names;
    } catch (error) {
      if (error instanceof NoNodeError) return [];
      throw error;
    }
  }
}
