import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TARGET, TestServer } from '../harness/server.ts';

/** The parts of node-zookeeper-client that are used; it comes without types. */
interface Stat {
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly dataLength: number;
  readonly numChildren: number;
  readonly ephemeralOwner: Buffer;
}
interface WatchedEvent {
  readonly name: string;
  readonly path: string;
}
type Callback<T extends unknown[]> = (error: Failure | null, ...results: T) => void;
type Failure = Error & { readonly code: number };
interface TransactionResult {
  readonly type: number;
  readonly path?: string;
  readonly stat?: Stat;
  readonly err?: number;
}
interface Transaction {
  create(path: string, data?: Buffer | null): Transaction;
  setData(path: string, data: Buffer, version?: number): Transaction;
  check(path: string, version?: number): Transaction;
  remove(path: string, version?: number): Transaction;
  commit(callback: Callback<[readonly TransactionResult[]]>): void;
}
interface Client {
  readonly connectionManager: { readonly socket: { destroy(): void } };
  connect(): void;
  close(): void;
  once(event: string, listener: () => void): void;
  getSessionId(): Buffer;
  getSessionPassword(): Buffer;
  getSessionTimeout(): number;
  addAuthInfo(scheme: string, auth: Buffer): void;
  create(path: string, ...rest: readonly unknown[]): void;
  mkdirp(path: string, callback: Callback<[string]>): void;
  remove(path: string, version: number, callback: Callback<[]>): void;
  exists(path: string, watcher: Watcher | undefined, callback: Callback<[Stat | null]>): void;
  getData(path: string, watcher: Watcher | undefined, callback: Callback<[Buffer, Stat]>): void;
  setData(path: string, data: Buffer, version: number, callback: Callback<[Stat]>): void;
  getChildren(
    path: string,
    watcher: Watcher | undefined,
    callback: Callback<[readonly string[], Stat]>,
  ): void;
  getACL(path: string, callback: Callback<[readonly unknown[], Stat]>): void;
  setACL(path: string, acls: unknown, version: number, callback: Callback<[Stat]>): void;
  transaction(): Transaction;
}
type Watcher = (event: WatchedEvent) => void;
interface Library {
  createClient(address: string, options?: Readonly<Record<string, unknown>>): Client;
  readonly CreateMode: Readonly<Record<string, number>>;
  readonly ACL: { readonly CREATOR_ALL_ACL: unknown; readonly READ_ACL_UNSAFE: unknown };
}

const library = createRequire(import.meta.url)('node-zookeeper-client') as Library;
const { CreateMode } = library;
const missing = TARGET === 'apache' ? missingPeer('apache') : undefined;

/** A callback API call as a promise of its results. */
function call<T extends unknown[]>(run: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, ...results) =>
      error === null || error === undefined ? resolve(results) : reject(error),
    );
  });
}

