import { NoAuthError, NoNodeError, SessionExpiredError } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import {
  keepSession,
  randomChoice,
  roundRobin,
  ServiceDiscovery,
  type ServiceInstance,
  serviceInstance,
  sticky,
} from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { childrenOf, startSetup, untilAborted, untilChildren } from '../support/setup.ts';

function mail(id: string, fields: Partial<ServiceInstance<unknown>> = {}) {
  return { ...serviceInstance({ name: 'mail', id, port: 25 }), ...fields };
}

/** Resolves when a provider or cache knows so many instances; each look is a question to a server. */
async function untilCount(
  known: { instances(): readonly unknown[] },
  count: number,
  setup: { connect(): Promise<{ exists(path: string): Promise<unknown> }> },
): Promise<void> {
  const zk = await setup.connect();
  while (known.instances().length !== count) await zk.exists('/');
}

describe('registering', () => {
  test("has Curator's znodes: ephemeral ones with JSON", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using discovery = new ServiceDiscovery(zk, '/services');
    const instance = serviceInstance({ name: 'mail', port: 25 });
    await discovery.register(instance);
    const node = await zk.get(`/services/mail/${instance.id}`);
    expect(node.stat.ephemeralOwner).toBe(zk.session.id);
    expect(node.json()).toMatchObject({ name: 'mail', port: 25, serviceType: 'DYNAMIC' });
    expect(instance.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    await expect(discovery.register(instance)).rejects.toThrow('is registered already');
  });

  test.each([
    ['static', /^x$/],
    ['permanent', /^x$/],
    ['dynamic-sequential', /^x\d{10}$/],
  ] as const)(
    '%s instances are what they are called, and go when they are taken back',
    async (type, name) => {
      await using setup = await startSetup();
      const [zk, other] = await setup.connectMany(2);
      const discovery = new ServiceDiscovery(zk!, '/s');
      await discovery.register(mail('x', { type }));
      const [found, ...more] = await childrenOf(other!, '/s/mail');
      expect([found, more]).toEqual([expect.stringMatching(name), []]);
      const stat = await other!.exists(`/s/mail/${found}`);
      expect(stat?.ephemeralOwner === 0n).toBe(type !== 'dynamic-sequential');
      await discovery.close();
      expect(await childrenOf(other!, '/s/mail')).toEqual([]);
    },
  );

  test('looks up names, instances and one of them', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using discovery = new ServiceDiscovery(zk, '/s');
    expect([await discovery.names(), await discovery.instances('mail')]).toEqual([[], []]);
    await discovery.register(mail('a', { payload: { weight: 3 } }));
    await discovery.register(mail('b'));
    await zk.create('/s/mail/noise', 'noise');
    expect(await discovery.names()).toEqual(['mail']);
    expect((await discovery.instances('mail')).map(({ id }) => id).sort()).toEqual(['a', 'b']);
    expect((await discovery.instance('mail', 'a'))?.payload).toEqual({ weight: 3 });
    expect(await discovery.instance('mail', 'none')).toBeUndefined();
    await expect(discovery.instance('mail', 'noise')).rejects.toThrow(SyntaxError);
  });

  test('updates and takes back', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using discovery = new ServiceDiscovery(zk, '/s');
    await discovery.register(mail('a'));
    await discovery.update(mail('a', { port: 26 }));
    expect((await discovery.instance('mail', 'a'))?.port).toBe(26);
    await zk.delete('/s/mail/a');
    await expect(discovery.update(mail('a'))).rejects.toBeInstanceOf(NoNodeError);
    await discovery.unregister({ id: 'a' });
    await discovery.unregister({ id: 'a' });
    await expect(discovery.update(mail('a'))).rejects.toThrow('is not registered here');
  });

  test('takes the place of what an older session has left, with a znode of its own', async () => {
    await using setup = await startSetup();
    const [old, young] = await setup.connectMany(2);
    await new ServiceDiscovery(old!, '/s').register(mail('a'));
    const before = await old!.exists('/s/mail/a');
    await using discovery = new ServiceDiscovery(young!, '/s');
    await discovery.register(mail('a', { port: 26 }));
    await old!.close();
    const after = await young!.exists('/s/mail/a');
    expect(after?.ephemeralOwner).toBe(young!.session.id);
    expect(after!.czxid > before!.czxid).toBe(true);
  });

  test('is done again in a new session, with what was said last', async () => {
    await using setup = await startSetup();
    const observer = await setup.connect();
    await using sessions = keepSession(() => setup.connect());
    await using discovery = new ServiceDiscovery(sessions, '/s');
    const failed = await discovery.register(mail('a'));
    await discovery.update(mail('a', { port: 26 }));
    const first = await sessions();
    await setup.server.expireSession(first);
    const stat = await observer.waitFor('/s/mail/a');
    expect(stat.ephemeralOwner).not.toBe(first.session.id);
    expect((await discovery.instance('mail', 'a'))?.port).toBe(26);
    expect(failed.aborted).toBe(false);

    const only = await setup.connect();
    const lost = await new ServiceDiscovery(only, '/s').register(mail('b'));
    await setup.server.expireSession(only);
    await untilAborted(lost);
    expect(lost.reason).toBeInstanceOf(SessionExpiredError);
  });

  test('an update that meets the end of the session is done when the next one has it', async () => {
    await using setup = await startSetup();
    const observer = await setup.connect();
    await using sessions = keepSession(() => setup.connect());
    await using discovery = new ServiceDiscovery(sessions, '/s');
    await discovery.register(mail('a'));
    const first = await sessions();
    setup.server.partition();
    const updated = discovery.update(mail('a', { port: 26 }));
    await setup.server.expireSession(first);
    await setup.server.heal();
    await updated;
    const { ephemeralOwner } = (await observer.get('/s/mail/a')).stat;
    expect(ephemeralOwner).not.toBe(first.session.id);
    expect((await discovery.instance('mail', 'a'))?.port).toBe(26);

    const only = await setup.connect();
    await using alone = new ServiceDiscovery(only, '/s');
    await alone.register(mail('b'));
    await setup.server.expireSession(only);
    for (let i = 0; i < 2; i++) {
      const again = alone.update(mail('b', { port: 26 }));
      await expect(again).rejects.toBeInstanceOf(SessionExpiredError);
    }
  });

  test('a refusal is told, and can be tried again', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/s', '', { acl: [{ perms: 1, scheme: 'world', id: 'anyone' }] });
    await using discovery = new ServiceDiscovery(zk, '/s');
    for (let i = 0; i < 2; i++) {
      await expect(discovery.register(mail('a'))).rejects.toBeInstanceOf(NoAuthError);
    }
  });

  test('is done once wherever the connection breaks, and taken back', async () => {
    await using setup = await startSetup();
    const observer = await setup.connect();
    const cutCount = await forEachCut(setup.server, async (zk) => {
      const discovery = new ServiceDiscovery(zk, '/s');
      await discovery.register(mail('a', { type: 'dynamic-sequential' }));
      await discovery.register(mail('b'));
      expect((await untilChildren(observer, '/s/mail', 2)).length).toBe(2);
      await discovery.close();
      await untilChildren(observer, '/s/mail', 0);
    });
    expect(cutCount).toBeGreaterThan(20);
  });
});

