import { gzipSync } from 'node:zlib';
import { ClosedError, NoAuthError, SessionExpiredError, type ZooKeeper } from '@zooid/client';
import { startTestProxy } from '@zooid/testing';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { startRewritingProxy } from '../../../client/test/support/rewriting-proxy.ts';
import {
  Cache,
  type CacheChange,
  CacheLimitError,
  type CacheOptions,
  ChangesOverflowError,
  keepSession,
} from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { startSetup, untilAborted } from '../support/setup.ts';

/** addWatch and setWatches2, which servers before 3.6 do not know. */
const NEW_WATCHES = [106, 105];

/** Paths and data of the servers' tree. */
async function treeOf(zk: ZooKeeper, root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if ((await zk.exists(root)) === undefined) return found;
  for (const path of await zk.listTree(root)) {
    found.set(path, (await zk.get(path)).text());
  }
  return found;
}

function contentsOf(cache: Cache): Map<string, string> {
  return new Map([...cache.stream()].map((node) => [node.path, node.text()]));
}

function sorted(contents: Map<string, string>): [string, string][] {
  return [...contents].sort();
}

/** Resolves when the cache holds what the servers hold; each look is questions to a server. */
async function untilSame(cache: Cache, zk: ZooKeeper): Promise<void> {
  for (;;) {
    const [there, here] = [sorted(await treeOf(zk, cache.path)), sorted(contentsOf(cache))];
    if (JSON.stringify(there) === JSON.stringify(here)) return;
  }
}

/** `created /a`, in the order in which they were told, up to and with the first that `last` accepts. */
async function changesUntil(
  changes: AsyncIterable<CacheChange>,
  last: (change: string) => boolean,
): Promise<string[]> {
  const told: string[] = [];
  for await (const change of changes) {
    const name =
      change.type === 'initialized'
        ? change.type
        : `${change.type} ${change.type === 'deleted' ? change.before.path : change.node.path}`;
    told.push(name);
    if (last(name)) break;
  }
  return told;
}

async function makeTree(zk: ZooKeeper, paths: readonly string[]): Promise<void> {
  for (const path of paths) await zk.create(path, `data of ${path}`);
}

const family = ['/c', '/c/a', '/c/a/x', '/c/a/x/deep', '/c/b'];

describe('what it holds', () => {
  const cases: readonly [string, CacheOptions, readonly string[]][] = [
    ['the whole tree unless told otherwise', {}, family],
    ['one znode', { depth: 'node' }, ['/c']],
    ['a znode and its children', { depth: 'children' }, ['/c', '/c/a', '/c/b']],
    ['so many levels', { depth: 2 }, ['/c', '/c/a', '/c/a/x', '/c/b']],
    [
      'what the filter accepts, and nothing below the rest',
      { filter: (path) => path !== '/c/a' },
      ['/c', '/c/b'],
    ],
  ];
  test.each(cases)('%s, also of what comes later', async (_title, options, expected) => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    await using before = new Cache(zk, '/c', options);
    await before.start();
    expect([...before.stream()].map(({ path }) => path).sort()).toEqual(expected);
    expect(before.size).toBe(expected.length);

    await zk.deleteTree('/c');
    await using after = new Cache(await setup.connect(), '/c', options);
    await after.start();
    expect([after.size, after.isInitialized]).toEqual([0, true]);
    const changes = after.changes();
    await makeTree(zk, family);
    const told = await changesUntil(changes, () => after.size === expected.length);
    expect(told.sort()).toEqual(expected.map((path) => `created ${path}`).sort());
    expect(after.get('/c')?.text()).toBe('data of /c');
  });

  test('paths and stats only, when data is not wanted', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    await using cache = new Cache(zk, '/c', { content: 'paths' });
    await cache.start();
    expect(cache.size).toBe(family.length);
    const node = cache.get('/c/a');
    expect([node?.data.byteLength, node?.stat.dataLength]).toEqual([0, 'data of /c/a'.length]);
  });

  test('a whole server, from the root', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    await using cache = new Cache(zk, '/', { filter: (path) => !path.startsWith('/zookeeper') });
    await cache.start();
    expect([...cache.stream()].map(({ path }) => path).sort()).toEqual(['/', ...family]);
    expect([...cache.children('/').keys()]).toEqual(['c']);
  });

  test('the children of a znode by name', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    await using cache = new Cache(zk, '/c');
    await cache.start();
    expect([...cache.children('/c').keys()].sort()).toEqual(['a', 'b']);
    expect(cache.children('/c/a').get('x')?.text()).toBe('data of /c/a/x');
    expect(cache.children('/c/b').size).toBe(0);
  });
});

