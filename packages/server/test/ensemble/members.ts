/** Members of an ensemble in the test's own process, each from a zoo.cfg of its own, gone when the test is. */

import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { loadServerConfig } from '../../src/config/config.ts';
import type { RunningServer } from '../../src/running-server.ts';
import { startServer } from '../../src/server.ts';
import { LogLines, temporaryDirectory } from '../integration/test-server.ts';
import { freePort } from '../net/free-port.ts';
import { until } from '../raw-client.ts';

/** Lines `server.N` by id. */
export type ServerLines = ReadonlyMap<number, string>;

export interface TestMember {
  readonly id: number;
  readonly server: RunningServer;
  readonly log: LogLines;
  readonly directory: string;
}

/** Lines for so many participants, and observers behind them, on free ports. */
export async function serverLines(participants: number, observers = 0): Promise<ServerLines> {
  const lines = new Map<number, string>();
  for (let id = 1; id <= participants + observers; id++) {
    const role = id <= participants ? 'participant' : 'observer';
    lines.set(id, `127.0.0.1:${await freePort()}:${await freePort()}:${role}`);
  }
  return lines;
}

/** Starts one member, which need not find a leader. @param more - further lines of its zoo.cfg; with `dataDir` it goes on with what is there. @param properties - Java's properties. */
export async function startMember(
  id: number,
  lines: ServerLines,
  more: Readonly<Record<string, string | number>> = {},
  properties: Readonly<Record<string, string>> = {},
): Promise<TestMember> {
  const directory = String(more['dataDir'] ?? temporaryDirectory());
  fs.writeFileSync(path.join(directory, 'myid'), `${id}\n`);
  const settings = {
    tickTime: 500,
    initLimit: 60,
    syncLimit: 20,
    dataDir: directory,
    ...(lines.get(id)?.includes(';') === true
      ? {}
      : { clientPort: 0, clientPortAddress: '127.0.0.1' }),
    '4lw.commands.whitelist': '*',
    'admin.serverPort': 0,
    'admin.serverAddress': '127.0.0.1',
    ...(lines.get(id)?.endsWith(':observer') === true ? { peerType: 'observer' } : {}),
    ...Object.fromEntries(Array.from(lines, ([other, line]) => [`server.${other}`, line])),
    ...more,
  };
  const file = path.join(directory, 'zoo.cfg');
  fs.writeFileSync(
    file,
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const parsed = loadServerConfig(
    file,
    new Map(Object.entries({ 'zookeeper.preAllocSize': '64', ...properties })),
  );
  if (!parsed.ok)
    throw new Error(parsed.problems.map(({ key, reason }) => `${key} ${reason}`).join('; '));
  const log = new LogLines();
  const server = await startServer(parsed.config, { logger: log.logger });
  onTestFinished(() => server.close());
  return { id, server, log, directory };
}

/** Starts all of them; when this resolves, each serves. */
export async function startMembers(
  lines: ServerLines,
  more: Readonly<Record<string, string | number>> = {},
  properties: Readonly<Record<string, string>> = {},
): Promise<TestMember[]> {
  const members = await Promise.all(
    Array.from(lines.keys(), (id) => startMember(id, lines, more, properties)),
  );
  await until(
    () => members.every(({ server }) => server.member?.isServing === true),
    'all members serve',
  );
  return members;
}

/** The whole answer of a page on the admin port. */
export async function page(
  { server }: TestMember,
  name: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`http://127.0.0.1:${server.adminPort}${name}`);
  return { status: response.status, text: await response.text() };
}
