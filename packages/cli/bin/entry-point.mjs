// Which of its two forms the command runs from: one bundle, which starts in two thirds of the time, or the modules that
// the compiler made. In a checkout somebody may have compiled without bundling; nobody wants yesterday's code then.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of this package. */
const here = fileURLToPath(new URL('..', import.meta.url));

/**
 * The module that exports `runProcess`.
 * @returns {string | undefined} undefined: nothing is built
 */
export function entryPoint(directory = here) {
  if (isBundleFresh(directory)) return bundleIn(directory);
  const compiled = join(directory, 'dist/index.js');
  return modifiedMs(compiled) === undefined ? undefined : compiled;
}

/** Whether there is a bundle, of what the packages were last compiled to. */
export function isBundleFresh(directory = here) {
  const bundledMs = modifiedMs(bundleIn(directory));
  if (bundledMs === undefined) return false;
  // What is published has no settings of the compiler, nor sister packages beside it.
  if (modifiedMs(join(directory, 'tsconfig.json')) === undefined) return true;
  // The compiler's own notes are the last that it writes.
  const packages = join(directory, '..');
  return readdirSync(packages).every(
    (name) => (modifiedMs(join(packages, name, 'dist/.tsbuildinfo')) ?? 0) <= bundledMs,
  );
}

/** @param {string} directory */
function bundleIn(directory) {
  return join(directory, 'bundle/zooid.js');
}

/** @param {string} file @returns {number | undefined} */
function modifiedMs(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
