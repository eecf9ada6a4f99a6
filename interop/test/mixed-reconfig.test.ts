/** A reconfiguration gives a server other ports while one of the other kind leads. */
import { connect, type ZooKeeper } from '@zooid/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { treesOf } from '../harness/compare-trees.ts';
import { Ensemble, freePeerLine } from '../harness/ensemble.ts';
import { freePort } from '../harness/free-port.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { pollUntil } from '../harness/process.ts';
import { SUPER_CREDENTIALS } from '../harness/server.ts';
import { WireConnection } from '../harness/wire-client.ts';

const missing = missingPeer('apache');

async function clientOf(connectString: string): Promise<ZooKeeper> {
  const zk = await connect(connectString, {
    sessionTimeoutMs: 40_000,
    maxReconnectDelayMs: 100,
    auth: [{ scheme: 'digest', auth: SUPER_CREDENTIALS }],
  });
  onTestFinished(() => zk.close());
  return zk;
}

function isListening(port: number): Promise<boolean> {
  return WireConnection.open(port).then(
    (connection) => {
      connection.destroy();
      return true;
    },
    () => false,
  );
}

/** Somebody listens at `next`, and nobody at `old` any more. */
async function expectMoved(old: number, next: number): Promise<void> {
  await pollUntil(
    async () => ((await isListening(next)) && !(await isListening(old)) ? true : undefined),
    20_000,
    () => `port ${old} has moved to ${next}`,
  );
}

function electionPortIn(line: string): number {
  return Number(line.split(':')[2]);
}

describe.skipIf(missing !== undefined).each([
  ['ours', 'Apache', 'zooid', 'apache'],
  ['Apache', 'ours', 'apache', 'zooid'],
] as const)(
  suiteTitle('a server of %s whose ports move under a leader of %s', missing),
  (_, __, kind, leaderKind) => {
    test('serves at the new ones only, also after a restart, and its sessions go on', async () => {
      const plan = [leaderKind, leaderKind, kind].map((each) => ({ kind: each }));
      const ensemble = await Ensemble.start(plan, { reconfigEnabled: 'true' });
      onTestFinished(() => ensemble[Symbol.asyncDispose]());
      const leader = await ensemble.leadBy(leaderKind);
      const moved = ensemble.members[2]!;
      const oldPort = moved.port;
      const newPort = await freePort();
      const early = await clientOf(`127.0.0.1:${oldPort},127.0.0.1:${newPort}`);
      await early.create('/early', '', { mode: 'ephemeral' });
      const { id } = early.session;
      const expectEarlyGoesOn = async (text: string) => {
        await early.set('/early', text);
        expect((await early.exists('/early'))?.ephemeralOwner).toBe(id);
      };

      const config = (await early.getConfig()).text();
      const peerLine = new RegExp(`^server\\.${moved.id}=([^;\\n]*)`, 'm').exec(config)![1]!;
      await early.reconfig({
        joining: [`server.${moved.id}=${peerLine};127.0.0.1:${newPort}`],
      });
      moved.port = newPort;
      await expectMoved(oldPort, newPort);
      expect(await ensemble.untilServing()).toBe(leader);
      await expectEarlyGoesOn('client port has moved');
      const late = await clientOf(moved.address);
      await late.create('/late', '', { mode: 'ephemeral' });

      const newLine = await freePeerLine();
      await late.reconfig({
        joining: [`server.${moved.id}=${newLine};127.0.0.1:${newPort}`],
      });
      await expectMoved(electionPortIn(peerLine), electionPortIn(newLine));
      expect(await ensemble.untilServing()).toBe(leader);
      await expectEarlyGoesOn('ports for servers have moved');

      // It leads, so the others find its quorum port; the one that led before begins anew with the files that it has.
      await leader.stop('SIGTERM');
      expect(await ensemble.untilServing()).toBe(moved);
      leader.start();
      await ensemble.untilServing();
      await expectEarlyGoesOn('it leads');

      await moved.stop('SIGTERM');
      moved.start();
      await ensemble.untilServing();
      expect(await isListening(oldPort)).toBe(false);
      await expectEarlyGoesOn('it has begun anew');
      expect((await late.exists('/late'))?.ephemeralOwner).toBe(late.session.id);

      const [first, ...others] = await treesOf(ensemble.members);
      expect(first!.get('/zookeeper/config')).toContain(
        `server.${moved.id}=${newLine};127.0.0.1:${newPort}`,
      );
      for (const other of others) expect(other).toEqual(first);
    });
  },
);
