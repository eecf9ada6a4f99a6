import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeItems, encodeItems } from '../../src/queue/item-format.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

describe("Curator's payload", () => {
  test('has a version, each item with its length, and an end', () => {
    const items = [new TextEncoder().encode('ab'), new Uint8Array(0)];
    const payload = bytes('00010001 01 00000002 6162 01 00000000 02');
    expect(encodeItems(items)).toEqual(payload);
    expect(decodeItems(payload).map((item) => [...item])).toEqual([[0x61, 0x62], []]);
    expect(encodeItems([])).toEqual(bytes('00010001 02'));
  });

  test('property: what was put in comes out', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (items) => {
        const decoded = decodeItems(encodeItems(items));
        expect(decoded.map((item) => [...item])).toEqual(items.map((item) => [...item]));
      }),
    );
  });

  test('property: any other bytes are refused with a RangeError, or hold items', () => {
    const noise = fc.uint8Array({ maxLength: 40 });
    const almost = fc.tuple(fc.array(noise), fc.nat(60)).map(([items, length]) => {
      return encodeItems(items).slice(0, length);
    });
    fc.assert(
      fc.property(fc.oneof(noise, almost), (input) => {
        try {
          decodeItems(input);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
    expect(() => decodeItems(bytes('00010002 02'))).toThrow('version 0x10002');
    expect(() => decodeItems(bytes('00010001 03'))).toThrow('code 3');
    expect(() => decodeItems(bytes('00010001 01 ffffffff 02'))).toThrow('length -1');
    expect(() => decodeItems(bytes('00010001 01 00000009 02'))).toThrow('length 9');
  });
});
