/** `npm run bench -- --ensemble` with real servers, small and short: what it measures, not how fast they are. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';

const missing = missingPeer('apache');
const targets = missing === undefined ? ['apache', 'ours'] : ['ours'];
const program = join(import.meta.dirname, '../../bench/dist/main.js');

interface Row {
  readonly id: string;
  readonly figures: Readonly<Record<string, { readonly value: number; readonly rounds: number }>>;
}

async function bench(target: string, ...args: string[]): Promise<ReadonlyMap<string, number>> {
  const all = ['--ensemble', '--target', target, '--quick', '--json', ...args];
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...all]);
  const { rows, error } = JSON.parse(stdout) as { readonly rows: Row[]; readonly error?: string };
  expect(error).toBeUndefined();
  const column = target === 'ours' ? 'zooid' : target;
  return new Map(rows.map(({ id, figures }) => [id, figures[column]!.value]));
}

describe(suiteTitle('the benchmark of ensembles', missing), () => {
  test.each(targets)('measures loads, a killed leader and a join of %s', async (target) => {
    const only = ['--only', 'set 33x16|kill|join', '--seconds', '0.5', '--znodes', '3000'];
    const figures = await bench(target, ...only);
    const ids = ['set 33x16 100B', 'failover, kill -9 of the leader'];
    const stall = target === 'ours' ? ['join, 3,000 znodes: loop stall at the leader'] : [];
    const join = 'join, 3,000 znodes';
    expect([...figures.keys()]).toEqual([
      ...ids,
      `${join}: until it serves`,
      ...stall,
      `${join}: get at the leader, max`,
    ]);
    for (const id of ids) expect(figures.get(id)).toBeGreaterThan(0);
  });

  test('counts elections in a soak', async () => {
    const figures = await bench('ours', '--soak', '0.02');
    expect(figures.get('soak: set 33x16 100B')).toBeGreaterThan(0);
    expect(figures.has('soak: elections')).toBe(true);
  });
});
