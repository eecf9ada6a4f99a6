import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TARGET } from '../harness/server.ts';
import { EXPECTED_FAILURES } from '../kazoo/expected.ts';
import { runKazooSuite, runKazooTests } from '../kazoo/run-suite.ts';

const missing = missingPeer('kazoo', 'apache');
const SECOND_CHANCES_MAX = 12;

describe.skipIf(missing !== undefined)(suiteTitle("kazoo's own test suite", missing), () => {
  test('every test that passes against three servers of Apache passes against three here, but for those listed with a reason', async () => {
    const baseline = await readFile(
      resolve(import.meta.dirname, '../kazoo/baseline-apache-3.8.0.txt'),
      'utf8',
    );
    const wanted = baseline.split('\n').flatMap((line) => {
      const [outcome, name] = line.split(' ');
      return outcome === 'passed' && name !== undefined ? [name] : [];
    });
    expect(wanted.length).toBeGreaterThan(400);

    const first = await runKazooSuite(TARGET);
    const { output } = first;
    const outcomes = new Map(first.outcomes);
    const messages = new Map(first.messages);

    const isListed = (name: string) => EXPECTED_FAILURES.some(([pattern]) => pattern.test(name));
    const due = wanted.filter((name) => TARGET === 'apache' || !isListed(name));
    expect(outcomes.size, output).toBeGreaterThanOrEqual(due.length);
    const isDue = (name: string) => outcomes.get(name) !== 'passed' && !isListed(name);
    const failed = wanted.filter(isDue);
    // Some give a server five seconds to start again, which a busy machine does not: they get a second chance.
    if (failed.length > 0 && failed.length <= SECOND_CHANCES_MAX) {
      const again = await runKazooTests(TARGET, failed);
      for (const [name, outcome] of again.outcomes) outcomes.set(name, outcome);
      for (const [name, message] of again.messages) messages.set(name, message);
    }
    const regressions = wanted.filter(isDue);
    const report = regressions.map((name) => `${name}\n${messages.get(name) ?? 'did not run'}`);
    expect(regressions, report.join('\n\n')).toEqual([]);
    if (TARGET === 'zooid') {
      const needless = wanted.filter((name) => outcomes.get(name) === 'passed' && isListed(name));
      expect(needless, 'listed in expected.ts, and yet they pass').toEqual([]);
    }
  }, 900_000);
});
