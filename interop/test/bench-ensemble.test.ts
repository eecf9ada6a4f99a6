/** `npm run bench -- --ensemble` with real servers, small and short: what it measures, not how fast they are. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';

const missing = missingPeer('apache');
const program = join(import.meta.dirname, '../../bench/dist/main.js');

/** Three servers of Java beside other programs take their time. */
const RUN_MS_MAX = 300_000;

interface Row {
  readonly id: string;
  readonly figures: Readonly<Record<string, { readonly value: number; readonly rounds: number }>>;
}

async function bench(target: string, ...args: string[]): Promise<ReadonlyMap<string, number>> {
  const all = ['--ensemble', '--target', target, '--quick', '--json', ...args];
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...all], {
    timeout: RUN_MS_MAX,
  });
  const { rows, error } = JSON.parse(stdout) as { readonly rows: Row[]; readonly error?: string };
  expect(error).toBeUndefined();
  const column = target === 'ours' ? 'zooid' : target;
  return new Map(rows.map(({ id, figures }) => [id, figures[column]!.value]));
}

describe(suiteTitle('the benchmark of ensembles', missing), () => {
  test.skipIf(missing !== undefined)(
    'measures a load of apache',
    { timeout: RUN_MS_MAX },
    async () => {
      const figures = await bench('apache', '--only', 'set 33x16', '--seconds', '0.5');
      expect(figures.get('set 33x16 100B')).toBeGreaterThan(0);
    },
  );

  test('measures a load and a killed leader of ours', { timeout: RUN_MS_MAX }, async () => {
    const figures = await bench('ours', '--only', 'set 33x16|kill', '--seconds', '0.5');
    expect([...figures.keys()]).toEqual(['set 33x16 100B', 'failover, kill -9 of the leader']);
    for (const value of figures.values()) expect(value).toBeGreaterThan(0);
  });

  test('measures how a server joins that has lost its data', { timeout: RUN_MS_MAX }, async () => {
    const figures = await bench('ours', '--only', 'join', '--znodes', '3000');
    expect([...figures.keys()]).toEqual([
      'join, 3,000 znodes: until it serves',
      'join, 3,000 znodes: loop stall at the leader',
      'join, 3,000 znodes: get at the leader, max',
    ]);
  });

  test('counts elections in a soak', { timeout: RUN_MS_MAX }, async () => {
    const figures = await bench('ours', '--soak', '0.02');
    expect(figures.get('soak: set 33x16 100B')).toBeGreaterThan(0);
    expect(figures.has('soak: elections')).toBe(true);
  });
});
