import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ZooKeeper } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import { type HeldLock, type LockLayout, ReadWriteLock } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { History } from '../support/history.ts';
import { childrenOf, startSetup, untilAborted, untilChildren } from '../support/setup.ts';

const layouts: readonly LockLayout[] = ['curator', 'kazoo'];

describe.each(layouts)("in %s's layout", (layout) => {
  test('readers share it, a writer has it alone, and nobody overtakes', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const lock = new ReadWriteLock(zk, '/l', { layout });
    const [one, two] = [await lock.read.acquire(), await lock.read.acquire()];
    expect(await lock.write.tryAcquire()).toBeUndefined();
    const writing = lock.write.acquire();
    await untilChildren(zk, '/l', 3);
    // Behind the writer, though readers hold it.
    expect(await lock.read.tryAcquire()).toBeUndefined();
    const reading = lock.read.acquire();
    await untilChildren(zk, '/l', 4);
    expect((await lock.read.contenders()).map(({ sequence }) => sequence)).toHaveLength(4);
    await one.release();
    await two.release();
    const write = await writing;
    expect(await childrenOf(zk, '/l')).toHaveLength(2);
    await write.release();
    const read = await reading;
    expect(read.fencingToken).toBeGreaterThan(write.fencingToken);
    await read.release();
    expect(await childrenOf(zk, '/l')).toEqual([]);
  });

  test('a writer that reads, too, keeps the others out when it stops writing', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const write = await new ReadWriteLock(a!, '/l', { layout }).write.acquire();
    const other = new ReadWriteLock(b!, '/l', { layout });
    const writing = other.write.acquire();
    let isOtherIn = false;
    void writing.then(() => {
      isOtherIn = true;
    });
    await untilChildren(b!, '/l', 2);
    const read = await write.acquireRead();
    expect(read.fencingToken).toBe(write.fencingToken);
    expect(read.path.slice(-10)).toBe(write.path.slice(-10));
    expect((await a!.exists(read.path))?.ephemeralOwner).toBe(a!.session.id);
    await write.release();
    await untilChildren(b!, '/l', 2);
    // Readers get in beside it only if they were there before the writer that waits.
    expect(await other.read.tryAcquire()).toBeUndefined();
    expect(isOtherIn).toBe(false);
    await read.release();
    const next = await writing;
    expect(next.fencingToken).toBeGreaterThan(read.fencingToken);
    await next.release();
    expect(await childrenOf(b!, '/l')).toEqual([]);
  });

  test('tens of clients read together and write alone, and the tokens of writers grow', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(20);
    const writers = new History();
    const state = { readers: 0, readersMax: 0, value: 0 };
    await Promise.all(
      clients.map(async (zk, index) => {
        const lock = new ReadWriteLock(zk, '/l', { layout });
        for (let round = 0; round < 4; round++) {
          if ((index + round) % 3 === 0) {
            const held = await lock.write.acquire();
            writers.granted(`client ${index}`, held.fencingToken);
            expect(state.readers).toBe(0);
            const before = state.value;
            await nextTurn();
            state.value = before + 1;
            writers.released(`client ${index}`, held.fencingToken);
            await held.release();
          } else {
            const held = await lock.read.acquire();
            state.readersMax = Math.max(state.readersMax, ++state.readers);
            const before = state.value;
            await nextTurn();
            expect(state.value).toBe(before);
            state.readers--;
            await held.release();
          }
        }
      }),
    );
    writers.assertAtMost(1);
    writers.assertTokensGrow();
    expect(writers.grantCount).toBe(state.value);
    expect(state.readersMax).toBeGreaterThan(1);
    expect(await childrenOf(clients[0]!, '/l')).toEqual([]);
  });

  test('wherever the connection of a writer breaks, it reads and writes, and no znode is left', async () => {
    await using setup = await startSetup({ proxy: false });
    const observer = await setup.connect();
    const lock = new ReadWriteLock(observer, '/l', { layout });
    const cutCount = await forEachCut(setup.server, async (zk, cut) => {
      const reading = await lock.read.acquire();
      const writing = new ReadWriteLock(zk, '/l', { layout }).write.acquire();
      await untilChildren(observer, '/l', 2);
      await reading.release();
      const write = await writing;
      const read = await write.acquireRead();
      expect(await lock.read.tryAcquire()).toBeUndefined();
      await write.release();
      const beside = await lock.read.tryAcquire();
      expect(beside, JSON.stringify(cut)).toBeDefined();
      await beside?.release();
      await read.release();
      expect(await childrenOf(observer, '/l'), JSON.stringify(cut)).toEqual([]);
    });
    expect(cutCount).toBeGreaterThan(20);
  });
});

