import { connect, type ZooKeeper } from '@zooid/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Ensemble, type Member } from '../harness/ensemble.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import type { ServerKind } from '../harness/server.ts';

const missing = missingPeer('apache');
/** The highest id leads an ensemble whose members begin with nothing. */
const plans = {
  'a leader of ours': ['apache', 'apache', 'zooid'],
  'a leader of Apache': ['zooid', 'zooid', 'apache'],
} as const;

async function startEnsemble(
  kinds: readonly ServerKind[],
  localSessionsUpgradingEnabled: 'true' | 'false',
): Promise<{ ensemble: Ensemble; learner: Member; leader: Member }> {
  const ensemble = await Ensemble.start(
    kinds.map((kind) => ({ kind })),
    { localSessionsEnabled: 'true', localSessionsUpgradingEnabled },
  );
  onTestFinished(() => ensemble[Symbol.asyncDispose]());
  let leader = (await ensemble.untilServing())!;
  // Until the one of its kind that there is leads.
  while (leader.kind !== kinds[2]) {
    await leader.stop('SIGTERM');
    const next = (await ensemble.untilServing())!;
    leader.start();
    await ensemble.untilServing();
    leader = next;
  }
  const learner = ensemble.members.find(({ kind }) => kind !== leader.kind)!;
  return { ensemble, learner, leader };
}

async function clientOf(connectString: string): Promise<ZooKeeper> {
  const zk = await connect(connectString, { sessionTimeoutMs: 10_000 });
  onTestFinished(() => zk.close());
  return zk;
}

describe.skipIf(missing !== undefined).each(Object.entries(plans))(
  suiteTitle('local sessions under %s', missing),
  (_title, kinds) => {
    test('write what stays, may not own, and move nowhere while they stay local', async () => {
      const { ensemble, learner, leader } = await startEnsemble(kinds, 'false');
      for (const member of [learner, leader]) {
        const zk = await clientOf(member.address);
        await zk.create(`/by-${member.id}`, 'x');
        await zk.set(`/by-${member.id}`, 'y');
        await expect(zk.create('/mine', '', { mode: 'ephemeral' })).rejects.toMatchObject({
          code: 'EPHEMERAL_ON_LOCAL_SESSION',
        });
        const multi = zk.transaction().create('/kept', '').create('/e', '', { mode: 'ephemeral' });
        await expect(multi.commit()).rejects.toMatchObject({ code: 'EPHEMERAL_ON_LOCAL_SESSION' });
        expect(await zk.exists('/kept')).toBeUndefined();
        expect(await member.metric('local_sessions')).toBe('1');
        expect(await member.metric('global_sessions')).toBe('0');
      }
      const others = ensemble.members.filter((member) => member !== learner);
      const zk = await clientOf(learner.address);
      for (const member of [learner, ...others]) {
        await zk.sync('/');
        expect(await member.metric('digest_mismatches_count')).toBe('0');
      }
      const lost = new Promise<void>((resolve) => {
        zk.lost.addEventListener('abort', () => resolve(), { once: true });
      });
      await learner.stop('SIGTERM');
      learner.start();
      await lost;
    });

    test('become global with their first ephemeral znode, and go on elsewhere', async () => {
      const { ensemble, learner, leader } = await startEnsemble(kinds, 'true');
      const zk = await clientOf(`${learner.address},${leader.address}`);
      await zk.create('/kept', '');
      expect(await leader.metric('global_sessions')).toBe('0');
      await zk.create('/mine', '', { mode: 'ephemeral' });
      const transaction = zk.transaction().create('/other', '', { mode: 'ephemeral' });
      await transaction.commit();
      expect(await leader.metric('global_sessions')).toBe('1');
      const { id } = zk.session;
      expect((await zk.exists('/mine'))?.ephemeralOwner).toBe(id);
      await learner.stop('SIGTERM');
      expect((await zk.exists('/mine'))?.ephemeralOwner).toBe(id);
      expect(zk.session.id).toBe(id);
      learner.start();
      await ensemble.untilServing();
      await zk.close();
      const other = await clientOf(learner.address);
      await other.sync('/');
      expect(await other.exists('/mine')).toBeUndefined();
      expect(await other.exists('/other')).toBeUndefined();
      expect(await other.exists('/kept')).toBeDefined();
    });
  },
);
