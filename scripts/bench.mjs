// `npm run bench`: installs and compiles what is missing, then measures. Arguments: `npm run bench -- --help`.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './set-up.mjs';

// In a process of its own, since what it says must not mix with the JSON on standard output.
const setUp = spawnSync(
  process.execPath,
  [
    '--input-type=module',
    '--eval',
    `import { setUp } from './scripts/set-up.mjs'; setUp('packages/cli'); setUp('bench');`,
  ],
  { cwd: root, stdio: ['ignore', 2, 2] },
);
if (setUp.status !== 0) process.exit(1);

process.argv[1] = join(root, 'bench/dist/main.js');
await import(new URL('../bench/dist/main.js', import.meta.url).href);
