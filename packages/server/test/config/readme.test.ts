import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultConfig, type RunningServer, startServer } from '@zooid/server';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-readme-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('the example in the README runs a server and stops it', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const code = /```ts\n([\s\S]*?)```/
    .exec(readme)![1]!
    .replace(/^import [^;]*;\n/gm, '')
    .replace('./data', directory);
  const printed: string[] = [];
  let server: RunningServer | undefined;
  const start: typeof startServer = async (config) => {
    server = await startServer(config, { logger: pino({ level: 'silent' }) });
    return server;
  };
  const run = new Function(
    'defaultConfig',
    'startServer',
    'console',
    `return (async () => {${code}})()`,
  );
  await run(defaultConfig, start, { log: (line: string) => printed.push(line) });
  expect(server!.clientPort).toBeGreaterThan(0);
  expect(printed).toEqual([`ZooKeeper clients connect to localhost:${server!.clientPort}`]);
  await server!.closed;
});
