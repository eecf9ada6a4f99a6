/**
 * Tens of clients over connections that break and sessions that expire: what then holds of each recipe. Of locks,
 * `locks/lock-faults.test.ts` tells.
 */

import { ConnectionLossError, type ZooKeeper } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import {
  Counter,
  DelayQueue,
  DoubleBarrier,
  Election,
  GroupMember,
  IdQueue,
  type KeptSession,
  keepSession,
  LeaderLatch,
  LockingQueue,
  Party,
  PriorityQueue,
  Queue,
  type QueueItem,
  retryTimes,
  ServiceDiscovery,
  type SessionProvider,
  ShallowParty,
  serviceInstance,
} from '../src/index.ts';
import { History } from './support/history.ts';
import {
  childrenOf,
  type Setup,
  startSetup,
  untilAborted,
  untilChildren,
} from './support/setup.ts';

/** So many clients, each with another session when the last one has ended. */
class Crowd implements AsyncDisposable {
  readonly members: readonly KeptSession[];
  readonly #setup: Setup;
  #faults = 0;

  constructor(setup: Setup, count: number) {
    this.#setup = setup;
    this.members = Array.from({ length: count }, () => keepSession(() => setup.connect()));
  }

  /** All connections break. */
  breakAll(): void {
    this.#faults += this.#setup.server.dropConnections();
  }

  /** The session of one of them expires, if it has one. */
  async expire(index: number): Promise<void> {
    const zk = await this.members[index % this.members.length]!();
    const { server } = this.#setup;
    if (!server.sessions().some(({ id }) => id === zk.session.id)) return;
    this.#faults++;
    await server.expireSession(zk);
  }

  /** Connections broken and sessions expired. */
  get faultCount(): number {
    return this.#faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.close()));
  }
}

describe.each(['LeaderLatch', 'Election'] as const)('%s', (kind) => {
  /** Leads once. */
  async function lead(
    source: SessionProvider,
    body: (token: bigint, lost: AbortSignal) => Promise<void>,
  ): Promise<void> {
    if (kind === 'Election') {
      for await (const term of new Election(source, '/e').terms({ requeue: 'never' })) {
        await body(term.fencingToken, term.lost);
      }
      return;
    }
    await using latch = new LeaderLatch(source, '/e');
    await latch.start();
    const term = await latch.untilLeader();
    await body(term.fencingToken, term.lost);
  }

  test('has one leader at a time, with tokens that grow, and leaves nothing', async () => {
    await using setup = await startSetup();
    await using crowd = new Crowd(setup, 20);
    const observer = await setup.connect();
    const history = new History();
    await Promise.all(
      crowd.members.map(async (member, index) => {
        for (let round = 0; round < 2; round++) {
          await lead(member, async (token, lost) => {
            const name = `${index}`;
            // By the time that this is run it may be over.
            if (lost.aborted) return;
            history.granted(name, token);
            let isNoted = false;
            const note = () => {
              if (!isNoted) history.lost(name, token);
              isNoted = true;
            };
            lost.addEventListener('abort', note, { once: true });
            if (history.grantCount % 7 === 0) crowd.breakAll();
            if (history.grantCount % 9 === 0) {
              await crowd.expire(index);
              await untilAborted(lost);
            } else {
              // One that waits.
              if (history.grantCount % 5 === 0) await crowd.expire(index + 7);
              await setup.server.sessions();
            }
            note();
          });
        }
      }),
    );
    expect(crowd.faultCount).toBeGreaterThan(20);
    history.assertAtMost(1);
    history.assertTokensGrow();
    expect(history.grantCount).toBeGreaterThan(30);
    await untilChildren(observer, '/e', 0);
  });
});

interface QueueKind {
  readonly title: string;
  readonly make: (source: SessionProvider) => {
    put(value: number): Promise<unknown>;
    items(options: { signal: AbortSignal; prefetch: number }): AsyncIterable<QueueItem<number>>;
  };
  readonly places: readonly string[];
}

const queues: readonly QueueKind[] = [
  { title: 'Queue', make: (source) => new Queue<number>(source, '/q'), places: ['/q', '/q-locks'] },
  {
    title: 'IdQueue',
    make: (source) => {
      const queue = new IdQueue<number>(source, '/q');
      return {
        put: (value) => queue.put(value, `id ${value}`),
        items: (options) => queue.items(options),
      };
    },
    places: ['/q', '/q-locks'],
  },
  {
    title: 'PriorityQueue',
    make: (source) => {
      const queue = new PriorityQueue<number>(source, '/q');
      return {
        put: (value) => queue.put(value, value % 3),
        items: (options) => queue.items(options),
      };
    },
    places: ['/q', '/q-locks'],
  },
  {
    title: 'DelayQueue',
    make: (source) => {
      const queue = new DelayQueue<number>(source, '/q');
      return {
        put: (value) => queue.put(value, { at: 1 + (value % 3) }),
        items: (options) => queue.items(options),
      };
    },
    places: ['/q', '/q-locks'],
  },
  {
    title: 'LockingQueue',
    make: (source) => new LockingQueue<number>(source, '/q'),
    places: ['/q/entries', '/q/taken'],
  },
];