describe('a cache of instances', () => {
  test('follows those that come, change and go, and reports what is none', async () => {
    await using setup = await startSetup();
    const [zk, other] = await setup.connectMany(2);
    await using discovery = new ServiceDiscovery(zk!, '/s');
    await using there = new ServiceDiscovery(other!, '/s');
    await there.register(mail('b'));
    const corrupt: string[] = [];
    await using cache = discovery.cache('mail', { onCorrupt: (path) => corrupt.push(path) });
    await cache.start();
    expect(cache.instances().map(({ id }) => id)).toEqual(['b']);
    expect(cache.instances()).toBe(cache.instances());
    const changes = cache.changes();
    const next = async () => (await changes.next()).value?.map(({ id, port }) => `${id}:${port}`);
    const first = next();
    await there.register(mail('a'));
    expect(await first).toEqual(['a:25', 'b:25']);
    await there.update(mail('b', { port: 26 }));
    expect(await next()).toEqual(['a:25', 'b:26']);
    await there.unregister({ id: 'a' });
    expect(await next()).toEqual(['b:26']);
    await zk!.create('/s/mail/noise', 'noise');
    expect(await next()).toEqual(['b:26']);
    expect(corrupt).toEqual(['/s/mail/noise']);
    await cache.close();
    expect(await next()).toBeUndefined();
  });
});

describe('a provider', () => {
  test('goes round, leaves out the disabled and the filtered, and hears of changes', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using discovery = new ServiceDiscovery(zk, '/s', { format: 'with-enabled' });
    await using provider = discovery.provider('mail', {
      filters: [({ port }) => port !== 99],
    });
    await provider.start();
    expect(provider.choose()).toBeUndefined();
    for (const id of ['a', 'b', 'c']) await discovery.register(mail(id));
    await discovery.register(mail('disabled', { enabled: false }));
    await discovery.register(mail('filtered', { port: 99 }));
    await untilCount(provider, 3, setup);
    const chosen = Array.from({ length: 6 }, () => provider.choose()?.id);
    expect(chosen).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    await discovery.unregister({ id: 'b' });
    await untilCount(provider, 2, setup);
    expect(new Set([provider.choose()?.id, provider.choose()?.id])).toEqual(new Set(['a', 'c']));
  });

  test('leaves an instance alone that has failed twice, for a while', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using discovery = new ServiceDiscovery(zk, '/s');
    await discovery.register(mail('a'));
    let nowMs = 0;
    await using provider = discovery.provider('mail', { now: () => nowMs });
    await provider.start();
    const instance = provider.choose()!;
    provider.noteError(instance);
    expect(provider.choose()?.id).toBe('a');
    provider.noteError(instance);
    expect(provider.choose()).toBeUndefined();
    nowMs = 29_999;
    expect(provider.choose()).toBeUndefined();
    nowMs = 30_000;
    expect(provider.choose()?.id).toBe('a');
  });

  test('chooses as its strategy does', () => {
    const [a, b, c] = [mail('a'), mail('b'), mail('c')];
    const draws = [0.99, 0, 0.5];
    const random = randomChoice(() => draws.shift()!);
    expect([random([a, b, c]), random([a, b, c]), random([a, b, c])]).toEqual([c, a, b]);
    const faithful = sticky(roundRobin());
    expect([faithful([a, b]), faithful([a, b]), faithful([b, c]), faithful([c, b])]).toEqual([
      a,
      a,
      c,
      c,
    ]);
    for (const strategy of [roundRobin(), randomChoice(), sticky(roundRobin())]) {
      expect(strategy([])).toBeUndefined();
    }
    const rounds = roundRobin();
    expect([rounds([]), rounds([a, b])]).toEqual([undefined, a]);
  });
});
