// Sessions that one member alone knows, over real sockets. What each packet says is tested in core.

import { connect, type ZooKeeper } from '@zooid/client';
import { startTestEnsemble, type TestEnsemble, type TestMember } from '@zooid/testing';
import { expect, onTestFinished, test } from 'vitest';

type Mode = 'without-ephemerals' | 'upgrading';

async function ensembleWith(localSessions: Mode): Promise<TestEnsemble> {
  const ensemble = await startTestEnsemble({ ensemble: { localSessions } });
  onTestFinished(() => ensemble.close());
  return ensemble;
}

async function clientOf(connectString: string): Promise<ZooKeeper> {
  const zk = await connect(connectString);
  onTestFinished(() => zk.close());
  return zk;
}

function followersOf({ members, leader }: TestEnsemble): TestMember[] {
  return members.filter((member) => member !== leader);
}

/** Transactions so far, at this member. */
function zxidOf(member: TestMember) {
  return member.state?.lastZxid;
}

test('a session of any member begins and ends without a transaction, and writes what stays', async () => {
  const ensemble = await ensembleWith('without-ephemerals');
  for (const member of ensemble.members) {
    const before = zxidOf(ensemble.leader!);
    const zk = await clientOf(member.connectString);
    expect(await zk.exists('/nothing')).toBeUndefined();
    expect(zxidOf(ensemble.leader!)).toBe(before);
    await zk.create(`/by-${member.id}`, 'x');
    await expect(zk.create('/mine', '', { mode: 'ephemeral' })).rejects.toMatchObject({
      code: 'EPHEMERAL_ON_LOCAL_SESSION',
      outcome: 'not-applied',
    });
    const both = zk.transaction().create('/kept', '').create('/mine', '', { mode: 'ephemeral' });
    await expect(both.commit()).rejects.toMatchObject({ code: 'EPHEMERAL_ON_LOCAL_SESSION' });
    await zk.close();
    expect(ensemble.sessions()).toEqual([]);
  }
  const zk = await clientOf(ensemble.leader!.connectString);
  for (const { id } of ensemble.members) expect(await zk.exists(`/by-${id}`)).toBeDefined();
  expect(await zk.exists('/kept')).toBeUndefined();
});

test('an ephemeral znode makes a session global; then it moves with its znode, and ends as all do', async () => {
  const ensemble = await ensembleWith('upgrading');
  const [first, second] = followersOf(ensemble);
  const zk = await clientOf(`${first!.connectString},${second!.connectString}`);
  expect(ensemble.sessions()).toEqual([]);
  await zk.create('/mine', '', { mode: 'ephemeral' });
  expect(ensemble.sessions().map(({ id }) => id)).toEqual([zk.session.id]);
  const { id } = zk.session;
  for (const member of [first!, second!]) {
    await member.kill();
    await zk.exists('/mine');
    expect(zk.session.id).toBe(id);
    await member.start();
    await ensemble.untilServing();
  }
  await ensemble.expireSession(zk);
  const other = await clientOf(ensemble.leader!.connectString);
  expect(await other.exists('/mine')).toBeUndefined();
});

test('a local session ends with its server', async () => {
  const ensemble = await ensembleWith('upgrading');
  const [first] = followersOf(ensemble);
  const zk = await clientOf(first!.connectString);
  const { lost } = zk;
  const isLost = new Promise<void>((resolve) => {
    lost.addEventListener('abort', () => resolve(), { once: true });
  });
  await first!.kill();
  await first!.start();
  await isLost;
});
