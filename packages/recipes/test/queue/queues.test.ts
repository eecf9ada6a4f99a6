import { OperationTimeoutError, SessionExpiredError, type ZooKeeper } from '@zooid/client';
import { startTestProxy } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import { startRewritingProxy } from '../../../client/test/support/rewriting-proxy.ts';
import {
  CorruptItemError,
  DelayQueue,
  IdQueue,
  KazooQueue,
  keepSession,
  LockingQueue,
  PriorityQueue,
  Queue,
  type QueueItem,
  SimpleQueue,
  textCodec,
} from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { History } from '../support/history.ts';
import { childrenOf, startSetup, untilAborted, untilChildren } from '../support/setup.ts';
import { standingClock } from '../support/standing-clock.ts';

/** Takes `count` items, each done before the next. */
async function drain<T>(
  queue: { items(): AsyncIterableIterator<QueueItem<T>> },
  count: number,
): Promise<T[]> {
  const values: T[] = [];
  if (count === 0) return values;
  for await (const item of queue.items()) {
    values.push(item.value);
    await item.done();
    if (values.length === count) break;
  }
  return values;
}

describe('what it is in the tree', () => {
  test("Curator's names and payloads", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const options = { codec: textCodec };
    expect(await new Queue(zk, '/q', options).put('a')).toBe('/q/queue-0000000000');
    expect(await new IdQueue(zk, '/i', options).put('a', 'x/y|z')).toBe(
      '/i/queue-|x_y_z|0000000000',
    );
    const priority = new PriorityQueue(zk, '/p', options);
    expect(await priority.put('a', 5)).toBe('/p/queue-1000000050000000000');
    expect(await priority.put('a', -1)).toBe('/p/queue-0FFFFFFFF0000000001');
    const due = { at: new Date(0x18c_1234_5678) };
    expect(await new DelayQueue(zk, '/d', options).put('a', due)).toBe(
      '/d/queue-|18C12345678|0000000000',
    );
    expect(await new DelayQueue(zk, '/d', options).put('a', { at: 255 })).toBe(
      '/d/queue-|000000FF|0000000001',
    );
    const { data } = await zk.get('/q/queue-0000000000');
    expect(Buffer.from(data).toString('hex')).toBe('0001000101000000016102');
  });

  test("ZooKeeper's and kazoo's names, and data as it is", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const options = { codec: textCodec };
    const simple = await new SimpleQueue(zk, '/s', options).put('a');
    expect([simple, (await zk.get(simple)).text()]).toEqual(['/s/qn-0000000000', 'a']);
    const kazoo = new KazooQueue(zk, '/k', options);
    expect(await kazoo.put('a')).toBe('/k/entry-100-0000000000');
    expect(await kazoo.put('a', { priority: 7 })).toBe('/k/entry-007-0000000001');
    const locking = new LockingQueue(zk, '/l', options);
    await locking.putAll(['a', 'b'], { priority: 1 });
    expect(await childrenOf(zk, '/l/entries')).toEqual([
      'entry-001-0000000000',
      'entry-001-0000000001',
    ]);
    const item = await locking.take();
    expect(await childrenOf(zk, '/l/taken')).toEqual(['entry-001-0000000000']);
    expect((await zk.get('/l/taken/entry-001-0000000000')).text()).toMatch(/^[0-9a-f]{32}$/);
    await item.done();
    expect(await childrenOf(zk, '/l/taken')).toEqual([]);
    expect(await locking.size()).toBe(1);
  });

  test('an item that is worked on has an ephemeral lock; what is done leaves nothing', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new Queue(zk, '/q');
    await queue.put({ job: 1 });
    const item = await queue.take();
    expect(item.value).toEqual({ job: 1 });
    const lock = await zk.get('/q-locks/queue-0000000000');
    expect(lock.stat.ephemeralOwner).toBe(zk.session.id);
    expect(await queue.size()).toBe(1);
    await item.done();
    await item.done();
    expect([await childrenOf(zk, '/q'), await childrenOf(zk, '/q-locks')]).toEqual([[], []]);
  });

  test('arguments that no name can hold are refused', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await expect(new PriorityQueue(zk, '/p').put(1, 2 ** 31)).rejects.toThrow(RangeError);
    await expect(new PriorityQueue(zk, '/p').put(1, 0.5)).rejects.toThrow(RangeError);
    await expect(new IdQueue(zk, '/i').put(1, '')).rejects.toThrow(RangeError);
    await expect(new DelayQueue(zk, '/d').put(1, { at: 0 })).rejects.toThrow(RangeError);
    await expect(new KazooQueue(zk, '/k').put(1, { priority: 1000 })).rejects.toThrow(RangeError);
    await expect(new LockingQueue(zk, '/l').putAll([1], { priority: -1 })).rejects.toThrow(
      RangeError,
    );
  });
});

