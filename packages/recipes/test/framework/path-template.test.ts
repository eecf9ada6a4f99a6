import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type PathParameters, PathTemplate } from '../../src/index.ts';

describe('a path template', () => {
  test('makes paths of names, and names of paths', () => {
    const orders = new PathTemplate('/users/{user}/orders/{order}');
    expect(orders.resolve({ user: 'ann', order: '17' })).toBe('/users/ann/orders/17');
    expect(orders.match('/users/ann/orders/17')).toEqual({ user: 'ann', order: '17' });
    for (const path of ['/users/ann', '/users/ann/orders/1/x', '/users//orders/1', 'users', '/']) {
      expect(orders.match(path), path).toBeUndefined();
    }
    const root = new PathTemplate('/');
    expect([root.resolve({}), root.match('/')]).toEqual(['/', {}]);
  });

  test('knows its parameters by type', () => {
    expectTypeOf<PathParameters<'/a/{b}/c/{d}'>>().toEqualTypeOf<'b' | 'd'>();
    expectTypeOf<PathParameters<'/a'>>().toEqualTypeOf<never>();
  });

  test('gives back what was put in', () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
    fc.assert(
      fc.property(name, name, (a, b) => {
        const template = new PathTemplate('/x/{a}/y/{b}');
        expect(template.match(template.resolve({ a, b }))).toEqual({ a, b });
      }),
    );
  });

  test('refuses what is no template, and names that are none', () => {
    for (const text of ['a', '/a//b', '/a/', '/{a}/{a}', '/x{a}', '/{a', '/{}']) {
      expect(() => new PathTemplate(text), text).toThrow(RangeError);
    }
    const template = new PathTemplate('/a/{b}');
    for (const b of ['', 'x/y']) expect(() => template.resolve({ b })).toThrow(RangeError);
    expect(() => template.resolve({} as never)).toThrow(RangeError);
  });
});
