import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gzipCodec, jsonCodec, textCodec } from '../../src/index.ts';

test('a value is compressed as any gzip reads it, and comes back', () => {
  const codec = gzipCodec(jsonCodec<{ text: string }>());
  const value = { text: 'again '.repeat(1_000) };
  const bytes = codec.encode(value);
  expect(bytes.byteLength).toBeLessThan(200);
  expect(JSON.parse(gunzipSync(bytes).toString())).toEqual(value);
  expect(codec.decode(bytes)).toEqual(value);
});

test('what is no gzip, or becomes too long, is refused', () => {
  const codec = gzipCodec(textCodec, 1_000);
  expect(() => codec.decode(new Uint8Array(0))).toThrow();
  expect(() => codec.decode(new TextEncoder().encode('plain'))).toThrow('incorrect header check');
  expect(codec.decode(codec.encode('x'.repeat(1_000)))).toHaveLength(1_000);
  expect(() => codec.decode(codec.encode('x'.repeat(1_001)))).toThrow(
    expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }),
  );
});
