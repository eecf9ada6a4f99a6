import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';
import { expect, test } from 'vitest';

const directory = new URL('../', import.meta.url);
const runner = fileURLToPath(new URL('run.ts', directory));
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.ts') && !['run.ts', 'tls-front.ts'].includes(file))
  .map((file) => file.slice(0, -'.ts'.length));

function read(file: string): string {
  return readFileSync(new URL(file, directory), 'utf8');
}

/** What an example says about itself, in the comment at its end. */
function promised(name: string): string {
  const [, comment = ''] = read(`${name}.ts`).split('\n// Prints:\n');
  return comment.replaceAll(/^\/\/ /gm, '');
}

/** Runs to the end of the process: what an example leaves open fails it. */
function run(name: string, environment: Readonly<Record<string, string>> = {}) {
  const options = ['--conditions=@zooid/source', '--import', 'tsx'];
  const { ZK: _, ...others } = process.env;
  return promisify(execFile)(process.execPath, [...options, runner, name], {
    timeout: 25_000,
    env: { ...others, ...environment },
  });
}

test.each(names)('%s prints what it promises, and ends', async (name) => {
  expect(promised(name)).not.toBe('');
  const { stdout, stderr } = await run(name);
  expect({ stdout, stderr }).toEqual({ stdout: promised(name), stderr: '' });
});

test('an example leaves nothing on the server that ZK names', async () => {
  await using server = await startTestServer();
  const { stdout } = await run('chroot-view', { ZK: server.connectString });
  expect(stdout).toBe(promised('chroot-view'));
  await using zk = await connect(server.connectString);
  expect((await zk.children('/')).names).toEqual(['zookeeper']);
});

test('a name that is no example is refused with those that are', async () => {
  await expect(run('none')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('first-steps'),
  });
});

test.each(names)('%s imports nothing but packages, and stands in the README', (name) => {
  const imported = [...read(`${name}.ts`).matchAll(/from '([^']+)'/g)].map((match) => match[1]);
  expect(imported).not.toEqual([]);
  for (const from of imported) expect(from).toMatch(/^(@zooid\/\w+|node:\w+)$/);
  expect(read('README.md')).toContain(`\n| [${name}](${name}.ts) | `);
});
