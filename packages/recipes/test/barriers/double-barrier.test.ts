import { OperationTimeoutError, SessionExpiredError, type ZooKeeper } from '@zooid/client';
import { describe, expect, test } from 'vitest';
import { DoubleBarrier } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { childrenOf, startSetup, untilChildren } from '../support/setup.ts';

/** Waits, in real turns of the loop, until nothing is below `path`. */
async function untilEmpty(zk: ZooKeeper, path: string): Promise<void> {
  while ((await childrenOf(zk, path)).length > 0);
}

describe('what it is in the tree', () => {
  test("has Curator's znodes: an ephemeral named by a uuid for each member, and `ready`", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const barrier = new DoubleBarrier(zk, '/b', { memberCount: 1 });
    await barrier.enter();
    const [own, ready] = await childrenOf(zk, '/b');
    expect(own).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(ready).toBe('ready');
    expect((await zk.get(`/b/${own}`)).stat.ephemeralOwner).toBe(zk.session.id);
    expect((await zk.get(`/b/${own}`)).text()).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect((await zk.get('/b/ready')).stat.ephemeralOwner).toBe(0n);
    await barrier.leave();
    expect(await childrenOf(zk, '/b')).toEqual([]);
  });

  test("has kazoo's when told so: uuids without dashes below a persistent parent, with the identifier", async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const options = { memberCount: 1, layout: 'kazoo', identifier: 'host-1' } as const;
    const barrier = new DoubleBarrier(zk, '/b', options);
    await barrier.enter();
    const [own] = await childrenOf(zk, '/b');
    expect(own).toMatch(/^[0-9a-f]{32}$/);
    expect((await zk.get(`/b/${own}`)).text()).toBe('host-1');
    expect((await zk.exists('/b'))?.ephemeralOwner).toBe(0n);
    await barrier.leave();
  });
});

describe('entering and leaving', () => {
  test('nobody of thirty begins before all are there or goes before all have done, round after round', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(30);
    const rounds = Array.from({ length: 5 }, () => ({ came: 0, done: 0 }));
    await Promise.all(
      clients.map(async (zk) => {
        const barrier = new DoubleBarrier(zk, '/b', { memberCount: 30 });
        for (const round of rounds) {
          round.came++;
          await barrier.enter();
          expect(round.came).toBe(30);
          round.done++;
          await barrier.leave();
          expect(round.done).toBe(30);
        }
      }),
    );
    expect(await childrenOf(clients[0]!, '/b')).toEqual([]);
  });

  test('a member that gives up waiting leaves no znode, and may enter later', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    const early = new DoubleBarrier(first!, '/b', { memberCount: 2 });
    await expect(early.enter({ timeoutMs: 5 })).rejects.toThrow(OperationTimeoutError);
    expect(early.isInside).toBe(false);
    await untilEmpty(first!, '/b');
    const late = new DoubleBarrier(second!, '/b', { memberCount: 2 });
    await Promise.all([early.enter(), late.enter()]);
    expect(early.isInside).toBe(true);
    await expect(early.enter()).rejects.toThrow('entered already');
    await Promise.all([early.leave(), late.leave()]);
    await expect(early.leave()).rejects.toThrow('not inside');
  });

  test('a member that gives up leaving lets the others go', async () => {
    await using setup = await startSetup();
    const [first, second] = await setup.connectMany(2);
    const one = new DoubleBarrier(first!, '/b', { memberCount: 2 });
    const two = new DoubleBarrier(second!, '/b', { memberCount: 2 });
    await Promise.all([one.enter(), two.enter()]);
    await expect(one.leave({ timeoutMs: 5 })).rejects.toThrow(OperationTimeoutError);
    await two.leave();
    await untilEmpty(first!, '/b');
  });

  test('a member whose session has expired counts as gone', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(3);
    const members = clients.map((zk) => new DoubleBarrier(zk, '/b', { memberCount: 3 }));
    await Promise.all(members.map((member) => member.enter()));
    const leaving = [members[0]!.leave(), members[1]!.leave()];
    await setup.server.expireSession(clients[2]!);
    await Promise.all(leaving);
    await expect(members[2]!.leave()).rejects.toThrow(SessionExpiredError);
    expect(await childrenOf(clients[0]!, '/b')).toEqual([]);
  });

  test('one whose session expires while it waits hears of it, and is not counted', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(3);
    const dying = new DoubleBarrier(clients[0]!, '/b', { memberCount: 2 }).enter();
    const rejected = expect(dying).rejects.toThrow(SessionExpiredError);
    await untilChildren(clients[1]!, '/b', 1);
    await setup.server.expireSession(clients[0]!);
    await rejected;
    const members = clients.slice(1).map((zk) => new DoubleBarrier(zk, '/b', { memberCount: 2 }));
    await Promise.all(members.map((member) => member.enter()));
    await Promise.all(members.map((member) => member.leave()));
  });

  test('who waits inside or outside waits on over a restart of the server', async () => {
    await using setup = await startSetup();
    const clients = await setup.connectMany(3);
    const members = clients.map((zk) => new DoubleBarrier(zk, '/b', { memberCount: 3 }));
    const entering = members.slice(0, 2).map((member) => member.enter());
    await untilChildren(clients[2]!, '/b', 2);
    await setup.server.restart({ ending: 'reset' });
    await Promise.all([...entering, members[2]!.enter()]);
    const leaving = members.slice(0, 2).map((member) => member.leave());
    await setup.server.restart({ ending: 'reset' });
    await Promise.all([...leaving, members[2]!.leave()]);
    expect(await childrenOf(clients[0]!, '/b')).toEqual([]);
  });

  test('both come through wherever the connection of one breaks', async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    const cutCount = await forEachCut(setup.server, async (zk) => {
      const one = new DoubleBarrier(zk, '/b', { memberCount: 2 });
      const two = new DoubleBarrier(other, '/b', { memberCount: 2 });
      await Promise.all([one.enter(), two.enter()]);
      await Promise.all([one.leave(), two.leave()]);
      await untilEmpty(other, '/b');
    });
    expect(cutCount).toBeGreaterThan(20);
  });

  test('who comes when all were told to begin begins, too, whoever has gone meanwhile', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    await zk.create('/b');
    await zk.create('/b/ready');
    await new DoubleBarrier(zk, '/b', { memberCount: 5 }).enter();
  });

  test('a count below one is refused', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    expect(() => new DoubleBarrier(zk, '/b', { memberCount: 0 })).toThrow(RangeError);
  });
});