describe.skipIf(missing !== undefined)(suiteTitle('node-zookeeper-client', missing), () => {
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

  async function connect(
    chroot = '',
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<Client> {
    const client = library.createClient(`${server.address}${chroot}`, {
      sessionTimeout: 20_000,
      ...options,
    });
    clients.push(client);
    const connected = new Promise<void>((resolve) => client.once('connected', resolve));
    client.connect();
    await connected;
    return client;
  }

  const create = (client: Client, path: string, data: string | null, mode = 0) =>
    call<[string]>((done) => {
      if (data === null) client.create(path, mode, done);
      else client.create(path, Buffer.from(data), mode, done);
    });

  test('creates, reads, changes and removes znodes', async () => {
    const client = await connect();
    expect(client.getSessionTimeout()).toBe(20_000);
    expect(await create(client, '/n', 'one')).toEqual(['/n']);
    await expect(create(client, '/n', 'one')).rejects.toMatchObject({ code: -110 });
    const [data, stat] = await call<[Buffer, Stat]>((done) =>
      client.getData('/n', undefined, done),
    );
    expect([data.toString(), stat.version, stat.dataLength]).toEqual(['one', 0, 3]);
    const [changed] = await call<[Stat]>((done) =>
      client.setData('/n', Buffer.from('two'), 0, done),
    );
    expect(changed.version).toBe(1);
    await expect(
      call<[Stat]>((done) => client.setData('/n', Buffer.from('x'), 0, done)),
    ).rejects.toMatchObject({ code: -103 });
    await call<[string]>((done) => client.mkdirp('/n/a/b/c', done));
    const [children, parent] = await call<[readonly string[], Stat]>((done) =>
      client.getChildren('/n', undefined, done),
    );
    expect([children, parent.numChildren, parent.cversion]).toEqual([['a'], 1, 1]);
    await expect(call<[]>((done) => client.remove('/n', -1, done))).rejects.toMatchObject({
      code: -111,
    });
    for (const path of ['/n/a/b/c', '/n/a/b', '/n/a', '/n']) {
      await call<[]>((done) => client.remove(path, -1, done));
    }
    expect(await call<[Stat | null]>((done) => client.exists('/n', undefined, done))).toEqual([
      null,
    ]);
  });

  test('makes sequential and ephemeral znodes, which end with the session', async () => {
    const client = await connect();
    const other = await connect();
    await create(client, '/s', null);
    const made: string[] = [];
    for (let i = 0; i < 3; i++) {
      const [path] = await create(client, '/s/e-', 'x', CreateMode['EPHEMERAL_SEQUENTIAL']);
      made.push(path);
    }
    expect(made).toEqual(['/s/e-0000000000', '/s/e-0000000001', '/s/e-0000000002']);
    const [stat] = await call<[Stat | null]>((done) => other.exists(made[0]!, undefined, done));
    expect(stat?.ephemeralOwner).toEqual(client.getSessionId());
    const deleted = new Promise<WatchedEvent>((resolve) => {
      other.exists(made[2]!, resolve, () => client.close());
    });
    expect(await deleted).toMatchObject({ name: 'NODE_DELETED', path: made[2] });
    const [children] = await call<[readonly string[], Stat]>((done) =>
      other.getChildren('/s', undefined, done),
    );
    expect(children).toEqual([]);
  });

  test('is told of changes by one-shot watches', async () => {
    const client = await connect();
    const other = await connect();
    const seen: string[] = [];
    const watcher: Watcher = ({ name, path }) => seen.push(`${name} ${path}`);
    await call<[Stat | null]>((done) => client.exists('/w', watcher, done));
    await create(other, '/w', 'one');
    await call<[Buffer, Stat]>((done) => client.getData('/w', watcher, done));
    await call<[readonly string[], Stat]>((done) => client.getChildren('/w', watcher, done));
    await call<[Stat]>((done) => other.setData('/w', Buffer.from('two'), -1, done));
    await call<[Stat]>((done) => other.setData('/w', Buffer.from('three'), -1, done));
    await create(other, '/w/child', null);
    await call<[Stat | null]>((done) => client.exists('/w/child', watcher, done));
    await call<[]>((done) => other.remove('/w/child', -1, done));
    // An event comes before the answer to any later request.
    await call<[Stat | null]>((done) => client.exists('/', undefined, done));
    expect(seen).toEqual([
      'NODE_CREATED /w',
      'NODE_DATA_CHANGED /w',
      'NODE_CHILDREN_CHANGED /w',
      'NODE_DELETED /w/child',
    ]);
  });

  test('commits transactions whole or not at all', async () => {
    const client = await connect();
    const [results] = await call<[readonly TransactionResult[]]>((done) =>
      client
        .transaction()
        .create('/t', Buffer.from('t'))
        .create('/t/a')
        .setData('/t', Buffer.from('u'))
        .check('/t', 1)
        .remove('/t/a')
        .commit(done),
    );
    expect(results.map(({ type, path }) => [type, path])).toEqual([
      [1, '/t'],
      [1, '/t/a'],
      [5, undefined],
      [13, undefined],
      [2, undefined],
    ]);
    expect(results[2]?.stat?.version).toBe(1);
    await expect(
      call<[readonly TransactionResult[]]>((done) =>
        client.transaction().create('/t/never').check('/t', 9).remove('/t').commit(done),
      ),
    ).rejects.toMatchObject({ code: -103 });
    const [children] = await call<[readonly string[], Stat]>((done) =>
      client.getChildren('/t', undefined, done),
    );
    expect(children).toEqual([]);
  });

  test('guards a znode by the ACL of its creator', async () => {
    const client = await connect();
    client.addAuthInfo('digest', Buffer.from('dora:pw'));
    await call<[string]>((done) =>
      client.create(
        '/acl',
        Buffer.from('x'),
        library.ACL.CREATOR_ALL_ACL,
        CreateMode['PERSISTENT'],
        done,
      ),
    );
    const [acls] = await call<[readonly unknown[], Stat]>((done) => client.getACL('/acl', done));
    expect(acls).toMatchObject([{ permission: 31, id: { scheme: 'digest' } }]);
    const other = await connect();
    await expect(
      call<[Buffer, Stat]>((done) => other.getData('/acl', undefined, done)),
    ).rejects.toMatchObject({ code: -102 });
    const [stat] = await call<[Stat]>((done) =>
      client.setACL('/acl', library.ACL.READ_ACL_UNSAFE, 0, done),
    );
    expect(stat.aversion).toBe(1);
    const [data] = await call<[Buffer, Stat]>((done) => other.getData('/acl', undefined, done));
    expect(data.toString()).toBe('x');
  });

  test('works below a chroot', async () => {
    await create(await connect(), '/chroot', null);
    const client = await connect('/chroot');
    expect(await create(client, '/inside', 'x')).toEqual(['/inside']);
    const outside = await connect();
    const [data] = await call<[Buffer, Stat]>((done) =>
      outside.getData('/chroot/inside', undefined, done),
    );
    expect(data.toString()).toBe('x');
  });

  test('goes on with its session and its watches after a lost connection', async () => {
    const client = await connect('', { spinDelay: 10 });
    const other = await connect();
    await create(client, '/lost', 'x', CreateMode['EPHEMERAL']);
    const sessionId = client.getSessionId().toString('hex');
    const deleted = new Promise<WatchedEvent>((resolve) => {
      client.exists('/lost', resolve, () => {});
    });
    await call<[Stat | null]>((done) => client.exists('/', undefined, done));
    const again = new Promise<void>((resolve) => {
      client.once('disconnected', () => client.once('connected', resolve));
    });
    client.connectionManager.socket.destroy();
    await again;
    expect(client.getSessionId().toString('hex')).toBe(sessionId);
    await call<[]>((done) => other.remove('/lost', 0, done));
    expect(await deleted).toMatchObject({ name: 'NODE_DELETED', path: '/lost' });
  });
});