describe('changes', () => {
  test('tell what was there at the beginning, then that it is all, then what happens', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, ['/c', '/c/a']);
    await using cache = new Cache(zk, '/c');
    const changes = cache.changes();
    await cache.start();
    await zk.set('/c/a', 'two');
    const told: string[] = [];
    for await (const { type } of changes) {
      told.push(type);
      if (type === 'changed') await zk.delete('/c/a');
      if (type === 'deleted') break;
    }
    expect(told).toEqual(['created', 'created', 'initialized', 'changed', 'deleted']);
  });

  test('have the state before and after', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/c', 'one');
    await using cache = new Cache(zk, '/c', { depth: 'node' });
    await cache.start();
    const changes = cache.changes();
    await zk.set('/c', '2');
    const { value } = await changes.next();
    if (value.type !== 'changed') throw new Error(value.type);
    expect([value.before.text(), value.node.json()]).toEqual(['one', 2]);
    expect(value.node.stat.version).toBe(1);
  });

  test('begin with what is there when asked to', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, ['/c', '/c/a']);
    await using cache = new Cache(zk, '/c');
    await cache.start();
    const changes = cache.changes({ withPresent: true });
    expect(await changesUntil(changes, (change) => change === 'initialized')).toEqual([
      'created /c',
      'created /c/a',
      'initialized',
    ]);
  });

  test('end with an error when nobody takes them, and the cache goes on', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/c');
    await using cache = new Cache(zk, '/c');
    await cache.start();
    const slow = cache.changes({ maxQueued: 2 });
    const quick = cache.changes();
    await makeTree(zk, ['/c/a', '/c/b', '/c/d']);
    await changesUntil(quick, () => cache.size === 4);
    expect((await slow.next()).value.type).toBe('created');
    expect((await slow.next()).value.type).toBe('created');
    await expect(slow.next()).rejects.toBeInstanceOf(ChangesOverflowError);
    expect((await slow.next()).done).toBe(true);
    expect(cache.failed.aborted).toBe(false);
  });

  test('end quietly with their signal, and with the cache', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const cache = new Cache(zk, '/c');
    await cache.start();
    const stopping = new AbortController();
    const stopped = cache.changes({ signal: stopping.signal }).next();
    const closed = cache.changes().next();
    stopping.abort();
    expect((await stopped).done).toBe(true);
    await cache.close();
    expect((await closed).done).toBe(true);
    expect((await cache.changes().next()).done).toBe(true);
  });
});

describe('compressed data', () => {
  test('is unpacked, and no data is no error', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/c');
    await zk.create('/c/a', gzipSync('text of a'));
    await using cache = new Cache(zk, '/c', { compression: 'gzip' });
    await cache.start();
    expect(cache.get('/c')?.text()).toBe('');
    expect(cache.get('/c/a')?.text()).toBe('text of a');
    const changes = cache.changes();
    await zk.set('/c/a', gzipSync('another text'));
    const { value } = await changes.next();
    expect(value).toMatchObject({ type: 'changed' });
    expect(value.node.text()).toBe('another text');
  });

  test.each([
    ['other data', Buffer.from('not gzip')],
    ['data that is cut off', gzipSync('text').subarray(0, 15)],
    ['data that becomes longer than the cache may be', gzipSync(Buffer.alloc(1_000_000))],
  ])('%s ends it, or is left out', async (_title, data) => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/c');
    await zk.create('/c/a', data);
    const options = { compression: 'gzip', maxBytes: 100_000 } as const;
    await using failing = new Cache(zk, '/c', options);
    await expect(failing.start()).rejects.toMatchObject({ code: 'CACHE_DATA', path: '/c/a' });
    await using cache = new Cache(zk, '/c', { ...options, unreadable: 'leave-out' });
    await cache.start();
    expect([...cache.stream()].map(({ path }) => path)).toEqual(['/c']);
    const changes = cache.changes();
    await zk.set('/c/a', gzipSync('text'));
    expect((await changes.next()).value).toMatchObject({ type: 'created' });
  });
});

