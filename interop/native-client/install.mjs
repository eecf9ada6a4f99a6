// Installs and builds the npm package `zookeeper`, a binding of the C client, where the interop tests
// look for it. It is no dependency of the workspace: it takes a compiler and a minute.
//
//   node interop/native-client/install.mjs
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = join(import.meta.dirname, '../.cache/native-client');
mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');

function npm(cwd, ...args) {
  const { status } = spawnSync('npm', args, { cwd, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

npm(directory, 'install', '--ignore-scripts', '--no-audit', '--no-fund', 'zookeeper@7.3.0');
npm(join(directory, 'node_modules/zookeeper'), 'run', 'install');
