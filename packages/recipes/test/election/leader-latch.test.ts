import { ClosedError, type ZooKeeper } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import { keepSession, LeaderLatch } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { History } from '../support/history.ts';
import { childrenOf, startSetup, untilAborted } from '../support/setup.ts';

function latchOf(zk: ZooKeeper | (() => Promise<ZooKeeper>), identifier: string): LeaderLatch {
  return new LeaderLatch(zk, '/latch', { identifier });
}

describe('what it is in the tree', () => {
  test("has Curator's znodes, and tells who takes part", async () => {
    await using setup = await startSetup();
    const [first, second, watcher] = await setup.connectMany(3);
    await using one = latchOf(first!, 'one');
    await using two = latchOf(second!, 'two');
    expect(await one.participants()).toEqual([]);
    expect(await one.leader()).toBeUndefined();
    await one.start();
    await two.start();
    const [name] = await childrenOf(watcher!, '/latch').then((names) =>
      names.sort((a, b) => a.slice(-10).localeCompare(b.slice(-10))),
    );
    expect(name).toMatch(/^_c_[0-9a-f-]{36}-latch-0000000000$/);
    const { stat } = await watcher!.get(`/latch/${name}`);
    expect(stat.ephemeralOwner).toBe(first!.session.id);
    const participants = await latchOf(watcher!, 'nobody').participants();
    expect(participants.map(({ identifier, isLeader }) => [identifier, isLeader])).toEqual([
      ['one', true],
      ['two', false],
    ]);
    const term = await one.untilLeader();
    expect(term.path).toBe(`/latch/${name}`);
    expect(term.fencingToken).toBe(stat.czxid);
    expect(two.isLeader).toBe(false);
    expect((await two.leader())?.identifier).toBe('one');
  });
});

describe('leading', () => {
  test('passes on in the order in which they came, to one at a time, with tokens that grow', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(25);
    const history = new History();
    const latches = clients.map((zk, index) => latchOf(zk, `${index}`));
    const names: string[] = [];
    for (const [index, latch] of latches.entries()) {
      await latch.start();
      names.push(`${index}`);
    }
    await Promise.all(
      latches.map(async (latch, index) => {
        const { fencingToken } = await latch.untilLeader();
        history.granted(`${index}`, fencingToken);
        await setup.server.sessions();
        history.released(`${index}`, fencingToken);
        await latch.close();
      }),
    );
    history.assertAtMost(1);
    history.assertTokensGrow();
    history.assertOrder(names);
    expect(await childrenOf(clients[0]!, '/latch')).toEqual([]);
  });

  test('ends when the session expires, before another one leads; with a provider it takes part again', async () => {
    await using setup = await startSetup();
    await using sessions = keepSession(() => setup.connect());
    const other = await setup.connect();
    await using one = latchOf(sessions, 'one');
    await using two = latchOf(other, 'two');
    await one.start();
    const first = await one.untilLeader();
    await two.start();
    await setup.server.expireSession(await sessions());
    const second = await two.untilLeader();
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    await untilAborted(first.lost);
    // Whichever it hears of first: the end of the session, or that of its znode.
    expect(['SESSION_EXPIRED', 'NO_NODE']).toContain(first.lost.reason.code);
    await two.close();
    const third = await one.untilLeader();
    expect(third.fencingToken).toBeGreaterThan(second.fencingToken);
    expect(third.lost.aborted).toBe(false);
  });

  test('ends when somebody deletes the znode; then it lines up again at the end', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    await using one = latchOf(first!, 'one');
    await using two = latchOf(second!, 'two');
    await one.start();
    const term = await one.untilLeader();
    await two.start();
    await second!.delete(term.path);
    await two.untilLeader();
    await untilAborted(term.lost);
    expect(term.lost.reason).toMatchObject({ code: 'NO_NODE' });
    await two.close();
    await one.untilLeader();
  });

  test('goes on over a restart of the server, with the same znode', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using latch = latchOf(zk, 'one');
    await latch.start();
    const term = await latch.untilLeader();
    await setup.server.restart();
    await zk.sync('/');
    expect(term.lost.aborted).toBe(false);
    expect(latch.term).toBe(term);
    expect(await zk.exists(term.path)).toBeDefined();
  });

  test('who waits keeps its place over a restart of the server', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(3);
    const latches = clients.map((zk, index) => latchOf(zk, `${index}`));
    for (const latch of latches) await latch.start();
    await latches[0]!.untilLeader();
    await setup.server.restart({ ending: 'reset' });
    for (const latch of latches) {
      await latch.untilLeader();
      const others = latches.filter((other) => other !== latch && other.isLeader);
      expect(others).toEqual([]);
      await latch.close();
    }
  });

  test('with the standard policy it stops with the connection, and goes on as the same when that is back', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await using latch = new LeaderLatch(zk, '/latch', { errorPolicy: 'standard' });
    const changes = latch.changes();
    expect((await changes.next()).value).toBeUndefined();
    const begun = changes.next();
    await latch.start();
    const first = (await begun).value!;
    const suspended = changes.next();
    setup.server.refuse();
    setup.server.dropConnections();
    expect((await suspended).value).toBeUndefined();
    expect(first.lost.aborted).toBe(true);
    expect(first.lost.reason).toMatchObject({ code: 'CONNECTION_LOSS' });
    expect(latch.isLeader).toBe(false);
    await setup.server.heal();
    const second = (await changes.next()).value!;
    expect([second.path, second.fencingToken]).toEqual([first.path, first.fencingToken]);
    expect(second.lost.aborted).toBe(false);
    await latch.close();
    expect((await changes.next()).done).toBe(true);
  });
});

