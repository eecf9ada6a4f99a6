import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GroupQuorum, MajorityQuorum, type Quorum } from '../../src/quorum/quorum.ts';

const some = (...servers: number[]) => new Set(servers);

describe('a majority', () => {
  const quorum = new MajorityQuorum([1, 2, 3, 4]);

  test('is more than half of the voters: of four, three', () => {
    expect(quorum.isReachedBy(some(1, 2))).toBe(false);
    expect(quorum.isReachedBy(some(1, 2, 4))).toBe(true);
  });

  test('does not count servers that have no say', () => {
    expect(quorum.isReachedBy(some(1, 2, 7, 8, 9))).toBe(false);
    expect(quorum.weightOf(7)).toBe(0);
    expect(quorum.weightOf(4)).toBe(1);
  });

  test('of one server is that server', () => {
    expect(new MajorityQuorum([5]).isReachedBy(some(5))).toBe(true);
    expect(new MajorityQuorum([5]).isReachedBy(some())).toBe(false);
  });
});

describe('a quorum of groups', () => {
  const groups = [{ members: [1, 2, 3] }, { members: [4, 5, 6] }, { members: [7, 8, 9] }];

  test('is a majority in a majority of the groups: four servers of nine can do', () => {
    const quorum = new GroupQuorum(groups);
    expect(quorum.isReachedBy(some(1, 2, 4, 5))).toBe(true);
    expect(quorum.isReachedBy(some(1, 2, 3, 4, 7))).toBe(false);
  });

  test('weighs servers: one that counts three outweighs two that count one', () => {
    const quorum = new GroupQuorum([{ members: [1, 2, 3] }], new Map([[1, 3]]));
    expect(quorum.isReachedBy(some(1))).toBe(true);
    expect(quorum.isReachedBy(some(2, 3))).toBe(false);
    expect(quorum.weightOf(1)).toBe(3);
  });

  test('leaves groups without weight out, and a server without weight counts nothing', () => {
    const quorum = new GroupQuorum(
      [{ members: [1, 2] }, { members: [3] }, { members: [4] }],
      new Map([
        [3, 0],
        [4, 0],
      ]),
    );
    expect(quorum.isReachedBy(some(1, 2))).toBe(true);
    expect(quorum.isReachedBy(some(3, 4))).toBe(false);
    expect(quorum.weightOf(3)).toBe(0);
  });

  test('refuses a server in two groups', () => {
    expect(() => new GroupQuorum([{ members: [1, 2] }, { members: [2] }])).toThrow(RangeError);
  });
});

describe('any two quorums', () => {
  const ids = [1, 2, 3, 4, 5, 6, 7];
  const subset = fc.subarray(ids).map((servers) => new Set(servers));
  const quorums: fc.Arbitrary<Quorum> = fc.oneof(
    fc.subarray(ids, { minLength: 1 }).map((voters) => new MajorityQuorum(voters)),
    fc
      .array(fc.nat({ max: 2 }), { minLength: ids.length, maxLength: ids.length })
      .chain((groupOf) =>
        fc
          .array(fc.nat({ max: 3 }), { minLength: ids.length, maxLength: ids.length })
          .map((weights) => {
            const members = [0, 1, 2].map((group) => ids.filter((_, i) => groupOf[i] === group));
            return new GroupQuorum(
              members.map((inGroup) => ({ members: inGroup })),
              new Map(ids.map((id, i) => [id, weights[i]!])),
            );
          }),
      ),
  );

  test('have a server in common', () => {
    fc.assert(
      fc.property(quorums, subset, subset, (quorum, one, other) => {
        fc.pre(quorum.isReachedBy(one) && quorum.isReachedBy(other));
        expect([...one].some((server) => other.has(server))).toBe(true);
      }),
    );
  });
});
