import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { SessionGuard } from '../src/index.ts';
import { startSetup, untilAborted, untilWatched } from './support/setup.ts';

describe('a guard', () => {
  test('fires when the session ends, for both policies, and not when it was closed', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const guards = [
      new SessionGuard(zk),
      new SessionGuard(zk, { errorPolicy: 'standard' }),
      new SessionGuard(zk),
    ];
    guards[2]!.close();
    await zk.close();
    expect(guards.map(({ lost }) => lost.aborted)).toEqual([true, true, false]);
    expect(guards[0]!.lost.reason).toBe(zk.lost.reason);
    expect(new SessionGuard(zk).lost.aborted).toBe(true);
  });

  test('of the standard policy fires when the connection is lost, and at once while it is', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const before = new SessionGuard(zk, { errorPolicy: 'standard' });
    const patient = new SessionGuard(zk);
    setup.server.refuse();
    setup.server.dropConnections();
    await zk.untilState('suspended');
    await nextTurn();
    expect(before.lost.reason).toMatchObject({ code: 'CONNECTION_LOSS' });
    expect(new SessionGuard(zk, { errorPolicy: 'standard' }).lost.aborted).toBe(true);
    await setup.server.heal();
    await zk.untilState('connected');
    await nextTurn();
    expect(new SessionGuard(zk, { errorPolicy: 'standard' }).lost.aborted).toBe(false);
    expect(patient.lost.aborted).toBe(false);
  });

  test('fires when its znode is deleted, also while the connection is lost', async () => {
    await using setup = await startSetup();
    const [zk, other] = await setup.connectMany(2);
    await other!.create('/a');
    const guard = new SessionGuard(zk!);
    expect(await guard.watchZnode('/a')).toBe(true);
    await other!.set('/a', 'changes are no loss');
    await untilWatched(zk!, '/a');
    expect(guard.lost.aborted).toBe(false);
    const deleting = other!.delete('/a');
    setup.server.dropConnections();
    await deleting.catch(() => other!.delete('/a').catch(() => undefined));
    await untilAborted(guard.lost);
    expect(guard.lost.reason).toMatchObject({ code: 'NO_NODE', path: '/a' });
  });

  test('fires at once when its znode is not there, and leaves no watch', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const guard = new SessionGuard(zk);
    expect(await guard.watchZnode('/a')).toBe(false);
    expect(guard.lost.aborted).toBe(true);
    const other = new SessionGuard(zk);
    expect(await other.watchZnode('/a', () => undefined)).toBe(false);
    expect(other.lost.aborted).toBe(true);
    expect(await zk.hasWatch('/a', 'any')).toBe(false);
  });

  test('told to watch soon does so when the turn is over, unless it was closed by then', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/n');
    const closed = new SessionGuard(zk);
    closed.watchZnodeSoon('/n');
    closed.close();
    await nextTurn();
    expect(await zk.hasWatch('/n', 'any')).toBe(false);
    using guard = new SessionGuard(zk);
    guard.watchZnodeSoon('/n');
    await nextTurn();
    expect(await zk.hasWatch('/n', 'any')).toBe(true);
    await zk.delete('/n');
    await untilAborted(guard.lost);
    expect(closed.lost.aborted).toBe(false);
  });

  test('tells of the data, as it is and as it becomes', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/a', '1');
    const seen: string[] = [];
    const guard = new SessionGuard(zk);
    await guard.watchZnode('/a', (node) => seen.push(node.text()));
    await zk.set('/a', '2');
    await untilWatched(zk, '/a');
    guard.close();
    await zk.set('/a', '3');
    await zk.sync('/');
    expect(seen).toEqual(['1', '2']);
  });

  test('a hundred of one session are one listener', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const guards = Array.from({ length: 100 }, () => new SessionGuard(zk.under('/a')));
    await nextTurn();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    await zk.close();
    expect(guards.every(({ lost }) => lost.aborted)).toBe(true);
  });
});
