import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareSequences, sequenceOf, sortBySequence, trySequenceOf } from '../src/index.ts';

/** As servers print it: `%010d` of Java. */
function digitsOf(sequence: number): string {
  return sequence < 0
    ? `-${String(-sequence).padStart(9, '0')}`
    : String(sequence).padStart(10, '0');
}

const int32 = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31), -1_000_000_000, -999_999_999, 1_000_000_000),
);
const uuid = fc.uuid();

describe('reading the number', () => {
  test('every number that a server prints is read behind every name that a recipe uses', () => {
    const names = ['lock-', 'lease-', '__lock__', '__READ__', 'qn-', 'entry-100-', 'latch-'];
    fc.assert(
      fc.property(uuid, fc.constantFrom(...names), int32, (id, name, sequence) => {
        expect(sequenceOf(`_c_${id}-${name}${digitsOf(sequence)}`)).toBe(sequence);
      }),
    );
  });

  test.each([
    ['/a/_c_3f-lock-0000000012', 12],
    ['queue-1000000FF0000000005', 5],
    ['0000000007', 7],
    ['-2147483648', -2147483648],
    ['lock-1000000000', 1_000_000_000],
    ['lock--000000001', -1],
  ])('the number of %s is %i', (name, sequence) => {
    expect(sequenceOf(name)).toBe(sequence);
  });

  test.each(['', 'lock-', 'lock-12', 'lock-000000001', 'lock-0000000012x'])(
    'there is none in %j',
    (name) => {
      // Nine digits behind a minus are a negative number.
      const expected = name === 'lock-000000001' ? -1 : undefined;
      expect(trySequenceOf(name)).toBe(expected);
      if (expected === undefined) expect(() => sequenceOf(name)).toThrow(RangeError);
    },
  );
});

describe('the order', () => {
  test('a name that was made within the next 2^31 - 1 ones is the later one, also when the counter wraps', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (first, steps) => {
        const second = (first + steps) | 0;
        expect(compareSequences(first, second)).toBeLessThan(0);
        expect(compareSequences(second, first)).toBeGreaterThan(0);
      }),
    );
  });

  test('names are sorted by number, whatever stands before it and however far the counter has come', () => {
    const start = fc.constantFrom(0, 2 ** 31 - 3, -3, -1_000_000_002, 999_999_998);
    fc.assert(
      fc.property(start, fc.array(uuid, { minLength: 1, maxLength: 8 }), (from, ids) => {
        const names = ids.map((id, index) => `_c_${id}-lock-${digitsOf((from + index) | 0)}`);
        const sorted = sortBySequence([...names].sort(), ['lock-']);
        expect(sorted.map(({ name }) => name)).toEqual(names);
      }),
    );
  });

  test('only names with one of the markers count', () => {
    const names = [
      'x-lock-0000000003',
      'y__lock__0000000001',
      'z-lease-0000000000',
      'lock-',
      'a-lock-0000000002',
    ];
    expect(sortBySequence(names, ['lock-'])).toEqual([
      { name: 'a-lock-0000000002', marker: 'lock-', sequence: 2 },
      { name: 'x-lock-0000000003', marker: 'lock-', sequence: 3 },
    ]);
    expect(sortBySequence(names, ['__lock__', 'lock-']).map(({ sequence }) => sequence)).toEqual([
      1, 2, 3,
    ]);
  });
});
