/** What every lock survives: the same faults for all kinds. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { SessionExpiredError, type ZooKeeper } from '@zooid/client';
import { startTestProxy } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import {
  type Held,
  type Lock,
  MultiLock,
  Mutex,
  ReadWriteLock,
  Semaphore,
  SemaphoreMutex,
} from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { History } from '../support/history.ts';
import { childrenOf, startSetup, untilAborted } from '../support/setup.ts';

interface LockKind {
  readonly title: string;
  readonly make: (zk: ZooKeeper) => Lock;
  /** Takes what it waits for. Default: the lock itself. */
  readonly block?: (zk: ZooKeeper) => Lock;
  /** Whose children are its znodes. */
  readonly places: readonly string[];
  /** Znodes there are while one waits for what `block` holds. */
  readonly waitingCount: number;
  /** Between two cuts. */
  readonly stepBytes?: number;
}

const kinds: readonly LockKind[] = [
  { title: 'Mutex', make: (zk) => new Mutex(zk, '/l'), places: ['/l'], waitingCount: 2 },
  {
    title: "Mutex in kazoo's layout",
    make: (zk) => new Mutex(zk, '/l', { layout: 'kazoo' }),
    places: ['/l'],
    waitingCount: 2,
  },
  {
    title: 'SemaphoreMutex',
    make: (zk) => new SemaphoreMutex(zk, '/l'),
    places: ['/l/locks', '/l/leases'],
    waitingCount: 3,
  },
  {
    title: "Semaphore of one lease in kazoo's layout",
    make: (zk) => new Semaphore(zk, '/l', 1, { layout: 'kazoo' }),
    places: ['/l', '/l-__lock__'],
    waitingCount: 2,
  },
  {
    title: 'ReadWriteLock, to write',
    make: (zk) => new ReadWriteLock(zk, '/l').write,
    block: (zk) => new ReadWriteLock(zk, '/l').read,
    places: ['/l'],
    waitingCount: 2,
  },
  {
    title: 'MultiLock',
    make: (zk) =>
      new MultiLock([
        new Mutex(zk, '/a'),
        new SemaphoreMutex(zk, '/b'),
        new ReadWriteLock(zk, '/c').write,
      ]),
    // The others are held while it waits for this one.
    block: (zk) => new ReadWriteLock(zk, '/c').read,
    places: ['/a', '/b/locks', '/b/leases', '/c'],
    waitingCount: 4,
    // Each of them has been through smaller steps by then.
    stepBytes: 48,
  },
];

/** Looks of one who waits for a number of znodes: after so many it is not the network any more. */
const LOOKS_MAX = 2_000;

