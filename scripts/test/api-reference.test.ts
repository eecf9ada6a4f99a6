// The API reference can be made, every exported name has a docstring, and no link in one leads nowhere.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../set-up.mjs';

const site = join(root, 'docs-site');
const typedoc = createRequire(join(site, 'package.json')).resolve('typedoc');

function makeReference(...options: string[]) {
  const program = join(dirname(typedoc), '../bin/typedoc');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, '--emit', 'none', ...options],
    { cwd: site, encoding: 'utf8' },
  );
  return { status, said: stdout + stderr };
}

test('every name that client, compat and testing export has a docstring', () => {
  expect(makeReference()).toEqual({ status: 0, said: '' });
});

test('a name without a docstring is found', () => {
  const configuration = JSON.parse(readFileSync(join(site, 'typedoc.json'), 'utf8'));
  const forgiven: readonly string[] = configuration.intentionallyNotDocumented;
  expect(forgiven).toContain('@zooid/client.WatchStream.next');
  const { status, said } = makeReference(
    '--intentionallyNotDocumented',
    '@zooid/client/compat.State.getCode',
  );
  expect(status).not.toBe(0);
  expect(said).toContain('@zooid/client.WatchStream.next');
  expect(said).not.toContain('State.getCode');
});
