import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PathIndex } from '../../src/tree/path-index.ts';

const NO_BYTES = new Uint8Array(0);

/** An index whose matcher accepts the row that is asked for through `wanted`. */
function newIndex(): { index: PathIndex; find: (hash: number, row: number) => number } {
  let wanted = 0;
  const index = new PathIndex({ matches: (row) => row === wanted });
  return {
    index,
    find: (hash, row) => {
      wanted = row;
      return index.find(hash, NO_BYTES, 0, 0);
    },
  };
}

/** Every 32-bit value comes once: Knuth's multiplicative sequence. */
function spread(row: number): number {
  return Math.imul(row, 0x9e37_79b1) | 0;
}

describe('the path index', () => {
  test('finds what was inserted and not what was removed', () => {
    // Few distinct hashes, so that probe runs collide, wrap around and shift back.
    const hash = fc.oneof(fc.integer({ min: 1010, max: 1030 }), fc.integer());
    const step = fc.record({ isInsert: fc.boolean(), row: fc.integer({ min: 1, max: 60 }), hash });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { index, find } = newIndex();
        const model = new Map<number, number>();
        for (const { isInsert, row, hash } of steps) {
          const held = model.get(row);
          if (isInsert && held === undefined) {
            index.insert(hash, row);
            model.set(row, hash);
          } else if (!isInsert && held !== undefined) {
            index.remove(held, row);
            model.delete(row);
            expect(find(held, row)).toBe(-1);
          }
        }
        for (const [row, held] of model) expect(find(held, row)).toBe(row);
      }),
    );
  });

  test('takes a path once, however full its segment is', () => {
    // Row r has the path r: two rows of one path share the name and the hash.
    const paths = new Map<number, number>();
    const index = new PathIndex({ matches: (row, _bytes, start) => paths.get(row) === start });
    let taken = 0;
    for (let path = 1; path <= 5000; path++) {
      // Low bits alike: long probe runs, in segments that split again and again.
      const hash = Math.imul(path, 0x9e37_79b1) & ~0x3c0;
      for (const row of [path, path + 10_000]) {
        if (index.insertNew(hash, row, NO_BYTES, path, path)) {
          paths.set(row, path);
          taken++;
        }
      }
    }
    expect(taken).toBe(5000);
    for (let path = 1; path <= 5000; path++) {
      const hash = Math.imul(path, 0x9e37_79b1) & ~0x3c0;
      expect(index.find(hash, NO_BYTES, path, path)).toBe(path);
    }
  });

  test('takes batches as it takes rows one by one, and refuses a twin wherever it is', () => {
    const hash = fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constantFrom(7, 8));
    const batches = fc.array(fc.array(hash, { maxLength: 400 }), { maxLength: 12 });
    fc.assert(
      fc.property(batches, fc.nat(), (lists, twinAt) => {
        const { index, find } = newIndex();
        const held: number[] = [0];
        for (const list of lists) {
          const rows = Int32Array.from(list, (_, i) => held.length + i);
          const areTwins = () => false;
          expect(index.insertAll(Int32Array.from(list), rows, list.length, areTwins)).toBe(true);
          held.push(...list);
        }
        for (let row = 1; row < held.length; row++) expect(find(held[row]!, row)).toBe(row);
        if (held.length === 1) return;
        const twin = 1 + (twinAt % (held.length - 1));
        const areTwins = (row: number) => row === twin;
        const last = Int32Array.of(held[twin]!);
        expect(index.insertAll(last, Int32Array.of(held.length), 1, areTwins)).toBe(false);
      }),
    );
  });

  test('finds a twin among thousands of rows of one hash', () => {
    const { index, find } = newIndex();
    const count = 3000;
    const rows = Int32Array.from({ length: count }, (_, i) => i + 1);
    const hashes = new Int32Array(count).fill(77);
    expect(index.insertAll(hashes, rows, count, () => false)).toBe(true);
    for (let row = 1; row <= count; row++) expect(find(77, row)).toBe(row);
    for (const twin of [1, 1000, 1024, 1025, count]) {
      const areTwins = (row: number) => row === twin;
      expect(index.insertAll(hashes, Int32Array.of(5000), 1, areTwins)).toBe(false);
    }
  });

  test('holds 200,000 entries through growth and random removal', () => {
    const { index, find } = newIndex();
    for (let row = 1; row <= 200_000; row++) index.insert(spread(row), row);
    for (let row = 1; row <= 200_000; row += 2) index.remove(spread(row), row);
    let wrong = 0;
    for (let row = 1; row <= 200_000; row++) {
      if (find(spread(row), row) !== (row % 2 === 0 ? row : -1)) wrong++;
    }
    expect(wrong).toBe(0);
    // 12 bytes an entry and the page begun.
    expect(index.memoryBytes).toBeLessThan(200_000 * 22 + 1_500_000);
  });

  test('stays right when thousands of paths have one hash', () => {
    const { index, find } = newIndex();
    const count = 3000;
    for (let row = 1; row <= count; row++) index.insert(77, row);
    index.insert(78, count + 1);
    const found = (): number => {
      let rows = 0;
      for (let row = 1; row <= count; row++) if (find(77, row) === row) rows++;
      return rows;
    };
    expect(found()).toBe(count);
    expect(find(78, count + 1)).toBe(count + 1);
    for (let row = 1; row <= count; row += 3) index.remove(77, row);
    expect(found()).toBe(2000);
    expect(find(77, 4)).toBe(-1);
    for (let row = 1; row <= count; row++) if (row % 3 !== 1) index.remove(77, row);
    expect(found()).toBe(0);
    expect(find(78, count + 1)).toBe(count + 1);
  });

  test('asserts that what is removed is there', () => {
    const { index } = newIndex();
    index.insert(1, 1);
    expect(() => index.remove(1, 2)).toThrow('is in the index');
  });
});
