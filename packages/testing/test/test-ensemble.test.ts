import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type ConnectOptions, connect, type ZooKeeper, ZooKeeperError } from '@zooid/client';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  startTestEnsemble,
  type TestEnsemble,
  type TestEnsembleOptions,
  type TestMember,
} from '../src/index.ts';
import { SmallClient } from './small-client.ts';

/** How long a member answers after it was last heard of: four pings of a leader whose `tickTimeMs` is 500 or more. */
const LEASE_MS = 1000;

async function start(options: TestEnsembleOptions = {}): Promise<TestEnsemble> {
  const ensemble = await startTestEnsemble(options);
  onTestFinished(() => ensemble.close());
  return ensemble;
}

async function clientOf(
  where: { readonly connectString: string },
  options?: ConnectOptions,
): Promise<ZooKeeper> {
  const zk = await connect(where.connectString, options);
  onTestFinished(() => zk.close());
  return zk;
}

function followersOf(ensemble: TestEnsemble): TestMember[] {
  return ensemble.members.filter(({ role }) => role === 'following');
}

describe('an ensemble under test', () => {
  test.each([
    {},
    { proxy: false },
    { servers: 1 },
    { servers: 2, observers: 1 },
    { servers: 5 },
  ] satisfies TestEnsembleOptions[])('serves clients at every member (%o)', async (options) => {
    const ensemble = await start(options);
    const { servers = 3, observers = 0 } = options as TestEnsembleOptions;
    expect(ensemble.members.map(({ id }) => id)).toEqual(
      Array.from({ length: servers + observers }, (_, i) => i + 1),
    );
    expect(ensemble.members.filter(({ role }) => role === 'leading')).toEqual([ensemble.leader]);
    expect(ensemble.members.filter(({ role }) => role === 'observing')).toEqual(
      ensemble.members.slice(servers),
    );
    const writer = await clientOf(ensemble);
    await writer.create('/a', 'everywhere');
    for (const member of ensemble.members) {
      const reader = await clientOf(member);
      await reader.sync('/');
      expect((await reader.get('/a')).text()).toBe('everywhere');
    }
  });

  test('does not start with options that make no sense, and leaves nothing behind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'zooid-testing-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    vi.stubEnv('TMPDIR', directory);
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const options of [
      { servers: 0 },
      { observers: -1 },
      { servers: 1.5 },
      { tickTimeMs: 0 },
    ]) {
      await expect(startTestEnsemble(options)).rejects.toThrow(RangeError);
    }
    expect(readdirSync(directory)).toEqual([]);

    const ensemble = await start();
    expect(readdirSync(directory)).toHaveLength(1);
    await ensemble.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('keeps its data in a directory that it was told', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'zooid-testing-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const first = await start({ storage: { dataDir } });
    expect(first.members.map((member) => basename(member.dataDir))).toEqual(['1', '2', '3']);
    await (await clientOf(first)).create('/kept');
    await first.close();
    expect(existsSync(join(dataDir, '1'))).toBe(true);

    const second = await start({ storage: { dataDir } });
    expect(await (await clientOf(second)).exists('/kept')).toBeDefined();
  });

  test('without proxies has no network that can fail, and says so', async () => {
    const ensemble = await start({ proxy: false });
    const [one, other] = ensemble.members;
    expect(() => ensemble.partition([[one!]])).toThrow('without proxies');
    expect(() => ensemble.silence(one!, other!)).toThrow('without proxies');
    await expect(one!.kill()).rejects.toThrow('without a proxy');
    await ensemble.untilServing();
  });
});

describe('a member that goes', () => {
  test('takes no session with it: the client goes on at another one, with ephemerals and watches', async () => {
    const ensemble = await start();
    const zk = await clientOf(ensemble);
    await zk.create('/mine', '', { mode: 'ephemeral' });
    const { changed } = await zk.exists('/other', { watch: true });
    const { id } = zk.session;

    const killed = ensemble.leader!;
    await killed.kill();
    const leader = await ensemble.untilServing();
    expect(leader.id).not.toBe(killed.id);
    await (await clientOf(leader)).create('/other');

    expect((await changed).type).toBe('created');
    expect((await zk.exists('/mine'))?.ephemeralOwner).toBe(id);
    expect(zk.session.id).toBe(id);
  });

  test.each(['stop', 'kill'] as const)('comes back with what it missed (%s)', async (how) => {
    const ensemble = await start();
    const [member] = followersOf(ensemble);
    await member![how]();
    expect(member!.isUp).toBe(false);
    expect(member!.role).toBeUndefined();
    const zk = await clientOf(ensemble);
    await zk.create('/missed', 'now here');

    await member!.start();
    await ensemble.untilServing();

    const reader = await clientOf(member!);
    expect((await reader.get('/missed')).text()).toBe('now here');
  });

  test('and all others too: when they are back, so is everything', async () => {
    const ensemble = await start();
    const zk = await clientOf(ensemble);
    await zk.create('/kept');
    await Promise.all(ensemble.members.map((member) => member.kill()));
    expect(ensemble.leader).toBeUndefined();
    expect(ensemble.sessions()).toEqual([]);

    await Promise.all(ensemble.members.map((member) => member.start()));
    await ensemble.untilServing();

    expect(await zk.exists('/kept')).toBeDefined();
  });
});

