import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TARGET } from '../harness/server.ts';
import { EXPECTED_FAILURES } from '../kazoo/expected.ts';
import { runKazooSuite } from '../kazoo/run-suite.ts';

const missing = missingPeer('kazoo', 'apache');

describe.skipIf(missing !== undefined)(suiteTitle("kazoo's own test suite", missing), () => {
  test('every test that passes against one Apache server passes here, but for those listed with a reason', async () => {
    const baseline = await readFile(
      resolve(import.meta.dirname, '../kazoo/baseline-apache-3.8.0.txt'),
      'utf8',
    );
    const wanted = baseline.split('\n').flatMap((line) => {
      const [outcome, name] = line.split(' ');
      return outcome === 'passed' && name !== undefined ? [name] : [];
    });
    expect(wanted.length).toBeGreaterThan(400);

    const { outcomes, messages, output } = await runKazooSuite(TARGET);

    const isListed = (name: string) => EXPECTED_FAILURES.some(([pattern]) => pattern.test(name));
    const due = wanted.filter((name) => TARGET === 'apache' || !isListed(name));
    expect(outcomes.size, output).toBeGreaterThanOrEqual(due.length);
    const regressions = wanted.filter((name) => outcomes.get(name) !== 'passed' && !isListed(name));
    const report = regressions.map((name) => `${name}\n${messages.get(name) ?? 'did not run'}`);
    expect(regressions, report.join('\n\n')).toEqual([]);
    if (TARGET === 'zooid') {
      const needless = wanted.filter((name) => outcomes.get(name) === 'passed' && isListed(name));
      expect(needless, 'listed in expected.ts, and yet they pass').toEqual([]);
    }
  }, 420_000);
});
