import {
  decodeAscii,
  decodeUtf8,
  encodeUtf8,
  isAtOrBelow,
  isValidPath,
  joinPath,
  nameOf,
  parentOf,
  pathProblem,
  prependChroot,
  sequentialSuffix,
  stripChroot,
  validatePathBytes,
} from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadVectorBytes } from './vectors/vectors.ts';

const vectors = [...loadVectorBytes()];

function isValidBytes(bytes: Uint8Array): boolean {
  return validatePathBytes(bytes, 0, bytes.byteLength);
}

describe('which paths name a znode', () => {
  test.each([
    ['', 'it is empty'],
    ['a', 'it does not start with /'],
    ['a/b', 'it does not start with /'],
    ['/a/', 'it ends with /'],
    ['//', 'it ends with /'],
    ['/a//b', 'a name at 3 is empty'],
    ['//a', 'a name at 1 is empty'],
    ['/.', 'the relative name at 1 is not allowed'],
    ['/..', 'the relative name at 1 is not allowed'],
    ['/a/./b', 'the relative name at 3 is not allowed'],
    ['/a/../b', 'the relative name at 3 is not allowed'],
    ['/a/..', 'the relative name at 3 is not allowed'],
    ['/a\0b', 'character U+0000 at 2 is not allowed'],
    ['/\x1f', 'character U+001F at 1 is not allowed'],
    ['/\x7f', 'character U+007F at 1 is not allowed'],
    ['/\x9f', 'character U+009F at 1 is not allowed'],
    ['/\ud800', 'character U+D800 at 1 is not allowed'],
    ['/😀', 'character U+D83D at 1 is not allowed'],
    ['/\uf8ff', 'character U+F8FF at 1 is not allowed'],
    ['/\ufff0', 'character U+FFF0 at 1 is not allowed'],
    ['/\ufffd', 'character U+FFFD at 1 is not allowed'],
  ])('%j does not: %s', (path, problem) => {
    expect(pathProblem(path)).toBe(problem);
    expect(isValidPath(path)).toBe(false);
    expect(isValidBytes(encodeUtf8(path))).toBe(false);
  });

  test.each([
    '/',
    '/a',
    '/a/b',
    '/...',
    '/.a',
    '/a.',
    '/..a',
    '/a..',
    '/.../x',
    '/a b',
    '/größe/日本',
    '/\xa0',
    '/\ud7ff',
    '/\uf900',
    '/\uffef',
    '/\ufeff',
  ])('%j does', (path) => {
    expect(pathProblem(path)).toBeUndefined();
    expect(isValidPath(path)).toBe(true);
    expect(isValidBytes(encodeUtf8(path))).toBe(true);
  });

  test("Apache's server gives the same verdict on six hundred awkward paths", () => {
    const paths = vectors.filter(([name]) => name.startsWith('path/'));
    expect(paths).toHaveLength(600);
    for (const [name, bytes] of paths) {
      const isGood = name.startsWith('path/good/');
      expect(isValidBytes(bytes), name).toBe(isGood);
      expect(isValidPath(decodeUtf8(bytes, 0, bytes.byteLength)), name).toBe(isGood);
    }
  });

  test('bytes are judged as the string that they decode to', () => {
    const piece = fc.oneof(
      fc.constantFrom('/', '.', '..', 'a', 'zz').map(encodeUtf8),
      fc.string({ unit: 'binary', maxLength: 2 }).map(encodeUtf8),
      fc.uint8Array({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, isRooted) => {
        const bytes = Uint8Array.from([
          ...(isRooted ? [0x2f] : []),
          ...pieces.flatMap((p) => [...p]),
        ]);
        expect(isValidBytes(bytes)).toBe(isValidPath(decodeUtf8(bytes, 0, bytes.byteLength)));
      }),
      { numRuns: 3000 },
    );
  });

  test('every character of three bytes or fewer is judged alike in bytes and in strings', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const path = `/a${String.fromCharCode(code)}b`;
      if (isValidBytes(encodeUtf8(path)) !== isValidPath(path)) {
        expect.fail(`U+${code.toString(16)} is judged differently`);
      }
    }
  });

  test('only the range given is looked at', () => {
    const bytes = encodeUtf8('x/a/b/\xff');
    expect(validatePathBytes(bytes, 1, 5)).toBe(true);
    expect(validatePathBytes(bytes, 1, 6)).toBe(false);
    expect(validatePathBytes(bytes, 1, 1)).toBe(false);
    // A sequence that goes on after the end is cut short.
    const wide = encodeUtf8('/日');
    expect(validatePathBytes(wide, 0, 3)).toBe(false);
  });
});

describe('arithmetic on paths', () => {
  test('a path is its parent and its name', () => {
    expect([parentOf('/a/b'), nameOf('/a/b')]).toEqual(['/a', 'b']);
    expect([parentOf('/a'), nameOf('/a')]).toEqual(['/', 'a']);
    expect([parentOf('/'), nameOf('/')]).toEqual(['/', '']);
    expect(joinPath('/', 'a')).toBe('/a');
    expect(joinPath('/a', 'b')).toBe('/a/b');
  });

  test('a znode lies below another only at a slash', () => {
    expect(isAtOrBelow('/a/b', '/a')).toBe(true);
    expect(isAtOrBelow('/a', '/a')).toBe(true);
    expect(isAtOrBelow('/ab', '/a')).toBe(false);
    expect(isAtOrBelow('/a', '/a/b')).toBe(false);
    expect(isAtOrBelow('/a', '/')).toBe(true);
  });

  test('a chroot is put before a path and taken off again', () => {
    for (const chroot of ['', '/', '/app', '/app/one']) {
      for (const path of ['/', '/a', '/a/b']) {
        expect(stripChroot(chroot, prependChroot(chroot, path))).toBe(path);
      }
    }
    expect(prependChroot('/app', '/')).toBe('/app');
    expect(prependChroot('/app', '/a')).toBe('/app/a');
    expect(stripChroot('/app', '/apple')).toBeUndefined();
    expect(stripChroot('/app', '/')).toBeUndefined();
  });

  test("a sequence number has ten digits, and Apache's sign when it has wrapped", () => {
    const sequences = vectors.filter(([name]) => name.startsWith('sequence/'));
    expect(sequences).toHaveLength(6);
    for (const [name, bytes] of sequences) {
      const counter = Number(name.slice('sequence/'.length));
      expect(sequentialSuffix(counter)).toBe(decodeAscii(bytes, 0, bytes.byteLength));
    }
  });
});
