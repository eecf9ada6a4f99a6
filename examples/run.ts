// Runs one of the examples: `npm start -- first-steps`. Against the server that ZK names, in a part of the tree that is
// removed afterwards, or against a test server of its own.
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';
import { startTlsFront } from './tls-front.ts';

/** What is not an example. */
const helpers = ['run.ts', 'tls-front.ts'];
const names = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
  .filter((file) => file.endsWith('.ts') && !helpers.includes(file))
  .map((file) => file.slice(0, -'.ts'.length));

const name = process.argv[2];
if (name === undefined || !names.includes(name)) {
  console.error(`npm start -- <example>, where <example> is one of ${names.join(', ')}`);
  process.exitCode = 2;
} else {
  await using own = process.env['ZK'] === undefined ? await startTestServer() : undefined;
  const servers = own?.connectString ?? process.env['ZK'] ?? '';
  await using zk = await connect(servers);
  const root = `/example-${randomUUID()}`;
  await zk.create(root, '');
  await using front = own && name === 'tls' ? await startTlsFront(own.port) : undefined;
  process.env['ZK'] = `${servers}${root}`;
  if (front !== undefined) Object.assign(process.env, front.environment);
  try {
    await import(`./${name}.ts`);
  } finally {
    await zk.deleteTree(root);
  }
}
