// From vitest's JSON report to the last lines of `npm test`.

import { relative } from 'node:path';
import { root } from './set-up.mjs';

/**
 * The part of the report that is read.
 * @typedef {{ ancestorTitles: string[], title: string, status: string, failureMessages?: string[] }} TestResult
 * @typedef {{ name: string, status: string, message?: string, assertionResults: TestResult[] }} FileResult
 * @typedef {{ testResults: FileResult[] }} VitestReport
 */

/**
 * Counts tests. What failed outside of every test (a file that does not load, an error that nobody awaited, a run
 * that ended early) counts as one failure each, with a remark: the sum never looks better than the run was.
 * @param {VitestReport | undefined} report undefined: there is none
 * @param {number} exitCode of vitest
 * @returns {{ passed: number, failed: number, skipped: number, remarks: string[] }}
 */
export function countResults(report, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0, remarks: /** @type {string[]} */ ([]) };
  for (const file of report?.testResults ?? []) {
    let hasFailedTest = false;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') {
        counts.failed++;
        hasFailedTest = true;
      } else counts.skipped++;
    }
    if (file.status === 'failed' && !hasFailedTest) {
      counts.failed++;
      counts.remarks.push(`Failed outside of its tests: ${relative(root, file.name)}`);
    }
  }
  if (counts.failed === 0 && exitCode !== 0) {
    counts.failed = 1;
    counts.remarks.push(
      `vitest ended with code ${exitCode} for an error outside of every test; it is above.`,
    );
  }
  if (counts.passed + counts.failed + counts.skipped === 0) {
    counts.failed = 1;
    counts.remarks.push('No test ran.');
  }
  return counts;
}

/**
 * What was skipped, one line for each outermost suite: its title says why, for a suite that misses its peer.
 * @param {VitestReport | undefined} report
 * @returns {string[]}
 */
export function describeSkipped(report) {
  /** @type {Map<string, number>} */
  const suites = new Map();
  for (const file of report?.testResults ?? []) {
    for (const { status, ancestorTitles, title } of file.assertionResults) {
      if (status === 'passed' || status === 'failed') continue;
      const suite = `${relative(root, file.name)}: ${ancestorTitles[0] ?? title}`;
      suites.set(suite, (suites.get(suite) ?? 0) + 1);
    }
  }
  if (suites.size === 0) return [];
  return ['Skipped:', ...[...suites].map(([suite, count]) => `  ${suite} (${count})`)];
}

/**
 * What passed only when it was run again, with what it said the first time: each is a defect that waits to be mended.
 * @param {VitestReport | undefined} report
 * @returns {string[]}
 */
export function describeRetried(report) {
  /** @type {string[]} */
  const lines = [];
  for (const file of report?.testResults ?? []) {
    for (const { status, ancestorTitles, title, failureMessages = [] } of file.assertionResults) {
      const [first] = failureMessages;
      if (status !== 'passed' || first === undefined) continue;
      const name = [...ancestorTitles, title].join(' > ');
      lines.push(`  ${relative(root, file.name)}: ${name}`, `    ${first.split('\n')[0]}`);
    }
  }
  return lines.length === 0
    ? []
    : ['UNSTABLE, passed only when run again; to be mended:', ...lines];
}
