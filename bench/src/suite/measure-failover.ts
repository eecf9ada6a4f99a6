import { setTimeout as delay } from 'node:timers/promises';
import { ensureZnode, ProcessorClock, SetupClient, writeSetData } from 'zooid/load';
import type { EnsembleProcess } from '../servers/ensemble-process.ts';
import { firstAnswer, type Probe } from '../servers/first-answer.ts';
import type { Sample } from './results.ts';

/** Before the signal: the server that came back last has become quiet. */
const SETTLE_MS = 1_000;
const PATH = '/bench-failover';

/**
 * Takes the leader away and waits for the next write: at each of the others a client tries, from the moment of the signal on, to open a
 * session and to set a znode. Then the server comes back.
 *
 * @param signal - SIGKILL: its connections break at once; SIGSTOP: they stay, and it says nothing more.
 * @returns milliseconds from the signal to the first reply to a write.
 */
export async function measureFailover(
  ensemble: EnsembleProcess,
  signal: 'SIGKILL' | 'SIGSTOP',
): Promise<Sample> {
  const leader = await ensemble.leader();
  const survivors = ensemble.others(leader);
  const setup = await SetupClient.open(leader.address);
  await ensureZnode(setup, PATH);
  await setup.close();
  await delay(SETTLE_MS);

  let acknowledgedAt: number | undefined;
  const setProbe: Probe = async (client) => {
    const reply = await client.expect('setData', (writer, xid) =>
      writeSetData(writer, xid, PATH, new Uint8Array(100)),
    );
    acknowledgedAt ??= performance.now();
    return reply;
  };
  const clock = new ProcessorClock(survivors.map(({ pid }) => pid));
  const begin = performance.now();
  leader.kill(signal);
  await Promise.any(
    survivors.map((server) =>
      firstAnswer(server.address, setProbe, () => server.isOver || acknowledgedAt !== undefined),
    ),
  ).catch(({ errors }: AggregateError) => {
    // Pointless for both, when the first write came and its session did not end.
    if (acknowledgedAt === undefined) throw errors[0];
  });
  const sample = { value: acknowledgedAt! - begin, busyness: clock.read() };
  await leader.stop('SIGKILL');
  await ensemble.restart(leader, 'kept');
  return sample;
}
