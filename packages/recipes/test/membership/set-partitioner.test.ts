import { describe, expect, test } from 'vitest';
import { type Allocation, keepSession, SetPartitioner } from '../../src/index.ts';
import { forEachCut } from '../support/cuts.ts';
import { childrenOf, startSetup, untilAborted } from '../support/setup.ts';

const ITEMS = ['a', 'b', 'c', 'd', 'e'];
const TIME_BOUNDARY_MS = 20;

/** Who has which items at the moment, and who was given what so far. */
class Shares {
  readonly #holders = new Map<string, string>();
  readonly #waiting = new Set<{ readonly isSo: () => boolean; readonly resolve: () => void }>();
  readonly byMember = new Map<string, readonly string[]>();

  readonly work = (member: string) => async (allocation: Allocation) => {
    for (const item of allocation.items) {
      const holder = this.#holders.get(item);
      if (holder !== undefined) throw new Error(`${item} is ${holder}'s and ${member}'s`);
      this.#holders.set(item, member);
    }
    this.byMember.set(member, allocation.items);
    this.#check();
    await untilAborted(allocation.lost);
    this.byMember.delete(member);
    for (const item of allocation.items) this.#holders.delete(item);
  };

  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add({ isSo, resolve });
      this.#check();
    });
  }

  #check(): void {
    for (const one of this.#waiting) if (one.isSo()) one.resolve();
  }
}

describe("kazoo's set partitioner", () => {
  test('gives each item to one member, and divides anew when members come, go or expire', async () => {
    await using setup = await startSetup();
    await using sessions = keepSession(() => setup.connect());
    const [first, second] = await setup.connectMany(2);
    const shares = new Shares();
    const join = (identifier: string, source: ConstructorParameters<typeof SetPartitioner>[0]) => {
      const leaving = new AbortController();
      const options = { identifier, timeBoundaryMs: TIME_BOUNDARY_MS };
      const partitioner = new SetPartitioner(source, '/set', ITEMS, options);
      const ended = partitioner.run(shares.work(identifier), { signal: leaving.signal });
      return { leave: () => leaving.abort(), ended };
    };

    const ann = join('ann', first!);
    await shares.until(() => shares.byMember.get('ann')?.length === 5);
    const bob = join('bob', sessions);
    await shares.until(() => shares.byMember.size === 2);
    expect(shares.byMember.get('ann')).toEqual(['a', 'c', 'e']);
    expect(shares.byMember.get('bob')).toEqual(['b', 'd']);

    const before = await sessions();
    await setup.server.expireSession(before);
    await shares.until(() => shares.byMember.size === 1);
    await shares.until(() => shares.byMember.size === 2);
    expect(shares.byMember.get('bob')).toEqual(['b', 'd']);

    const cid = join('cid', second!);
    await shares.until(() => shares.byMember.size === 3);
    expect(shares.byMember.get('cid')).toEqual(['c']);
    ann.leave();
    await ann.ended;
    await shares.until(
      () => shares.byMember.get('bob')?.length === 3 && shares.byMember.size === 2,
    );
    expect(shares.byMember.get('bob')).toEqual(['a', 'c', 'e']);

    bob.leave();
    cid.leave();
    await Promise.all([bob.ended, cid.ended]);
    expect(await childrenOf(first!, '/set/party')).toEqual([]);
    for (const item of await childrenOf(first!, '/set/locks')) {
      expect(await childrenOf(first!, `/set/locks/${item}`)).toEqual([]);
    }
  });

  test('divides nothing before the members have been the same for a while', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const leaving = new AbortController();
    const options = { identifier: 'ann', timeBoundaryMs: 2 ** 31 - 1 };
    const work = async () => {
      throw new Error('too early');
    };
    const { signal } = leaving;
    const ended = new SetPartitioner(zk, '/set', ITEMS, options).run(work, { signal });
    await zk.waitFor('/set/party');
    while (!(await zk.hasWatch('/set/party', 'children')));
    for (let turn = 0; turn < 50; turn++) {
      expect(await childrenOf(zk, '/set/locks')).toEqual([]);
    }
    leaving.abort();
    await ended;
    expect(await childrenOf(zk, '/set/party')).toEqual([]);
  });

  test("wherever the connection of one breaks, no item is two members' at once", async () => {
    await using setup = await startSetup();
    const other = await setup.connect();
    const cutCount = await forEachCut(
      setup.server,
      async (zk) => {
        const shares = new Shares();
        const leaving = new AbortController();
        const { signal } = leaving;
        const ended = [zk, other].map((client, index) => {
          const options = { identifier: `m${index}`, timeBoundaryMs: 0 };
          const partitioner = new SetPartitioner(client, '/set', ['a', 'b'], options);
          return partitioner.run(shares.work(`m${index}`), { signal });
        });
        await shares.until(() => {
          return (
            [...shares.byMember.values()].every((items) => items.length === 1) &&
            shares.byMember.size === 2
          );
        });
        leaving.abort();
        await Promise.all(ended);
        while ((await childrenOf(other, '/set/party')).length > 0);
        await other.deleteTree('/set');
      },
      { stepBytes: 120 },
    );
    expect(cutCount).toBeGreaterThan(5);
  });

  test('divides as it is told', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const shares = new Shares();
    const leaving = new AbortController();
    const partitioner = new SetPartitioner(zk, '/set', ITEMS, {
      identifier: 'ann',
      timeBoundaryMs: 0,
      partition: (identifier, members, items) => {
        expect([identifier, members]).toEqual(['ann', ['ann']]);
        return items.slice(3);
      },
    });
    const ended = partitioner.run(shares.work('ann'), { signal: leaving.signal });
    await shares.until(() => shares.byMember.size === 1);
    expect(shares.byMember.get('ann')).toEqual(['d', 'e']);
    leaving.abort();
    await ended;
  });

  test('what the work throws ends it, with nothing left behind', async () => {
    await using setup = await startSetup();
    const zk = await setup.connect();
    const options = { identifier: 'ann', timeBoundaryMs: 0 };
    const partitioner = new SetPartitioner(zk, '/set', ITEMS, options);
    const failing = partitioner.run(async () => {
      throw new Error('no more');
    });
    await expect(failing).rejects.toThrow('no more');
    expect(await childrenOf(zk, '/set/party')).toEqual([]);
    expect(await childrenOf(zk, '/set/locks/a')).toEqual([]);
    while (await zk.hasWatch('/set/party', 'any'));
  });
});
