import { setTimeout as delay } from 'node:timers/promises';
import { type LatencySummary, Layout, writeGetData } from 'zooid/load';
import type { Cleanup } from '../cleanup.ts';
import { EnsembleProcess } from '../servers/ensemble-process.ts';
import type { Probe } from '../servers/first-answer.ts';
import type { ServerKind } from '../servers/server-kind.ts';
import { startLatencyProbe } from './latency-probe.ts';
import { loadBulk } from './load-bulk.ts';
import type { Sample } from './results.ts';

const VALUE_BYTES = 100;
const SHAPE = { connections: 33, outstanding: 16 } as const;
/** After the load: snapshots and collections come to an end. */
const SETTLE_MS = 3_000;

/** What it costs to bring up a server that has nothing. */
export interface JoinFigures {
  /** From the spawn of its process to its first answer about the last znode, in milliseconds. */
  readonly join: Sample;
  /** Latency at the leader meanwhile, of one client that asks for one znode at a time. */
  readonly probe: LatencySummary;
  /** Longest time the leader's event loop was held up meanwhile; undefined for a server that has none. */
  readonly loopMaxMs: number | undefined;
}

/** Loads `znodes` znodes of 100 bytes into a new ensemble; then a follower loses its data and starts again. */
export async function measureJoin(
  kind: ServerKind,
  znodes: number,
  parentDir: string,
  cleanup: Cleanup,
): Promise<JoinFigures> {
  const layout = new Layout('/bench', VALUE_BYTES);
  const lastPath = layout.bulk(znodes - 1);
  const getLast: Probe = (client) =>
    client.expect('getData', (writer, xid) => writeGetData(writer, xid, lastPath, 'no-watch'));
  const options = { parentDir, withEventLoopProbe: true } as const;
  const ensemble = await EnsembleProcess.start(kind, options, cleanup);
  try {
    await loadBulk(ensemble.addresses, layout, znodes, SHAPE);
    await delay(SETTLE_MS);
    const leader = await ensemble.leader();
    const follower = ensemble.others(leader)[0]!;
    await follower.stop();
    const isNode = kind.name === 'zooid';
    const probe = await startLatencyProbe(leader.address, layout.bulk(0));
    try {
      if (isNode) await leader.ask('reset');
      const joined = await ensemble.restart(follower, 'lost', getLast);
      const loop = isNode ? ((await leader.ask('read')) as { readonly maxMs: number }) : undefined;
      return { join: joined.startSample, probe: await probe.stop(), loopMaxMs: loop?.maxMs };
    } finally {
      probe.abort();
    }
  } catch (error) {
    throw await ensemble.explain(error);
  } finally {
    await ensemble.stop();
  }
}