describe('a network between members that fails', () => {
  test('leaves the majority working; what the minority took in and nobody confirmed is gone afterwards', async () => {
    const ensemble = await start();
    const old = ensemble.leader!;
    const others = ensemble.members.filter((member) => member !== old);
    const lonely = await clientOf(old);
    await lonely.create('/before');

    // Silence first, so that it is the leader's proposal that nobody hears.
    ensemble.partition([[old]]);
    const lost = lonely.create('/lost').catch((error: unknown) => error);
    ensemble.partition([[old]], { ending: 'reset' });
    await ensemble.untilServing(others);
    const zk = await clientOf(others[0]!);
    await zk.create('/after');
    await ensemble.heal();
    const leader = await ensemble.untilServing();

    expect(leader).not.toBe(old);
    const error = await lost;
    if (ZooKeeperError.is(error)) expect(error.outcome).toBe('unknown');
    const reader = await clientOf(old);
    expect(new Set((await reader.children('/')).names)).toEqual(
      new Set((await zk.children('/')).names),
    );
    expect(await reader.exists('/before')).toBeDefined();
    expect(await reader.exists('/after')).toBeDefined();
  });

  test.each(['following', 'leading'] as const)(
    'leaves a member that is cut off (%s) no longer than its lease to answer clients',
    async (role) => {
      const ensemble = await start({ tickTimeMs: 500 });
      const cutOff = ensemble.members.find((member) => member.role === role)!;
      const zk = await clientOf(cutOff, { sessionTimeoutMs: 20_000 });
      ensemble.partition([[cutOff]]);
      const cutAtMs = performance.now();
      let answeredAtMs = cutAtMs;
      for (let isAnswered = true; isAnswered; ) {
        const askedAtMs = performance.now();
        isAnswered = await zk.exists('/', { timeoutMs: 500 }).then(
          () => true,
          () => false,
        );
        if (isAnswered) answeredAtMs = askedAtMs;
      }
      expect(answeredAtMs - cutAtMs).toBeLessThanOrEqual(LEASE_MS);
      await ensemble.heal();
      expect(await zk.exists('/')).toBeDefined();
    },
  );

  test('heals: no member has lost its place when the silence was short', async () => {
    const ensemble = await start();
    const [one, other] = followersOf(ensemble);
    ensemble.silence(ensemble.leader!, one!);
    const zk = await clientOf(other!);
    await zk.create('/a');
    const epoch = ensemble.leader!.state!.epoch;
    expect(one!.state!.lastZxid).toBeLessThan(other!.state!.lastZxid);

    await ensemble.heal();

    const reader = await clientOf(one!);
    await reader.sync('/');
    expect(await reader.exists('/a')).toBeDefined();
    expect(ensemble.leader!.state!.epoch).toBe(epoch);
  });

  test('is not the one to its clients: each member has its own', async () => {
    const ensemble = await start();
    const [one] = followersOf(ensemble);
    one!.refuse();
    await expect(SmallClient.open(one!.port)).rejects.toThrow('ECONNREFUSED');
    const zk = await clientOf(ensemble);
    await zk.create('/a');
    await ensemble.heal();
    expect(await (await clientOf(one!)).exists('/')).toBeDefined();
  });
});

describe('a session of an ensemble that is expired', () => {
  test('is gone when that resolves, at every member', async () => {
    const ensemble = await start();
    const [one] = followersOf(ensemble);
    const victim = await clientOf(one!);
    await victim.create('/mine', '', { mode: 'ephemeral' });
    expect(ensemble.sessions()).toEqual([
      { id: victim.session.id, timeoutMs: 30_000, isConnected: true },
    ]);

    await ensemble.expireSession(victim);

    expect(ensemble.sessions()).toEqual([]);
    const { lost } = victim;
    if (!lost.aborted) await once(lost, 'abort');
    for (const member of ensemble.members) {
      expect(await (await clientOf(member)).exists('/mine')).toBeUndefined();
    }
  });

  test('must be one that there is', async () => {
    const ensemble = await start();
    await expect(ensemble.expireSession(1n)).rejects.toThrow('no session 0x1');
    await Promise.all(ensemble.members.map((member) => member.stop()));
    await expect(ensemble.expireSession(1n)).rejects.toThrow('nobody leads');
  });
});

test('a wait can be given up', async () => {
  const ensemble = await start();
  const [one, ...others] = ensemble.members;
  await Promise.all(others.map((member) => member.stop()));
  const giveUp = new AbortController();
  const wait = ensemble.untilServing([one!], { signal: giveUp.signal });
  giveUp.abort();
  await expect(wait).rejects.toThrow();
});