describe.each(kinds)('$title', ({ make, block = make, places, waitingCount, stepBytes }) => {
  /** Resolves when there are so many znodes. */
  async function untilCount(zk: ZooKeeper, count: number, circumstances?: unknown): Promise<void> {
    let names: readonly string[] = [];
    for (let look = 0; look < LOOKS_MAX; look++) {
      names = (await Promise.all(places.map((path) => childrenOf(zk, path)))).flat();
      if (names.length === count) return;
    }
    const found = names.join(', ');
    throw new Error(`not ${count} znodes but ${found}: ${JSON.stringify(circumstances)}`);
  }

  async function expectHeld(rival: ZooKeeper, held: Held): Promise<void> {
    expect(await make(rival).tryAcquire()).toBeUndefined();
    expect(held.isHeld).toBe(true);
  }

  test('wherever the connection breaks, it is held by one and no znode is left', async () => {
    await using setup = await startSetup({ proxy: false });
    const rival = await setup.connect();
    const cutCount = await forEachCut(
      setup.server,
      async (zk, cut) => {
        const held = await make(zk).acquire();
        await expectHeld(rival, held);
        await held.release();
        expect(held.lost.aborted).toBe(false);
        await untilCount(rival, 0, cut);
      },
      { stepBytes },
    );
    expect(cutCount).toBeGreaterThan(10);
  });

  test('wherever the connection breaks while it waits, its turn comes and no znode is left', async () => {
    await using setup = await startSetup({ proxy: false });
    const rival = await setup.connect();
    const cutCount = await forEachCut(
      setup.server,
      async (zk, cut) => {
        const first = await block(rival).acquire();
        const waiting = make(zk).acquire();
        await untilCount(rival, waitingCount, cut);
        await first.release();
        const held = await waiting;
        expect(held.fencingToken).toBeGreaterThan(first.fencingToken);
        await expectHeld(rival, held);
        await held.release();
        await untilCount(rival, 0, cut);
      },
      { stepBytes },
    );
    expect(cutCount).toBeGreaterThan(20);
  });

  test('wherever the session expires, it was had or never will be, and no znode is left', async () => {
    await using setup = await startSetup({ proxy: false });
    const rival = await setup.connect();
    let refusedCount = 0;
    const cutCount = await forEachCut(
      setup.server,
      async (zk, cut) => {
        const first = await block(rival).acquire();
        const waiting = make(zk).acquire();
        const refused = waiting.then(
          () => false,
          () => true,
        );
        await Promise.race([refused, untilCount(rival, waitingCount, cut)]);
        await first.release();
        if (await refused) {
          refusedCount++;
          await expect(waiting).rejects.toThrow(SessionExpiredError);
        } else {
          const held = await waiting;
          expect(held.fencingToken).toBeGreaterThan(first.fencingToken);
          const next = make(rival).acquire();
          await held.release();
          expect((await next).fencingToken).toBeGreaterThan(held.fencingToken);
          await (await next).release();
        }
        await zk.close();
        await cut?.ended;
        await untilCount(rival, 0, cut);
      },
      { ends: 'session', stepBytes },
    );
    expect(cutCount).toBeGreaterThan(20);
    expect(refusedCount).toBeGreaterThan(0);
    expect(refusedCount).toBeLessThan(cutCount);
  });

  test('a wait ends with the session, and nothing is left of it', async () => {
    await using setup = await startSetup();
    const [a, b] = (await setup.connectMany(2)) as [ZooKeeper, ZooKeeper];
    const first = await block(a).acquire();
    const waiting = make(b).acquire();
    waiting.catch(() => undefined);
    await untilCount(a, waitingCount);
    await setup.server.expireSession(b);
    await expect(waiting).rejects.toThrow(SessionExpiredError);
    await untilCount(a, 1);
    expect(first.isHeld).toBe(true);
    await first.release();
    await untilCount(a, 0);
  });

  test('a holder that is cut off knows of its loss before anybody else has the lock', async () => {
    await using setup = await startSetup({ proxy: false });
    await using proxy = await startTestProxy({ target: setup.server });
    const cutOff = await setup.connect({ servers: proxy.connectString, sessionTimeoutMs: 400 });
    const other = await setup.connect();
    const held = await make(cutOff).acquire();
    const waiting = make(other).acquire();
    proxy.partition();

    const next = await waiting;
    expect(held.lost.aborted).toBe(true);
    expect(held.isHeld).toBe(false);
    expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
    await held.release();
    await next.release();
    await untilCount(other, 0);
  });

  test('holder and waiter go on when the server is restarted', async () => {
    await using setup = await startSetup();
    const [a, b] = (await setup.connectMany(2)) as [ZooKeeper, ZooKeeper];
    const held = await block(a).acquire();
    const waiting = make(b).acquire();
    await untilCount(a, waitingCount);
    await setup.server.restart({ ending: 'reset' });
    expect(held.isHeld).toBe(true);
    await held.release();
    await (await waiting).release();
    await untilCount(a, 0);
  });

  test('contention over connections that keep breaking never lets two in, and every one gets its turn', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(20);
    const history = new History();
    let droppedCount = 0;
    await Promise.all(
      clients.map(async (zk, index) => {
        for (let round = 0; round < 3; round++) {
          const held = await make(zk).acquire();
          history.granted(`client ${index}`, held.fencingToken);
          // The holder's own call goes over the same connections.
          if (history.grantCount % 7 === 0) droppedCount += setup.server.dropConnections();
          await zk.exists('/');
          history.released(`client ${index}`, held.fencingToken);
          await held.release();
        }
      }),
    );
    expect(history.grantCount).toBe(60);
    expect(droppedCount).toBeGreaterThan(0);
    history.assertAtMost(1);
    history.assertTokensGrow();
    await untilCount(clients[0]!, 0);
  });

  test('with sessions that expire at any time the others go on, and no znode is left', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(20);
    const observer = await setup.connect();
    const victims = new Set(clients.slice(0, 8));
    const history = new History();
    await Promise.all(
      clients.map(async (zk, index) => {
        for (let round = 0; round < 3; round++) {
          let held: Held;
          try {
            held = await make(zk).acquire();
          } catch (error) {
            expect(error).toBeInstanceOf(SessionExpiredError);
            return;
          }
          const { fencingToken } = held;
          history.granted(`client ${index}`, fencingToken);
          const [victim] = victims;
          if (round > 0 && victim !== undefined) {
            victims.delete(victim);
            if (victim === zk) history.lost(`client ${index}`, fencingToken);
            if (victim.state === 'connected') await setup.server.expireSession(victim);
            if (victim === zk) {
              await untilAborted(held.lost);
              return;
            }
          }
          await nextTurn();
          history.released(`client ${index}`, fencingToken);
          await held.release();
        }
      }),
    );
    history.assertAtMost(1);
    history.assertTokensGrow();
    expect(history.grantCount).toBeGreaterThan(12 * 3);
    await untilCount(observer, 0);
  });
});
