import { describe, expect, it } from 'vitest';
import { NamespaceTraffic } from '../../src/report/namespace-traffic.ts';

const add = (traffic: NamespaceTraffic, path: string, size: number): void => {
  const bytes = Buffer.from(`..${path}..`);
  traffic.add(bytes, 2, bytes.length - 2, size);
};

const told = (traffic: NamespaceTraffic): Record<string, number> =>
  Object.fromEntries([...traffic.entries()].map(([name, { sum }]) => [name, sum]));

describe('NamespaceTraffic', () => {
  it('adds up by the first name of the path', () => {
    const traffic = new NamespaceTraffic();
    add(traffic, '/a', 1);
    add(traffic, '/a/b/c', 2);
    add(traffic, '/ä', 4);
    add(traffic, '/ab', 8);
    expect(told(traffic)).toEqual({ a: 3, ä: 4, ab: 8 });
  });

  it('counts the root and over-long names nowhere', () => {
    const traffic = new NamespaceTraffic();
    add(traffic, '/', 1);
    add(traffic, '', 1);
    add(traffic, `/${'x'.repeat(1000)}`, 1);
    expect(told(traffic)).toEqual({});
  });

  it('keeps 512 names apart and no more, for clients choose them', () => {
    const traffic = new NamespaceTraffic();
    for (let i = 0; i < 2000; i += 1) add(traffic, `/name-${i}`, 1);
    add(traffic, '/name-511', 1);
    expect(Object.keys(told(traffic)).length).toBe(512);
    expect(told(traffic)['name-511']).toBe(2);
    traffic.reset();
    add(traffic, '/name-1999', 1);
    expect(told(traffic)).toEqual({ 'name-1999': 1 });
  });
});
