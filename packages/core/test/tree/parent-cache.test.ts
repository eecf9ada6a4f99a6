import { encodeUtf8 } from '@zooid/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ParentCache } from '../../src/tree/parent-cache.ts';

test('a parent cache never names the row of another path', () => {
  const path = fc
    .array(fc.constantFrom('', 'a', 'ab', 'bulk', 'x'.repeat(40)), { maxLength: 4 })
    .map((names) => names.map((name) => `/${name}`).join(''));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 200 }), fc.nat(5), (paths, offset) => {
      const cache = new ParentCache();
      const rows = new Map<string, number>();
      let hits = 0;
      for (const text of paths) {
        const bytes = new Uint8Array(offset + text.length);
        bytes.set(encodeUtf8(text), offset);
        const row = cache.find(bytes, new DataView(bytes.buffer), offset, bytes.length);
        if (row >= 0) {
          expect(row).toBe(rows.get(text));
          hits++;
        } else {
          rows.set(text, rows.get(text) ?? rows.size);
          cache.remember(bytes, offset, bytes.length, rows.get(text)!);
        }
      }
      // Of so few paths hardly two share a place.
      const short = paths.filter((text) => text.length <= 64);
      expect(hits).toBeGreaterThanOrEqual((short.length - 3 * new Set(short).size) / 2);
    }),
  );
});
