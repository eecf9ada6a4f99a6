import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connect, type ZooKeeper } from '@zooid/client';
import {
  AtomicInteger,
  AtomicLong,
  Barrier,
  Counter,
  type CounterOptions,
  DoubleBarrier,
  Election,
  GroupMember,
  type Held,
  LeaderLatch,
  type LeaderTerm,
  Party,
  SetPartitioner,
  ShallowParty,
  SharedCount,
} from '@zooid/recipes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Contest, LockPeer } from '../harness/lock-contest.ts';
import { CURATOR_CLASSPATH, missingPeer, PYTHON, suiteTitle } from '../harness/peers.ts';
import { allOf, runProcess } from '../harness/process.ts';
import { type ServerKind, TestServer } from '../harness/server.ts';

const missingCurator = missingPeer('curator');
const missingKazoo = missingPeer('kazoo', 'apache');
const kinds: readonly ServerKind[] = ['zooid', 'apache'];

const CLIENTS = 3;
const ROUNDS = 8;
/** Of both sides. */
const TOTAL = 2 * CLIENTS * ROUNDS;

/** A server, a client of ours and a program in another language, for all tests of a suite. */
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

/** Both sides work at the same time; how often our clients work is theirs to see to. */
async function together(
  { server, zk, peer }: Meeting,
  kind: string,
  work: (zk: ZooKeeper, path: string, index: number, contest: Contest) => Promise<void>,
): Promise<Contest> {
  const contest = await Contest.prepare(zk, server.address, kind);
  const ours = contest.run(CLIENTS, 1, (one, index) => work(one, contest.lockPath, index, contest));
  await allOf([ours, peer.contend(kind, CLIENTS, ROUNDS)]);
  return contest;
}

/** Everybody waits for everybody to have seen everybody. */
async function untilAllAreInside(zk: ZooKeeper, kind: string, name: string): Promise<void> {
  await zk.create(`/${kind}/inside/${name}`);
  for (;;) {
    const inside = await zk.children(`/${kind}/inside`, { watch: true });
    if (inside.names.length === 2 * CLIENTS) return;
    await inside.changed;
  }
}

/** Enters and leaves; sees that all had come before it went in, and all had done before it came out. */
async function goThrough(zk: ZooKeeper, kind: string, barrier: DoubleBarrier): Promise<void> {
  const mark = () => zk.create(`/${kind}/inside/node-`, '', { mode: 'persistent-sequential' });
  const marks = async () => {
    await zk.sync(`/${kind}`);
    return (await zk.children(`/${kind}/inside`)).names.length;
  };
  await mark();
  await barrier.enter();
  expect(await marks()).toBeGreaterThanOrEqual(2 * CLIENTS);
  await mark();
  await barrier.leave();
  expect(await marks()).toBe(4 * CLIENTS);
}

async function untilSeen<T>(
  values: AsyncIterable<T>,
  isWanted: (value: T) => boolean,
): Promise<void> {
  for await (const value of values) if (isWanted(value)) return;
}

/** Leads as often as the others do. */
async function lead(
  zk: ZooKeeper,
  election: Election,
  contest: Contest,
  tokens: bigint[],
): Promise<void> {
  let count = 0;
  for await (const term of election.terms()) {
    tokens.push(term.fencingToken);
    await contest.write(zk, heldOf(term));
    if (++count === ROUNDS) break;
  }
}

function expectGrowing(tokens: readonly bigint[]): void {
  for (const [index, token] of tokens.entries()) {
    if (index > 0) expect(token).toBeGreaterThan(tokens[index - 1]!);
  }
}

