import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeInstance, encodeInstance } from '../../src/discovery/instance-json.ts';
import {
  buildUri,
  type ServiceInstance,
  type ServiceType,
  serviceInstance,
  UriSpec,
} from '../../src/index.ts';

function encoded(
  instance: ServiceInstance<unknown>,
  format?: 'compatible' | 'with-enabled',
): string {
  return new TextDecoder().decode(encodeInstance(instance, format ?? 'compatible'));
}

function decoded(json: string): ServiceInstance<unknown> {
  return decodeInstance(new TextEncoder().encode(json));
}

/** Made with an address of its own only if it is given. */
function instanceOf(fields: Partial<ServiceInstance<unknown>>): ServiceInstance<unknown> {
  return {
    ...serviceInstance({ name: 'mail', id: 'id-1', registrationTimeUtc: 5 }),
    address: undefined,
    ...fields,
  };
}

// Written by JsonInstanceSerializer of Curator 5.4.0, with Jackson 2.14.
const vectors: readonly (readonly [string, ServiceInstance<unknown>])[] = [
  [
    '{"name":"mail","id":"id-1","address":"10.0.0.1","port":25,"sslPort":null,"payload":null,"registrationTimeUTC":1700000000000,"serviceType":"DYNAMIC","uriSpec":{"parts":[{"value":"scheme","variable":true},{"value":"://","variable":false},{"value":"address","variable":true},{"value":":","variable":false},{"value":"port","variable":true},{"value":"/x","variable":false}]}}',
    instanceOf({
      address: '10.0.0.1',
      port: 25,
      registrationTimeUtc: 1_700_000_000_000,
      uriSpec: UriSpec.parse('{scheme}://{address}:{port}/x'),
    }),
  ],
  [
    '{"name":"mail","id":"id-1","address":null,"port":null,"sslPort":443,"payload":"text","registrationTimeUTC":5,"serviceType":"DYNAMIC_SEQUENTIAL","uriSpec":null}',
    instanceOf({ sslPort: 443, payload: 'text', type: 'dynamic-sequential' }),
  ],
  [
    '{"name":"mail","id":"id-1","address":null,"port":null,"sslPort":443,"payload":{"@class":"P$Load","weight":3,"zone":"a"},"registrationTimeUTC":5,"serviceType":"PERMANENT","uriSpec":null}',
    instanceOf({
      sslPort: 443,
      payload: { '@class': 'P$Load', weight: 3, zone: 'a' },
      type: 'permanent',
    }),
  ],
];

describe("Curator's JSON", () => {
  test.each(vectors)('is written byte for byte, and read: %s', (json, instance) => {
    expect(encoded(instance)).toBe(json);
    expect(decoded(json)).toEqual(instance);
  });

  test('says whether an instance is enabled when told to', () => {
    const instance = instanceOf({ type: 'static', enabled: false });
    const json =
      '{"name":"mail","id":"id-1","address":null,"port":null,"sslPort":null,"payload":null,"registrationTimeUTC":5,"serviceType":"STATIC","uriSpec":null,"enabled":false}';
    expect(encoded(instance, 'with-enabled')).toBe(json);
    expect(decoded(json).enabled).toBe(false);
    expect(decoded(encoded(instance)).enabled).toBe(true);
  });

  test("has Java's type around lists and numbers", () => {
    expect(encoded(instanceOf({ payload: [1, 2] }))).toContain(
      '"payload":["java.util.ArrayList",[1,2]]',
    );
    const payloadOf = (json: string) => decoded(`{"payload":${json}}`).payload;
    expect(payloadOf('["java.util.Arrays$ArrayList",[1,2]]')).toEqual([1, 2]);
    expect(payloadOf('["java.lang.Long",7]')).toBe(7);
    expect(payloadOf('["not a class",7]')).toEqual(['not a class', 7]);
    expect(payloadOf('{"k":1}')).toEqual({ k: 1 });
  });

  test('is read with fields that are not known, and without those that are', () => {
    expect(decoded('{"name":"m","id":"x","unknown":{"a":1}}')).toEqual({
      ...instanceOf({ name: 'm', id: 'x', registrationTimeUtc: 0 }),
    });
  });

  test.each([
    'noise',
    '[]',
    'null',
    '{"port":"80"}',
    '{"port":1.5}',
    '{"name":7}',
    '{"serviceType":"ODD"}',
    '{"uriSpec":{}}',
    '{"uriSpec":{"parts":[1]}}',
  ])('is refused when it is none: %s', (json) => {
    expect(() => decoded(json)).toThrow();
  });

  test('property: what is written is read', () => {
    const optional = <V>(values: fc.Arbitrary<V>) => fc.option(values, { nil: undefined });
    const instances = fc.record({
      name: fc.string(),
      id: fc.string(),
      address: optional(fc.string()),
      port: optional(fc.nat(65_535)),
      sslPort: optional(fc.nat(65_535)),
      payload: optional(fc.jsonValue().filter((value) => value !== null)),
      registrationTimeUtc: fc.nat(),
      type: fc.constantFrom<ServiceType>('dynamic', 'dynamic-sequential', 'static', 'permanent'),
      uriSpec: fc.constant(undefined),
      enabled: fc.boolean(),
    });
    fc.assert(
      fc.property(instances, (instance) => {
        const { payload, ...others } = decoded(encoded(instance, 'with-enabled'));
        const { payload: expected, ...otherExpected } = instance;
        expect(others).toEqual(otherExpected);
        expect(JSON.stringify(payload)).toBe(JSON.stringify(expected));
      }),
    );
  });
});

describe('a URI with variables', () => {
  test('is filled in from the instance, and from what is given', () => {
    const spec =
      '{scheme}://{ address }:{port}/{name}/{id}?s={ssl-port}&t={service-type}&at={registration-time-utc}&{[}{mine}{]}{nobody}';
    const instance = instanceOf({ address: 'h', port: 80, uriSpec: UriSpec.parse(spec) });
    expect(buildUri(instance, { mine: 'm' })).toBe('http://h:80/mail/id-1?s=&t=dynamic&at=5&{m}');
    const secure = { ...instance, sslPort: 443, type: 'dynamic-sequential' as const };
    expect(buildUri(secure)).toContain('https://h:80/mail/id-1?s=443&t=dynamic_sequential');
    expect(buildUri(instance, { scheme: 'ftp' })).toMatch(/^ftp:/);
    expect(buildUri(instanceOf({}))).toBe('');
    expect(UriSpec.parse('{scheme}://x{port}').build()).toBe('http://x');
    expect(UriSpec.parse('{scheme}://x/{a}').toString()).toBe('{scheme}://x/{a}');
  });

  test.each(['{a{b}}', 'a}', '{a', '}{'])('is refused when its braces do not match: %s', (text) => {
    expect(() => UriSpec.parse(text)).toThrow(SyntaxError);
  });
});
