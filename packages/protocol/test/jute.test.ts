import {
  decodeAscii,
  decodeUtf8,
  encodeUtf8,
  encodeUtf8Into,
  JuteReader,
  JuteWriter,
  MalformedError,
} from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

function written(write: (writer: JuteWriter) => void): Uint8Array {
  const writer = new JuteWriter(0);
  write(writer);
  return writer.copy();
}

describe('longs kept as numbers', () => {
  test('are the longs of the same value', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const bytes = written((writer) => writer.longFromNumber(value));
        expect(new JuteReader(bytes).long()).toBe(BigInt(value));
        expect(new JuteReader(bytes).longAsNumber()).toBe(value);
      }),
      { numRuns: 500 },
    );
  });

  test.each([2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)])(
    '%d cannot be kept and is refused',
    (value) => {
      const bytes = written((writer) => writer.long(value));
      expect(() => new JuteReader(bytes).longAsNumber()).toThrow(MalformedError);
    },
  );

  test('halves make the same long', () => {
    expect(written((writer) => writer.longFromHalves(-2, 5))).toEqual(
      written((writer) => writer.long((-2n << 32n) | 5n)),
    );
  });
});

describe('text', () => {
  test('comes back as it was, and a lone surrogate as U+FFFD', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
        const bytes = written((writer) => writer.ustring(text));
        expect(new JuteReader(bytes).ustring()).toBe(text);
        expect(bytes.subarray(4)).toEqual(encodeUtf8(text));
      }),
      { numRuns: 300 },
    );
    const lone = written((writer) => writer.ustring('a\ud800b'));
    expect(new JuteReader(lone).ustring()).toBe('a\ufffdb');
  });

  test('keeps a leading byte order mark', () => {
    const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61);
    expect(decodeUtf8(bytes, 0, 4)).toBe('\ufeffa');
  });

  test('malformed bytes become U+FFFD and never throw', () => {
    expect(decodeUtf8(Uint8Array.of(0x61, 0xff, 0x62), 0, 3)).toBe('a\ufffdb');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        expect(decodeUtf8(bytes, 0, bytes.byteLength)).toBe(
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('ASCII is decoded from a range', () => {
    expect(decodeAscii(encodeUtf8('xsrvrx'), 1, 5)).toBe('srvr');
  });

  test('is encoded in place from where it stands', () => {
    const target = new Uint8Array(12);
    expect(encodeUtf8Into('aö', target, 2)).toBe(3);
    expect(target.subarray(0, 6)).toEqual(Uint8Array.of(0, 0, 0x61, 0xc3, 0xb6, 0));
  });

  test('null and empty are two things', () => {
    expect(new JuteReader(written((writer) => writer.ustring(null))).ustring()).toBeNull();
    expect(new JuteReader(written((writer) => writer.ustring(''))).ustring()).toBe('');
    expect(new JuteReader(written((writer) => writer.ustring(null))).text()).toBe('');
    expect(new JuteReader(written((writer) => writer.buffer(null))).buffer()).toBeNull();
  });
});

describe('reading', () => {
  test('any byte but zero is true', () => {
    expect([0, 1, 2, 255].map((byte) => new JuteReader(Uint8Array.of(byte)).boolean())).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  test.each([-2, -(2 ** 31), 5, 2 ** 31 - 1])('a length of %i is refused', (length) => {
    const bytes = Uint8Array.of(...written((writer) => writer.int(length)), 1, 2, 3, 4);
    expect(() => new JuteReader(bytes).span()).toThrow(MalformedError);
    expect(() => new JuteReader(bytes).buffer()).toThrow(MalformedError);
    expect(() => new JuteReader(bytes).texts()).toThrow(MalformedError);
  });

  test('nothing is read past the end that was given', () => {
    const reader = new JuteReader();
    reader.reset(new Uint8Array(16), 2, 5);
    expect(() => reader.int()).toThrow('4 bytes wanted at byte 2, 3 are left');
    expect(reader.position).toBe(2);
    expect(() => reader.reset(new Uint8Array(4), 2, 5)).toThrow(RangeError);
    expect(() => reader.reset(new Uint8Array(4), -1, 2)).toThrow(RangeError);
    expect(() => reader.reset(new Uint8Array(4), 3, 2)).toThrow(RangeError);
  });

  test('a span says where its bytes are', () => {
    const reader = new JuteReader(written((writer) => writer.ustring('abc')));
    expect([reader.span(), reader.spanStart, reader.position]).toEqual([3, 4, 7]);
  });
});

describe('writing', () => {
  test('frames nest and lengths are filled in', () => {
    const bytes = written((writer) => {
      const outer = writer.startFrame();
      writer.byte(1);
      const inner = writer.startFrame();
      writer.byte(2);
      writer.endFrame(inner);
      writer.endFrame(outer);
    });
    expect(bytes).toEqual(Uint8Array.of(0, 0, 0, 6, 1, 0, 0, 0, 1, 2));
  });

  test('growing keeps what was written', () => {
    const big = Uint8Array.from({ length: 5000 }, (_, i) => i);
    const bytes = written((writer) => {
      writer.int(7);
      writer.raw(big, 0, 5000);
      writer.bufferOf(big, 10, 20);
      writer.texts(['a', 'b']);
    });
    const reader = new JuteReader(bytes);
    expect(reader.int()).toBe(7);
    expect(bytes.subarray(4, 5004)).toEqual(big);
    reader.position = 5004;
    expect(reader.buffer()).toEqual(big.subarray(10, 20));
    expect(reader.texts()).toEqual(['a', 'b']);
    expect(reader.remaining).toBe(0);
  });

  test('truncating takes back and clearing starts anew', () => {
    const writer = new JuteWriter();
    writer.int(1);
    const mark = writer.length;
    writer.int(2);
    writer.truncate(mark);
    writer.patchInt(0, 3);
    expect(writer.view()).toEqual(Uint8Array.of(0, 0, 0, 3));
    writer.clear();
    expect(writer.length).toBe(0);
  });
});
