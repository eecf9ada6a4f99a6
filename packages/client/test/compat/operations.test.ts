// Each method against a real server.

import { describe, expect, test } from 'vitest';
import {
  ACL,
  type Client,
  CreateMode,
  Exception,
  Id,
  Permission,
  type Stat,
  type TransactionResult,
} from '../../src/compat/index.ts';
import { Clients, called, useServer } from './support.ts';

const server = useServer();
const clients = new Clients();

let nextName = 0;
/** A client that has a part of the tree for itself. */
async function alone(options?: Parameters<Clients['connect']>[1]): Promise<Client> {
  const root = `/t${nextName++}`;
  const outside = await clients.connect(server.current.connectString);
  await outside.createAsync(root);
  return clients.connect(`${server.current.connectString}${root}`, options);
}

describe('create', () => {
  test('takes data, ACL and mode in any order, and gives the path', async () => {
    const client = await alone();
    client.addAuthInfo('digest', Buffer.from('a:b'));
    const data = Buffer.from('x');

    expect(await called<[string]>((done) => client.create('/1', done))).toEqual(['/1']);
    await called<[string]>((done) => client.create('/2', data, done));
    await called<[string]>((done) => client.create('/3', CreateMode.EPHEMERAL, data, done));
    await called<[string]>((done) =>
      client.create('/4', CreateMode.PERSISTENT, ACL.CREATOR_ALL_ACL, data, done),
    );
    await called<[string]>((done) => client.create('/5', null, undefined, 0, done));

    const got = async (path: string) => (await client.getDataAsync(path)).data?.toString();
    expect(await Promise.all(['/1', '/2', '/3', '/4', '/5'].map(got))).toEqual([
      undefined,
      'x',
      'x',
      'x',
      undefined,
    ]);
    expect((await client.existsAsync('/3'))?.ephemeralOwner).toEqual(client.getSessionId());
    expect((await client.getACLAsync('/4')).acls[0]?.id.scheme).toBe('digest');
  });

  test('tells empty data from none', async () => {
    const client = await alone();
    await client.createAsync('/empty', Buffer.alloc(0));
    expect((await client.getDataAsync('/empty')).data).toEqual(Buffer.alloc(0));
  });

  test('keeps the data as it was at the call', async () => {
    const client = await alone();
    const data = Buffer.from('before');
    const created = client.createAsync('/kept', data);
    data.write('after!');
    await created;
    expect((await client.getDataAsync('/kept')).data?.toString()).toBe('before');
  });

  test('completes the names of sequential znodes, below a chroot and at its root too', async () => {
    const client = await alone();
    const mode = CreateMode.PERSISTENT_SEQUENTIAL;
    expect(await client.createAsync('/s-', mode)).toBe('/s-0000000000');
    expect(await client.createAsync('/', mode)).toBe('/0000000001');
    await client.createAsync('/p');
    expect(await client.createAsync('/p/', CreateMode.EPHEMERAL_SEQUENTIAL)).toBe('/p/0000000000');
  });
});