describe('its limits', () => {
  test.each([
    ['maxNodes', { maxNodes: 3 }],
    ['maxBytes', { maxBytes: 5_000 }],
  ] as const)('more than %s is an error, and the end', async (option, options) => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, ['/c', '/c/a']);
    await using cache = new Cache(zk, '/c', options);
    await cache.start();
    const changes = cache.changes();
    await zk.create('/c/b', new Uint8Array(3_000));
    await zk.create('/c/d', new Uint8Array(3_000));
    await untilAborted(cache.failed);
    expect(cache.failed.reason).toBeInstanceOf(CacheLimitError);
    expect(cache.failed.reason.option).toBe(option);
    expect(cache.size).toBe(0);
    await expect(changesUntil(changes, () => false)).rejects.toBe(cache.failed.reason);
    await expect(cache.start()).rejects.toBe(cache.failed.reason);
  });

  test('a znode that the ACL hides ends it, or is left out', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, ['/c', '/c/a']);
    await zk.create('/c/secret', 'x', {
      acl: [{ perms: 31, scheme: 'digest', id: 'nobody:nothing' }],
    });
    await using strict = new Cache(zk, '/c');
    await expect(strict.start()).rejects.toBeInstanceOf(NoAuthError);
    await using lenient = new Cache(zk, '/c', { unreadable: 'leave-out' });
    await lenient.start();
    expect([...lenient.stream()].map(({ path }) => path)).toEqual(['/c', '/c/a']);
  });
});