describe('the order', () => {
  test('is first in, first out, ahead or not, and also without locks', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const expected = Array.from({ length: 50 }, (_, index) => index);
    for (const [path, lockPath, prefetch] of [
      ['/a', undefined, 0],
      ['/b', undefined, 16],
      ['/c', 'none', 16],
    ] as const) {
      const queue = new Queue<number>(zk, path, { lockPath });
      for (const value of expected) await queue.put(value);
      const values: number[] = [];
      for await (const item of queue.items({ prefetch })) {
        values.push(item.value);
        await item.done();
        if (values.length === expected.length) break;
      }
      expect(values).toEqual(expected);
      expect(await childrenOf(zk, path)).toEqual([]);
    }
  });

  test('is that of priorities, less first, negative ones before all', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new PriorityQueue<number>(zk, '/q');
    const priorities = [3, 0, -1, 2 ** 31 - 1, -(2 ** 31), 3, 10, -2];
    for (const priority of priorities) await queue.put(priority, priority);
    expect(await drain(queue, priorities.length)).toEqual(priorities.toSorted((a, b) => a - b));
    // What Curator's consumer puts back has lost its priority.
    await queue.put(1, 1);
    await queue.put(9, -5);
    const [first] = await childrenOf(zk, '/q');
    const { data } = await zk.get(`/q/${first}`);
    await zk.create('/q/queue-', data, { mode: 'persistent-sequential' });
    expect(await drain(queue, 3)).toEqual([9, 9, 1]);
  });

  test("is that of kazoo's priorities", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new KazooQueue<string>(zk, '/q');
    await queue.put('usual');
    await queue.put('late', { priority: 999 });
    await queue.put('soon', { priority: 0 });
    await queue.put('usual too');
    expect(await drain(queue, 4)).toEqual(['soon', 'usual', 'usual too', 'late']);
  });

  test('is that of due times, and nothing comes before its own', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const clock = standingClock(1_000_000);
    const queue = new DelayQueue<string>(zk, '/q', { clock });
    await queue.put('later', { afterMs: 5_000 });
    await queue.put('soon', { at: 1_001_000 });
    const items = queue.items();
    const first = items.next();
    while (clock.waiting.length === 0) await zk.exists('/q');
    expect(clock.waiting).toEqual([1_001_000]);
    await queue.put('sooner', { afterMs: 500 });
    while (clock.waiting[0] !== 1_000_500) await zk.exists('/q');
    clock.advance(500);
    expect((await first).value.value).toBe('sooner');
    clock.advance(4_500);
    expect((await items.next()).value.value).toBe('soon');
    expect((await items.next()).value.value).toBe('later');
    await items.return?.();
  });
});

