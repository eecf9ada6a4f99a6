// `npm start`: a standalone server from a checkout, with one command. `npm start -- 2182 -Dkey=value` chooses another
// port and adds properties.

import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { entryPoint } from '../packages/cli/bin/entry-point.mjs';
import { fail, root, setUp } from './set-up.mjs';

const DEFAULT_PORT = 2181;
const ADMIN_PORT = 8080;
const DATA_DIR = 'data';

const args = process.argv.slice(2);
const port = Number(args.find((arg) => /^\d+$/.test(arg)) ?? DEFAULT_PORT);
const properties = args.filter((arg) => arg.startsWith('-D'));
const unknown = args.filter((arg) => !/^\d+$/.test(arg) && !arg.startsWith('-D'));
if (unknown.length > 0 || port > 65_535) {
  fail(
    `Usage: npm start [-- [port] [-Dkey=value ...]]    (not understood: ${unknown.join(' ') || port})`,
  );
}

setUp('packages/cli');

if (port !== 0 && !(await isFree(port))) {
  fail(
    `Port ${port} is in use: a ZooKeeper or another Zooid may be running. Stop it, or choose another port: npm start -- ${port + 1}`,
  );
}
if (
  !properties.some((property) => property.startsWith('-Dzookeeper.admin.')) &&
  !(await isFree(ADMIN_PORT))
) {
  console.log(`Port ${ADMIN_PORT} is in use, so the admin server stays off.`);
  properties.push('-Dzookeeper.admin.enableServer=false');
}

const { runProcess } = await import(pathToFileURL(entryPoint() ?? '').href);
await runProcess(
  [
    'server',
    String(port),
    join(root, DATA_DIR),
    '-Dzookeeper.4lw.commands.whitelist=*',
    ...properties,
  ],
  {
    /** @param {{ readonly clientPort: number }} server */
    onServing: ({ clientPort }) => {
      console.log(`
Zooid serves ZooKeeper clients on localhost:${clientPort}; its data is in ./${DATA_DIR}.
  Talk to it: zkCli.sh -server localhost:${clientPort}  |  KazooClient('localhost:${clientPort}')  |  echo srvr | nc localhost ${clientPort}
  Stop it:    Ctrl-C. What was written stays.
`);
    },
  },
);

/**
 * @param {number} candidate
 * @returns {Promise<boolean>}
 */
function isFree(candidate) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port: candidate, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
