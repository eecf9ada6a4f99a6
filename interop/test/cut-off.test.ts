import { connect, type ZooKeeper } from '@zooid/client';
import { Mutex } from '@zooid/recipes';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Ensemble, type Member } from '../harness/ensemble.ts';
import { HistoryWriter } from '../harness/history-writer.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TARGET } from '../harness/server.ts';

const missing = TARGET === 'apache' ? missingPeer('apache') : undefined;

async function startEnsemble(config: Readonly<Record<string, number>> = {}): Promise<Ensemble> {
  const plan = Array.from({ length: 3 }, () => ({ kind: TARGET }));
  const ensemble = await Ensemble.start(plan, config, { canBeCut: true });
  onTestFinished(() => ensemble[Symbol.asyncDispose]());
  return ensemble;
}

async function clientOf(where: Member | readonly Member[], sessionTimeoutMs: number) {
  const addresses = [where].flat().map(({ address }) => address);
  const zk: ZooKeeper = await connect(addresses.join(), { sessionTimeoutMs });
  onTestFinished(() => zk.close());
  return zk;
}

describe.skipIf(missing !== undefined)(suiteTitle('a network that fails', missing), () => {
  test('loses no write and no session, whoever is cut off from the others', async () => {
    const ensemble = await startEnsemble();
    const writers: HistoryWriter[] = [];
    for (const directory of ['/w0', '/w1', '/w2']) {
      const writer = await HistoryWriter.start(ensemble.connectString, directory);
      onTestFinished(() => writer[Symbol.asyncDispose]());
      writers.push(writer);
    }
    const progress = (count: number) => Promise.all(writers.map((one) => one.progress(count)));
    await progress(30);
    const leader = await ensemble.untilServing();
    for (const cutOff of [leader, ensemble.members.find((member) => member !== leader)!]) {
      const others = ensemble.members.filter((member) => member !== cutOff);
      ensemble.cutOff(cutOff);
      await ensemble.untilServing(others);
      await progress(30);
      await ensemble.heal();
      await ensemble.untilServing();
      await progress(30);
    }
    await Promise.all(writers.map((writer) => writer.finish()));
    for (const member of ensemble.members) {
      const reader = await clientOf(member, 40_000);
      for (const writer of writers) expect(await writer.faults(reader)).toEqual([]);
      expect(await member.metric('digest_mismatches_count'), member.output()).toBe('0');
    }
  }, 180_000);

  // Servers of Apache's go on answering whoever is with them, until they notice.
  test.runIf(TARGET === 'zooid').each(['follower', 'leader'] as const)(
    'gives a lock to nobody before its holder, who is with a %s that is cut off, knows that it has lost it',
    async (mode) => {
      // A leader would not notice for half a minute that it has lost its quorum.
      const ensemble = await startEnsemble({ syncLimit: 60 });
      const leader = await ensemble.untilServing();
      const follower = ensemble.members.find((member) => member !== leader)!;
      const cutOff = mode === 'leader' ? leader : follower;
      const others = ensemble.members.filter((member) => member !== cutOff);
      const near = await clientOf(cutOff, 2_000);
      const far = await clientOf(others, 30_000);
      const held = await new Mutex(near, '/lock').acquire();
      const events: string[] = [];
      held.lost.addEventListener('abort', () => events.push('lost'));

      ensemble.cutOff(cutOff);
      const next = await new Mutex(far, '/lock').acquire();

      events.push('granted');
      expect(events).toEqual(['lost', 'granted']);
      expect(next.fencingToken).toBeGreaterThan(held.fencingToken);
      await ensemble.heal();
      await ensemble.untilServing();
    },
    60_000,
  );
});