describe('taking', () => {
  test('waits for an item, for no longer than it is told, and leaves nothing', async () => {
    await using setup = await startSetup();
    const [zk, other] = [await setup.connect(), await setup.connect()];
    const queue = new Queue<string>(zk, '/q');
    await expect(queue.take({ timeoutMs: 1 })).rejects.toBeInstanceOf(OperationTimeoutError);
    const stopping = new AbortController();
    const waiting = queue.take({ signal: stopping.signal });
    stopping.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const taking = queue.take();
    await new Queue(other, '/q').put('at last');
    const item = await taking;
    expect(item.value).toBe('at last');
    await item.done();
    while (await zk.hasWatch('/q', 'any'));
    expect(await childrenOf(zk, '/q-locks')).toEqual([]);
  });

  test('the first one can be looked at where nothing is locked', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new SimpleQueue<string>(zk, '/q');
    expect(await queue.peek()).toBeUndefined();
    await queue.put('one');
    await queue.put('two');
    expect(await queue.peek()).toBe('one');
    expect((await queue.take()).value).toBe('one');
    expect(await queue.size()).toBe(1);
  });

  test('what is given back comes out again at its place, what is requeued at the end', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new Queue<string>(zk, '/q');
    for (const value of ['a', 'b', 'c']) await queue.put(value);
    const seen: string[] = [];
    for await (const item of queue.items()) {
      seen.push(item.value);
      if (seen.length === 1) await item.release();
      else if (seen.length === 2) await item.requeue();
      else await item.done();
      if (seen.length === 5) break;
    }
    expect(seen).toEqual(['a', 'a', 'b', 'c', 'a']);
    expect([await childrenOf(zk, '/q'), await childrenOf(zk, '/q-locks')]).toEqual([[], []]);
  });

  test('disposing gives back what is not done', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new Queue<string>(zk, '/q');
    await queue.put('a');
    const work = async () => {
      await using _item = await queue.take();
      throw new Error('the work failed');
    };
    await expect(work()).rejects.toThrow('the work failed');
    await using item = await queue.take();
    expect(item.value).toBe('a');
    await item.done();
  });

  test('several put as one come out one by one, and leave with the last', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new Queue<string>(zk, '/q');
    await queue.putAll([]);
    await queue.putAll(['a', 'b']);
    const items = queue.items();
    const first: QueueItem<string> = (await items.next()).value;
    await first.done();
    expect(await queue.size()).toBe(1);
    const second: QueueItem<string> = (await items.next()).value;
    expect([first.value, second.value, second.path]).toEqual(['a', 'b', first.path]);
    await second.done();
    expect(await queue.size()).toBe(0);
    await items.return?.();
  });

  test('what is no item ends it and stays, or is deleted', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new Queue<string>(zk, '/q');
    await queue.put('a');
    await queue.take().then((item) => item.done());
    const corrupt = await zk.create('/q/queue-', 'noise', { mode: 'persistent-sequential' });
    await zk.create('/q/a stranger');
    await queue.put('b');
    const failure = await queue.take().catch((error) => error);
    expect(failure).toBeInstanceOf(CorruptItemError);
    expect(failure.path).toBe(corrupt.path);
    expect(await childrenOf(zk, '/q-locks')).toEqual([]);
    const items = queue.items({ corrupt: 'delete' });
    const item: QueueItem<string> = (await items.next()).value;
    expect(item.value).toBe('b');
    await item.done();
    await items.return?.();
    expect(await childrenOf(zk, '/q')).toEqual(['a stranger']);
  });

  test('items of an id can be removed, but for those that are worked on', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new IdQueue<number>(zk, '/q');
    for (const [value, id] of [
      [1, 'x'],
      [2, 'y'],
      [3, 'x'],
    ] as const) {
      await queue.put(value, id);
    }
    const taken = await queue.take();
    expect(await queue.remove('x')).toBe(1);
    expect(await queue.remove('z')).toBe(0);
    await taken.requeue();
    expect(await childrenOf(zk, '/q')).toEqual(['queue-|x|0000000003', 'queue-|y|0000000001']);
    expect(await drain(queue, 2)).toEqual([2, 1]);
  });

  test('what was taken ahead goes back when the loop is left', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new Queue<number>(zk, '/q');
    for (let value = 0; value < 10; value++) await queue.put(value);
    for await (const item of queue.items({ prefetch: 5 })) {
      await untilChildren(zk, '/q-locks', 6);
      await item.done();
      break;
    }
    expect(await childrenOf(zk, '/q-locks')).toEqual([]);
    expect(await drain(queue, 9)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('a full queue lets nothing in until something has left', async () => {
    await using setup = await startSetup();
    const [zk, other] = await setup.connectMany(2);
    const queue = new Queue<number>(zk!, '/q', { maxItems: 2 });
    await queue.put(1);
    await queue.put(2);
    await expect(queue.put(3, { timeoutMs: 1 })).rejects.toBeInstanceOf(OperationTimeoutError);
    const putting = queue.put(4);
    expect(await drain(new Queue<number>(other!, '/q'), 3)).toEqual([1, 2, 4]);
    await putting;
  });
});

