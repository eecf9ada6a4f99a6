import { join } from 'node:path';
import { connect, type ZooKeeper } from '@zooid/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Ensemble, type Member } from '../harness/ensemble.ts';
import { HistoryWriter } from '../harness/history-writer.ts';
import { LockPeer } from '../harness/lock-contest.ts';
import { missingPeer, PYTHON, suiteTitle } from '../harness/peers.ts';
import { TARGET } from '../harness/server.ts';

const missing = TARGET === 'apache' ? missingPeer('apache') : undefined;
const missingKazoo = missing ?? missingPeer('kazoo');
/** Rounds of killing the leader and a follower; more by `ZOOID_KILL_ROUNDS=50`. */
const ROUND_COUNT = Number(process.env['ZOOID_KILL_ROUNDS'] ?? 2);
const THREE = Array.from({ length: 3 }, () => ({ kind: TARGET }));

async function startEnsemble(
  config?: Readonly<Record<string, string | number>>,
): Promise<Ensemble> {
  const ensemble = await Ensemble.start(THREE, config);
  onTestFinished(() => ensemble[Symbol.asyncDispose]());
  return ensemble;
}

async function clientOf(connectString: string): Promise<ZooKeeper> {
  const zk = await connect(connectString, { sessionTimeoutMs: 40_000 });
  onTestFinished(() => zk.close());
  return zk;
}

async function startWriters(ensemble: Ensemble, count: number): Promise<HistoryWriter[]> {
  const writers: HistoryWriter[] = [];
  for (let i = 0; i < count; i++) {
    const writer = await HistoryWriter.start(ensemble.connectString, `/w${i}`);
    writers.push(writer);
    onTestFinished(() => writer[Symbol.asyncDispose]());
  }
  return writers;
}

/** Ends the load, and looks for faults at every member. */
async function expectWholeHistory(ensemble: Ensemble, writers: readonly HistoryWriter[]) {
  await Promise.all(writers.map((writer) => writer.finish()));
  for (const member of ensemble.members) {
    const reader = await clientOf(member.address);
    for (const writer of writers) expect(await writer.faults(reader)).toEqual([]);
    expect(await member.metric('digest_mismatches_count'), member.output()).toBe('0');
  }
}

async function progress(writers: readonly HistoryWriter[], count: number): Promise<void> {
  await Promise.all(writers.map((writer) => writer.progress(count)));
}

function followerOf(ensemble: Ensemble, leader: Member): Member {
  return ensemble.members.find((member) => member !== leader)!;
}

describe.skipIf(missing !== undefined)(suiteTitle('three servers', missing), () => {
  test(`lose nothing and no session while leaders and followers are killed under a writing load (${ROUND_COUNT} rounds)`, async () => {
    const ensemble = await startEnsemble({ snapCount: 2000 });
    const writers = await startWriters(ensemble, 3);
    for (let round = 0; round < ROUND_COUNT; round++) {
      await progress(writers, 50);
      const leader = await ensemble.untilServing();
      for (const victim of [leader, followerOf(ensemble, leader)]) {
        await victim.stop('SIGKILL');
        await progress(writers, 50);
        victim.start();
        await ensemble.untilServing();
        await progress(writers, 20);
      }
    }
    await expectWholeHistory(ensemble, writers);
  }, 300_000);

  test('go on without a leader that stands still, and take it back when it moves again', async () => {
    const ensemble = await startEnsemble();
    const writers = await startWriters(ensemble, 2);
    await progress(writers, 20);
    const leader = await ensemble.untilServing();
    const others = ensemble.members.filter((member) => member !== leader);
    await leader.pause();
    await ensemble.untilServing(others);
    await progress(writers, 50);
    leader.goOn();
    await ensemble.untilServing();
    await progress(writers, 20);
    await expectWholeHistory(ensemble, writers);
  }, 120_000);

  test.each([
    ['short', 20, {}],
    ['long', 600, { commitLogCount: 500, snapshotSizeFactor: -1 }],
  ] as const)('bring up a member that was away for a %s time', async (_, count, config) => {
    const ensemble = await startEnsemble(config);
    const leader = await ensemble.untilServing();
    const away = followerOf(ensemble, leader);
    const zk = await clientOf(leader.address);
    await zk.create('/before');
    await away.stop('SIGKILL');
    await Promise.all(Array.from({ length: count }, (__, i) => zk.create(`/n${i}`, String(i))));
    await zk.delete('/before');

    away.start();
    await ensemble.untilServing();

    const reader = await clientOf(away.address);
    await reader.sync('/');
    expect((await reader.children('/')).names).toHaveLength(count + 1);
    expect(await reader.exists('/before')).toBeUndefined();
    if (TARGET === 'zooid') {
      const plan = count > 500 ? 'snap' : 'diff';
      expect(away.output()).toContain(`"plan":"${plan}"`);
    }
  });

  test('have everything again after all of them were down', async () => {
    const ensemble = await startEnsemble();
    const writers = await startWriters(ensemble, 2);
    await progress(writers, 50);
    await Promise.all(ensemble.members.map((member) => member.stop('SIGKILL')));
    for (const member of ensemble.members) member.start();
    await ensemble.untilServing();
    await progress(writers, 20);
    await Promise.all(ensemble.members.map((member) => member.stop('SIGTERM')));
    for (const member of ensemble.members) member.start();
    await ensemble.untilServing();
    await progress(writers, 20);
    await expectWholeHistory(ensemble, writers);
  });
});

describe.skipIf(missingKazoo !== undefined)(
  suiteTitle('kazoo and three servers', missingKazoo),
  () => {
    test('keeps session, ephemeral and watch while each server in turn is killed', async () => {
      const ensemble = await startEnsemble();
      const zk = await clientOf(ensemble.connectString);
      await zk.create('/watched', 'first');
      const script = join(import.meta.dirname, '../kazoo/failover_peer.py');
      await using peer = await LockPeer.start(PYTHON, [script, ensemble.connectString]);
      for (const member of ensemble.members) {
        await member.stop('SIGKILL');
        await ensemble.untilServing();
        member.start();
        await ensemble.untilServing();
        peer.write(`${member.id}\n`);
        await peer.until(`LOOK ${member.id} SAME`);
      }
      expect(peer.output()).toMatch(/STATE SUSPENDED/);
      expect(peer.output()).not.toMatch(/STATE LOST/);
      await zk.set('/watched', 'changed');
      await peer.until('DATA changed');
    });
  },
);
