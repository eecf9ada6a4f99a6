import { encodeAcls, JuteReader, JuteWriter, openAcl } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { skipKnownOpenAcl, skipOpenAcl, writeOpenAcl } from '../../src/txn/open-acl.ts';

const out = new JuteWriter();
encodeAcls(out, openAcl);
const encoded = out.copy();

describe('the open ACL', () => {
  test('is written as any ACL is', () => {
    const written = new JuteWriter(1);
    written.byte(7);
    writeOpenAcl(written);
    expect(written.copy().slice(1)).toEqual(encoded);
  });

  test('is stepped over where it stands, and what follows is next', () => {
    const bytes = Uint8Array.of(9, ...encoded, 8);
    for (const skip of [skipOpenAcl, skipKnownOpenAcl]) {
      const reader = new JuteReader(bytes);
      reader.byte();
      expect(skip(reader)).not.toBe(false);
      expect(reader.byte()).toBe(8);
    }
  });

  test('is not seen in an ACL that differs in a byte, or is cut short', () => {
    for (let i = 0; i < encoded.length; i++) {
      const other = encoded.slice();
      other[i]! ^= 1;
      for (const bytes of [other, encoded.slice(0, i)]) {
        const reader = new JuteReader(bytes);
        expect(skipOpenAcl(reader)).toBe(false);
        expect(reader.position).toBe(0);
      }
    }
  });
});
