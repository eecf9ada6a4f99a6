import { OpCode } from '@zooid/protocol';
import { startTestProxy, startTestServer, type TestProxy, type TestServer } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import type { ZooKeeper } from '../../src/index.ts';
import { takeEvents } from '../integration/suite-server.ts';
import { checkLeaks, client, own } from '../support/leaks.ts';
import { startRewritingProxy } from '../support/rewriting-proxy.ts';

checkLeaks();

interface Pair {
  readonly server: TestServer;
  /** In front of `zk`. */
  readonly proxy: TestProxy;
  readonly zk: ZooKeeper;
  /** Has a connection of its own. */
  readonly other: ZooKeeper;
}

async function startPair(): Promise<Pair> {
  const server = own(await startTestServer({ proxy: false }));
  const proxy = own(await startTestProxy({ target: { port: server.port } }));
  return {
    server,
    proxy,
    zk: await client(proxy.connectString, { maxReconnectDelayMs: 10 }),
    other: await client(server.connectString),
  };
}

/** Keeps `zk` away while `run` runs. */
async function away({ proxy, zk }: Pair, run: () => Promise<unknown>): Promise<void> {
  proxy.refuse();
  proxy.dropConnections();
  await zk.untilState('suspended');
  await run();
  await proxy.heal();
  // Answered behind the watches, which are then registered again.
  await zk.sync();
}

describe('one-shot watches', () => {
  test('tell of what happened while the connection was lost', async () => {
    const pair = await startPair();
    const { zk, other } = pair;
    for (const name of ['data', 'gone', 'children', 'same']) await zk.create(`/${name}`);
    const data = await zk.get('/data', { watch: true });
    const gone = await zk.exists('/gone', { watch: true });
    const children = await zk.children('/children', { watch: true });
    const created = await zk.exists('/created', { watch: true });
    const same = await zk.get('/same', { watch: true });
    await away(pair, async () => {
      await other.set('/data', 'x');
      await other.delete('/gone');
      await other.create('/children/child');
      await other.create('/created');
    });
    expect(await data.changed).toEqual({ type: 'data-changed', path: '/data' });
    expect(await gone.changed).toEqual({ type: 'deleted', path: '/gone' });
    expect(await children.changed).toEqual({ type: 'children-changed', path: '/children' });
    expect(await created.changed).toEqual({ type: 'created', path: '/created' });
    await other.set('/same', 'x');
    expect(await same.changed).toEqual({ type: 'data-changed', path: '/same' });
  });

  test('by the thousand come back, though no one request could hold them', async () => {
    const pair = await startPair();
    const { zk, other } = pair;
    const paths = Array.from({ length: 1_000 }, (_, i) => `/${'long'.repeat(100)}-${i}`);
    await Promise.all(paths.map((path) => zk.create(path)));
    const reads = await Promise.all(paths.map((path) => zk.get(path, { watch: true })));
    await away(pair, async () => {
      await Promise.all(paths.slice(0, 500).map((path) => other.set(path, 'x')));
    });
    await Promise.all(paths.slice(500).map((path) => other.set(path, 'y')));
    const events = await Promise.all(reads.map(({ changed }) => changed));
    expect(events.map(({ path }) => path)).toEqual(paths);
  });
});

describe('lasting watches', () => {
  test('tell of a gap when something may have been missed', async () => {
    const pair = await startPair();
    const { zk, other } = pair;
    const recursive = zk.watch('/', { recursive: true });
    const persistent = zk.watch('/a');
    await Promise.all([recursive.ready, persistent.ready]);
    await zk.create('/a');
    await away(pair, () => other.set('/a', 'missed'));
    await other.set('/a', 'seen');
    expect(await takeEvents(recursive, 3)).toEqual(['created /a', 'gap /', 'data-changed /a']);
    expect(await takeEvents(persistent, 3)).toEqual(['created /a', 'gap /a', 'data-changed /a']);
  });

  test('tell of none when nothing has happened', async () => {
    const pair = await startPair();
    const { zk, other } = pair;
    const events = zk.watch('/', { recursive: true });
    await events.ready;
    await zk.create('/a');
    await zk.sync();
    await away(pair, async () => {});
    await other.create('/b');
    expect(await takeEvents(events, 2)).toEqual(['created /a', 'created /b']);
  });

  test('that begin while the connection is lost have no gap', async () => {
    const pair = await startPair();
    const { zk, other } = pair;
    let events: ReturnType<ZooKeeper['watch']> | undefined;
    await away(pair, async () => {
      events = zk.watch('/', { recursive: true });
      await other.create('/before');
    });
    await events?.ready;
    await other.create('/after');
    expect(await takeEvents(events!, 1)).toEqual(['created /after']);
  });

  test('that are closed while the connection is lost do not come back', async () => {
    const pair = await startPair();
    const { zk, proxy } = pair;
    const events = zk.watch('/a');
    await events.ready;
    proxy.refuse();
    proxy.dropConnections();
    await zk.untilState('suspended');
    const closed = events.close();
    await proxy.heal();
    await closed;
    expect(await zk.hasWatch('/a', 'any')).toBe(false);
  });
});

