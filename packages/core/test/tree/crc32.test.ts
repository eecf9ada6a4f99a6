import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32, crc32Byte, crc32Copying, crc32OfStat } from '../../src/tree/crc32.ts';

describe('CRC-32', () => {
  test('of "123456789" is the published check value', () => {
    expect(crc32(0, new TextEncoder().encode('123456789'), 0, 9) >>> 0).toBe(0xcbf4_3926);
  });

  test("agrees with zlib's at every length, alignment and start value", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 900 }),
        fc.nat(20),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (bytes, skip, crc) => {
          const start = Math.min(skip, bytes.length);
          // Of no bytes at all, zlib's says 0 instead of what it began with.
          const expected = start < bytes.length ? zlibCrc32(bytes.subarray(start), crc) : crc;
          expect(crc32(crc, bytes, start, bytes.length) >>> 0).toBe(expected);
        },
      ),
    );
  });

  test('of bytes fed in pieces is that of the whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1500 }), fc.nat(1500), (bytes, cut) => {
        const middle = Math.min(cut, bytes.length);
        const pieces = crc32(crc32(0, bytes, 0, middle), bytes, middle, bytes.length);
        expect(pieces >>> 0).toBe(zlibCrc32(bytes));
        let oneByOne = 0;
        for (const byte of bytes) oneByOne = crc32Byte(oneByOne, byte);
        expect(oneByOne).toBe(pieces);
      }),
    );
  });

  test('of bytes that are copied at the same time is the same, and all of them are copied', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), fc.nat(20), (bytes, skip, at) => {
        const start = Math.min(skip, bytes.length);
        const target = new Uint8Array(400).fill(0xee);
        const [from, to] = [new DataView(bytes.buffer), new DataView(target.buffer)];
        const crc = crc32Copying(7, from, start, bytes.length, to, at);
        expect(crc).toBe(crc32(7, bytes, start, bytes.length));
        const expected = new Uint8Array(400).fill(0xee);
        expected.set(bytes.subarray(start), at);
        expect(target).toEqual(expected);
      }),
    );
  });

  test('of a stat is that of its words in big-endian bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 18, maxLength: 18 }),
        fc.nat(3),
        fc.integer(),
        (words, start, crc) => {
          const bytes = new Uint8Array(60);
          const view = new DataView(bytes.buffer);
          for (let i = 0; i < 15; i++) view.setInt32(i * 4, words[start + i]!);
          expect(crc32OfStat(crc, Int32Array.from(words), start) >>> 0).toBe(
            zlibCrc32(bytes, crc >>> 0),
          );
        },
      ),
    );
  });
});
