// `npm test`: every test, from a fresh clone, with one command. Arguments go to vitest: `npm test -- packages/core`,
// `npm test -- --project unit`.

import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool, setUp } from './set-up.mjs';
import { countResults, describeRetried, describeSkipped } from './test-results.mjs';

setUp('');

const directory = join(root, 'node_modules/.cache/zooid');
const report = join(directory, 'test-results.json');
mkdirSync(directory, { recursive: true });
rmSync(report, { force: true });

const exitCode = runTool('vitest/vitest.mjs', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);

/** @type {import('./test-results.mjs').VitestReport | undefined} */
let results;
try {
  results = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  console.error('vitest ended before it wrote its results.');
}

const counts = countResults(results, exitCode);
for (const line of describeSkipped(results)) console.log(line);
for (const line of describeRetried(results)) console.log(line);
for (const line of counts.remarks) console.log(line);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
