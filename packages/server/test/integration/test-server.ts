/** A real server in the test's own process, gone when the test is. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { encodeUtf8, OpCode } from '@zooid/protocol';
import { pino } from 'pino';
import { expect, onTestFinished, vi } from 'vitest';
import { type ConfigOverrides, defaultConfig } from '../../src/config/default-config.ts';
import type { RunningServer, ServerOptions } from '../../src/running-server.ts';
import { startServer } from '../../src/server.ts';
import { createOf, RawClient, until } from '../raw-client.ts';

// Every wait has its own deadline, which says what was waited for; vitest's would only say that it is late.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type Overrides = Omit<ConfigOverrides, 'storage'> & {
  readonly storage?: Partial<ConfigOverrides['storage']>;
};

/** One line of the server's log. */
export type LogLine = { readonly level: string; readonly msg: string } & Record<string, unknown>;

/** The log of a server under test. */
export class LogLines {
  readonly lines: LogLine[] = [];
  readonly logger = pino(
    { level: 'debug', base: null, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void this.lines.push(JSON.parse(line)) },
  );

  /** The first line with this message, and these fields; waits for it. */
  async until(msg: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
    await until(() => this.find(msg, fields) !== undefined, `a log line "${msg}"`);
    return this.find(msg, fields)!;
  }

  find(msg: string, fields: Readonly<Record<string, unknown>> = {}): LogLine | undefined {
    return this.lines.find(
      (line) =>
        line.msg === msg && Object.entries(fields).every(([name, value]) => line[name] === value),
    );
  }
}

export interface TestServer {
  readonly server: RunningServer;
  readonly port: number;
  readonly log: LogLines;
  readonly dataDir: string;
  /** A client with a session. It goes with the test. */
  client(): Promise<RawClient>;
  /** A client that has said nothing yet. */
  stranger(): Promise<RawClient>;
  /** Fails unless a client that is new to the server can write, and read what it wrote. */
  expectServed(): Promise<void>;
}

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'zooid-server-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts a server whose data is in memory. */
export function memoryServer(overrides: Overrides = {}): Promise<TestServer> {
  return testServer('no-directory', overrides, { storage: 'memory' });
}

/** Starts a server on this directory. Small files: preallocation of the default size is slow in a test. */
export function diskServer(
  dataDir: string,
  overrides: Overrides = {},
  options: ServerOptions = {},
): Promise<TestServer> {
  const storage = { preallocateBytes: 64 * 1024, ...overrides.storage };
  return testServer(dataDir, { ...overrides, storage }, options);
}

async function testServer(
  dataDir: string,
  overrides: Overrides,
  options: ServerOptions,
): Promise<TestServer> {
  const log = new LogLines();
  const config = defaultConfig({
    ...overrides,
    network: { connectionCountPerAddressMax: 0, ...overrides.network },
    storage: { ...overrides.storage, dataDir },
  });
  const server = await startServer(config, { logger: log.logger, ...options });
  const clients: RawClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    await server.close();
  });
  const keep = async (opening: Promise<RawClient>): Promise<RawClient> => {
    const client = await opening;
    clients.push(client);
    return client;
  };
  const port = server.clientPort;
  return {
    server,
    port,
    log,
    dataDir,
    client: () => keep(RawClient.connect(port)),
    stranger: () => keep(RawClient.open(port)),
    expectServed: async () => {
      const client = await keep(RawClient.connect(port));
      await client.ok(createOf('/served-', encodeUtf8('yes'), 2));
      expect(await client.ok({ op: OpCode.exists, path: '/', watch: false })).toBeDefined();
      expect((await client.request({ op: OpCode.closeSession })).err).toBe(0);
      await client.closed();
    },
  };
}
