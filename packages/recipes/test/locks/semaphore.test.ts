import { setImmediate as nextTurn } from 'node:timers/promises';
import { BadArgumentsError, OperationTimeoutError, SessionExpiredError } from '@zooid/client';
import { deferred } from '@zooid/client/waiting';
import { describe, expect, test } from 'vitest';
import { type LeaseCount, type LockLayout, Semaphore, SemaphoreMutex } from '../../src/index.ts';
import { History } from '../support/history.ts';
import { childrenOf, startSetup, untilAborted, untilChildren } from '../support/setup.ts';

const layouts: readonly LockLayout[] = ['curator', 'kazoo'];

/** Where the leases are, and those who wait for one. */
const placesOf = {
  curator: { leases: '/s/leases', locks: '/s/locks' },
  kazoo: { leases: '/s', locks: '/s-__lock__' },
};

describe.each(layouts)("in %s's layout", (layout) => {
  const { leases, locks } = placesOf[layout];

  test('so many hold it and no more, in the order in which they asked, with tokens that grow', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(20);
    const history = new History();
    const threeIn = deferred<void>();
    await Promise.all(
      clients.map(async (zk, index) => {
        const semaphore = new Semaphore(zk, '/s', 3, { layout });
        for (let round = 0; round < 3; round++) {
          const lease = await semaphore.acquire();
          history.granted(`client ${index}`, lease.fencingToken);
          if (history.holdersMax === 3) threeIn.resolve();
          await threeIn.promise;
          history.released(`client ${index}`, lease.fencingToken);
          await lease.release();
        }
      }),
    );
    expect(history.grantCount).toBe(60);
    history.assertAtMost(3);
    history.assertTokensGrow();
    expect(history.holdersMax).toBe(3);
    expect(await childrenOf(clients[0]!, leases)).toEqual([]);
    await untilChildren(clients[0]!, locks, 0);
  });

  test('one who tries gets a lease if there is one, and leaves nothing if not', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const semaphore = new Semaphore(zk, '/s', 2, { layout, identifier: 'me' });
    const held = [await semaphore.tryAcquire(), await semaphore.tryAcquire()];
    expect(await semaphore.tryAcquire()).toBeUndefined();
    const holders = await semaphore.holders();
    expect(holders.map(({ identifier }) => identifier)).toEqual(['me', 'me']);
    expect(holders.map(({ path }) => path).sort()).toEqual(held.map((lease) => lease!.path).sort());
    expect(await childrenOf(zk, leases)).toHaveLength(2);
    expect(await childrenOf(zk, locks)).toEqual([]);
    await held[0]!.release();
    expect(await semaphore.tryAcquire()).toBeDefined();
  });

  test('a wait that takes too long, or is given up, leaves nothing', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const semaphore = new Semaphore(zk, '/s', 1, { layout });
    const held = await semaphore.acquire();
    await expect(semaphore.acquire({ timeoutMs: 40 })).rejects.toThrow(OperationTimeoutError);
    for (let turns = 0; turns < 50; turns += 2) {
      const stop = new AbortController();
      const waiting = semaphore.acquire({ signal: stop.signal });
      waiting.catch(() => undefined);
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      const reason = new Error('enough');
      stop.abort(reason);
      await expect(waiting).rejects.toBe(reason);
    }
    await untilChildren(zk, leases, 1);
    await untilChildren(zk, locks, 0);
    expect(await zk.hasWatch(leases, 'children')).toBe(false);
    expect(held.isHeld).toBe(true);
  });

  test('several are had together or not at all', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const semaphore = new Semaphore(zk, '/s', 3, { layout });
    const two = await semaphore.acquireMany(2);
    await expect(semaphore.acquireMany(2, { timeoutMs: 40 })).rejects.toThrow(
      OperationTimeoutError,
    );
    await untilChildren(zk, leases, 2);
    const waiting = semaphore.acquireMany(3);
    for (const lease of two) await lease.release();
    expect(await waiting).toHaveLength(3);
    await expect(semaphore.acquireMany(0)).rejects.toThrow(RangeError);
  });

  test('a lease is lost with its session or its znode, and the next gets it', async () => {
    await using setup = await startSetup();
    const [a, b, c] = await setup.connectMany(3);
    const first = await new Semaphore(a!, '/s', 1, { layout }).acquire();
    const second = new Semaphore(b!, '/s', 1, { layout }).acquire();
    await untilChildren(c!, locks, 1);
    await setup.server.expireSession(a!);
    await untilAborted(first.lost);
    const held = await second;
    expect(held.fencingToken).toBeGreaterThan(first.fencingToken);
    await c!.delete(held.path);
    await untilAborted(held.lost);
    expect(held.isHeld).toBe(false);
    await held.release();
    await (await new Semaphore(c!, '/s', 1, { layout }).acquire()).release();
    await untilChildren(c!, leases, 0);
  });

  test('one whose session ends while it waits is told', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const held = await new Semaphore(a!, '/s', 1, { layout }).acquire();
    const waiting = new Semaphore(b!, '/s', 1, { layout }).acquire();
    waiting.catch(() => undefined);
    await untilChildren(a!, locks, 1);
    await setup.server.expireSession(b!);
    await expect(waiting).rejects.toThrow(SessionExpiredError);
    await untilChildren(a!, leases, 1);
    await held.release();
  });

  test('one that waits takes no harm when somebody deletes its place in the queue', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const held = await new Semaphore(a!, '/s', 1, { layout }).acquire();
    await untilChildren(a!, locks, 0);
    const waiting = new Semaphore(b!, '/s', 1, { layout }).acquire();
    const [name] = await untilChildren(a!, locks, 1);
    await a!.delete(`${locks}/${name}`);
    await untilChildren(a!, locks, 1);
    await held.release();
    await (await waiting).release();
    await untilChildren(a!, leases, 0);
    await untilChildren(a!, locks, 0);
  });

  test('those who wait get theirs when the server is restarted', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(4);
    const held = await new Semaphore(clients[0]!, '/s', 1, { layout }).acquire();
    const waiting = clients.slice(1).map(async (zk) => {
      const lease = await new Semaphore(zk, '/s', 1, { layout }).acquire();
      await lease.release();
    });
    await untilChildren(clients[0]!, locks, 3);
    await setup.server.restart({ ending: 'reset' });
    await held.release();
    await Promise.all(waiting);
    await untilChildren(clients[0]!, leases, 0);
  });
});

