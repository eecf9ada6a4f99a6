import { connect, type ZooKeeper } from '@zooid/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dumpTree } from '../harness/dump-tree.ts';
import { Ensemble, type Member, type MemberPlan } from '../harness/ensemble.ts';
import { HistoryWriter } from '../harness/history-writer.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import type { ServerKind } from '../harness/server.ts';

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

/** All members of the one kind are down for a moment, so that one of the other kind leads; then all serve. */
async function leadBy(ensemble: Ensemble, kind: ServerKind): Promise<Member> {
  const leader = (await ensemble.untilServing())!;
  if (leader.kind === kind) return leader;
  await leader.stop('SIGTERM');
  const next = (await ensemble.untilServing())!;
  leader.start();
  await ensemble.untilServing();
  if (next.kind === kind) return next;
  return leadBy(ensemble, kind);
}

/** Every member shows the same tree, and none counted a digest that was not the one foretold. */
async function expectSameTrees(ensemble: Ensemble): Promise<void> {
  const dumps: Map<string, string>[] = [];
  for (const member of ensemble.members) {
    const zk = await clientOf(member.address);
    await zk.sync('/');
    const dump = await dumpTree(member.port);
    // When it was written is each server's own affair: it is not replicated.
    const config = dump.get('/zookeeper/config')!.replace(/ mt=\d+/, '');
    dumps.push(dump.set('/zookeeper/config', config));
    expect(await member.metric('digest_mismatches_count'), member.output()).toBe('0');
  }
  for (const dump of dumps) expect(dump).toEqual(dumps[0]);
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
          const leader = await leadBy(ensemble, kind);
          expect(leader.kind).toBe(kind);
          await writeAtEach(ensemble, `/${kind}`);
          await expectSameTrees(ensemble);
        }
      },
      180_000,
    );

    test.each(['apache', 'zooid'] as const)(
      'observers of each kind serve under a leader of %s',
      async (kind) => {
        const ensemble = await startEnsemble([
          { kind },
          { kind: 'apache', role: 'observer' },
          { kind: 'zooid', role: 'observer' },
        ]);
        await writeAtEach(ensemble, '/o');
        await expectSameTrees(ensemble);
      },
      120_000,
    );

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
