import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { zooidCommand } from '../support/run-zooid.ts';
import { temporaryDirectory, txnsOf, writeLog } from './made-files.ts';

/** A log whose dump is longer than any pipe is deep. */
function longLog(): string {
  return writeLog(temporaryDirectory(), txnsOf(1, 20_000)).path;
}

function dump(file: string) {
  const [program, ...first] = zooidCommand;
  const child = spawn(program!, [...first, 'log', 'dump', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return { child, errors: () => errors };
}

test('a dump ends in silence when nobody reads it any more, as before head(1)', async () => {
  const { child, errors } = dump(longLog());
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code, signal] = await once(child, 'close');
  expect([code, signal, errors()]).toEqual([0, null, '']);
});

test('Ctrl-C ends a dump at once, and leaves nothing behind', async () => {
  const file = longLog();
  const { child, errors } = dump(file);
  await once(child.stdout, 'data');
  // It waits for its reader now.
  child.stdout.pause();
  child.kill('SIGINT');
  child.stdout.resume();
  const [code, signal] = await once(child, 'close');
  expect([code, signal, errors()]).toEqual([null, 'SIGINT', '']);
  expect(fs.readdirSync(path.dirname(file))).toEqual(['log.1']);
});
