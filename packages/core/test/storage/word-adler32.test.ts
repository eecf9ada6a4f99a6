import { ADLER32_INITIAL, adler32 } from '@zooid/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordAdler32 } from '../../src/storage/word-adler32.ts';

test('is the checksum of the protocol package, for every length and continued from any value', () => {
  const bytes = new Uint8Array(300_000).map((_, i) => (i * 2_654_435_761) >>> 13);
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(200_000), fc.nat(1000), (start, length, before) => {
      const value = adler32(ADLER32_INITIAL, bytes, 0, before);
      const end = start + length;
      expect(wordAdler32(value, bytes, start, end)).toBe(adler32(value, bytes, start, end));
    }),
    { numRuns: 100 },
  );
});

test('holds for the extremes: zeros, 0xff, and lengths around the modulus', () => {
  for (const fill of [0, 255]) {
    const bytes = new Uint8Array(2_000_000).fill(fill);
    for (const end of [0, 1, 32_767, 32_768, 65_520, 65_521, 65_522, 131_042, 2_000_000]) {
      for (const value of [ADLER32_INITIAL, 0xfff0_fff0]) {
        expect(wordAdler32(value, bytes, 0, end), `${end} times ${fill}`).toBe(
          adler32(value, bytes, 0, end),
        );
      }
    }
  }
});
