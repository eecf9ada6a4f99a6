import { describe, expect, test } from 'vitest';
import { CONTENT, NAME_BYTES, PARENT, ROW_SHIFT } from '../../src/tree/row.ts';
import { copyBytes, getInt, putInt, ZnodeStore } from '../../src/tree/znode-store.ts';
import { bytesOf } from './helpers.ts';

/** A store with a chain of rows, the root first: their numbers are 0, 1, 2, ... */
function chain(...names: string[]): ZnodeStore {
  const store = new ZnodeStore();
  for (const [parent, name] of ['', ...names].entries()) {
    const row = store.rows.allocate();
    const base = row << ROW_SHIFT;
    const bytes = bytesOf(name);
    const page = store.rows.pages[0]!;
    page[base + PARENT] = parent - 1;
    page[base + NAME_BYTES] = bytes.length;
    // Data that begins as names might go on.
    page[base + CONTENT] = store.storeContent(bytes, 0, bytes.length, bytesOf('/abcdefgh'), 0, 9);
  }
  return store;
}

function isMatch(store: ZnodeStore, row: number, path: string): boolean {
  const bytes = bytesOf(`?${path}/?`);
  return store.matches(row, bytes, 1, bytes.length - 2);
}

describe('comparing a row with a path', () => {
  // The index asks only when hashes agree, so that nothing but a direct test gets here with a wrong path.
  test('tells every name of 1 to 12 bytes from those that differ in one byte', () => {
    for (let length = 1; length <= 12; length++) {
      const name = 'abcdefghijkl'.slice(0, length);
      const store = chain(name);
      expect(isMatch(store, 1, `/${name}`)).toBe(true);
      for (let at = 0; at < length; at++) {
        const other = `${name.slice(0, at)}X${name.slice(at + 1)}`;
        expect(isMatch(store, 1, `/${other}`), other).toBe(false);
      }
    }
  });

  test('wants the whole path, each name between its slashes', () => {
    const store = chain('ab', 'cd');
    expect(isMatch(store, 2, '/ab/cd')).toBe(true);
    expect(isMatch(store, 1, '/ab')).toBe(true);
    for (const path of [
      ...['/x/ab/cd', 'x/ab/cd', '/cd', 'cd', '/ab/cde', '/abXcd', 'Xab/cd', '/b/cd', '//ab/cd'],
      ...['ab/cd', '/xab/cd', '', '/', '/ab/cd/', '/ab/c', '/ab'],
    ]) {
      expect(isMatch(store, 2, path), path).toBe(false);
    }
  });
});

describe('bytes', () => {
  test('of every length are copied, and nothing beside them', () => {
    for (let length = 0; length <= 80; length++) {
      const from = new Uint8Array(100).map((_, i) => i + 1);
      const to = new Uint8Array(100);
      copyBytes(from, 7, length, to, 11);
      const expected = new Uint8Array(100);
      expected.set(from.subarray(7, 7 + length), 11);
      expect(to).toEqual(expected);
    }
  });

  test('of an int are written big-endian and read back', () => {
    const bytes = new Uint8Array(6);
    for (const value of [0, 1, -1, 0x0102_0304, -0x8000_0000, 0x7fff_ffff]) {
      putInt(bytes, 1, value);
      expect(new DataView(bytes.buffer).getInt32(1)).toBe(value);
      expect(getInt(bytes, 1)).toBe(value);
    }
  });
});