describe.skipIf(missingCurator !== undefined)(
  suiteTitle("elections, barriers, counters and groups shared with Curator's", missingCurator),
  () => {
    let classes = '';

    beforeAll(async () => {
      classes = await mkdtemp(join(tmpdir(), 'zooid-interop-groups-'));
      const source = resolve(import.meta.dirname, '../curator/GroupPeer.java');
      const args = ['-nowarn', '-cp', CURATOR_CLASSPATH, '-d', classes, source];
      const compiled = await runProcess('javac', args);
      expect(compiled.code, compiled.stderr).toBe(0);
    });

    afterAll(async () => {
      await rm(classes, { recursive: true, force: true });
    });

    describe.each(kinds)("on the server of %s's", (kindOfServer) => {
      const meeting = meetingOf(kindOfServer, (address) =>
        LockPeer.start('java', [
          '-Xmx256m',
          '-cp',
          `${classes}:${CURATOR_CLASSPATH}`,
          'GroupPeer',
          address,
        ]),
      );

      test('LeaderLatch has one leader of both sides', async () => {
        const tokens: bigint[] = [];
        const contest = await together(meeting, 'latch', async (zk, path, _index, at) => {
          for (let round = 0; round < ROUNDS; round++) {
            await using latch = new LeaderLatch(zk, path, { identifier: 'node' });
            await latch.start();
            const term = await latch.untilLeader();
            tokens.push(term.fencingToken);
            await at.write(zk, heldOf(term));
          }
        });
        expect(await contest.count()).toBe(TOTAL);
        expectGrowing(tokens);
        expect(await contest.leftovers([contest.lockPath])).toEqual([]);
      });

      test('LeaderSelector and Election have one leader', async () => {
        const tokens: bigint[] = [];
        const contest = await together(meeting, 'selector', (zk, path, _index, at) =>
          lead(zk, new Election(zk, path, { identifier: 'node' }), at, tokens),
        );
        expect(await contest.count()).toBe(TOTAL);
        expectGrowing(tokens);
      });

      test('DistributedDoubleBarrier and DoubleBarrier let all in and out together', async () => {
        const kind = 'double-barrier';
        await together(meeting, kind, async (zk, path) => {
          const barrier = new DoubleBarrier(zk, path, { memberCount: 2 * CLIENTS });
          await goThrough(zk, kind, barrier);
        });
        expect(await meeting.zk.children(`/${kind}/lock`)).toMatchObject({ names: [] });
      });

      test('who waits at a DistributedBarrier goes on when ours is removed', async () => {
        const barrier = new Barrier(meeting.zk, '/barrier/lock');
        await barrier.set();
        const waiting = meeting.peer.contend('barrier', 1, 1);
        await meeting.peer.until('WAITING barrier');
        await barrier.remove();
        await waiting;
      });

      test('DistributedAtomicLong and AtomicLong count every increment', async () => {
        const contest = await together(meeting, 'atomic-long', async (zk, path) => {
          const long = new AtomicLong(zk, path);
          for (let round = 0; round < ROUNDS; round++) {
            expect((await long.increment()).succeeded).toBe(true);
          }
        });
        const long = new AtomicLong(meeting.zk, contest.lockPath);
        expect(await long.get()).toBe(BigInt(TOTAL));
      });

      test('DistributedAtomicInteger and AtomicInteger count every decrement', async () => {
        const contest = await together(meeting, 'atomic-integer', async (zk, path) => {
          const integer = new AtomicInteger(zk, path);
          for (let round = 0; round < ROUNDS; round++) {
            expect((await integer.decrement()).succeeded).toBe(true);
          }
        });
        expect(await new AtomicInteger(meeting.zk, contest.lockPath).get()).toBe(-TOTAL);
      });

      test("Curator's SharedCount and ours count every change", async () => {
        const contest = await together(meeting, 'shared-count', async (zk, path) => {
          await using shared = new SharedCount(zk, path, 0);
          await shared.start();
          for (let round = 0; round < ROUNDS; round++) {
            while ((await shared.trySet(shared.current, shared.value + 1)) === undefined);
          }
        });
        await using shared = new SharedCount(meeting.zk, contest.lockPath, 0);
        await shared.start();
        expect(shared.value).toBe(TOTAL);
      });

      test('members of a group see each other', async () => {
        await together(meeting, 'group', async (zk, path, index) => {
          const options = { id: `node-${index}`, payload: `node ${index}` };
          await using member = new GroupMember(zk, path, options);
          await member.start();
          await untilSeen(member.changes(), (members) => members.size === 2 * CLIENTS);
          const members = await member.members();
          expect(new TextDecoder().decode(members.get('java-0'))).toBe('java 0');
          await untilAllAreInside(zk, 'group', `node-${index}`);
        });
      });
    });
  },
);