describe('consume', () => {
  test('works on so many at a time, and ends with its signal when they are done', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new Queue<number>(zk, '/q');
    for (let value = 0; value < 20; value++) await queue.put(value);
    const stopping = new AbortController();
    let busy = 0;
    let busiest = 0;
    const seen: number[] = [];
    await queue.consume(
      async (value) => {
        busiest = Math.max(busiest, ++busy);
        await zk.exists('/');
        seen.push(value);
        busy--;
        if (seen.length === 20) stopping.abort();
      },
      { concurrency: 4, prefetch: 4, signal: stopping.signal },
    );
    expect(busiest).toBe(4);
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect([await childrenOf(zk, '/q'), await childrenOf(zk, '/q-locks')]).toEqual([[], []]);
  });

  test.each([
    ['requeue', ['a', 'b', 'a']],
    ['delete', ['a', 'b']],
    ['release', ['a', 'a', 'b']],
  ] as const)('an item whose work failed: %s', async (onError, expected) => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const queue = new Queue<string>(zk, '/q');
    await queue.put('a');
    await queue.put('b');
    const stopping = new AbortController();
    const seen: string[] = [];
    await queue.consume(
      (value) => {
        seen.push(value);
        if (seen.length === expected.length) stopping.abort();
        if (seen.length === 1) throw new Error('failed');
      },
      { onError, signal: stopping.signal },
    );
    expect(seen).toEqual(expected);
    expect(await queue.size()).toBe(0);
  });
});

