import { setImmediate as nextTurn } from 'node:timers/promises';
import { OperationTimeoutError } from '@zooid/client';
import { startTestProxy } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import { type HeldLock, Mutex, revoke } from '../../src/index.ts';
import { History } from '../support/history.ts';
import {
  childrenOf,
  startSetup,
  untilAborted,
  untilChildren,
  untilWatched,
} from '../support/setup.ts';

describe('what it is in the tree', () => {
  test("has Curator's znodes: an ephemeral of its own, with the address of the machine", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using held = await new Mutex(zk, '/locks/a').acquire();
    expect(held.path).toMatch(/^\/locks\/a\/_c_[0-9a-f-]{36}-lock-0000000000$/);
    const { stat, data } = await zk.get(held.path);
    expect(stat.ephemeralOwner).toBe(zk.session.id);
    expect(stat.czxid).toBe(held.fencingToken);
    expect(new TextDecoder().decode(data)).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  test('lets the server clear away what nobody uses', async () => {
    await using setup = await startSetup({
      config: { tree: { containerCheckIntervalMs: 20, containerDeleteCountPerMinuteMax: 10_000 } },
    });
    const zk = await setup.connect();
    const held = await new Mutex(zk, '/locks/a').acquire();
    const { changed } = await zk.exists('/locks', { watch: true });
    await held.release();
    expect((await changed).type).toBe('deleted');
    await using again = await new Mutex(zk, '/locks/a').acquire();
    expect(again.path).toMatch(/-lock-0000000000$/);
  });

  test("has kazoo's znodes when told so: below persistent parents, with the identifier", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const mutex = new Mutex(zk, '/locks/a', { layout: 'kazoo', identifier: 'worker-7' });
    await using held = await mutex.acquire();
    expect(held.path).toMatch(/^\/locks\/a\/[0-9a-f]{32}__lock__0000000000$/);
    expect((await zk.get(held.path)).text()).toBe('worker-7');
    expect((await zk.exists('/locks/a'))?.ephemeralOwner).toBe(0n);
  });

  test('tells who holds it and who waits, first come first', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const first = await new Mutex(zk, '/l', { identifier: 'one' }).acquire();
    const waiting = new Mutex(zk, '/l', { identifier: 'two' }).acquire();
    await zk.create('/l/a stranger');
    const contenders = await new Mutex(zk, '/l').contenders();
    expect(contenders.map(({ identifier, sequence }) => [identifier, sequence])).toEqual([
      ['one', 0],
      ['two', 1],
    ]);
    expect(contenders[0]?.path).toBe(first.path);
    await first.release();
    await (await waiting).release();
    expect(await new Mutex(zk, '/l').contenders()).toEqual([]);
    expect(await new Mutex(zk, '/nobody').contenders()).toEqual([]);
  });

  test('waits for those of another layout when it is told their names', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const python = await new Mutex(zk, '/l', { layout: 'kazoo' }).acquire();
    const java = new Mutex(zk, '/l', { extraPatterns: ['__lock__'] });
    expect(await java.tryAcquire()).toBeUndefined();
    expect(await new Mutex(zk, '/l').tryAcquire()).toBeDefined();
    await python.release();
  });
});

