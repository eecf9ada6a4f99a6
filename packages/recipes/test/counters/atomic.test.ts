import { ConnectionLossError } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import { AtomicInteger, AtomicLong, AtomicValue, Counter, retryTimes } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { childrenOf, startSetup } from '../support/setup.ts';

describe('numbers', () => {
  test("stand in Curator's bytes: four or eight, the highest first", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await new AtomicInteger(zk, '/int').forceSet(-2);
    expect([...(await zk.get('/int')).data]).toEqual([255, 255, 255, 254]);
    await new AtomicLong(zk, '/long').forceSet(258n);
    expect([...(await zk.get('/long')).data]).toEqual([0, 0, 0, 0, 0, 0, 1, 2]);
  });

  test('an absent one counts as 0, and is made with the first change', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const long = new AtomicLong(zk, '/deep/down/long');
    expect(await long.get()).toBe(0n);
    const result = await long.increment();
    expect(result).toMatchObject({ succeeded: true, before: 0n, after: 1n });
    expect(result.stats).toMatchObject({ optimisticTries: 1, promotedTries: 0 });
    expect(await long.subtract(5n)).toMatchObject({ before: 1n, after: -4n });
    expect(await long.decrement()).toMatchObject({ after: -5n });
  });

  test('they wrap at the ends of their range, as in Java', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const int = new AtomicInteger(zk, '/int');
    await int.forceSet(2 ** 31 - 1);
    expect(await int.increment()).toMatchObject({ after: -(2 ** 31) });
    expect(await int.decrement()).toMatchObject({ after: 2 ** 31 - 1 });
    const long = new AtomicLong(zk, '/long');
    await long.forceSet(2n ** 63n - 1n);
    expect(await long.increment()).toMatchObject({ after: -(2n ** 63n) });
    await expect(int.forceSet(2 ** 31)).rejects.toThrow(RangeError);
    await expect(long.trySet(2n ** 63n)).rejects.toThrow(RangeError);
  });

  test('compareAndSet sets only what was expected, and initialize only what is not there', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const int = new AtomicInteger(zk, '/int');
    expect(await int.compareAndSet(0, 1)).toMatchObject({ succeeded: false, before: 0 });
    expect(await int.initialize(7)).toBe(true);
    expect(await int.initialize(8)).toBe(false);
    expect(await int.compareAndSet(8, 9)).toMatchObject({ succeeded: false, before: 7 });
    expect(await int.compareAndSet(7, 9)).toMatchObject({ succeeded: true, before: 7, after: 9 });
    expect(await int.trySet(3)).toMatchObject({ succeeded: true, before: 9, after: 3 });
  });

  test('a znode with other bytes is refused, and stays as it is', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/int', 'seven');
    const int = new AtomicInteger(zk, '/int');
    await expect(int.get()).rejects.toThrow(RangeError);
    await expect(int.increment()).rejects.toThrow(RangeError);
    expect((await zk.get('/int')).text()).toBe('seven');
  });
});

