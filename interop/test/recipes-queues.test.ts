import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect, type ZooKeeper } from '@zooid/client';
import {
  type BaseQueueOptions,
  buildUri,
  Cache,
  DelayQueue,
  gzipCodec,
  IdQueue,
  KazooQueue,
  LockingQueue,
  Model,
  PriorityQueue,
  Queue,
  type QueueItem,
  QueueSharder,
  ServiceDiscovery,
  SimpleQueue,
  serviceInstance,
  textCodec,
} from '@zooid/recipes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LockPeer } from '../harness/lock-contest.ts';
import { CURATOR_CLASSPATH, missingPeer, PYTHON, suiteTitle } from '../harness/peers.ts';
import { allOf, runProcess } from '../harness/process.ts';
import { type ServerKind, TestServer } from '../harness/server.ts';

const missingCurator = missingPeer('curator');
const missingKazoo = missingPeer('kazoo', 'apache');
const kinds: readonly ServerKind[] = ['zooid', 'apache'];

/** Put by each side. */
const ITEMS = 30;
/** On each side. */
const CONSUMERS = 2;

/** A queue of any kind, as both sides use it. */
interface SharedQueue {
  items(options: { readonly signal: AbortSignal }): AsyncIterable<QueueItem<string>>;
  putNumber(number: number): Promise<unknown>;
}

const options: BaseQueueOptions<string> = { codec: textCodec };

/** By kind. They get the path of all that belongs to the queue. */
const shared: Readonly<Record<string, (zk: ZooKeeper, path: string) => SharedQueue>> = {
  queue: (zk, path) => {
    const queue = new Queue(zk, `${path}/queue`, { ...options, lockPath: 'none' });
    return withPut(queue, (number) => queue.put(`node-${number}`));
  },
  locked: (zk, path) => {
    const queue = new Queue(zk, `${path}/queue`, { ...options, lockPath: `${path}/locks` });
    return withPut(queue, (number) => queue.put(`node-${number}`));
  },
  id: (zk, path) => {
    const queue = new IdQueue(zk, `${path}/queue`, { ...options, lockPath: 'none' });
    return withPut(queue, (number) => queue.put(`node-${number}`, `id/${number}`));
  },
  priority: (zk, path) => {
    const queue = new PriorityQueue(zk, `${path}/queue`, { ...options, lockPath: 'none' });
    return withPut(queue, (number) => queue.put(`node-${number}`, 3 - number));
  },
  'priority-locked': (zk, path) => {
    const lockPath = `${path}/locks`;
    const queue = new PriorityQueue(zk, `${path}/queue`, { ...options, lockPath });
    return withPut(queue, (number) => queue.put(`node-${number}`, 3 - number));
  },
  delay: (zk, path) => {
    const queue = new DelayQueue(zk, `${path}/queue`, { ...options, lockPath: 'none' });
    return withPut(queue, (number) =>
      queue.put(`node-${number}`, { afterMs: 5 * (ITEMS - number) }),
    );
  },
  simple: (zk, path) => {
    const queue = new SimpleQueue(zk, `${path}/queue`, options);
    return withPut(queue, (number) => queue.put(`node-${number}`));
  },
  kazoo: (zk, path) => {
    const queue = new KazooQueue(zk, `${path}/queue`, options);
    return withPut(queue, (number) => queue.put(`node-${number}`, { priority: 100 }));
  },
  'kazoo-locking': (zk, path) => {
    const queue = new LockingQueue(zk, `${path}/queue`, options);
    return withPut(queue, (number) => queue.put(`node-${number}`, { priority: number % 3 }));
  },
};

function withPut(
  queue: { items(options: { readonly signal: AbortSignal }): AsyncIterable<QueueItem<string>> },
  putNumber: (number: number) => Promise<unknown>,
): SharedQueue {
  return { items: (itemsOptions) => queue.items(itemsOptions), putNumber };
}

