import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TARGET, TestServer } from '../harness/server.ts';

const PACKAGE = join(import.meta.dirname, '../.cache/native-client/node_modules/zookeeper');

/** The parts of the package's promise API that are used. */
interface Stat {
  readonly version: number;
  readonly numChildren: number;
}
interface Client {
  readonly client_id: string;
  once(event: string, listener: (...args: never[]) => void): void;
  init(config: Readonly<Record<string, unknown>>): void;
  close(): void;
  create(path: string, data: string | Buffer, flags: number): Promise<string>;
  get(path: string, watch: boolean): Promise<readonly [Stat, Buffer]>;
  set(path: string, data: string | Buffer, version: number): Promise<Stat>;
  exists(path: string, watch: boolean): Promise<Stat>;
  get_children(path: string, watch: boolean): Promise<readonly string[]>;
  delete_(path: string, version: number): Promise<unknown>;
  w_exists(
    path: string,
    watcher: (type: number, state: number, path: string) => void,
  ): Promise<Stat>;
  get_acl(path: string): Promise<readonly [Stat, unknown]>;
  add_auth(scheme: string, auth: string): Promise<unknown>;
}

const missing = existsSync(join(PACKAGE, 'build'))
  ? TARGET === 'apache'
    ? missingPeer('apache')
    : undefined
  : 'not built; to build it: node interop/native-client/install.mjs';

describe.skipIf(missing !== undefined)(suiteTitle('the npm package zookeeper', missing), () => {
  let server: TestServer;
  const clients: Client[] = [];

  beforeAll(async () => {
    server = await TestServer.start(TARGET);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  async function connect(): Promise<Client> {
    const Constructor = createRequire(import.meta.url)(PACKAGE) as new (
      config: Readonly<Record<string, unknown>>,
    ) => Client;
    const config = {
      connect: server.address,
      timeout: 20_000,
      debug_level: 1,
      host_order_deterministic: false,
    };
    const client = new Constructor(config);
    clients.push(client);
    const connected = new Promise<void>((resolve) => client.once('connect', () => resolve()));
    client.init(config);
    await connected;
    return client;
  }

  test('creates, reads, changes, watches and deletes', async () => {
    const client = await connect();
    expect(await client.create('/native', 'one', 0)).toBe('/native');
    await expect(client.create('/native', 'one', 0)).rejects.toThrow(/node exists/);
    const [stat, data] = await client.get('/native', false);
    expect([stat.version, data.toString()]).toEqual([0, 'one']);
    expect((await client.set('/native', 'two', 0)).version).toBe(1);
    await expect(client.set('/native', 'three', 0)).rejects.toThrow(/bad version/);
    expect(await client.create('/native/s-', '', 3)).toBe('/native/s-0000000000');
    expect(await client.get_children('/native', false)).toEqual(['s-0000000000']);
    const deleted = new Promise<readonly [number, string]>((resolve, reject) => {
      client
        .w_exists('/native/s-0000000000', (type, _state, path) => resolve([type, path]))
        .catch(reject);
    });
    await client.exists('/native', false);
    await client.delete_('/native/s-0000000000', 0);
    expect(await deleted).toEqual([2, '/native/s-0000000000']);
    await client.delete_('/native', -1);
    await expect(client.exists('/native', false)).rejects.toThrow(/no node/);
  });

  test('its ephemerals end with its session', async () => {
    const client = await connect();
    const other = await connect();
    await client.create('/native-ephemeral', 'x', 1);
    const deleted = new Promise<string>((resolve, reject) => {
      other.w_exists('/native-ephemeral', (_type, _state, path) => resolve(path)).catch(reject);
    });
    await other.exists('/native-ephemeral', false);
    clients.splice(clients.indexOf(client), 1);
    client.close();
    expect(await deleted).toBe('/native-ephemeral');
  });
});