describe('faults', () => {
  test('what happened while the connection was lost is told when it is back', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    await using proxy = await startTestProxy({ target: setup.server });
    await using cache = new Cache(await setup.connect({ servers: proxy.connectString }), '/c');
    await cache.start();
    const changes = cache.changes();
    proxy.refuse();
    proxy.dropConnections();
    await zk.deleteTree('/c/a');
    await zk.create('/c/new', 'n');
    await zk.set('/c/b', 'changed');
    await zk.create('/c/a', 'another');
    await proxy.heal();
    await untilSame(cache, zk);
    await cache.close();
    // Those that were told before the end are handed out after it.
    const told = await changesUntil(changes, () => false);
    expect(told).toEqual(expect.arrayContaining(['created /c/new', 'changed /c/b']));
    expect(told.filter((change) => change.endsWith(' /c/a'))).toEqual([
      'deleted /c/a',
      'created /c/a',
    ]);
  });

  test('it goes on in a new session, and ends with the only one', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    await using sessions = keepSession(() => setup.connect());
    await using lasting = new Cache(sessions, '/c');
    const own = await setup.connect();
    await using single = new Cache(own, '/c');
    await Promise.all([lasting.start(), single.start()]);
    const mortal = await sessions();
    await Promise.all([setup.server.expireSession(mortal), setup.server.expireSession(own)]);
    await zk.deleteTree('/c/a');
    await zk.create('/c/new', 'n');
    await untilSame(lasting, zk);
    expect((await sessions()).session.id).not.toBe(mortal.session.id);
    await untilAborted(single.failed);
    expect(single.failed.reason).toBeInstanceOf(SessionExpiredError);
  });

  test('in a new session it asks nothing before the server has all that it has seen', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    const asked: string[][] = [];
    await using sessions = keepSession(async () => {
      const next = await setup.connect();
      const own: string[] = [];
      asked.push(own);
      for (const name of ['sync', 'watch', 'get'] as const) {
        const real = next[name].bind(next) as (...args: unknown[]) => never;
        vi.spyOn(next, name).mockImplementation((...args: unknown[]) => {
          own.push(name);
          return real(...args);
        });
      }
      return next;
    });
    await using cache = new Cache(sessions, '/c');
    await cache.start();
    await setup.server.expireSession(await sessions());
    await zk.create('/c/new', 'n');
    await untilSame(cache, zk);
    expect(asked.map(([first, second]) => [first, second])).toEqual([
      ['watch', 'get'],
      ['sync', 'watch'],
    ]);
  });

  test('a restart of the server is no more than a lost connection', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    await using cache = new Cache(await setup.connect(), '/c');
    await cache.start();
    await setup.server.restart({ ending: 'reset' });
    await zk.set('/c/b', 'after', { idempotent: true });
    await untilSame(cache, zk);
    expect(cache.get('/c/b')?.text()).toBe('after');
  });

  test('a server before 3.6, without lasting watches, is followed by one-shot ones', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    await using old = await startRewritingProxy(setup.server.port, NEW_WATCHES);
    const reader = await setup.connect({ servers: old.connectString });
    await using whole = new Cache(reader, '/c');
    await using upper = new Cache(reader, '/c', { depth: 'children' });
    await using single = new Cache(reader, '/c', { depth: 'node' });
    await Promise.all([whole.start(), upper.start(), single.start()]);
    expect([whole.size, upper.size, single.size]).toEqual([family.length, 3, 1]);
    await zk.create('/c/new', 'n');
    await zk.create('/c/new/below', 'b');
    await zk.set('/c/b', 'changed');
    await zk.deleteTree('/c/a');
    await untilSame(whole, zk);
    old.dropConnections();
    await zk.set('/c', 'after a gap');
    await zk.delete('/c/b');
    await untilSame(whole, zk);
    while (upper.size !== 2 || single.get('/c')?.text() !== 'after a gap') await zk.exists('/c');
    expect([...upper.stream()].map(({ path }) => path).sort()).toEqual(['/c', '/c/new']);
  });

  test('wherever the connection breaks, it starts, follows and leaves no watch', async () => {
    await using setup = await startSetup();
    const observer = await setup.connect();
    await makeTree(observer, family);
    let run = 0;
    const cutCount = await forEachCut(setup.server, async (zk) => {
      await using cache = new Cache(zk, '/c');
      await cache.start();
      expect(cache.size).toBe(family.length);
      await observer.set('/c/b', `run ${run++}`);
      await untilSame(cache, observer);
      await cache.close();
      expect(await zk.hasWatch('/c', 'any')).toBe(false);
    });
    expect(cutCount).toBeGreaterThan(10);
  });

  test('property: whatever is done, over lost connections, it ends like the servers, and so do those who follow its changes', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const names = ['/c', '/c/a', '/c/b', '/c/a/x', '/c/a/y', '/c/b/x', '/c/a/x/z'];
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(fc.constant('create'), fc.constantFrom(...names)) },
      { weight: 3, arbitrary: fc.tuple(fc.constant('set'), fc.constantFrom(...names)) },
      { weight: 4, arbitrary: fc.tuple(fc.constant('delete'), fc.constantFrom(...names)) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('cut'), fc.constant('')) },
    );
    await using proxy = await startTestProxy({ target: setup.server });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const reader = await setup.connect({ servers: proxy.connectString });
        await using cache = new Cache(reader, '/c');
        const follower = new Map<string, string>();
        const following = (async () => {
          for await (const change of cache.changes()) {
            if (change.type === 'deleted') {
              if (!follower.delete(change.before.path)) throw new Error('deleted what is not');
            } else if (change.type !== 'initialized') {
              if (follower.has(change.node.path) !== (change.type === 'changed')) {
                throw new Error(`${change.type} of ${change.node.path}`);
              }
              follower.set(change.node.path, change.node.text());
            }
          }
        })();
        following.catch(() => undefined);
        let data = 0;
        const starting = cache.start();
        const done = steps.map(([kind, path]) => {
          if (kind === 'create') return zk.create(path, `${data++}`);
          if (kind === 'set') return zk.set(path, `${data++}`);
          if (kind === 'delete') return zk.delete(path);
          proxy.dropConnections();
          return Promise.resolve();
        });
        await Promise.allSettled(done);
        await starting;
        await untilSame(cache, zk);
        await cache.close();
        await following;
        expect(sorted(follower)).toEqual(sorted(await treeOf(zk, '/c')));
        await reader.close();
        if ((await zk.exists('/c')) !== undefined) await zk.deleteTree('/c');
      }),
      { numRuns: 25 },
    );
  });
});

describe('its end', () => {
  test('close takes its watch off, and clears it unless told to keep', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await makeTree(zk, family);
    const cleared = new Cache(zk, '/c');
    const kept = new Cache(zk, '/c', { onClose: 'keep' });
    await Promise.all([cleared.start(), kept.start()]);
    expect(await zk.hasWatch('/c', 'any')).toBe(true);
    await Promise.all([cleared.close(), kept.close(), kept.close()]);
    expect(await zk.hasWatch('/c', 'any')).toBe(false);
    expect([cleared.size, kept.size]).toEqual([0, family.length]);
    await expect(cleared.start()).rejects.toBeInstanceOf(ClosedError);
  });

  test('a start that waits ends with its signal, with its time, or when it is closed', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    setup.server.partition();
    const cache = new Cache(zk, '/c');
    await expect(cache.start({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough');
    await expect(cache.start({ timeoutMs: 1 })).rejects.toThrow('no answer came in time');
    const waiting = cache.start();
    const closing = cache.close();
    await setup.server.heal();
    await closing;
    await expect(waiting).rejects.toBeInstanceOf(ClosedError);
  });
});
