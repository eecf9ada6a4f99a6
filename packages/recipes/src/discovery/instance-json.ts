/**
 * Instances as Curator's JsonInstanceSerializer writes them, field by field in its order.
 *
 *     name · id · address · port · sslPort · payload · registrationTimeUTC · serviceType · uriSpec{parts[{value, variable}]} · enabled
 *
 * `enabled` only when asked for: Curator's default leaves it out, for the sake of old versions of its own that refuse what they do not
 * know. Absent values are null. Java's type of a payload goes with it (Jackson's `JsonTypeInfo.Id.CLASS`): inside of an object, around
 * everything else that JSON does not know by itself.
 */

import type { ServiceInstance, ServiceType } from './service-instance.ts';
import { type UriPart, UriSpec } from './uri-spec.ts';

/** Whether `enabled` is written. */
export type InstanceFormat = 'compatible' | 'with-enabled';

const JAVA_LIST = 'java.util.ArrayList';
/** `java.lang.Long`, `com.example.Thing$Inner`. */
const JAVA_CLASS = /^[\w$]+(\.[\w$]+)+$/;

const javaTypes: Readonly<Record<ServiceType, string>> = {
  dynamic: 'DYNAMIC',
  'dynamic-sequential': 'DYNAMIC_SEQUENTIAL',
  static: 'STATIC',
  permanent: 'PERMANENT',
};

/** @throws TypeError for a payload that JSON cannot hold. */
export function encodeInstance(
  instance: ServiceInstance<unknown>,
  format: InstanceFormat,
): Uint8Array {
  const { name, id, address, port, sslPort, payload, registrationTimeUtc, type, uriSpec } =
    instance;
  const json = {
    name,
    id,
    address: address ?? null,
    port: port ?? null,
    sslPort: sslPort ?? null,
    payload: Array.isArray(payload) ? [JAVA_LIST, payload] : (payload ?? null),
    registrationTimeUTC: Math.trunc(registrationTimeUtc),
    serviceType: javaTypes[type],
    uriSpec: uriSpec ? { parts: uriSpec.parts } : null,
    ...(format === 'with-enabled' && { enabled: instance.enabled }),
  };
  return new TextEncoder().encode(JSON.stringify(json));
}

/** Fields that are not known are ignored. @throws SyntaxError, TypeError for what is no instance. */
export function decodeInstance<T>(bytes: Uint8Array): ServiceInstance<T> {
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isObject(json)) throw new TypeError('a service instance is an object');
  return {
    name: text(json, 'name') ?? '',
    id: text(json, 'id') ?? '',
    address: text(json, 'address'),
    port: integer(json, 'port'),
    sslPort: integer(json, 'sslPort'),
    // The type is the caller's word.
    payload: payloadOf(json['payload']) as T | undefined,
    registrationTimeUtc: integer(json, 'registrationTimeUTC') ?? 0,
    type: typeOf(text(json, 'serviceType') ?? 'DYNAMIC'),
    uriSpec: uriSpecOf(json['uriSpec']),
    enabled: json['enabled'] !== false,
  };
}

function payloadOf(payload: unknown): unknown {
  if (payload === null) return undefined;
  if (!Array.isArray(payload) || payload.length !== 2) return payload;
  const [type, value] = payload;
  return typeof type === 'string' && JAVA_CLASS.test(type) ? value : payload;
}

function typeOf(javaType: string): ServiceType {
  for (const [type, name] of Object.entries(javaTypes)) {
    if (name === javaType) return type as ServiceType;
  }
  throw new TypeError(`serviceType of ${javaType}: one of ${Object.values(javaTypes).join(', ')}`);
}

function uriSpecOf(json: unknown): UriSpec | undefined {
  if (json === null || json === undefined) return undefined;
  const parts = isObject(json) ? json['parts'] : undefined;
  if (!Array.isArray(parts)) throw new TypeError('uriSpec has no parts');
  return new UriSpec(parts.map(partOf));
}

function partOf(json: unknown): UriPart {
  if (!isObject(json)) throw new TypeError('a part of uriSpec is an object');
  return { value: text(json, 'value') ?? '', variable: json['variable'] === true };
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function text(json: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = json[field] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw new TypeError(`${field} is not text`);
}

function integer(json: Readonly<Record<string, unknown>>, field: string): number | undefined {
  const value = json[field] ?? undefined;
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value;
  throw new TypeError(`${field} is not an integer`);
}
