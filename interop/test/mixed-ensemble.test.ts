import { networkInterfaces } from 'node:os';
import { connect, type ZooKeeper } from '@zooid/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { treesOf } from '../harness/compare-trees.ts';
import { Ensemble, type MemberPlan } from '../harness/ensemble.ts';
import { HistoryWriter } from '../harness/history-writer.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';

const missing = missingPeer('apache');
/** Snapshots are taken, and logs rolled, on the way. */
const CONFIG = { snapCount: 3000 };

async function startEnsemble(plan: readonly MemberPlan[]): Promise<Ensemble> {
  const ensemble = await Ensemble.start(plan, CONFIG);
  onTestFinished(() => ensemble[Symbol.asyncDispose]());
  return ensemble;
}

async function clientOf(connectString: string): Promise<ZooKeeper> {
  const zk = await connect(connectString, { sessionTimeoutMs: 40_000 });
  onTestFinished(() => zk.close());
  return zk;
}

async function startWriter(ensemble: Ensemble): Promise<HistoryWriter> {
  const writer = await HistoryWriter.start(ensemble.connectString, '/load');
  onTestFinished(() => writer[Symbol.asyncDispose]());
  return writer;
}

/** Every member shows the same tree, and none counted a digest that was not the one foretold. */
async function expectSameTrees(ensemble: Ensemble): Promise<void> {
  const [first, ...others] = await treesOf(ensemble.members);
  for (const other of others) expect(other).toEqual(first);
  for (const member of ensemble.members) {
    expect(await member.metric('digest_mismatches_count'), member.output()).toBe('0');
  }
}

/** One of everything that a client can write, at this member. */
async function writeAtEach(ensemble: Ensemble, directory: string): Promise<void> {
  for (const member of ensemble.members) {
    const zk = await clientOf(member.address);
    const own = `${directory}-${member.id}`;
    await zk.create(own, 'first');
    await zk.set(own, 'second');
    await zk.create(`${own}/kept`, 'ü');
    await zk.create(`${own}/gone`, '');
    await zk.delete(`${own}/gone`);
    await zk.create(`${own}/n-`, '', { mode: 'persistent-sequential' });
    await zk.create(`${own}/mine`, '', { mode: 'ephemeral' });
    const transaction = zk.transaction();
    transaction.create(`${own}/both`, '1');
    transaction.set(own, 'third');
    await transaction.commit();
    await expect(zk.create(own, '')).rejects.toMatchObject({ code: 'NODE_EXISTS' });
    await expect(zk.delete(own)).rejects.toMatchObject({ code: 'NOT_EMPTY' });
  }
}

const apache = { kind: 'apache' } as const;
const zooid = { kind: 'zooid' } as const;

describe.skipIf(missing !== undefined)(
  suiteTitle("servers of Apache's and ours in one ensemble", missing),
  () => {
    test.each([
      ['two of Apache and one of ours', [apache, apache, zooid]],
      ['one of Apache and two of ours', [zooid, zooid, apache]],
    ] as const)(
      '%s hold the same tree, whoever leads',
      async (_, plan) => {
        const ensemble = await startEnsemble(plan);
        for (const kind of ['zooid', 'apache'] as const) {
          const leader = await ensemble.leadBy(kind);
          expect(leader.kind).toBe(kind);
          await writeAtEach(ensemble, `/${kind}`);
          await expectSameTrees(ensemble);
        }
      },
      180_000,
    );

    test('observers of each kind serve under leaders of each kind, and keep sessions and watches when another one leads', async () => {
      const ensemble = await startEnsemble([
        zooid,
        zooid,
        apache,
        { kind: 'apache', role: 'observer' },
        { kind: 'zooid', role: 'observer' },
      ]);
      const observers = ensemble.members.slice(3);
      const sessions = await Promise.all(
        observers.map(async ({ address }) => {
          const zk = await clientOf(address);
          return { zk, id: zk.session.id };
        }),
      );
      for (const kind of ['zooid', 'apache'] as const) {
        const path = `/under-${kind}`;
        const [one, other] = sessions;
        await one!.zk.create(path, '', { mode: 'ephemeral' });
        await other!.zk.sync('/');
        const { changed } = await other!.zk.get(path, { watch: true });
        await ensemble.leadBy(kind);
        for (const observer of observers) expect(await observer.mode()).toBe('observer');
        await one!.zk.set(path, 'changed');
        await changed;
        expect((await other!.zk.get(path)).text()).toBe('changed');
        for (const { zk, id } of sessions) {
          expect(zk.session.id).toBe(id);
          expect(zk.lost.aborted).toBe(false);
        }
        await writeAtEach(ensemble, `/${kind}`);
        await expectSameTrees(ensemble);
        sessions.reverse();
      }
    }, 180_000);

    test('an ensemble of Apache becomes one of ours, server by server, and back, under a load that loses no session and no write', async () => {
      const ensemble = await startEnsemble([apache, apache, apache]);
      const writer = await startWriter(ensemble);
      for (const kind of ['zooid', 'apache'] as const) {
        for (const member of ensemble.members) {
          await writer.progress(50);
          await member.stop('SIGTERM');
          member.kind = kind;
          member.start();
          await ensemble.untilServing();
        }
        await writer.progress(50);
      }
      await writer.finish();
      for (const member of ensemble.members) {
        expect(await writer.faults(await clientOf(member.address))).toEqual([]);
        expect(await member.metric('digest_mismatches_count'), member.output()).toBe('0');
      }
    }, 300_000);
  },
);

describe('servers that know each other by IPv6 addresses', () => {
  const noAddress = Object.values(networkInterfaces())
    .flat()
    .some((each) => each?.address === '::1')
    ? undefined
    : 'this machine has no ::1';

  describe.each([
    ['of ours', [zooid, zooid, zooid], noAddress],
    ['of both kinds', [zooid, zooid, apache], noAddress ?? missing],
  ] as const)('%s', (_, plan, reason) => {
    test.skipIf(reason !== undefined)(
      suiteTitle('find, lead and follow each other', reason),
      async () => {
        const ensemble = await Ensemble.start(plan, CONFIG, { peerHost: '::1' });
        onTestFinished(() => ensemble[Symbol.asyncDispose]());
        for (const { kind } of new Set(plan)) {
          await ensemble.leadBy(kind);
          await writeAtEach(ensemble, `/${kind}`);
          await expectSameTrees(ensemble);
        }
        const zk = await clientOf(ensemble.connectString);
        expect((await zk.getConfig()).text()).toMatch(/^server\.1=\[0:0:0:0:0:0:0:1\]:/);
      },
      120_000,
    );
  });
});
