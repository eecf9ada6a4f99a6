import { describe, expect, test } from 'vitest';
import { keepSession, Semaphore, SharedCount, SharedValue } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { startSetup } from '../support/setup.ts';

describe('a shared count', () => {
  test('is made with its seed, and one that exists is taken as it is', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    await using one = new SharedCount(first!, '/deep/count', 5);
    expect(() => one.value).toThrow('not been read yet');
    await one.start();
    expect(one.value).toBe(5);
    expect([...(await first!.get('/deep/count')).data]).toEqual([0, 0, 0, 5]);
    await using two = new SharedCount(second!, '/deep/count', 6);
    await two.start();
    expect(two.value).toBe(5);
  });

  test('each sees what another one has set', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    await using one = new SharedCount(first!, '/count', 0);
    await using two = new SharedCount(second!, '/count', 0);
    await Promise.all([one.start(), two.start()]);
    const changes = two.changes();
    expect((await changes.next()).value).toMatchObject({ value: 0 });
    const next = changes.next();
    const listened = new Promise<void>((resolve) => two.onChange(resolve));
    await one.set(7);
    expect((await next).value).toMatchObject({ value: 7 });
    await listened;
    expect(two.value).toBe(7);
    await two.close();
    expect(await changes.next()).toEqual({ value: undefined, done: true });
  });

  test('trySet succeeds only for who has seen the last change; who has not sees it then', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    await using one = new SharedCount(first!, '/count', 0);
    await using two = new SharedCount(second!, '/count', 0);
    await Promise.all([one.start(), two.start()]);
    const stale = two.current;
    const set = await one.trySet(one.current, 1);
    expect(set).toMatchObject({ value: 1, version: 1 });
    expect(await two.trySet(stale, 2)).toBeUndefined();
    expect(two.value).toBe(1);
    expect(await two.trySet(two.current, 2)).toMatchObject({ value: 2 });
  });

  test('of thirty that add by trySet, every addition counts', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(30);
    await Promise.all(
      clients.map(async (zk) => {
        await using count = new SharedCount(zk, '/count', 0);
        await count.start();
        while ((await count.trySet(count.current, count.value + 1)) === undefined);
      }),
    );
    await using count = new SharedCount(clients[0]!, '/count', 0);
    await count.start();
    expect(count.value).toBe(30);
  });

  test('can be how many leases a semaphore has', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    await using count = new SharedCount(first!, '/count', 1);
    await count.start();
    const held = await new Semaphore(first!, '/s', count).acquire();
    await using seen = new SharedCount(second!, '/count', 1);
    await seen.start();
    const waiting = new Semaphore(second!, '/s', seen).acquire();
    await count.set(2);
    await (await waiting).release();
    await held.release();
  });
});

test('wherever the connection breaks, trySet has set it, or says that nobody can know', async () => {
  await using setup = await startSetup();
  const other = await setup.connect();
  let unknownCount = 0;
  const cutCount = await forEachCut(setup.server, async (zk) => {
    await using count = new SharedCount(zk, '/deep/count', 1);
    await count.start();
    expect(count.value).toBe(1);
    try {
      expect(await count.trySet(count.current, 2)).toMatchObject({ value: 2 });
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONNECTION_LOSS', outcome: 'unknown' });
      unknownCount++;
    }
    await other.sync('/');
    expect([...(await other.get('/deep/count')).data]).toEqual([0, 0, 0, 2]);
    await count.set(3);
    for await (const { value } of count.changes()) if (value === 3) break;
    await other.deleteTree('/deep');
  });
  expect(cutCount).toBeGreaterThan(20);
  expect(unknownCount).toBeGreaterThan(0);
});

describe('a shared value', () => {
  test('is followed through restarts, expired sessions and its own deletion', async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    await using sessions = keepSession(() => setup.connect());
    await using value = new SharedValue(sessions, '/value', new Uint8Array([1]));
    await value.start();
    const changes = value.changes();
    await changes.next();

    await setup.server.restart();
    await other.set('/value', new Uint8Array([2]), { idempotent: true });
    expect((await changes.next()).value.value).toEqual(new Uint8Array([2]));

    await setup.server.expireSession(await sessions());
    await other.set('/value', new Uint8Array([3]));
    expect((await changes.next()).value.value).toEqual(new Uint8Array([3]));

    await other.delete('/value');
    await other.create('/value', new Uint8Array([4]));
    expect((await changes.next()).value.value).toEqual(new Uint8Array([4]));
    expect(value.failed.aborted).toBe(false);
  });

  test('fails with its session when it has only one', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using value = new SharedValue(zk, '/value', new Uint8Array([1]));
    await value.start();
    const changes = value.changes();
    await changes.next();
    const next = changes.next();
    await setup.server.expireSession(zk);
    await expect(next).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    expect(value.failed.aborted).toBe(true);
    await expect(value.set(new Uint8Array([2]))).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
  });

  test('bytes that are no count end it with an error', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/count', 'seven');
    await using count = new SharedCount(zk, '/count', 0);
    await expect(count.start()).rejects.toThrow(RangeError);
    expect(count.failed.aborted).toBe(true);
  });
});
