import { JuteReader, JuteWriter, MalformedError } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codecs } from './codecs.ts';
import { loadVectorBytes, vectors } from './vectors/vectors.ts';

const named = [...codecs].map(([name, codec]) => ({ name, ...codec }));
const bytesByName = loadVectorBytes();

/** How much a decoded value holds: bytes, characters and elements. */
function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, element) => sum + 1 + weigh(element), 0);
  }
  if (typeof value === 'object' && value !== null) {
    return Object.values(value).reduce<number>((sum, field) => sum + weigh(field), 0);
  }
  return 0;
}

/** Decodes; undefined when the bytes are refused. Anything but a refusal is thrown on. */
function tryDecode(decode: (reader: JuteReader) => unknown, bytes: Uint8Array): unknown {
  try {
    return decode(new JuteReader(bytes));
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

describe('laws of every record', () => {
  test.each(named)(
    '$name: decoding gives back what was encoded',
    ({ decode, encode, arbitrary }) => {
      const writer = new JuteWriter(0);
      fc.assert(
        fc.property(arbitrary, (value) => {
          writer.clear();
          encode(writer, value as never);
          const reader = new JuteReader(writer.copy());
          expect(decode(reader)).toEqual(value);
          expect(reader.remaining).toBe(0);
        }),
        { numRuns: 100 },
      );
    },
  );

  test.each(vectors)('$name: damaged bytes are refused or read, never more', ({ name, codec }) => {
    const { decode } = codecs.get(codec)!;
    const original = bytesByName.get(name)!;
    const edit = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    // Lengths are what hurts: whole ints are put over them, too.
    const extreme = fc.record({
      at: fc.nat(),
      int: fc.constantFrom(-1, -2, -(2 ** 31), 2 ** 31 - 1, 2 ** 30, 900_000, 65_536, 1),
    });
    fc.assert(
      fc.property(
        fc.array(edit, { maxLength: 4 }),
        fc.array(extreme, { maxLength: 2 }),
        fc.uint8Array({ maxLength: 8 }),
        (edits, extremes, tail) => {
          const bytes = Uint8Array.of(...original, ...tail);
          for (const { at, byte } of edits) {
            if (bytes.byteLength > 0) bytes[at % bytes.byteLength] = byte;
          }
          const view = new DataView(bytes.buffer);
          for (const { at, int } of extremes) {
            if (bytes.byteLength >= 4) view.setInt32(at % (bytes.byteLength - 3), int);
          }
          // An element takes at least four bytes, and a character at least one.
          expect(weigh(tryDecode(decode, bytes))).toBeLessThanOrEqual(bytes.byteLength);
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each(named)('$name: noise is refused or read, never more', ({ decode }) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        expect(weigh(tryDecode(decode, bytes))).toBeLessThanOrEqual(bytes.byteLength);
      }),
      { numRuns: 100 },
    );
  });
});