describe('against a server without lasting watches', () => {
  async function startOld() {
    const server = own(await startTestServer({ proxy: false }));
    const proxy = own(
      await startRewritingProxy(server.port, [OpCode.addWatch, OpCode.setWatches2]),
    );
    const zk = await client(proxy.connectString, { maxReconnectDelayMs: 10 });
    const other = await client(server.connectString);
    return { server, proxy, zk, other };
  }

  test('a lasting watch works by one-shot ones', async () => {
    const { zk, other } = await startOld();
    await using events = zk.watch('/a');
    await events.ready;
    const told = () => takeEvents(events, 1);
    await other.create('/a');
    expect(await told()).toEqual(['created /a']);
    await other.set('/a', 'x');
    expect(await told()).toEqual(['data-changed /a']);
    await other.create('/a/b');
    expect(await told()).toEqual(['children-changed /a']);
    await other.delete('/a/b');
    expect(await told()).toEqual(['children-changed /a']);
    await other.delete('/a');
    expect(await told()).toEqual(['deleted /a']);
  });

  test('a recursive one does, too, for znodes that are there and for new ones', async () => {
    const { zk, other } = await startOld();
    await other.ensurePath('/a/b');
    const events = zk.watch('/a', { recursive: true });
    await events.ready;
    const told = () => takeEvents(events, 1);
    await other.set('/a/b', 'x');
    expect(await told()).toEqual(['data-changed /a/b']);
    await other.create('/a/b/c');
    expect(await told()).toEqual(['created /a/b/c']);
    await other.set('/a/b/c', 'y');
    expect(await told()).toEqual(['data-changed /a/b/c']);
    await other.delete('/a/b/c');
    expect(await told()).toEqual(['deleted /a/b/c']);
    await events.close();
    for (const path of ['/a', '/a/b', '/a/b/c']) {
      expect(await zk.hasWatch(path, 'any'), path).toBe(false);
    }
  });

  test('what happened while the connection was lost is told by its difference', async () => {
    const { zk, other, proxy } = await startOld();
    await other.create('/a');
    await using events = zk.watch('/a', { recursive: true });
    await events.ready;
    proxy.dropConnections();
    await other.set('/a', 'x');
    await other.create('/a/new');
    const told = await takeEvents(events, 2);
    expect([...told].sort()).toEqual(['created /a/new', 'data-changed /a']);
  });

  test('a watch asked for while the connection is lost begins in the end', async () => {
    const { zk, other, proxy } = await startOld();
    proxy.dropConnections();
    await zk.untilState('suspended');
    await using events = zk.watch('/a');
    await events.ready;
    await other.create('/a');
    expect(await takeEvents(events, 1)).toEqual(['created /a']);
  });
});

describe('against a server without create2', () => {
  test('create works, with its stat where that may be read, and says when it cannot tell', async () => {
    const server = own(await startTestServer({ proxy: false }));
    const proxy = own(await startRewritingProxy(server.port, [OpCode.create2]));
    const zk = (await client(`${proxy.connectString}`, { maxReconnectDelayMs: 10 })).under('/in');
    await (await client(server.connectString)).create('/in');
    const created = await zk.create('/a', 'x');
    expect(created).toMatchObject({ path: '/a', stat: { version: 0, dataLength: 1 } });
    const sequential = await zk.create('/s-', '', { mode: 'ephemeral-sequential' });
    expect(sequential.path).toBe('/s-0000000001');
    expect(sequential.stat.ephemeralOwner).toBe(zk.session.id);
    const acl = [{ perms: 2, scheme: 'world', id: 'anyone' }];
    await expect(zk.create('/write-only', 'x', { acl })).rejects.toMatchObject({
      code: 'NO_AUTH',
      outcome: 'unknown',
    });
    await expect(zk.create('/a')).rejects.toMatchObject({ code: 'NODE_EXISTS' });
  });
});
