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
  const leader = await ensemble.leadBy(kinds[2]!);
  const learner = ensemble.members.find(({ kind }) => kind !== leader.kind)!;
  return { ensemble, learner, leader };
}

async function clientOf(connectString: string): Promise<ZooKeeper> {
  // Longer than a server of Apache's needs to start again on a busy machine.
  const zk = await connect(connectString, { sessionTimeoutMs: 30_000 });
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

describe.each([
  ['an observer of ours under Apache', 'zooid', 'apache'],
  ['an observer of Apache under ours', 'apache', 'zooid'],
  ['an observer under its like', 'zooid', 'zooid'],
] as const)('local sessions at %s', (_title, observerKind, voterKind) => {
  const needsPeer = observerKind !== 'zooid' || voterKind !== 'zooid';
  test.skipIf(needsPeer && missing !== undefined)(
    'stay there until their first ephemeral znode, and then go on at a voter',
    async () => {
      const plan = { kind: voterKind };
      const ensemble = await Ensemble.start(
        [plan, plan, plan, { kind: observerKind, role: 'observer' }],
        { localSessionsEnabled: 'true', localSessionsUpgradingEnabled: 'true' },
      );
      onTestFinished(() => ensemble[Symbol.asyncDispose]());
      const leader = await ensemble.untilServing();
      const observer = ensemble.members[3]!;
      expect(await observer.mode()).toBe('observer');
      const zk = await clientOf(observer.address);
      await zk.create('/kept', 'x');
      await zk.set('/kept', 'y');
      expect(await observer.metric('local_sessions')).toBe('1');
      expect(await leader.metric('global_sessions')).toBe('0');
      await zk.create('/mine', '', { mode: 'ephemeral' });
      const { id } = zk.session;
      expect((await zk.exists('/mine'))?.ephemeralOwner).toBe(id);
      expect(await observer.metric('local_sessions')).toBe('0');
      expect(await leader.metric('global_sessions')).toBe('1');
      // While the voter is down, there is only the observer to begin with.
      const voter = ensemble.members.find((one) => one !== leader && one !== observer)!;
      await voter.stop('SIGTERM');
      const moving = await clientOf(`${observer.address},${voter.address}`);
      voter.start();
      await ensemble.untilServing();
      await moving.create('/moved', '', { mode: 'ephemeral' });
      await observer.stop('SIGTERM');
      expect((await moving.exists('/moved'))?.ephemeralOwner).toBe(moving.session.id);
      const other = await clientOf(leader.address);
      expect((await other.exists('/mine'))?.ephemeralOwner).toBe(id);
      observer.start();
      await ensemble.untilServing();
      await zk.sync('/');
      await zk.close();
      await moving.close();
      await other.sync('/');
      expect(await other.exists('/mine')).toBeUndefined();
      expect(await other.exists('/moved')).toBeUndefined();
      expect(await other.exists('/kept')).toBeDefined();
      for (const member of ensemble.members) {
        expect(await member.metric('digest_mismatches_count')).toBe('0');
      }
    },
  );
});
