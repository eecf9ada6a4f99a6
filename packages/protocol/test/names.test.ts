import {
  AddWatchMode,
  ErrorCode,
  errorName,
  errorSentence,
  fourLetterWordCode,
  fourLetterWordOf,
  fourLetterWords,
  isAddWatchMode,
  isOpCode,
  isOpenAcl,
  isServerState,
  isWatcherType,
  OpCode,
  openAcl,
  opName,
  QUORUM_AUTH_MAGIC,
  QuorumPacketType,
  quorumPacketTypeName,
  sameAcl,
  TELNET_CLOSE,
  WatcherType,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';

describe('names of codes', () => {
  test('every error has its own name and sentence', () => {
    const codes = Object.values(ErrorCode);
    const names = codes.map(errorName);
    expect(new Set(names).size).toBe(codes.length);
    for (const code of codes) {
      expect(errorName(code)).not.toContain('Unknown error');
      expect(errorSentence(code)).toMatch(/^[A-Z].*\.$/);
      expect(errorSentence(code)).not.toContain('unknown error');
    }
    expect(errorName(ErrorCode.noNode)).toBe('NoNode');
    expect(errorName(ErrorCode.invalidACL)).toBe('InvalidACL');
    expect(errorName(-126)).toBe('Unknown error -126');
    expect(errorSentence(-126)).toContain('-126');
  });

  test('the name of an error is its key in other case', () => {
    for (const [key, code] of Object.entries(ErrorCode)) {
      expect(errorName(code).toLowerCase()).toBe(key.toLowerCase());
    }
  });

  test("opcodes are named as in Apache's logs", () => {
    expect(opName(OpCode.getChildren2)).toBe('getChildren2');
    expect(opName(OpCode.createSession)).toBe('createSession');
    expect(opName(10)).toBe('unknown 10');
    expect([isOpCode(1), isOpCode(10), isOpCode(-11)]).toEqual([true, false, true]);
  });

  test('quorum packets have nineteen types', () => {
    expect(Object.values(QuorumPacketType).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 19 }, (_, i) => i + 1),
    );
    expect(quorumPacketTypeName(QuorumPacketType.newLeader)).toBe('newLeader');
    expect(quorumPacketTypeName(20)).toBe('unknown 20');
  });
});

describe('numbers from the wire', () => {
  test('are checked against what is known', () => {
    expect([0, 1, 5, 6].map(isWatcherType)).toEqual([false, true, true, false]);
    expect(Object.values(WatcherType).every(isWatcherType)).toBe(true);
    expect([-1, 0, 1, 2].map(isAddWatchMode)).toEqual([false, true, true, false]);
    expect(Object.values(AddWatchMode).every(isAddWatchMode)).toBe(true);
    expect([-1, 0, 3, 4].map(isServerState)).toEqual([false, true, true, false]);
  });

  test('the mark of authentication cannot begin any other stream', () => {
    // As two ints it would be a packet type and half a zxid, and no such type exists.
    expect(quorumPacketTypeName(Number(QUORUM_AUTH_MAGIC >> 32n))).toContain('unknown');
  });
});

describe('four-letter words', () => {
  test('are told by their first four bytes', () => {
    for (const word of fourLetterWords) {
      const code = fourLetterWordCode(word);
      expect(
        String.fromCharCode(code >>> 24, (code >> 16) & 255, (code >> 8) & 255, code & 255),
      ).toBe(word);
      expect(fourLetterWordOf(code)).toBe(word);
      // Longer than any frame that may be configured.
      expect(code).toBeGreaterThan(2 ** 30);
    }
    expect(fourLetterWordOf(44)).toBeUndefined();
    expect(fourLetterWordOf(TELNET_CLOSE)).toBeUndefined();
    expect(TELNET_CLOSE).toBeLessThan(0);
  });
});

describe('ACLs', () => {
  test('are the same when their entries are, in order', () => {
    const one = { perms: 1, scheme: 'ip', id: '127.0.0.1' };
    const two = { ...one, perms: 2 };
    expect(sameAcl([one, two], [{ ...one }, { ...two }])).toBe(true);
    expect(sameAcl([one, two], [two, one])).toBe(false);
    expect(sameAcl([one], [one, two])).toBe(false);
    expect(sameAcl([one], [{ ...one, id: '::1' }])).toBe(false);
    expect(sameAcl([one], [{ ...one, scheme: 'x' }])).toBe(false);
  });

  test('only world:anyone with all permissions alone is the open one', () => {
    expect(isOpenAcl([{ perms: 31, scheme: 'world', id: 'anyone' }])).toBe(true);
    expect(isOpenAcl([...openAcl, ...openAcl])).toBe(false);
    expect(isOpenAcl([{ perms: 1, scheme: 'world', id: 'anyone' }])).toBe(false);
  });
});
