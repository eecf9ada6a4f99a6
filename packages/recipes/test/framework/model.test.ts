import { BadVersionError, NodeExistsError, NoNodeError } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import { jsonCodec, Model, ModelDecodeError, openNamespace, textCodec } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { startSetup } from '../support/setup.ts';

interface Settings {
  readonly currency: string;
  readonly visits?: number;
}

describe('a model', () => {
  test('writes and reads values as JSON, and makes the parents that are missing', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const settings = new Model<Settings>(zk, '/shop/settings');
    expect(await settings.tryRead()).toBeUndefined();
    expect(await settings.exists()).toBe(false);
    await expect(settings.read()).rejects.toThrow(NoNodeError);
    await settings.set({ currency: 'EUR' });
    expect((await zk.get('/shop/settings')).text()).toBe('{"currency":"EUR"}');
    const { value, stat } = await settings.read();
    expect(value).toEqual({ currency: 'EUR' });
    await settings.set({ currency: 'CHF' }, { version: stat.version });
    await expect(settings.set(value, { version: stat.version })).rejects.toThrow(BadVersionError);
    await expect(settings.create(value)).rejects.toThrow(NodeExistsError);
    await settings.delete();
    expect(await settings.exists()).toBe(false);
    await expect(settings.set(value, { version: 3 })).rejects.toThrow(NoNodeError);
  });

  test('changes of many are all there in the end', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(20);
    await new Model<Settings>(clients[0]!, '/s').create({ currency: 'EUR', visits: 0 });
    await Promise.all(
      clients.map((zk) =>
        new Model<Settings>(zk, '/s').update((before) => ({
          ...before,
          visits: (before.visits ?? 0) + 1,
        })),
      ),
    );
    expect((await new Model<Settings>(clients[0]!, '/s').read()).value.visits).toBe(20);
  });

  test('an update that is never first gives up', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const model = new Model<Settings>(zk, '/s');
    await model.set({ currency: 'EUR' });
    const unlucky = model.update(
      (before) => {
        void zk.set('/s', JSON.stringify(before));
        return before;
      },
      { maxAttempts: 3 },
    );
    await expect(unlucky).rejects.toThrow(BadVersionError);
  });

  test('has models for its children, which keep codec and mode', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const users = new Model<string>(zk, '/users', { codec: textCodec, mode: 'ephemeral' });
    expect(await users.children()).toEqual([]);
    await users.child('ann').create('Ann');
    await users.child('bob').set('Bob');
    expect([...(await users.children())].sort()).toEqual(['ann', 'bob']);
    const values = await users.childValues();
    expect([...values].map(([name, { value }]) => `${name}: ${value}`).sort()).toEqual([
      'ann: Ann',
      'bob: Bob',
    ]);
    expect((await zk.get('/users/ann')).stat.ephemeralOwner).toBe(zk.session.id);
  });

  test('a number of its own is in the path that create gives back', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const log = new Model<string>(zk, '/log/e-', {
      codec: textCodec,
      mode: 'persistent-sequential',
    });
    expect(await log.create('first')).toBe('/log/e-0000000000');
    expect(await log.create('second')).toBe('/log/e-0000000001');
  });

  test('says where it was that something else stood', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/s', 'no json');
    const reading = new Model<Settings>(zk, '/s').read();
    await expect(reading).rejects.toMatchObject({ path: '/s', cause: expect.any(SyntaxError) });
    const codec = jsonCodec<Settings>((parsed) => {
      if (typeof (parsed as Settings).currency !== 'string') throw new TypeError('no currency');
      return parsed as Settings;
    });
    await zk.set('/s', '{}');
    await expect(new Model(zk, '/s', { codec }).read()).rejects.toThrow(ModelDecodeError);
    const unwritable = new Model<unknown>(zk, '/s').set(undefined);
    await expect(unwritable).rejects.toThrow(TypeError);
  });

  test('tells its changes, from before it exists to after it is gone', async () => {
    await using setup = await startSetup();
    const [zk, other] = await setup.connectMany(2);
    const model = new Model<Settings>(zk!, '/s');
    const stopping = new AbortController();
    const changes = model.changes({ signal: stopping.signal });
    expect((await changes.next()).value).toBeUndefined();
    await other!.create('/s', '{"currency":"EUR"}');
    expect((await changes.next()).value?.value).toEqual({ currency: 'EUR' });
    await setup.server.restart();
    await other!.set('/s', '{"currency":"CHF"}', { idempotent: true });
    while ((await changes.next()).value?.value.currency !== 'CHF');
    await other!.delete('/s');
    while ((await changes.next()).value !== undefined);
    const next = changes.next();
    stopping.abort();
    expect((await next).done).toBe(true);
    while (await zk!.hasWatch('/s', 'any'));
  });

  test('a change that cannot be read ends the changes with the error', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const changes = new Model<Settings>(zk, '/s').changes();
    await changes.next();
    await zk.create('/s', 'no json');
    await expect(changes.next()).rejects.toThrow(ModelDecodeError);
    expect((await changes.next()).done).toBe(true);
  });

  test('set is done when it says so, wherever the connection breaks', async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    const cutCount = await forEachCut(setup.server, async (zk) => {
      const model = new Model<number>(zk, '/deep/down');
      for (const value of [1, 2]) {
        await model.set(value);
        await other.sync('/');
        expect((await other.get('/deep/down')).text()).toBe(`${value}`);
      }
      await other.deleteTree('/deep');
    });
    expect(cutCount).toBeGreaterThan(8);
  });
});

test('a namespace is made with its first use, and is all that its client sees', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const app = await openNamespace(zk, 'shop/eu');
  expect(await zk.exists('/shop/eu')).toBeDefined();
  await app.create('/orders', 'x');
  expect((await zk.get('/shop/eu/orders')).text()).toBe('x');
  expect((await (await openNamespace(zk, '/shop/eu')).get('/orders')).text()).toBe('x');
});