describe('faults', () => {
  test('thirty consumers of a queue do each item once, and leave nothing', async () => {
    await using setup = await startSetup();
    const [producer, ...clients] = (await setup.connectMany(31)) as [ZooKeeper, ...ZooKeeper[]];
    const history = new History();
    const queue = new Queue<number>(producer, '/q');
    const count = 300;
    const stopping = new AbortController();
    const consumers = clients.map((zk, index) =>
      new Queue<number>(zk, '/q').consume(
        (value) => {
          history.taken(`${value}`);
          if (history.takenItems.length === count) stopping.abort();
        },
        { signal: stopping.signal, prefetch: index % 3 },
      ),
    );
    for (let value = 0; value < count; value++) {
      history.put(`${value}`);
      await queue.put(value);
    }
    await Promise.all(consumers);
    history.assertEachItemOnce();
    expect(await childrenOf(producer, '/q')).toEqual([]);
    expect(await childrenOf(producer, '/q-locks')).toEqual([]);
  });

  test('an item whose worker lost the session comes out at another one, and the first is told', async () => {
    await using setup = await startSetup();
    const [mortal, heir, producer] = (await setup.connectMany(3)) as [
      ZooKeeper,
      ZooKeeper,
      ZooKeeper,
    ];
    await new Queue(producer, '/q').put('a');
    const queue = new Queue<string>(mortal, '/q');
    const item = await queue.take();
    const waiting = new Queue<string>(heir, '/q').take();
    await setup.server.expireSession(mortal);
    await untilAborted(item.lost);
    expect(item.lost.reason).toBeInstanceOf(SessionExpiredError);
    await expect(item.done()).rejects.toBeInstanceOf(SessionExpiredError);
    const again = await waiting;
    expect(again.value).toBe('a');
    await again.done();
    expect(again.lost.aborted).toBe(false);
  });

  test('who deletes a lock is found out', async () => {
    await using setup = await startSetup();
    const [zk, vandal] = (await setup.connectMany(2)) as [ZooKeeper, ZooKeeper];
    const queue = new Queue<string>(zk, '/q');
    await queue.put('a');
    for await (const item of queue.items()) {
      await vandal.delete('/q-locks/queue-0000000000');
      await untilAborted(item.lost);
      await expect(item.done()).rejects.toThrow('somebody else has deleted the lock');
      break;
    }
    expect(await queue.size()).toBe(1);
  });

  test('with a provider it goes on in a new session, with the only one it ends', async () => {
    await using setup = await startSetup();
    const producer = await setup.connect();
    const queue = new Queue<number>(producer, '/q');
    await using sessions = keepSession(() => setup.connect());
    const lasting = new Queue<number>(sessions, '/q');
    const seen: number[] = [];
    await queue.put(1);
    for await (const item of lasting.items({ prefetch: 2 })) {
      seen.push(item.value);
      await item.done();
      if (item.value === 2) break;
      await setup.server.expireSession(await sessions());
      await queue.put(2);
    }
    expect(seen).toEqual([1, 2]);
    const only = await setup.connect();
    const waiting = new Queue(only, '/q').take();
    await setup.server.expireSession(only);
    await expect(waiting).rejects.toBeInstanceOf(SessionExpiredError);
  });

  test('a server before 3.6, without lasting watches, serves as well', async () => {
    await using setup = await startSetup();
    const producer = await setup.connect();
    // addWatch and setWatches2.
    await using old = await startRewritingProxy(setup.server.port, [106, 105]);
    const [one, two] = await Promise.all([
      setup.connect({ servers: old.connectString }),
      setup.connect({ servers: old.connectString }),
    ]);
    const history = new History();
    const stopping = new AbortController();
    const count = 40;
    const consumers = [one, two].map((zk) =>
      new Queue<number>(zk, '/q').consume(
        (value) => {
          history.taken(`${value}`);
          if (history.takenItems.length === count) stopping.abort();
        },
        { signal: stopping.signal, prefetch: 2 },
      ),
    );
    for (let value = 0; value < count; value++) {
      history.put(`${value}`);
      await new Queue(producer, '/q').put(value);
    }
    await Promise.all(consumers);
    history.assertEachItemOnce();
    expect(await childrenOf(producer, '/q-locks')).toEqual([]);
  });

  test('a restart of the server is no more than a lost connection', async () => {
    await using setup = await startSetup();
    const [zk, producer] = (await setup.connectMany(2)) as [ZooKeeper, ZooKeeper];
    const queue = new Queue<number>(zk, '/q');
    const put = (value: number) => new Queue(producer, '/q').put(value, { idempotent: true });
    await put(1);
    const items = queue.items();
    const first: QueueItem<number> = (await items.next()).value;
    await setup.server.restart({ ending: 'reset' });
    await first.done();
    const next = items.next();
    await put(2);
    expect((await next).value.value).toBe(2);
    await items.return?.();
  });

  test('an item is done once wherever the connection breaks, and its lock goes', async () => {
    await using setup = await startSetup();
    const observer = await setup.connect();
    const queue = new Queue<string>(observer, '/q');
    let run = 0;
    const cutCount = await forEachCut(
      setup.server,
      async (zk) => {
        const name = `run ${run++}`;
        await queue.putAll([name]);
        await queue.put(`${name} again`);
        const seen: string[] = [];
        for await (const item of new Queue<string>(zk, '/q').items()) {
          seen.push(item.value);
          if (seen.length === 1) await item.requeue();
          else await item.done();
          if (seen.length === 3) break;
        }
        expect(seen).toEqual([name, `${name} again`, name]);
        await zk.sync('/');
        await untilChildren(zk, '/q-locks', 0);
        expect(await queue.size()).toBe(0);
      },
      { stepBytes: 32 },
    );
    expect(cutCount).toBeGreaterThan(30);
  });

  test('without locks an item comes out at most once wherever the connection breaks', async () => {
    await using setup = await startSetup();
    const observer = await setup.connect();
    const queue = new SimpleQueue<number>(observer, '/q');
    let value = 0;
    const seen: number[] = [];
    await forEachCut(
      setup.server,
      async (zk) => {
        const last = value + 2;
        while (value < last) await queue.put(value++);
        // The end of the run, of which nothing can be lost: it is taken by the one who observes.
        const stopping = new AbortController();
        const consuming = new SimpleQueue<number>(zk, '/q').consume(
          (item) => {
            seen.push(item);
          },
          { signal: stopping.signal },
        );
        await untilChildren(observer, '/q', 0);
        await zk.sync('/');
        stopping.abort();
        await consuming;
      },
      { stepBytes: 48 },
    );
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(value / 2);
  });

  test('done that is called twice over a lost connection is one and the same', async () => {
    await using setup = await startSetup();
    await using proxy = await startTestProxy({ target: setup.server });
    const zk = await setup.connect({ servers: proxy.connectString });
    const queue = new Queue<string>(zk, '/q');
    await queue.put('a');
    const item = await queue.take();
    proxy.dropConnections();
    const [done, again] = await Promise.allSettled([item.done(), item.done()]);
    expect([done.status, again.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(await queue.size()).toBe(0);
  });
});
