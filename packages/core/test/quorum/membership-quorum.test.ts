import { parseMembership } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { quorumOf } from '../../src/quorum/membership-quorum.ts';
import type { Quorum } from '../../src/quorum/quorum.ts';

function quorumOfText(text: string): Quorum {
  const reading = parseMembership(text);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return quorumOf(reading.membership);
}

const five = [1, 2, 3, 4, 5].map((id) => `server.${id}=zoo${id}:2888:3888`).join('\n');

describe('the quorum of a membership', () => {
  test('is more than half of the participants; observers do not count', () => {
    const quorum = quorumOfText(`${five}\nserver.6=zoo6:2888:3888:observer`);
    expect([...quorum.voters]).toEqual([1, 2, 3, 4, 5]);
    expect(quorum.isReachedBy(new Set([1, 2, 6]))).toBe(false);
    expect(quorum.isReachedBy(new Set([1, 2, 3]))).toBe(true);
    expect(quorum.weightOf(6)).toBe(0);
  });

  test('goes by groups and weights where the text has them', () => {
    const quorum = quorumOfText(
      `${five}\ngroup.1=1:2:3\ngroup.2=4\ngroup.3=5\nweight.1=3\nweight.5=0`,
    );
    expect(quorum.isReachedBy(new Set([1, 4]))).toBe(true);
    expect(quorum.isReachedBy(new Set([2, 3, 4, 5]))).toBe(false);
    expect(quorum.weightOf(1)).toBe(3);
    expect(quorum.weightOf(5)).toBe(0);
  });

  test('leaves out a server of a group that has no vote', () => {
    const quorum = quorumOfText(
      `${five}\nserver.6=zoo6:2888:3888:observer\ngroup.1=1:2:3:4:5:6:9\nweight.6=0\nweight.9=0`,
    );
    expect([...quorum.voters]).toEqual([1, 2, 3, 4, 5]);
    expect(quorum.isReachedBy(new Set([1, 2, 3]))).toBe(true);
  });
});
