import { type LatencySummary, summarize } from '../load/load-meter.ts';
import { ensureZnode, prepareZnodes } from '../load/prepare.ts';
import { runLoad } from '../load/run-load.ts';
import { deleteCreatedTape, Layout, workloadTape } from '../load/workload.ts';
import type { ServerAddress } from '../wire/session-socket.ts';
import { SetupClient } from '../wire/setup-client.ts';
import type { LoadSpec } from './spec.ts';

/** How long each row warms up and is measured. */
export interface LoadTiming {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** One measured row. */
export interface LoadFigures {
  readonly perSecond: number;
  readonly latency: LatencySummary;
  /** Share of the time that the generator's thread was busy; near 1 it was the bottleneck. */
  readonly generatorBusy: number;
}

/** Measures one row on a running server. The znodes it needs are made first, those it creates deleted. */
export async function measureLoad(
  address: ServerAddress,
  spec: LoadSpec,
  timing: LoadTiming,
  root: string,
): Promise<LoadFigures> {
  const layout = new Layout(root, spec.valueBytes);
  const client = await SetupClient.open(address);
  try {
    await prepareZnodes(client, layout);
    await ensureZnode(client, layout.created);
  } finally {
    await client.close();
  }
  const tape = workloadTape(spec.workload, layout, spec.shape.outstanding, 0);
  const result = await runLoad(address, tape, spec.shape, { kind: 'time', ...timing });
  if (tape.uniqueEnd > 0) {
    const deletes = deleteCreatedTape(layout, 16);
    const extent = { kind: 'count', requests: tape.uniqueEnd } as const;
    await runLoad(address, deletes, { connections: 32, outstanding: 16 }, extent);
  }
  return {
    perSecond: (result.replies * 1000) / result.elapsedMs,
    latency: summarize(result.latencies),
    generatorBusy: result.generatorBusy,
  };
}