describe.skipIf(missingKazoo !== undefined)(
  suiteTitle("elections, barriers, counters and parties shared with kazoo's", missingKazoo),
  () => {
    describe.each(kinds)("on the server of %s's", (kindOfServer) => {
      const program = resolve(import.meta.dirname, '../kazoo/group_peer.py');
      const meeting = meetingOf(kindOfServer, (address) =>
        LockPeer.start(PYTHON, [program, address]),
      );

      test("kazoo's Election and ours have one leader", async () => {
        const tokens: bigint[] = [];
        const contest = await together(meeting, 'election', (zk, path, _index, at) =>
          lead(zk, new Election(zk, path, { identifier: 'node', layout: 'kazoo' }), at, tokens),
        );
        expect(await contest.count()).toBe(TOTAL);
        expectGrowing(tokens);
        expect(await contest.leftovers([contest.lockPath])).toEqual([]);
      });

      test("kazoo's DoubleBarrier and ours let all in and out together", async () => {
        const kind = 'kazoo-double-barrier';
        await together(meeting, kind, async (zk, path) => {
          const options = { memberCount: 2 * CLIENTS, layout: 'kazoo' } as const;
          await goThrough(zk, kind, new DoubleBarrier(zk, path, options));
        });
        expect(await meeting.zk.children(`/${kind}/lock`)).toMatchObject({ names: [] });
      });

      test("who waits at kazoo's Barrier goes on when ours is removed", async () => {
        const barrier = new Barrier(meeting.zk, '/kazoo-barrier/lock');
        await barrier.set();
        const waiting = meeting.peer.contend('kazoo-barrier', 1, 1);
        await meeting.peer.until('WAITING kazoo-barrier');
        await barrier.remove();
        await waiting;
      });

      test.each<[string, CounterOptions, number]>([
        ['counter', {}, 1],
        ['float-counter', { format: 'float' }, 0.5],
        ['curator-counter', { format: 'curator' }, 1],
      ])("kazoo's Counter and ours count every change: %s", async (kind, options, step) => {
        const contest = await together(meeting, kind, async (zk, path) => {
          const counter = new Counter(zk, path, options);
          for (let round = 0; round < ROUNDS; round++) await counter.add(step);
        });
        const counter = new Counter(meeting.zk, contest.lockPath, options);
        expect(await counter.value()).toBe(TOTAL * step);
      });

      test.each([
        ['party', Party],
        ['shallow-party', ShallowParty],
      ] as const)('members see each other: %s', async (kind, Kind) => {
        await together(meeting, kind, async (zk, path, index) => {
          await using party = new Kind(zk, path, { identifier: `node-${index}` });
          await party.join();
          await untilSeen(party.changes(), (members) => members.length === 2 * CLIENTS);
          expect(await party.members()).toContain('python-0');
          await untilAllAreInside(zk, kind, `node-${index}`);
        });
      });

      test("kazoo's SetPartitioner and ours divide a set between them", async () => {
        const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
        const allocated = new Map<string, string>();
        const contest = await together(meeting, 'partitioner', async (zk, path, index) => {
          const identifier = `node-${index}`;
          const leaving = new AbortController();
          const options = { identifier, timeBoundaryMs: 300 };
          const partitioner = new SetPartitioner(zk, path, items, options);
          await partitioner.run(
            async (share) => {
              const { names } = await zk.children(`${path}/party`);
              const isFair = share.items.length === 1 || share.items.length === 2;
              if (names.length < 2 * CLIENTS || !isFair || share.lost.aborted) return;
              for (const item of share.items) {
                expect(allocated.get(item) ?? identifier).toBe(identifier);
                allocated.set(item, identifier);
              }
              const seen = untilAllAreInside(zk, 'partitioner', identifier);
              await seen;
              leaving.abort();
            },
            { signal: leaving.signal },
          );
        });
        const left = await contest.leftovers([contest.lockPath]);
        expect(left.filter((path) => /party__|__lock__|party\//.test(path))).toEqual([]);
      });
    });
  },
);

/** As the contest wants it: a leader gives nothing back by itself. */
function heldOf({ fencingToken, lost }: LeaderTerm): Held {
  const nothing = async () => undefined;
  return {
    fencingToken,
    lost,
    isHeld: !lost.aborted,
    release: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}
