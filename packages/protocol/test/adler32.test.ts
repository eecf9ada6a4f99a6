import { ADLER32_INITIAL, adler32, encodeUtf8 } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** RFC 1950 word for word. */
function plainAdler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}

describe('Adler-32', () => {
  test('has the values that everybody knows', () => {
    expect(adler32(ADLER32_INITIAL, new Uint8Array(0), 0, 0)).toBe(1);
    expect(adler32(ADLER32_INITIAL, encodeUtf8('Wikipedia'), 0, 9)).toBe(0x11e60398);
  });

  test('is what the standard says for every length around a block', () => {
    const bytes = Uint8Array.from({ length: 12_000 }, (_, i) => (i * 7919) >> 3);
    for (const length of [1, 15, 16, 17, 31, 5551, 5552, 5553, 5568, 11_104, 11_105, 12_000]) {
      const part = bytes.subarray(0, length);
      expect(adler32(ADLER32_INITIAL, part, 0, length)).toBe(plainAdler32(part));
    }
  });

  test('does not overflow on the largest bytes', () => {
    const bytes = new Uint8Array(200_000).fill(255);
    // The largest sums to begin with, too.
    const begun = 65520 * 65536 + 65520;
    let low = 65520;
    let high = 65520;
    for (const byte of bytes) {
      low = (low + byte) % 65521;
      high = (high + low) % 65521;
    }
    expect(adler32(begun, bytes, 0, bytes.byteLength)).toBe(high * 65536 + low);
  });

  test('goes on from any place, over any range', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(200), (bytes, a, b) => {
        const cut = Math.min(a, bytes.byteLength);
        const start = Math.min(b, cut);
        const first = adler32(ADLER32_INITIAL, bytes, start, cut);
        expect(adler32(first, bytes, cut, bytes.byteLength)).toBe(
          plainAdler32(bytes.subarray(start)),
        );
      }),
      { numRuns: 300 },
    );
  });
});