describe('closing', () => {
  test('is silent to the leader unless told otherwise', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const silent = latchOf(zk, 'one');
    await silent.start();
    const term = await silent.untilLeader();
    await silent.close();
    expect([term.lost.aborted, silent.isLeader]).toEqual([false, false]);
    const loud = new LeaderLatch(zk, '/latch', { closeMode: 'notify-leader' });
    await loud.start();
    const told = await loud.untilLeader();
    const changes = loud.changes();
    expect((await changes.next()).value).toBe(told);
    const next = changes.next();
    await loud.close();
    expect(told.lost.aborted).toBe(true);
    expect((await next).value).toBeUndefined();
    expect((await changes.next()).done).toBe(true);
    expect(await childrenOf(zk, '/latch')).toEqual([]);
  });

  test('leaves no znode, whenever it comes, and ends those who wait', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    await using one = latchOf(first!, 'one');
    await one.start();
    await one.untilLeader();
    for (let round = 0; round < 10; round++) {
      const two = latchOf(second!, 'two');
      const starting = two.start();
      starting.catch(() => undefined);
      const waiting = expect(two.untilLeader()).rejects.toThrow(ClosedError);
      if (round % 2 === 0) await starting;
      for (let turn = 0; turn < round; turn++) await second!.exists('/latch');
      await two.close();
      await waiting;
      // Another client sees it, too, without waiting for anything.
      expect(await childrenOf(first!, '/latch')).toHaveLength(1);
    }
  });

  test('leaves no watch on the one before', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    await using one = latchOf(first!, 'one');
    await one.start();
    const { path } = await one.untilLeader();
    const two = latchOf(second!, 'two');
    await two.start();
    while (!(await second!.hasWatch(path, 'any')));
    await two.close();
    while (await second!.hasWatch(path, 'any'));
  });
});

test('wherever the connection of one breaks, there is one leader, and no znode is left', async () => {
  await using setup = await startSetup();
  const other = await setup.connect();
  const cutCount = await forEachCut(setup.server, async (zk) => {
    const history = new History();
    const one = latchOf(zk, 'one');
    const two = latchOf(other, 'two');
    const lead = async (latch: LeaderLatch, name: string) => {
      await latch.start();
      const term = await latch.untilLeader();
      history.granted(name, term.fencingToken);
      history.released(name, term.fencingToken);
      await latch.close();
    };
    await Promise.all([lead(one, 'one'), lead(two, 'two')]);
    history.assertAtMost(1);
    history.assertTokensGrow();
    expect(history.grantCount).toBe(2);
    while ((await childrenOf(other, '/latch')).length > 0);
  });
  expect(cutCount).toBeGreaterThan(20);
});

test('fails with its session when it has only one', async () => {
  await using setup = await startSetup();
  const zk = await setup.connect();
  const latch = latchOf(zk, 'one');
  await latch.start();
  await latch.untilLeader();
  const changes = latch.changes();
  await changes.next();
  await setup.server.expireSession(zk);
  await untilAborted(latch.failed);
  expect(latch.isLeader).toBe(false);
  await expect(latch.untilLeader()).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
  await latch.close();
});