test("the znodes are Curator's", async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const lock = new ReadWriteLock(zk, '/l');
  const write = await lock.write.acquire();
  const read = await write.acquireRead();
  expect(write.path).toMatch(/^\/l\/_c_[0-9a-f-]{36}-__WRIT__0000000000$/);
  expect(read.path).toMatch(/^\/l\/_c_[0-9a-f-]{36}-__READ__0000000000$/);
});

test("the znodes are kazoo's", async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const lock = new ReadWriteLock(zk, '/l', { layout: 'kazoo' });
  const read = await lock.read.acquire();
  expect(read.path).toMatch(/^\/l\/[0-9a-f]{32}__rlock__0000000000$/);
  await read.release();
  const write = await lock.write.acquire();
  expect(write.path).toMatch(/^\/l\/[0-9a-f]{32}__lock__0000000001$/);
});

test('an owner that writes gets the read lock at once; one that reads waits for itself when it would write', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const lock = new ReadWriteLock(zk, '/l');
  const write = await lock.write.acquire({ owner: 'task' });
  const read = await lock.read.acquire({ owner: 'task' });
  expect(await lock.read.tryAcquire({ owner: 'another' })).toBeUndefined();
  await write.release();
  expect(await lock.write.tryAcquire({ owner: 'task' })).toBeUndefined();
  expect((await lock.read.acquire({ owner: 'task' })).path).toBe(read.path);
  // One that reads lets others read, and lines up with them.
  const other = await lock.read.acquire({ owner: 'another' });
  expect(other.path).not.toBe(read.path);
});

test('who does not write any more gets no read lock by it', async () => {
  await using setup = await startSetup();
  const [zk, other] = await setup.connectMany(2);
  const lock = new ReadWriteLock(zk!, '/l');
  const released = await lock.write.acquire();
  await released.release();
  await expect(released.acquireRead()).rejects.toThrow('was released');
  const racing = await lock.write.acquire();
  const reading = racing.acquireRead();
  const releasing = racing.release();
  await expect(reading).rejects.toThrow('was released');
  await releasing;
  const deleted = await lock.write.acquire();
  await other!.delete(deleted.path);
  await untilAborted(deleted.lost);
  await expect(deleted.acquireRead()).rejects.toThrow(deleted.lost.reason);
  await deleted.release();
  await untilChildren(zk!, '/l', 0);
});

test('a write lock held once more gives read locks, too, and is given back by the last', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const lock = new ReadWriteLock(zk, '/l');
  const first = await lock.write.acquire();
  const second = first.reenter();
  await first.release();
  const read: HeldLock = await second.acquireRead();
  expect(await lock.read.tryAcquire()).toBeUndefined();
  await second.release();
  await read.release();
  await expectFree(zk, lock);
});

test('a writer cut off while readers wait lets them in when its session has expired', async () => {
  await using setup = await startSetup();
  const [a, b] = await setup.connectMany(2);
  const write = await new ReadWriteLock(a!, '/l').write.acquire();
  const lock = new ReadWriteLock(b!, '/l');
  const reading = [lock.read.acquire(), lock.read.acquire()];
  await untilChildren(b!, '/l', 3);
  await setup.server.expireSession(a!);
  await untilAborted(write.lost);
  for (const read of await Promise.all(reading)) await read.release();
  await expectFree(b!, lock);
});

async function expectFree(zk: ZooKeeper, lock: ReadWriteLock): Promise<void> {
  expect(await childrenOf(zk, '/l')).toEqual([]);
  const held = await lock.write.tryAcquire();
  expect(held).toBeDefined();
  await held?.release();
}
