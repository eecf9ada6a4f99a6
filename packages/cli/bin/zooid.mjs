#!/usr/bin/env node
import module from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { entryPoint } from './entry-point.mjs';

// From Node 22.8 on what V8 compiled is kept for the next start. In a directory of ours, for in a shared one it may be
// somebody else's code; where it cannot be written, nothing is kept.
const { enableCompileCache } =
  /** @type {{ enableCompileCache?: (directory: string) => unknown }} */ (module);
enableCompileCache?.(fileURLToPath(new URL('../bundle/cache', import.meta.url)));

const entry = entryPoint();
if (entry !== undefined) {
  const { runProcess } = await import(pathToFileURL(entry).href);
  await runProcess(process.argv.slice(2));
} else {
  console.error('zooid is not built yet. In its checkout, run: npm install && npm run build');
  process.exitCode = 1;
}
