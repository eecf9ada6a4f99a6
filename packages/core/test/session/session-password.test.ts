import { describe, expect, it } from 'vitest';
import { isSessionPassword, sessionPassword } from '../../src/session/session-password.ts';

// What `new java.util.Random(id ^ 0xB3415C00L).nextBytes(new byte[16])` gives on OpenJDK 17.
const vectors: readonly (readonly [bigint, string])[] = [
  [0n, 'f22acd4a97e69d6d20a49bb638eadb38'],
  [1n, '054cc74a37327db215e702e20c73f005'],
  [-1n, '20f62cb5648dc2d771471c8a2486a9ee'],
  [282212871110656n, '6392a56db477dd0a797bc8b31d917902'],
  [72071176842313729n, '3a46ce18c8581d4fd29885c085ee81ef'],
  [9223372036854775807n, '20f62cb5648dc2d771471c8a2486a9ee'],
  [-9223372036854775807n, '054cc74a37327db215e702e20c73f005'],
  [0xb3415c00n, '60b420bb3851d9d47acb933dbe70399b'],
];

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('sessionPassword', () => {
  it.each(vectors)('of session %s is the one that a Java server computes', (id, password) => {
    expect(hex(sessionPassword(id))).toBe(password);
  });
});

describe('isSessionPassword', () => {
  it('accepts the password of the session', () => {
    expect(isSessionPassword(7n, sessionPassword(7n))).toBe(true);
  });

  it('refuses a password with any one bit changed', () => {
    for (let bit = 0; bit < 128; bit++) {
      const offered = sessionPassword(7n);
      offered[bit >> 3]! ^= 1 << (bit & 7);
      expect(isSessionPassword(7n, offered)).toBe(false);
    }
  });

  it('refuses the password of another session, a short one, a long one and none', () => {
    expect(isSessionPassword(7n, sessionPassword(8n))).toBe(false);
    expect(isSessionPassword(7n, sessionPassword(7n).subarray(0, 15))).toBe(false);
    expect(isSessionPassword(7n, new Uint8Array([...sessionPassword(7n), 0]))).toBe(false);
    expect(isSessionPassword(7n, new Uint8Array(0))).toBe(false);
    expect(isSessionPassword(7n, null)).toBe(false);
  });
});