describe('the results', () => {
  test('of reads have stats with Buffers of 8 bytes', async () => {
    const client = await alone();
    const before = Date.now();
    await client.createAsync('/a', Buffer.from('xyz'));
    await client.createAsync('/a/b');

    const [data, stat] = await called<[Buffer, Stat]>((done) => client.getData('/a', done));
    const [children, other] = await called<[string[], Stat]>((done) =>
      client.getChildren('/a', done),
    );
    const [acls, third] = await called<[ACL[], Stat]>((done) => client.getACL('/a', done));
    const [fourth] = await called<[Stat | null]>((done) => client.exists('/a', done));

    expect(data).toEqual(Buffer.from('xyz'));
    expect(children).toEqual(['b']);
    expect(acls).toEqual(ACL.OPEN_ACL_UNSAFE);
    expect(acls[0]).toBeInstanceOf(ACL);
    expect(acls[0]?.id).toBeInstanceOf(Id);
    for (const same of [other, third, fourth]) expect(same).toEqual(stat);
    expect(Object.keys(stat)).toEqual([
      'czxid',
      'mzxid',
      'ctime',
      'mtime',
      'version',
      'cversion',
      'aversion',
      'ephemeralOwner',
      'dataLength',
      'numChildren',
      'pzxid',
    ]);
    expect(stat).toMatchObject({
      version: 0,
      cversion: 1,
      aversion: 0,
      dataLength: 3,
      numChildren: 1,
      ephemeralOwner: Buffer.alloc(8),
    });
    expect(stat.pzxid.readBigInt64BE()).toBe(stat.czxid.readBigInt64BE() + 1n);
    expect(Number(stat.ctime.readBigInt64BE())).toBeGreaterThanOrEqual(before);
  });

  test('of exists is null when there is no such znode', async () => {
    const client = await alone();
    expect(await called<[Stat | null]>((done) => client.exists('/no', done))).toEqual([null]);
  });

  test('of a call that is refused are the exception alone', async () => {
    const client = await alone();
    const seen = await new Promise<unknown[]>((resolve) => {
      client.getData('/no', (...args: unknown[]) => resolve(args));
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeInstanceOf(Exception);
    expect(seen[0]).toMatchObject({ code: Exception.NO_NODE, name: 'NO_NODE', path: '/no' });
  });

  test('of a call without results are null alone', async () => {
    const client = await alone();
    await client.createAsync('/a');
    const seen = await new Promise<unknown[]>((resolve) => {
      client.remove('/a', (...args: unknown[]) => resolve(args));
    });
    expect(seen).toEqual([null]);
  });
});

describe('versions', () => {
  test('guard setData, setACL and remove; without one any will do', async () => {
    const client = await alone();
    await client.createAsync('/a');
    const [changed] = await called<[Stat]>((done) => client.setData('/a', Buffer.from('1'), done));
    expect(changed.version).toBe(1);
    expect((await client.setDataAsync('/a', Buffer.from('2'), 1)).version).toBe(2);
    await expect(client.setDataAsync('/a', Buffer.from('3'), 0)).rejects.toMatchObject({
      code: Exception.BAD_VERSION,
      path: '/a',
    });
    expect((await client.setACLAsync('/a', ACL.OPEN_ACL_UNSAFE, 0)).aversion).toBe(1);
    const [stat] = await called<[Stat]>((done) => client.setACL('/a', ACL.OPEN_ACL_UNSAFE, done));
    expect(stat.aversion).toBe(2);
    await expect(client.removeAsync('/a', 0)).rejects.toMatchObject({ code: -103 });
    await called<[]>((done) => client.remove('/a', 2, done));
    expect(await client.existsAsync('/a')).toBeNull();
  });
});

describe('refusals', () => {
  test('have the code of the server and the path as it was given', async () => {
    const client = await alone();
    await client.createAsync('/a');
    await client.createAsync('/a/b');
    await client.createAsync('/e', CreateMode.EPHEMERAL);
    const locked = [new ACL(Permission.READ, Id.ANYONE_ID_UNSAFE)];
    await client.createAsync('/locked', locked);
    const codeOf = (promise: Promise<unknown>) =>
      promise.then(
        () => 'done',
        ({ code, path }: Exception) => [code, path],
      );
    expect(await codeOf(client.createAsync('/a'))).toEqual([Exception.NODE_EXISTS, '/a']);
    expect(await codeOf(client.createAsync('/x/y'))).toEqual([Exception.NO_NODE, '/x/y']);
    expect(await codeOf(client.createAsync('/e/y'))).toEqual([
      Exception.NO_CHILDREN_FOR_EPHEMERALS,
      '/e/y',
    ]);
    expect(await codeOf(client.removeAsync('/a'))).toEqual([Exception.NOT_EMPTY, '/a']);
    expect(await codeOf(client.setDataAsync('/locked', null))).toEqual([
      Exception.NO_AUTH,
      '/locked',
    ]);
    expect(await codeOf(client.setACLAsync('/a', ACL.CREATOR_ALL_ACL))).toEqual([
      Exception.INVALID_ACL,
      '/a',
    ]);
    expect(await codeOf(client.getChildrenAsync('/no'))).toEqual([Exception.NO_NODE, '/no']);
  });
});

describe('transaction', () => {
  test('carries out all, and tells of each what it did', async () => {
    const client = await alone();
    const results = await client
      .transaction()
      .create('/t', Buffer.from('a'), ACL.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT)
      .create('/t/s-', CreateMode.EPHEMERAL_SEQUENTIAL)
      .setData('/t', Buffer.from('b'), 0)
      .check('/t', 1)
      .remove('/t/s-0000000000')
      .commitAsync();
    expect(results).toMatchObject([
      { type: 1, path: '/t' },
      { type: 1, path: '/t/s-0000000000' },
      { type: 5, stat: { version: 1, czxid: expect.any(Buffer) } },
      { type: 13 },
      { type: 2 },
    ]);
    expect((await client.getDataAsync('/t')).data?.toString()).toBe('b');
  });

  test('does nothing when one is refused, and tells which', async () => {
    const client = await alone();
    const seen = await new Promise<[Exception | null, TransactionResult[]]>((resolve) => {
      client
        .transaction()
        .create('/t')
        .check('/t', 9)
        .remove('/t')
        .commit((error, results) => resolve([error, results]));
    });
    expect(seen[0]).toMatchObject({ code: Exception.BAD_VERSION, path: '/t' });
    expect(seen[1]).toEqual([
      { type: -1, err: 0 },
      { type: -1, err: Exception.BAD_VERSION },
      { type: -1, err: Exception.RUNTIME_INCONSISTENCY },
    ]);
    expect(await client.existsAsync('/t')).toBeNull();
  });

  test('may be empty', async () => {
    const client = await alone();
    expect(await client.transaction().commitAsync()).toEqual([]);
  });
});

describe('mkdirp', () => {
  test('makes what is missing and minds nothing that is there', async () => {
    const client = await alone();
    expect(await called<[string]>((done) => client.mkdirp('/a/b/c', done))).toEqual(['/a/b/c']);
    expect(await client.mkdirpAsync('/a/b/c')).toBe('/a/b/c');
    expect(await client.mkdirpAsync('/a/b/d')).toBe('/a/b/d');
    expect(await client.mkdirpAsync('/')).toBe('/');
    expect((await client.getChildrenAsync('/a/b')).children.sort()).toEqual(['c', 'd']);
  });

  test('gives the path that could not be made behind the error', async () => {
    const client = await alone();
    await client.createAsync('/e', CreateMode.EPHEMERAL);
    const seen = await new Promise<unknown[]>((resolve) => {
      client.mkdirp('/e/f/g', (...args) => resolve(args));
    });
    expect(seen).toMatchObject([
      { code: Exception.NO_CHILDREN_FOR_EPHEMERALS, path: '/e/f' },
      '/e/f',
    ]);
  });
});

describe('trees', () => {
  test('are listed level by level, the first included', async () => {
    const client = await alone();
    for (const path of ['/r/a/1', '/r/a/2', '/r/b/1']) await client.mkdirpAsync(path);
    const [paths] = await called<[string[]]>((done) => client.listSubTreeBFS('/r', done));
    expect(paths[0]).toBe('/r');
    expect(paths.slice(1, 3).sort()).toEqual(['/r/a', '/r/b']);
    expect(paths.slice(3).sort()).toEqual(['/r/a/1', '/r/a/2', '/r/b/1']);
    expect((await client.listSubTreeBFSAsync('/')).sort()).toEqual(['/', ...paths].sort());
    await expect(client.listSubTreeBFSAsync('/no')).rejects.toMatchObject({
      code: Exception.NO_NODE,
      path: '/no',
    });
  });

  test('are removed', async () => {
    const client = await alone();
    for (const path of ['/r/a/1', '/r/a/2', '/r/b/1']) await client.mkdirpAsync(path);
    await called<[]>((done) => client.removeRecursive('/r', done));
    expect((await client.getChildrenAsync('/')).children).toEqual([]);
    await expect(client.removeRecursiveAsync('/r')).rejects.toMatchObject({ code: -101 });
  });
});

describe('the promises', () => {
  test('reject with what is wrong with the arguments', async () => {
    const client = await alone();
    await expect(client.createAsync('a')).rejects.toThrow('Node path must start with / character.');
    await expect(client.setDataAsync('/a', 'x' as never)).rejects.toThrow(/valid buffer/);
  });

  test('may be put aside for those of promisifyAll', async () => {
    const client = await alone();
    const transaction = client.transaction();
    const own = () => Promise.resolve('own' as never);
    for (const [object, name, count] of [
      [client, 'createAsync', 11],
      [Object.getPrototypeOf(client), 'createAsync', 11],
      [transaction, 'commitAsync', 1],
    ] as const) {
      const names = promisesOf(object);
      expect(names).toHaveLength(count);
      // What promisifyAll looks at: no property of its own, and no method, but something that can be assigned.
      for (const one of names) {
        expect(Object.hasOwn(object, one)).toBe(false);
        expect(inheritedProperty(object, one)).not.toHaveProperty('value');
      }
      const before: unknown = object[name];
      object[name] = own;
      expect(object[name]).toBe(own);
      delete object[name];
      expect(object[name]).toBe(before);
    }
  });

  test('leave the way to the new client open, with the same session', async () => {
    const client = await alone();
    await client.createAsync('/a', Buffer.from('x'));
    const { zookeeper } = client;
    expect((await zookeeper.get('/a')).text()).toBe('x');
    expect(zookeeper.session.id).toBe(client.getSessionId().readBigInt64BE());
  });
});

/** Names of the methods, own or not, that give promises. */
function promisesOf(object: object): string[] {
  const names = new Set<string>();
  for (let at = object; at !== null; at = Object.getPrototypeOf(at) as object) {
    for (const name of Object.getOwnPropertyNames(at)) if (name.endsWith('Async')) names.add(name);
  }
  return [...names];
}

function inheritedProperty(object: object, name: string): PropertyDescriptor | undefined {
  for (let at = object; at !== null; at = Object.getPrototypeOf(at) as object) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property !== undefined) return property;
  }
  return undefined;
}
