import { expect, test } from 'vitest';
import { isReached } from '../../src/suite/bar.ts';
import { Results, type RowHead } from '../../src/suite/results.ts';

const head: RowHead = { id: 'get', unit: '/s', bar: { kind: 'ratio-at-least', value: 5 } };

test('a row compares the medians of the rounds and judges their ratio', () => {
  const results = new Results();
  for (const value of [100, 900, 110]) results.add(head, 'apache', { value });
  for (const value of [600, 10, 550]) results.add(head, 'zooid', { value });
  const [row] = results.rows();
  expect(row).toMatchObject({ ratio: 5, isReached: true });
  expect(row?.figures.apache).toMatchObject({ value: 110, rounds: 3, min: 100, max: 900 });
});

test('a bar is missed by what does not reach it, and not judged without its figures', () => {
  expect(isReached({ kind: 'ratio-at-least', value: 2 }, 199, 100)).toBe(false);
  expect(isReached({ kind: 'ratio-at-least', value: 2 }, 200, 100)).toBe(true);
  expect(isReached({ kind: 'ratio-at-most', value: 0.8 }, 81, 100)).toBe(false);
  expect(isReached({ kind: 'ratio-at-most', value: 0.8 }, 80, 100)).toBe(true);
  const both = { kind: 'ratio-at-least', value: 2, oursAtLeast: 300 } as const;
  expect(isReached(both, 299, 100)).toBe(false);
  expect(isReached(both, 300, 100)).toBe(true);
  expect(isReached(both, 300, 151)).toBe(false);
  expect(isReached({ kind: 'at-most', value: 20 }, 21, undefined)).toBe(false);
  expect(isReached({ kind: 'ratio-at-least', value: 2 }, 200, undefined)).toBeUndefined();
  expect(isReached({ kind: 'at-most', value: 20 }, undefined, 1)).toBeUndefined();
});