describe('holding it', () => {
  test('one of thirty clients holds it at a time, in the order in which they lined up, with tokens that grow', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(30);
    const history = new History();
    const lined: string[] = [];
    await Promise.all(
      clients.map(async (zk, index) => {
        const mutex = new Mutex(zk, '/l', { identifier: `client ${index}` });
        for (let round = 0; round < 4; round++) {
          const held = await mutex.acquire();
          history.granted(`client ${index}`, held.fencingToken);
          lined.push(held.path);
          await nextTurn();
          history.released(`client ${index}`, held.fencingToken);
          await held.release();
        }
      }),
    );
    expect(history.grantCount).toBe(120);
    history.assertAtMost(1);
    history.assertTokensGrow();
    const numbers = lined.map((path) => Number(path.slice(-10)));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(await childrenOf(clients[0]!, '/l')).toEqual([]);
  });

  test('two calls on one object are two contenders', async () => {
    await using setup = await startSetup();
    const mutex = new Mutex(await setup.connect(), '/l');
    const first = await mutex.acquire();
    expect(await mutex.tryAcquire()).toBeUndefined();
    const second = mutex.acquire();
    await first.release();
    expect((await second).fencingToken).toBeGreaterThan(first.fencingToken);
    expect(first.isHeld).toBe(false);
    expect((await second).isHeld).toBe(true);
  });

  test('whoever holds it may hold it once more; it is given back when all have released', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const mutex = new Mutex(zk, '/l');
    const outer = await mutex.acquire();
    const inner = outer.reenter();
    expect([inner.path, inner.fencingToken]).toEqual([outer.path, outer.fencingToken]);
    await outer.release();
    await outer.release();
    expect(inner.isHeld).toBe(true);
    expect(await mutex.tryAcquire()).toBeUndefined();
    await inner.release();
    expect(await childrenOf(zk, '/l')).toEqual([]);
    expect(() => inner.reenter()).toThrow('was released');
  });

  test('an owner gets again what it holds, and waits with itself for what it waits for', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const mutex = new Mutex(zk, '/l');
    const blocker = await mutex.acquire();
    const task = { id: 7 };
    const waiting = [mutex.acquire({ owner: task }), mutex.acquire({ owner: task })];
    await untilChildren(zk, '/l', 2);
    expect(await mutex.tryAcquire({ owner: task })).toBeUndefined();
    await blocker.release();
    const [first, second] = await Promise.all(waiting);
    expect(second!.path).toBe(first!.path);
    const third = await mutex.tryAcquire({ owner: task });
    expect(third?.path).toBe(first!.path);
    expect(await mutex.tryAcquire({ owner: 'somebody else' })).toBeUndefined();
    for (const held of [first, second, third]) await held?.release();
    expect(await childrenOf(zk, '/l')).toEqual([]);
    // What was released is not had again.
    const anew = await mutex.acquire({ owner: task });
    expect(anew.fencingToken).toBeGreaterThan(first!.fencingToken);
  });

  test('an owner that lost it lines up anew', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const mutex = new Mutex(zk, '/l');
    const first = await mutex.acquire({ owner: 1 });
    await zk.delete(first.path);
    await untilAborted(first.lost);
    const second = await mutex.acquire({ owner: 1 });
    expect(second.path).not.toBe(first.path);
    await first.release();
    expect((await mutex.acquire({ owner: 1 })).path).toBe(second.path);
  });

  test('a call that tries only leaves no znode', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const held = await new Mutex(a!, '/l').acquire();
    expect(await new Mutex(b!, '/l').tryAcquire()).toBeUndefined();
    expect(await childrenOf(b!, '/l')).toEqual([held.path.slice('/l/'.length)]);
  });
});