describe('many who change one', () => {
  test('no increment of twenty clients is lost or counted twice', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(20);
    const promotedToLock = { path: '/lock', timeoutMs: 20_000, retry: retryTimes(1_000, 0) };
    await Promise.all(
      clients.map(async (zk) => {
        const long = new AtomicLong(zk, '/long', { retry: retryTimes(2, 1), promotedToLock });
        for (let i = 0; i < 10; i++) expect((await long.increment()).succeeded).toBe(true);
      }),
    );
    expect(await new AtomicLong(clients[0]!, '/long').get()).toBe(200n);
    expect(await childrenOf(clients[0]!, '/lock')).toEqual([]);
  });

  test('who is never first gives up when its policy does, and says what it saw', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/v', 'a');
    const value = new AtomicValue(zk, '/v', { retry: retryTimes(2, 0) });
    let count = 0;
    const result = await value.update(() => {
      // Somebody is always faster: requests of one client are carried out in order.
      void zk.set('/v', `other ${++count}`);
      return new Uint8Array([1]);
    });
    expect(result.succeeded).toBe(false);
    expect(result.stats.optimisticTries).toBe(3);
    expect(new TextDecoder().decode(result.before)).toBe('other 2');
  });

  test('the lock lets it through in the end', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/v', 'a');
    let rivals = 3;
    const value = new AtomicValue(zk, '/v', {
      retry: retryTimes(1, 0),
      promotedToLock: { path: '/v-lock', timeoutMs: 10_000, retry: retryTimes(5, 0) },
    });
    const result = await value.update(() => {
      if (rivals-- > 0) void zk.set('/v', 'other');
      return new Uint8Array([1]);
    });
    expect(result.succeeded).toBe(true);
    expect(result.stats).toMatchObject({ optimisticTries: 2, promotedTries: 2 });
    expect(await childrenOf(zk, '/v-lock')).toEqual([]);
  });

  test('the lock that is not to be had in time is a change without success', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/v', 'a');
    await zk.create('/v-lock', '');
    await zk.create('/v-lock/_c_x-lock-', '', { mode: 'ephemeral-sequential' });
    const value = new AtomicValue(zk, '/v', {
      retry: retryTimes(0, 0),
      promotedToLock: { path: '/v-lock', timeoutMs: 5, retry: retryTimes(0, 0) },
    });
    const result = await value.update(() => {
      void zk.set('/v', 'other');
      return new Uint8Array([1]);
    });
    expect(result.succeeded).toBe(false);
  });

  test('wherever the connection breaks, an increment counts once, or says that nobody can know', async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    const long = new AtomicLong(other, '/long');
    let unknownCount = 0;
    const cutCount = await forEachCut(
      setup.server,
      async (zk) => {
        for (let i = 0; i < 3; i++) {
          await other.sync('/');
          const before = await long.get();
          let isKnown = true;
          try {
            const result = await new AtomicLong(zk, '/long').increment();
            expect(result).toMatchObject({ succeeded: true, before, after: before + 1n });
          } catch (error) {
            expect(error).toBeInstanceOf(ConnectionLossError);
            expect((error as ConnectionLossError).outcome).toBe('unknown');
            isKnown = false;
            unknownCount++;
          }
          await other.sync('/');
          const after = await long.get();
          // When it is not known here, it was carried out: nobody else has written.
          expect(after, isKnown ? 'known' : 'unknown').toBe(before + 1n);
        }
        await other.delete('/long');
      },
      { stepBytes: 16 },
    );
    expect(cutCount).toBeGreaterThan(20);
    expect(unknownCount).toBeGreaterThan(0);
    expect(unknownCount).toBeLessThan(cutCount);
  });
});

describe("kazoo's counter", () => {
  test('is a decimal text, of an integer or of a float as Python shows it', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const counter = new Counter(zk, '/int');
    expect(await counter.value()).toBe(0);
    expect(await counter.add(5)).toEqual({ before: 0, after: 5 });
    expect(await counter.add(-7)).toEqual({ before: 5, after: -2 });
    expect((await zk.get('/int')).text()).toBe('-2');
    const float = new Counter(zk, '/float', { format: 'float', initial: 1 });
    expect(await float.add(2)).toEqual({ before: 1, after: 3 });
    expect((await zk.get('/float')).text()).toBe('3.0');
    expect(await float.add(0.5)).toEqual({ before: 3, after: 3.5 });
    await zk.set('/float', 'inf');
    expect(await float.value()).toBe(Number.POSITIVE_INFINITY);
    await zk.set('/float', '1e+16');
    expect(await float.value()).toBe(1e16);
  });

  test("is Curator's SharedCount when told so", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await new Counter(zk, '/c', { format: 'curator' }).add(3);
    expect(await new AtomicInteger(zk, '/c').get()).toBe(3);
  });

  test('an empty znode counts as the first value, and other texts are refused', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/c', '');
    expect(await new Counter(zk, '/c', { initial: 9 }).value()).toBe(9);
    for (const text of ['x', '1.5', '9007199254740993', ' ']) {
      await zk.set('/c', text);
      await expect(new Counter(zk, '/c').value(), text).rejects.toThrow(RangeError);
    }
    await zk.set('/c', 'nan');
    await expect(new Counter(zk, '/c', { format: 'float' }).value()).rejects.toThrow(RangeError);
    await zk.set('/c', String(Number.MAX_SAFE_INTEGER));
    await expect(new Counter(zk, '/c').add(1)).rejects.toThrow(RangeError);
  });
});
