import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ZooKeeper } from '@zooid/client';
import { expect, test } from 'vitest';
import {
  keepSession,
  Queue,
  QueueSharder,
  type QueueSharderOptions,
  type SessionSource,
} from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { History } from '../support/history.ts';
import { childrenOf, startSetup, untilAborted, untilChildren } from '../support/setup.ts';
import { standingClock } from '../support/standing-clock.ts';

type Numbers = QueueSharder<number, Queue<number>>;
type Options = Omit<QueueSharderOptions<Queue<number>>, 'makeQueue'>;

function sharderOf(source: SessionSource, options: Options = {}): Numbers {
  return new QueueSharder<number, Queue<number>>(source, '/q', {
    makeQueue: (path, lockPath) => new Queue<number>(source, path, { lockPath }),
    itemsPerQueueMax: 4,
    checkIntervalMs: 1_000,
    ...options,
  });
}

/** Lets a sharder look at its queues, and waits until it has. */
async function look(zk: ZooKeeper, clock: ReturnType<typeof standingClock>): Promise<void> {
  while (clock.waiting.length === 0) await nextTurn();
  clock.advance(1_000);
  while (clock.waiting.length === 0) await zk.exists('/');
}

test("has Curator's znodes: a queue with a name of its own, and a latch beside it", async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  await using sharder = sharderOf(zk);
  expect(() => sharder.queue()).toThrow('not known yet');
  await sharder.start();
  await sharder.start();
  const [name, ...others] = await childrenOf(zk, '/q');
  expect(name).toMatch(/^queue-[0-9a-f-]{36}$/);
  expect(others).toEqual([]);
  expect([...sharder.queues.keys()]).toEqual([`/q/${name}`]);
  expect((await childrenOf(zk, '/q-leader'))[0]).toMatch(/-latch-0000000000$/);
  const path = await sharder.queue().put(1);
  expect(path).toBe(`/q/${name}/queue-0000000000`);
  await using item = await sharder.queue().take();
  expect(await childrenOf(zk, `/q-locks/${name}`)).toEqual(['queue-0000000000']);
  expect(item.value).toBe(1);
});

test('the leader adds a queue when one is full, up to so many; the others learn of it, and of what has room again', async () => {
  await using setup = await startSetup();
  const [one, two] = (await setup.connectMany(2)) as [ZooKeeper, ZooKeeper];
  const [clockOne, clockTwo] = [standingClock(1), standingClock(1)];
  await using first = sharderOf(one, { clock: clockOne, queuesMax: 2 });
  await first.start();
  await using second = sharderOf(two, { clock: clockTwo, queuesMax: 2 });
  await second.start();
  const [full] = [...first.queues.keys()];
  expect([...second.queues.keys()]).toEqual([full]);
  for (let value = 0; value < 4; value++) await first.queue().put(value);
  await look(two, clockTwo);
  expect(second.queues.size).toBe(1);
  await look(one, clockOne);
  expect(first.queues.size).toBe(2);
  await look(two, clockTwo);
  expect([...second.queues.keys()].sort()).toEqual([...first.queues.keys()].sort());
  for (let put = 0; put < 4; put++) expect(await second.queue().put(put)).not.toContain(full);
  // Both are full now, and there may be no third.
  await look(one, clockOne);
  expect(first.queues.size).toBe(2);
  for (let taken = 0; taken < 2; taken++) await (await first.queues.get(full!)!.take()).done();
  await look(one, clockOne);
  expect(await first.queue().put(9)).toContain(full);
});

test('consume works on what is in all queues, also in those that are added later', async () => {
  await using setup = await startSetup();
  const [producer, ...clients] = (await setup.connectMany(11)) as [ZooKeeper, ...ZooKeeper[]];
  const clock = standingClock(1);
  await using source = sharderOf(producer, { clock });
  await source.start();
  const clocks = clients.map(() => standingClock(1));
  const sharders = clients.map((zk, index) => sharderOf(zk, { clock: clocks[index] }));
  await Promise.all(sharders.map((sharder) => sharder.start()));
  const history = new History();
  const put = async (from: number, to: number) => {
    for (let value = from; value < to; value++) {
      history.put(`${value}`);
      await source.queue().put(value);
    }
  };
  await put(0, 20);
  await look(producer, clock);
  await put(20, 40);
  const stopping = new AbortController();
  const consuming = sharders.map((sharder) =>
    sharder.consume(
      (value) => {
        history.taken(`${value}`);
        if (history.takenItems.length === 60) stopping.abort();
      },
      { signal: stopping.signal },
    ),
  );
  await put(40, 60);
  // Only now do they learn of the second one.
  await Promise.all(clients.map((zk, index) => look(zk, clocks[index]!)));
  await Promise.all(consuming);
  history.assertEachItemOnce();
  expect(source.queues.size).toBe(2);
  for (const path of source.queues.keys()) expect(await childrenOf(producer, path)).toEqual([]);
  await Promise.all(sharders.map((sharder) => sharder.close()));
});

test('what a queue throws ends the consuming; closing ends it quietly', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  await using sharder = sharderOf(zk);
  await sharder.start();
  await sharder.queue().put(1);
  const failing = sharder.consume(() => Promise.reject(new Error('no')), {
    onError: (error) => {
      throw error;
    },
  });
  await expect(failing).rejects.toThrow('no');
  const consuming = sharder.consume(() => undefined);
  await untilChildren(zk, [...sharder.queues.keys()][0]!, 0);
  await sharder.close();
  await consuming;
});

test('with a provider it goes on in a new session, with the only one it fails', async () => {
  await using setup = await startSetup();
  await using sessions = keepSession(() => setup.connect());
  const only = await setup.connect();
  await using lasting = sharderOf(sessions);
  await using mortal = sharderOf(only);
  await lasting.start();
  await mortal.start();
  const { lost } = await sessions();
  await setup.server.expireSession(await sessions());
  await setup.server.expireSession(only);
  // Before the client knows, whatever it sends meets the end of the session.
  await untilAborted(lost);
  await untilAborted(mortal.failed);
  expect(mortal.failed.reason).toMatchObject({ code: 'SESSION_EXPIRED' });
  await expect(mortal.consume(() => undefined)).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
  await lasting.queue().put(7);
  expect((await lasting.queue().take()).value).toBe(7);
});

test('starts with one queue wherever the connection breaks, and leaves no latch', async () => {
  await using setup = await startSetup({ proxy: false });
  const observer = await setup.connect();
  const cutCount = await forEachCut(setup.server, async (zk) => {
    const sharder = sharderOf(zk);
    await sharder.start();
    expect(await childrenOf(observer, '/q')).toHaveLength(1);
    await sharder.close();
    await untilChildren(observer, '/q-leader', 0);
    await observer.deleteTree('/q');
  });
  expect(cutCount).toBeGreaterThan(10);
});