describe('giving up', () => {
  test('a wait that takes too long rejects and leaves neither znode nor watch', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const held = await new Mutex(a!, '/l').acquire();
    const waiting = new Mutex(b!, '/l').acquire({ timeoutMs: 50 });
    await expect(waiting).rejects.toThrow(OperationTimeoutError);
    expect(await childrenOf(b!, '/l')).toEqual([held.path.slice('/l/'.length)]);
    expect(await b!.hasWatch(held.path, 'any')).toBe(false);
    expect(held.isHeld).toBe(true);
  });

  test('a limit that no timer keeps is refused', async () => {
    await using setup = await startSetup();
    const mutex = new Mutex(await setup.connect(), '/l');
    for (const timeoutMs of [-1, Number.NaN, 2 ** 31]) {
      await expect(mutex.acquire({ timeoutMs })).rejects.toThrow(RangeError);
    }
  });

  test('whenever the signal fires, the call rejects with its reason and leaves no znode', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const held = await new Mutex(a!, '/l').acquire();
    let abortedCount = 0;
    for (let turns = 0; turns < 60; turns++) {
      const stop = new AbortController();
      const waiting = new Mutex(b!, '/l').acquire({ signal: stop.signal });
      waiting.catch(() => undefined);
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      const reason = new Error('enough');
      stop.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      abortedCount++;
      // A create that is on its way is answered before this is, and deleted then.
      await b!.sync('/l');
    }
    await untilChildren(b!, '/l', 1);
    expect(abortedCount).toBe(60);
    expect(await b!.hasWatch(held.path, 'any')).toBe(false);
  });

  test('a signal that has fired already keeps it from asking at all', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const reason = new Error('too late');
    await expect(new Mutex(zk, '/l').acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(await zk.exists('/l')).toBeUndefined();
  });

  test('one signal for many calls is listened to once', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const stop = new AbortController();
    const held = await new Mutex(zk, '/l').acquire();
    const waiting = Array.from({ length: 20 }, () =>
      new Mutex(zk, '/l').acquire({ signal: stop.signal }),
    );
    await untilChildren(zk, '/l', 21);
    stop.abort(new Error('all of you'));
    const results = await Promise.allSettled(waiting);
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    await untilChildren(zk, '/l', 1);
    await held.release();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('one that waits in the middle and gives up lets nobody in too early', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const mutex = new Mutex(zk, '/l');
    const first = await mutex.acquire();
    const stop = new AbortController();
    const middle = mutex.acquire({ signal: stop.signal });
    await untilChildren(zk, '/l', 2);
    const last = mutex.acquire();
    let isLastIn = false;
    void last.then(() => {
      isLastIn = true;
    });
    const names = [...(await untilChildren(zk, '/l', 3))].sort(bySequence);
    await untilWatched(zk, `/l/${names[1]}`);
    stop.abort(new Error('enough'));
    await expect(middle).rejects.toThrow('enough');
    await untilChildren(zk, '/l', 2);
    await untilWatched(zk, first.path);
    expect(isLastIn).toBe(false);
    await first.release();
    await (await last).release();
  });
});

describe('losing it', () => {
  test('the loss is told, with the reason, before the next has it, when the session expires', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const held = await new Mutex(a!, '/l').acquire();
    const waiting = new Mutex(b!, '/l').acquire();
    await untilChildren(b!, '/l', 2);
    await setup.server.expireSession(a!);
    await untilAborted(held.lost);
    // What comes first: the end of the znode, or of the session.
    expect(['NO_NODE', 'SESSION_EXPIRED']).toContain(held.lost.reason.code);
    expect(held.isHeld).toBe(false);
    expect((await waiting).fencingToken).toBeGreaterThan(held.fencingToken);
    await held.release();
    expect(() => held.reenter()).toThrow(held.lost.reason);
  });

  test('is lost when somebody deletes its znode, and released without harm', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const held = await new Mutex(a!, '/l').acquire();
    await b!.delete(held.path);
    await untilAborted(held.lost);
    expect(held.lost.reason).toMatchObject({ code: 'NO_NODE', path: held.path });
    await held.release();
  });

  test('is not lost by being released', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const held = await new Mutex(zk, '/l').acquire();
    await untilWatched(zk, held.path);
    await held.release();
    await zk.sync('/');
    expect(held.lost.aborted).toBe(false);
    expect(await zk.hasWatch(held.path, 'any')).toBe(false);
  });

  test('one that waits lines up again when somebody deletes its znode', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const held = await new Mutex(a!, '/l').acquire();
    const waiting = new Mutex(b!, '/l').acquire();
    const names = await untilChildren(a!, '/l', 2);
    const own = names.map((name) => `/l/${name}`).find((path) => path !== held.path)!;
    await a!.delete(own);
    await untilChildren(a!, '/l', 2);
    await held.release();
    const next = await waiting;
    expect(next.path).not.toBe(own);
    await next.release();
    expect(await childrenOf(a!, '/l')).toEqual([]);
  });

  test.each([
    ['session', false],
    ['standard', true],
  ] as const)(
    'with the error policy %s a lost connection is a loss: %s',
    async (errorPolicy, isLoss) => {
      await using setup = await startSetup();
      const zk = await setup.connect();
      const held = await new Mutex(zk, '/l', { errorPolicy }).acquire();
      setup.server.refuse();
      setup.server.dropConnections();
      await zk.untilState('suspended');
      await nextTurn();
      expect(held.lost.aborted).toBe(isLoss);
      await setup.server.heal();
      await held.release();
      expect(await childrenOf(zk, '/l')).toEqual([]);
    },
  );
});