test("the znodes are Curator's, the lease's with the identifier", async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const lease = await new Semaphore(zk, '/s', 2, { identifier: 'mine' }).acquire();
  expect(lease.path).toMatch(/^\/s\/leases\/_c_[0-9a-f-]{36}-lease-0000000000$/);
  expect((await zk.get(lease.path)).text()).toBe('mine');
  await untilChildren(zk, '/s/locks', 0);
  expect((await zk.exists('/s/locks'))?.cversion).toBe(2);
});

test("the znodes are kazoo's, with the count where all see it", async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const options = { layout: 'kazoo', identifier: 'mine' } as const;
  const lease = await new Semaphore(zk, '/a/s', 2, options).acquire();
  expect(lease.path).toMatch(/^\/a\/s\/[0-9a-f]{32}$/);
  expect((await zk.get(lease.path)).text()).toBe('mine');
  expect((await zk.get('/a/s')).text()).toBe('2');
  await expect(new Semaphore(zk, '/a/s', 3, options).acquire()).rejects.toThrow(BadArgumentsError);
  await zk.create('/b', 'not a number');
  await (await new Semaphore(zk, '/b', 3, options).acquire()).release();
});

test('a count that changes lets more in, or fewer', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const listeners = new Set<() => void>();
  const count = {
    value: 1,
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } satisfies LeaseCount;
  const semaphore = new Semaphore(zk, '/s', count);
  const first = await semaphore.acquire();
  const waiting = semaphore.acquire();
  await untilChildren(zk, '/s/leases', 2);
  while (listeners.size === 0) await nextTurn();
  count.value = 2;
  for (const listener of [...listeners]) listener();
  const second = await waiting;
  expect(listeners.size).toBe(0);
  count.value = 1;
  await first.release();
  expect(await semaphore.tryAcquire()).toBeUndefined();
  await second.release();
  expect(await semaphore.tryAcquire()).toBeDefined();
});

test('a count must be a whole number of leases', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  for (const count of [0, -1, 1.5, Number.NaN]) {
    expect(() => new Semaphore(zk, '/s', count)).toThrow(RangeError);
  }
  const count: LeaseCount = { value: 1, onChange: () => () => undefined };
  expect(() => new Semaphore(zk, '/s', count, { layout: 'kazoo' })).toThrow(TypeError);
});

test('a mutex that is a semaphore of one lease is held by one of tens of clients', async () => {
  await using setup = await startSetup();
  const clients = await setup.connectMany(20);
  const history = new History();
  await Promise.all(
    clients.map(async (zk, index) => {
      const mutex = new SemaphoreMutex(zk, '/s');
      for (let round = 0; round < 3; round++) {
        const held = await mutex.acquire();
        history.granted(`client ${index}`, held.fencingToken);
        await nextTurn();
        history.released(`client ${index}`, held.fencingToken);
        await held.release();
      }
    }),
  );
  history.assertAtMost(1);
  history.assertTokensGrow();
  expect(history.grantCount).toBe(60);
  const mutex = new SemaphoreMutex(clients[0]!, '/s');
  const held = await mutex.acquire();
  // Nobody has it twice, not even its holder.
  await expect(mutex.acquire({ timeoutMs: 40 })).rejects.toThrow(OperationTimeoutError);
  expect(await mutex.holders()).toHaveLength(1);
  expect(held.path).toMatch(/^\/s\/leases\/_c_[0-9a-f-]{36}-lease-\d{10}$/);
  await held.release();
});
