import { setImmediate as nextTurn } from 'node:timers/promises';
import { OperationTimeoutError, type ZooKeeper } from '@zooid/client';
import { expect, test } from 'vitest';
import { MultiLock, Mutex, ReadWriteLock, SemaphoreMutex } from '../../src/index.ts';
import { History } from '../support/history.ts';
import { childrenOf, startSetup, untilAborted, untilChildren } from '../support/setup.ts';

function three(zk: ZooKeeper): MultiLock {
  return new MultiLock([
    new Mutex(zk, '/a'),
    new SemaphoreMutex(zk, '/b'),
    new ReadWriteLock(zk, '/c').write,
  ]);
}

test('all are held, or none', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const held = await three(zk).acquire();
  expect(held.isHeld).toBe(true);
  expect(await three(zk).tryAcquire()).toBeUndefined();
  await held.release();
  await held.release();
  expect(held.isHeld).toBe(false);
  const last = await new ReadWriteLock(zk, '/c').read.acquire();
  expect(await three(zk).tryAcquire()).toBeUndefined();
  await expect(three(zk).acquire({ timeoutMs: 50 })).rejects.toThrow(OperationTimeoutError);
  await untilChildren(zk, '/a', 0);
  await untilChildren(zk, '/b/leases', 0);
  await untilChildren(zk, '/b/locks', 0);
  expect(await childrenOf(zk, '/c')).toHaveLength(1);
  await last.release();
  expect((await three(zk).acquire()).fencingToken).toBeGreaterThan(held.fencingToken);
});

test('one of tens of clients holds them all at a time, with tokens that grow', async () => {
  await using setup = await startSetup();
  const clients = await setup.connectMany(20);
  const history = new History();
  await Promise.all(
    clients.map(async (zk, index) => {
      for (let round = 0; round < 2; round++) {
        const held = await three(zk).acquire();
        history.granted(`client ${index}`, held.fencingToken);
        await nextTurn();
        history.released(`client ${index}`, held.fencingToken);
        await held.release();
      }
    }),
  );
  history.assertAtMost(1);
  history.assertTokensGrow();
  expect(history.grantCount).toBe(40);
});

test('is lost when one of them is', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const held = await new MultiLock([new Mutex(zk, '/a'), new Mutex(zk, '/b')]).acquire();
  const [name] = await childrenOf(zk, '/b');
  await zk.delete(`/b/${name}`);
  await untilAborted(held.lost);
  expect(held.lost.reason).toMatchObject({ code: 'NO_NODE' });
  expect(held.isHeld).toBe(false);
  await held.release();
  expect(await childrenOf(zk, '/a')).toEqual([]);
});

test('the owner is the owner of each', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const a = new Mutex(zk, '/a');
  const both = new MultiLock([a, new Mutex(zk, '/b')]);
  const one = await a.acquire({ owner: 'task' });
  const held = await both.acquire({ owner: 'task' });
  expect(await childrenOf(zk, '/a')).toHaveLength(1);
  await one.release();
  expect(await childrenOf(zk, '/a')).toHaveLength(1);
  await held.release();
  expect(await childrenOf(zk, '/a')).toEqual([]);
});

test('of nothing is refused', () => {
  expect(() => new MultiLock([])).toThrow(RangeError);
});
