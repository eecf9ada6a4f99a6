import { OperationTimeoutError } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import { Barrier } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { startSetup, untilWatched } from '../support/setup.ts';

describe('a barrier', () => {
  test('is a persistent znode while it is closed, and setting or removing it twice is as good as once', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const barrier = new Barrier(zk, '/shop/gate');
    expect(await barrier.isSet()).toBe(false);
    await barrier.set();
    await barrier.set();
    expect((await zk.exists('/shop/gate'))?.ephemeralOwner).toBe(0n);
    expect(await barrier.isSet()).toBe(true);
    await barrier.remove();
    await barrier.remove();
    expect(await barrier.isSet()).toBe(false);
    await barrier.wait();
  });

  test('holds all who wait back until it is removed, also over a restart of the server', async () => {
    await using setup = await startSetup();
    const [owner, ...others] = await setup.connectMany(21);
    const gate = new Barrier(owner!, '/gate');
    await gate.set();
    let through = 0;
    const waiting = others.map(async (zk) => {
      await new Barrier(zk, '/gate').wait();
      through++;
    });
    await Promise.all(others.map((zk) => untilWatched(zk, '/gate')));
    await setup.server.restart();
    await Promise.all(others.map((zk) => untilWatched(zk, '/gate')));
    expect(through).toBe(0);
    await gate.remove();
    await Promise.all(waiting);
    expect(through).toBe(20);
  });

  test('lets a wait end by its limit or its signal, which leaves no watch', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const barrier = new Barrier(zk, '/gate');
    await barrier.set();
    await expect(barrier.wait({ timeoutMs: 1 })).rejects.toThrow(OperationTimeoutError);
    const leaving = new AbortController();
    const waiting = barrier.wait({ signal: leaving.signal });
    await untilWatched(zk, '/gate');
    leaving.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    while (await zk.hasWatch('/gate', 'any'));
  });

  test('is what it was told to be wherever the connection breaks', async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    const cutCount = await forEachCut(setup.server, async (zk) => {
      const barrier = new Barrier(zk, '/deep/gate');
      await barrier.set();
      expect(await other.sync('/deep').then(() => other.exists('/deep/gate'))).toBeDefined();
      await barrier.remove();
      expect(await other.sync('/').then(() => other.exists('/deep/gate'))).toBeUndefined();
      await barrier.wait();
      await other.deleteTree('/deep').catch(() => undefined);
    });
    expect(cutCount).toBeGreaterThan(8);
  });
});
