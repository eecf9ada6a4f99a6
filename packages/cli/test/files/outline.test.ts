import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MissingParent, Outline, ROOT_ROW } from '../../src/files/outline.ts';
import { PathSet } from '../../src/files/path-set.ts';
import { sumSubtrees } from '../../src/files/subtree-sums.ts';

/** Paths of a tree, parents first: each says how far back its parent is. */
const trees = fc
  .array(fc.tuple(fc.nat(), fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })), {
    maxLength: 3000,
  })
  .map((znodes) => {
    const paths = [''];
    for (const [back, name] of znodes) {
      const parent = paths[paths.length - 1 - (back % paths.length)]!;
      paths.push(`${parent}/${name.replaceAll('/', '-').replaceAll('\0', '-')}`);
    }
    return [...new Set(paths)].slice(1);
  });

describe('an outline', () => {
  test('property: holds every path once and finds no other', () => {
    fc.assert(
      fc.property(trees, (paths) => {
        const outline = new Outline();
        const rows = paths.map((path) => outline.add(path));
        expect(new Set(rows).size).toBe(paths.length);
        expect(outline.rowCount).toBe(paths.length + 1);
        expect(paths.map((path) => outline.add(path))).toEqual(rows);
        expect(rows.map((row) => outline.path(row))).toEqual(paths);
        expect(paths.map((path) => outline.find(path))).toEqual(rows);
        for (const path of paths.slice(0, 50)) expect(outline.find(`${path}/\0`)).toBe(-1);
        expect([...outline.walk(ROOT_ROW)].map((row) => outline.path(row)).sort()).toEqual(
          ['/', ...paths].sort(),
        );
      }),
      { numRuns: 20 },
    );
  });

  test('property: a subtree sums up to what lies at and below it', () => {
    fc.assert(
      fc.property(trees, (paths) => {
        const outline = new Outline();
        for (const [i, path] of paths.entries()) outline.setBytes(outline.add(path), i);
        const sums = sumSubtrees(
          outline,
          (row) => outline.bytes(row),
          () => true,
        );
        for (const top of ['', ...paths].slice(0, 30)) {
          const below = paths.filter((path) => path.startsWith(`${top}/`));
          const row = outline.find(top);
          expect(sums.descendants[row]).toBe(below.length);
          const bytes = [top, ...below].reduce(
            (sum, path) => sum + Math.max(0, paths.indexOf(path)),
            0,
          );
          expect(sums.bytes[row]).toBe(bytes);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('takes no znode without its parent', () => {
    expect(() => new Outline().add('/a/b')).toThrow(MissingParent);
  });
});

test('property: a set of paths knows which it has', () => {
  fc.assert(
    fc.property(trees, trees, (inside, others) => {
      const set = new PathSet();
      for (const path of inside) expect(set.add(path)).toBe(true);
      for (const path of inside) expect(set.add(path)).toBe(false);
      const known = new Set(inside);
      for (const path of [...inside, ...others]) expect(set.has(path)).toBe(known.has(path));
    }),
    { numRuns: 20 },
  );
});