test.each(queues)(
  '$title: every item is done once, and nothing is left',
  async ({ make, places }) => {
    await using setup = await startSetup();
    await using crowd = new Crowd(setup, 20);
    const producer = await setup.connect();
    const history = new History();
    const itemCount = 90;
    const source = make(() => Promise.resolve(producer));
    for (let value = 0; value < itemCount; value++) {
      history.put(`${value}`);
      await source.put(value);
    }
    const stopping = new AbortController();
    const emptied = untilChildren(producer, places[0]!, 0).finally(() => stopping.abort());
    /** Of which the worker did not hear whether they are done: they are, or come out again. */
    const unknown = new Set<string>();
    let takenCount = 0;
    await Promise.all(
      crowd.members.map(async (member, index) => {
        const options = { signal: stopping.signal, prefetch: index % 3 };
        for await (const item of make(member).items(options)) {
          takenCount++;
          if (takenCount % 20 === 0) crowd.breakAll();
          if (takenCount % 15 === 0) await crowd.expire(takenCount % 2 === 0 ? index : index + 5);
          try {
            await item.done();
            history.taken(`${item.value}`);
          } catch (error) {
            expect(item.lost.aborted, String(error)).toBe(true);
            unknown.add(`${item.value}`);
          }
        }
      }),
    );
    await emptied;
    expect(crowd.faultCount).toBeGreaterThan(20);
    const taken = new Set(history.takenItems);
    for (const item of unknown) if (!taken.has(item)) history.taken(item);
    history.assertEachItemOnce();
    for (const path of places) await untilChildren(producer, path, 0);
  },
);

test('Counter: what is known to be added counts once, and what is not known at most once', async () => {
  await using setup = await startSetup();
  const clients = await setup.connectMany(20);
  const counts = { known: 0, unknown: 0, dropped: 0 };
  await Promise.all(
    clients.map(async (zk, index) => {
      const counter = new Counter(zk, '/c', {
        retry: retryTimes(2, 1),
        promotedToLock: { path: '/lock', timeoutMs: 20_000, retry: retryTimes(1_000, 0) },
      });
      for (let i = 0; i < 5; i++) {
        try {
          await counter.add(1);
          counts.known++;
        } catch (error) {
          expect(error).toBeInstanceOf(ConnectionLossError);
          expect((error as ConnectionLossError).outcome).toBe('unknown');
          counts.unknown++;
        }
        if (i === 2 && index % 4 === 0) counts.dropped += setup.server.dropConnections();
      }
    }),
  );
  expect(counts.dropped).toBeGreaterThan(20);
  expect(counts.known + counts.unknown).toBe(100);
  const value = await new Counter(clients[0]!, '/c').value();
  expect(value).toBeGreaterThanOrEqual(counts.known);
  expect(value).toBeLessThanOrEqual(100);
  await untilChildren(clients[0]!, '/lock', 0);
});

test('DoubleBarrier: nobody of twenty begins before all are there, or goes before all have done', async () => {
  await using setup = await startSetup();
  const clients = await setup.connectMany(20);
  let droppedCount = 0;
  const rounds = Array.from({ length: 3 }, () => ({ came: 0, done: 0 }));
  await Promise.all(
    clients.map(async (zk, index) => {
      const barrier = new DoubleBarrier(zk, '/b', { memberCount: clients.length });
      for (const round of rounds) {
        round.came++;
        if (index === 3) droppedCount += setup.server.dropConnections();
        await barrier.enter();
        expect(round.came).toBe(clients.length);
        round.done++;
        if (index === 7) droppedCount += setup.server.dropConnections();
        await barrier.leave();
        expect(round.done).toBe(clients.length);
      }
    }),
  );
  expect(droppedCount).toBeGreaterThan(60);
  await untilChildren(clients[0]!, '/b', 0);
});

const groups = [
  {
    title: 'GroupMember',
    make: (source: SessionProvider, id: string) => {
      const member = new GroupMember(source, '/g', { id });
      return {
        join: () => member.start(),
        leave: () => member.close(),
        ids: async () => [...(await member.members()).keys()],
      };
    },
  },
  {
    title: 'Party',
    make: (source: SessionProvider, identifier: string) => {
      const party = new Party(source, '/g', { identifier });
      return { join: () => party.join(), leave: () => party.leave(), ids: () => party.members() };
    },
  },
  {
    title: 'ShallowParty',
    make: (source: SessionProvider, identifier: string) => {
      const party = new ShallowParty(source, '/g', { identifier });
      return { join: () => party.join(), leave: () => party.leave(), ids: () => party.members() };
    },
  },
  {
    title: 'ServiceDiscovery',
    make: (source: SessionProvider, id: string) => {
      const discovery = new ServiceDiscovery(source, '/s');
      return {
        join: () => discovery.register(serviceInstance({ name: 'mail', id, port: 25 })),
        leave: () => discovery.close(),
        ids: async () => (await discovery.instances('mail')).map((instance) => instance.id),
      };
    },
  },
];

test.each(groups)(
  '$title: each of thirty is there once in the end, and none when all have left',
  async ({ make }) => {
    await using setup = await startSetup();
    await using crowd = new Crowd(setup, 30);
    const observer: ZooKeeper = await setup.connect();
    const outsider = make(() => Promise.resolve(observer), 'nobody');
    const ids = crowd.members.map((_, index) => `m${index}`);
    const members = crowd.members.map((member, index) => make(member, ids[index]!));
    const joining = members.map(async (member, index) => {
      if (index % 10 === 3) crowd.breakAll();
      await member.join();
      if (index % 6 === 0) await crowd.expire(index);
    });
    await Promise.all(joining);
    crowd.breakAll();
    const expected = [...ids].sort().join();
    while ((await outsider.ids()).sort().join() !== expected);
    expect(crowd.faultCount).toBeGreaterThan(30);
    crowd.breakAll();
    await Promise.all(members.map((member) => member.leave()));
    while ((await outsider.ids()).length > 0);
    expect(await childrenOf(observer, '/g')).toEqual([]);
  },
);
