// `npm run check`: all that continuous integration asks of a change. Every step runs, even after a failure, and the
// last lines say which failed.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runTool, seconds, setUp } from './set-up.mjs';

const isFast = process.argv.includes('--no-tests');

setUp('');

/** @type {readonly (readonly [name: string, run: () => number])[]} */
const steps = [
  ['types: packages', () => runTool('typescript/bin/tsc', ['--build'])],
  [
    'types: tests and scripts',
    () => runTool('typescript/bin/tsc', ['--project', 'tsconfig.tests.json']),
  ],
  [
    'format and lint',
    () => runTool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']),
  ],
  ['unused code', () => runTool('knip/bin/knip.js', [])],
  ...publishedPackages().map(
    (directory) =>
      /** @type {const} */ ([
        `package shape: ${directory}`,
        () => runTool('publint/src/cli.js', ['run', directory, '--strict']),
      ]),
  ),
  // Tidiness of the code and freshness of the reference pages are tests, too.
  ...(isFast ? [] : [/** @type {const} */ (['tests', () => runTool('../scripts/test.mjs', [])])]),
];

/** @type {string[]} */
const summary = [];
let failedCount = 0;
for (const [name, run] of steps) {
  console.log(`\n--- ${name}`);
  const started = Date.now();
  const isGood = run() === 0;
  if (!isGood) failedCount++;
  summary.push(`${isGood ? 'good  ' : 'FAILED'}  ${name} (${seconds(started)})`);
}
console.log(`\n${summary.join('\n')}`);
console.log(
  failedCount === 0 ? 'All checks are good.' : `${failedCount} of ${steps.length} checks failed.`,
);
process.exitCode = failedCount === 0 ? 0 : 1;

function publishedPackages() {
  return readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((directory) => {
      const manifest = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'));
      return manifest.private !== true;
    });
}
