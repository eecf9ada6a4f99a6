#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/index.js', import.meta.url);
if (existsSync(fileURLToPath(built))) {
  const { runProcess } = await import(built.href);
  await runProcess(process.argv.slice(2));
} else {
  console.error('zooid is not built yet. In its checkout, run: npm install && npm run build');
  process.exitCode = 1;
}
