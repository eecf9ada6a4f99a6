import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../set-up.mjs';
import {
  countResults,
  describeRetried,
  describeSkipped,
  type VitestReport,
} from '../test-results.mjs';

function file(
  name: string,
  statuses: readonly string[],
  status = 'passed',
): VitestReport['testResults'][number] {
  const assertionResults = statuses.map((one, index) => ({
    ancestorTitles: [`suite of ${name}`],
    title: `test ${index}`,
    status: one,
  }));
  return { name: join(root, name), status, assertionResults };
}

describe('the last lines of npm test', () => {
  test('count what passed, failed and was skipped, whatever vitest calls it', () => {
    const report = {
      testResults: [
        file('a', ['passed', 'failed', 'skipped'], 'failed'),
        file('b', ['pending', 'todo', 'passed']),
      ],
    };
    expect(countResults(report, 1)).toEqual({ passed: 2, failed: 1, skipped: 3, remarks: [] });
  });

  test('count a file that did not load as a failure', () => {
    const counts = countResults(
      { testResults: [file('a', ['passed']), file('b', [], 'failed')] },
      1,
    );
    expect(counts).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      remarks: ['Failed outside of its tests: b'],
    });
  });

  test('count an error outside of every test as a failure', () => {
    const counts = countResults({ testResults: [file('a', ['passed'])] }, 1);
    expect([counts.passed, counts.failed, counts.remarks.length]).toEqual([1, 1, 1]);
  });

  test.each([
    ['no report', undefined],
    ['no test', { testResults: [] }],
  ])('count %s as a failure, even if vitest ended well', (_, report) => {
    expect(countResults(report, 0).failed).toBe(1);
  });

  test('say what was skipped, by suite', () => {
    const report = {
      testResults: [file('a', ['skipped', 'skipped', 'passed']), file('b', ['passed'])],
    };
    expect(describeSkipped(report)).toEqual(['Skipped:', '  a: suite of a (2)']);
    expect(describeSkipped({ testResults: [file('b', ['passed'])] })).toEqual([]);
    expect(describeSkipped(undefined)).toEqual([]);
  });

  test('name what passed only when it was run again, and what it said before', () => {
    const again = {
      ancestorTitles: ['suite'],
      title: 'now and then',
      status: 'passed',
      failureMessages: ['AssertionError: 1 is not 2\n    at somewhere'],
    };
    const report = {
      testResults: [
        { name: join(root, 'a'), status: 'passed', assertionResults: [again] },
        file('b', ['passed', 'failed'], 'failed'),
      ],
    };
    expect(describeRetried(report)).toEqual([
      'UNSTABLE, passed only when run again; to be mended:',
      '  a: suite > now and then',
      '    AssertionError: 1 is not 2',
    ]);
    expect(describeRetried({ testResults: [file('b', ['passed'])] })).toEqual([]);
    expect(describeRetried(undefined)).toEqual([]);
  });
});
