// `npm run sim`: installs and compiles what is missing, then simulates. Arguments: `npm run sim -- --help`.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setUp } from './set-up.mjs';

// What is simulated is one thread, and the collector's helpers cost it more processor time than they save.
const FLAGS = ['--single-threaded-gc'];

setUp('packages/sim');
const main = fileURLToPath(new URL('../packages/sim/dist/main.js', import.meta.url));
const { status, error } = spawnSync(process.execPath, [...FLAGS, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
