import { expect, test } from 'vitest';
import { tableText } from '../src/report/table.ts';
import { Results } from '../src/suite/results.ts';

const columns = [
  { name: 'apache', title: 'Apache' },
  { name: 'zooid', title: 'Zooid' },
] as const;

test('a table shows figures, ratio, bar and verdict, and explains its marks', () => {
  const results = new Results();
  const head = { id: 'get', unit: '/s', bar: { kind: 'ratio-at-least', value: 5 } } as const;
  results.add(head, 'apache', { value: 1_000 });
  results.add(head, 'zooid', {
    value: 4_000,
    busyness: { generator: 0.95, server: 1, others: 0.5 },
  });
  const lines = tableText(results.rows(), columns, 'markdown').split('\n');
  expect(lines[2]).toMatch(/^\| get \| 1,000\/s \| 4,000\/s\*! \| 4\.00 x \| ≥ 5 x \| missed \|/);
  expect(lines.filter((line) => /^[*!] /.test(line))).toHaveLength(2);
});