/** Both sides put and take at the same time; every item comes out once. */
async function share(
  address: string,
  zk: ZooKeeper,
  peer: LockPeer,
  name: string,
  who: { readonly consumers: number; readonly peerConsumers: number },
): Promise<void> {
  const [kind] = name.split('@');
  const open = (client: ZooKeeper) => shared[kind!]!(client, `/${name}`);
  const results = `/${name}/results`;
  await zk.ensurePath(results);
  const ending = new AbortController();
  const consumers = Array.from({ length: who.consumers }, async () => {
    await using own = await connect(address);
    const failedOnce = new Set<string>();
    for await (const item of open(own).items({ signal: ending.signal })) {
      if (kind === 'locked' && item.value.endsWith('0') && !failedOnce.has(item.value)) {
        failedOnce.add(item.value);
        await item.requeue();
        continue;
      }
      await own.create(`${results}/${item.value}`, 'node');
      await item.done();
    }
  });
  const working = peer.contend(name, who.peerConsumers, ITEMS);
  const queue = open(zk);
  for (let number = 0; number < ITEMS; number++) await queue.putNumber(number);
  for (;;) {
    const { names, changed } = await zk.children(results, { watch: true });
    if (names.length === 2 * ITEMS) break;
    await Promise.race([changed, ...consumers, working.then(() => changed)]);
  }
  ending.abort();
  await zk.create(`/${name}/stop`);
  await allOf([working, ...consumers]);
  const itemsPath = kind === 'kazoo-locking' ? `/${name}/queue/entries` : `/${name}/queue`;
  expect((await zk.children(itemsPath)).names).toEqual([]);
  await zk.deleteTree(`/${name}`);
}

interface Meeting {
  readonly server: TestServer;
  readonly zk: ZooKeeper;
  readonly peer: LockPeer;
}

function meetingOf(kind: ServerKind, startPeer: (address: string) => Promise<LockPeer>): Meeting {
  const opened: AsyncDisposable[] = [];
  const meeting: { -readonly [Key in keyof Meeting]?: Meeting[Key] } = {};
  beforeAll(async () => {
    meeting.server = await TestServer.start(kind);
    opened.push(meeting.server);
    meeting.zk = await connect(meeting.server.address);
    opened.push(meeting.zk);
    meeting.peer = await startPeer(meeting.server.address);
    opened.push(meeting.peer);
  });
  afterAll(async () => {
    for (const one of opened.reverse()) await one[Symbol.asyncDispose]();
  });
  return meeting as Meeting;
}

const roles = [
  ['both take', { consumers: CONSUMERS, peerConsumers: CONSUMERS }],
  ['we take', { consumers: CONSUMERS, peerConsumers: 0 }],
  ['they take', { consumers: 0, peerConsumers: CONSUMERS }],
] as const;