test('one that waits keeps its place when the connection is lost, whatever is a loss to a holder', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const mutex = new Mutex(zk, '/l', { errorPolicy: 'standard' });
  const first = await mutex.acquire();
  const waiting = mutex.acquire();
  const names = [...(await untilChildren(zk, '/l', 2))].sort(bySequence);
  setup.server.dropConnections();
  await untilAborted(first.lost);
  await first.release();
  const held = await waiting;
  expect(held.path).toBe(`/l/${names[1]}`);
  expect(held.isHeld).toBe(true);
  setup.server.dropConnections();
  await untilAborted(held.lost);
});

test('one whose znode and whose predecessor go while its connection is lost does not take it for its turn', async () => {
  await using setup = await startSetup({ proxy: false });
  await using proxy = await startTestProxy({ target: setup.server });
  const [a, c] = await setup.connectMany(2);
  const b = await setup.connect({ servers: proxy.connectString });
  // Whichever of the two znodes the server tells of first when it is back.
  for (let round = 0; round < 4; round++) {
    const first = await new Mutex(a!, '/l').acquire();
    const waiting = new Mutex(b, '/l').acquire();
    const names = await untilChildren(a!, '/l', 2);
    const own = names.map((name) => `/l/${name}`).find((path) => path !== first.path)!;
    await untilWatched(b, first.path);
    proxy.refuse();
    proxy.dropConnections();
    await a!.delete(own);
    await first.release();
    const other = await new Mutex(c!, '/l').acquire();
    await proxy.heal();
    // It lines up anew.
    await untilChildren(a!, '/l', 2);
    await other.release();
    const held = await waiting;
    expect(held.path).not.toBe(own);
    expect(held.fencingToken).toBeGreaterThan(other.fencingToken);
    await held.release();
  }
});

describe('being asked to give it back', () => {
  test('the holder is told, and can', async () => {
    await using setup = await startSetup();
    const [a, b] = await setup.connectMany(2);
    const asked: HeldLock[] = [];
    const mutex = new Mutex(a!, '/l', {
      identifier: 'not shown',
      onRevoke: (held) => {
        asked.push(held);
        void held.release();
      },
    });
    const held = await mutex.acquire();
    expect((await b!.get(held.path)).data).toHaveLength(0);
    const waiting = new Mutex(b!, '/l').acquire();
    const [holder] = await new Mutex(b!, '/l').contenders();
    await revoke(b!, holder!.path);
    await (await waiting).release();
    expect(asked).toEqual([held]);
  });

  test('one that is asked while it waits hears of it when it holds', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const first = await new Mutex(zk, '/l').acquire();
    let asked: ((held: HeldLock) => void) | undefined;
    const isAsked = new Promise<HeldLock>((resolve) => {
      asked = resolve;
    });
    const waiting = new Mutex(zk, '/l', { onRevoke: (held) => asked?.(held) }).acquire();
    const names = [...(await untilChildren(zk, '/l', 2))].sort(bySequence);
    await revoke(zk, `/l/${names[1]}`);
    await first.release();
    expect(await isAsked).toBe(await waiting);
  });

  test('other data is no request, and asking for what is gone is no error', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    let count = 0;
    const onRevoke = () => count++;
    const held = await new Mutex(zk, '/l', { onRevoke }).acquire();
    await untilWatched(zk, held.path);
    await zk.set(held.path, 'hello');
    await untilWatched(zk, held.path);
    await zk.set(held.path, '__REVOKE__');
    await untilWatched(zk, held.path);
    await zk.set(held.path, '__REVOKE__');
    await untilWatched(zk, held.path);
    expect(count).toBe(1);
    await held.release();
    await revoke(zk, held.path);
  });
});

function bySequence(a: string, b: string): number {
  return Number(a.slice(-10)) - Number(b.slice(-10));
}
