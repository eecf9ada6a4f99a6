import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Ensemble, type Member } from '../harness/ensemble.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { RecordedClients } from '../harness/recorded-history.ts';
import { TARGET } from '../harness/server.ts';

const missing = TARGET === 'apache' ? missingPeer('apache') : undefined;
const SEED = Number(process.env['ZOOID_HISTORY_SEED'] ?? 1);
/** Rounds of all faults; more by `ZOOID_HISTORY_ROUNDS=20`. */
const ROUND_COUNT = Number(process.env['ZOOID_HISTORY_ROUNDS'] ?? 1);
const TICK_MS = 500;

describe.skipIf(missing !== undefined)(suiteTitle('what clients were told', missing), () => {
  test('is what the logs of the servers say, whatever was killed, stood still or was cut off', async () => {
    const voter = { kind: TARGET };
    // Its log is the committed history: nothing happens to it, and it is told of nothing else.
    const observer = { kind: TARGET, role: 'observer' } as const;
    const plan = [voter, voter, voter, observer];
    const ensemble = await Ensemble.start(plan, {}, { canBeCut: true });
    onTestFinished(() => ensemble[Symbol.asyncDispose]());
    const addresses = ensemble.members.map(({ address }) => address);
    const clients = new RecordedClients(addresses, { count: 6, seed: SEED, tickTimeMs: TICK_MS });
    onTestFinished(() => clients[Symbol.asyncDispose]());
    await clients.progress(20);

    for (let round = 0; round < ROUND_COUNT; round++) {
      await disturbed(ensemble, clients, async (victim) => {
        await victim.stop('SIGKILL');
        return async () => victim.start();
      });
      await disturbed(ensemble, clients, async (victim) => {
        await victim.pause();
        return async () => victim.goOn();
      });
      await disturbed(ensemble, clients, async (victim) => {
        ensemble.cutOff(victim);
        return () => ensemble.heal();
      });
    }

    await clients.finish();
    await ensemble.untilServing();
    for (const member of ensemble.members) await member.stop('SIGTERM');
    const directories = ensemble.members.map((one) => join(one.directory, 'data/version-2'));
    expect(await clients.check(directories)).toBeGreaterThan(1000);
  }, 300_000);
});

/** The leader suffers this, and then a follower; everybody writes on meanwhile, and afterwards. */
async function disturbed(
  ensemble: Ensemble,
  clients: RecordedClients,
  strike: (victim: Member) => Promise<() => Promise<void>>,
): Promise<void> {
  const leader = await ensemble.untilServing();
  for (const victim of [leader, ensemble.members.find((member) => member !== leader)!]) {
    const heal = await strike(victim);
    await ensemble.untilServing(ensemble.members.filter((member) => member !== victim));
    await clients.progress(5);
    await heal();
    await ensemble.untilServing();
    await clients.progress(5);
  }
}