describe.skipIf(missingCurator !== undefined)(
  suiteTitle("queues and services shared with Curator's", missingCurator),
  () => {
    let classes = '';

    beforeAll(async () => {
      classes = await mkdtemp(join(tmpdir(), 'zooid-interop-queues-'));
      const source = resolve(import.meta.dirname, '../curator/QueuePeer.java');
      const args = ['-nowarn', '-cp', CURATOR_CLASSPATH, '-d', classes, source];
      const compiled = await runProcess('javac', args);
      expect(compiled.code, compiled.stderr).toBe(0);
    });

    afterAll(async () => {
      await rm(classes, { recursive: true, force: true });
    });

    describe.each(kinds)("on the server of %s's", (kindOfServer) => {
      const meeting = meetingOf(kindOfServer, (address) => {
        const classPath = `${classes}:${CURATOR_CLASSPATH}`;
        return LockPeer.start('java', ['-Xmx256m', '-cp', classPath, 'QueuePeer', address]);
      });

      describe.each(roles)('both put, %s', (title, who) => {
        test.each(['queue', 'locked', 'id', 'priority', 'priority-locked', 'delay', 'simple'])(
          '%s: every item comes out once',
          async (kind) => {
            const { server, zk, peer } = meeting;
            await share(server.address, zk, peer, `${kind}@${title.replace(' ', '-')}`, who);
          },
        );
      });

      test('QueueSharder: both put into the same queues and take from them, every item comes out once', async () => {
        const { zk, peer } = meeting;
        await using sharder = new QueueSharder<string, Queue<string>>(zk, '/sharded/queue', {
          leaderPath: '/sharded/leader',
          makeQueue: (path) => new Queue(zk, path, { ...options, lockPath: 'none' }),
          itemsPerQueueMax: 8,
          checkIntervalMs: 10,
        });
        await sharder.start();
        await peer.contend('sharded', 0, ITEMS);
        for (let number = 0; number < ITEMS; number++) {
          await sharder.queue().put(`node-${number}`);
        }
        while (sharder.queues.size < 2) await zk.exists('/');
        const results = '/sharded/results';
        await zk.ensurePath(results);
        const ending = new AbortController();
        const consuming = sharder.consume(
          async (item) => void (await zk.create(`${results}/${item}`, 'node')),
          { signal: ending.signal },
        );
        const working = peer.contend('sharded', CONSUMERS, 0);
        for (;;) {
          const { names, changed } = await zk.children(results, { watch: true });
          if (names.length === 2 * ITEMS) break;
          await Promise.race([changed, consuming]);
        }
        ending.abort();
        await zk.create('/sharded/stop');
        await allOf([working, consuming]);
      });

      test('what either has compressed the other reads', async () => {
        const { zk, peer } = meeting;
        await peer.contend('compress', 0, 0);
        const codec = gzipCodec(textCodec);
        expect(await new Model(zk, '/compressed/java', { codec }).read()).toMatchObject({
          value: 'text of java',
        });
        await new Model(zk, '/compressed/node', { codec }).set('text of node');
        await peer.contend('decompress', 0, 0);
        await using cache = new Cache(zk, '/compressed', { compression: 'gzip' });
        await cache.start();
        expect(
          [...cache.children('/compressed').values()].map((node) => node.text()).sort(),
        ).toEqual(['text of java', 'text of node']);
      });

      test('what either registers the other finds', async () => {
        const { zk, peer } = meeting;
        await using discovery = new ServiceDiscovery(zk, '/services');
        await peer.contend('register', 0, 0);
        const found = await discovery.instance('mail', 'java');
        expect(found).toMatchObject({ name: 'mail', port: 25, payload: 'text', type: 'dynamic' });
        expect(found && buildUri(found)).toBe('http://10.0.0.1:25/java');
        await discovery.register(
          serviceInstance({
            name: 'mail',
            id: 'node',
            address: '10.0.0.2',
            port: 26,
            sslPort: 443,
            payload: { weight: 3 },
            type: 'static',
            uriSpec: '{scheme}://{address}:{ssl-port}/{id}',
          }),
        );
        await peer.contend('lookup', 0, 0);
        await using provider = discovery.provider('mail');
        await provider.start();
        expect(provider.instances().map(({ id }) => id)).toEqual(['java', 'node']);
      });
    });
  },
);

describe.skipIf(missingKazoo !== undefined)(
  suiteTitle("queues shared with kazoo's", missingKazoo),
  () => {
    describe.each(kinds)("on the server of %s's", (kindOfServer) => {
      const meeting = meetingOf(kindOfServer, (address) => {
        const program = resolve(import.meta.dirname, '../kazoo/queue_peer.py');
        return LockPeer.start(PYTHON, [program, address]);
      });

      describe.each(roles)('both put, %s', (title, who) => {
        test.each(['kazoo', 'kazoo-locking'])('%s: every item comes out once', async (kind) => {
          const { server, zk, peer } = meeting;
          await share(server.address, zk, peer, `${kind}@${title.replace(' ', '-')}`, who);
        });
      });
    });
  },
);
