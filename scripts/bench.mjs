// `npm run bench`: measures Zooid, and Apache's server when it is installed. Arguments go to the benchmark:
// `npm run bench -- --quick --json`.

import { root, setUp } from './set-up.mjs';

process.chdir(root);
const log = console.log;
// The table, or JSON, is all that goes to standard output.
console.log = console.error;
setUp('packages/cli');
setUp('bench');
console.log = log;
await import(new URL('../bench/dist/main.js', import.meta.url).href);
