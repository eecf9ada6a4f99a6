import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathMap } from '../../src/watch/path-map.ts';

describe('PathMap', () => {
  it('holds the same as a Map, also while it grows past its first part and shrinks again', () => {
    const map = new PathMap<number>();
    const model = new Map<string, number>();
    for (let i = 0; i < 20_000; i++) {
      map.set(`/app/lock-${i}`, i);
      model.set(`/app/lock-${i}`, i);
      if (i % 3 === 0) {
        expect(map.delete(`/app/lock-${i >> 1}`)).toBe(model.delete(`/app/lock-${i >> 1}`));
      }
    }
    expect(map.size).toBe(model.size);
    expect(new Map(map)).toEqual(model);
    for (let i = 0; i < 20_000; i++)
      expect(map.get(`/app/lock-${i}`)).toBe(model.get(`/app/lock-${i}`));
    for (const path of model.keys()) expect(map.delete(path)).toBe(true);
    expect(map.size).toBe(0);
    expect([...map]).toEqual([]);
    map.set('/a', 1);
    expect([...map]).toEqual([['/a', 1]]);
  });

  it('replaces a value without counting it twice', () => {
    const map = new PathMap<number>();
    map.set('/a', 1);
    map.set('/a', 2);
    expect([map.size, map.get('/a')]).toEqual([1, 2]);
  });

  it('keeps paths apart whatever characters they are made of', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary' })), (paths) => {
        const map = new PathMap<number>();
        for (const [i, path] of paths.entries()) map.set(path, i);
        expect(paths.map((path) => map.get(path))).toEqual([...paths.keys()]);
      }),
    );
  });
});
