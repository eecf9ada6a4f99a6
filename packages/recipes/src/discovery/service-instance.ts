import { defaultData } from '../data-local.ts';
import { UriSpec } from './uri-spec.ts';

/**
 * What becomes of a registration when its session ends: `dynamic` ones go with it; `dynamic-sequential` ones, too, and the server adds
 * a number to their names; `static` and `permanent` ones stay until they are unregistered.
 */
export type ServiceType = 'dynamic' | 'dynamic-sequential' | 'static' | 'permanent';

/** One process that offers a service. */
export interface ServiceInstance<T = unknown> {
  /** Of the service. */
  readonly name: string;
  readonly id: string;
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly sslPort: number | undefined;
  /**
   * Anything that is JSON. Java reads objects as maps, unless they have the property `@class` with the name of a class of its own; those
   * that Java writes have it.
   */
  readonly payload: T | undefined;
  /** In ms since 1970. */
  readonly registrationTimeUtc: number;
  readonly type: ServiceType;
  readonly uriSpec: UriSpec | undefined;
  /** False: it is there, and not to be used. */
  readonly enabled: boolean;
}

/** What an instance is made of; what is not given has a default. */
export interface ServiceInstanceFields<T> {
  readonly name: string;
  /** Default: a random UUID. */
  readonly id?: string | undefined;
  /** Default: the address of this machine. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly sslPort?: number | undefined;
  readonly payload?: T | undefined;
  /** Default: now. */
  readonly registrationTimeUtc?: number | undefined;
  /** Default `dynamic`. */
  readonly type?: ServiceType | undefined;
  /** Text is parsed. */
  readonly uriSpec?: UriSpec | string | undefined;
  /** Default true. */
  readonly enabled?: boolean | undefined;
}

/** Makes an instance. @throws SyntaxError for a URI whose braces do not match. */
export function serviceInstance<T = unknown>(fields: ServiceInstanceFields<T>): ServiceInstance<T> {
  const { uriSpec } = fields;
  return {
    name: fields.name,
    id: fields.id ?? crypto.randomUUID(),
    address: fields.address ?? new TextDecoder().decode(defaultData()),
    port: fields.port,
    sslPort: fields.sslPort,
    payload: fields.payload,
    registrationTimeUtc: fields.registrationTimeUtc ?? Date.now(),
    type: fields.type ?? 'dynamic',
    uriSpec: typeof uriSpec === 'string' ? UriSpec.parse(uriSpec) : uriSpec,
    enabled: fields.enabled ?? true,
  };
}

/** Where an instance can be reached, by its own URI; empty when it has none. */
export function buildUri(
  instance: ServiceInstance<unknown>,
  variables?: Readonly<Record<string, string | number>>,
): string {
  return instance.uriSpec?.build(instance, variables) ?? '';
}

/** Whether two are the same registration. */
export function keyOf({
  id,
  address,
  port,
  sslPort,
  registrationTimeUtc,
}: ServiceInstance<unknown>): string {
  return JSON.stringify([id, address, port, sslPort, registrationTimeUtc]);
}
