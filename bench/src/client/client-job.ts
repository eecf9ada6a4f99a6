import { setTimeout as delay } from 'node:timers/promises';
import { KEY_COUNT, type LatencySummary, Layout, ProcessorClock, summarize } from 'zooid/load';
import type { Sample } from '../suite/results.ts';
import { CallMeter } from './call-meter.ts';
import type { ClientName, ClientRow } from './client-row.ts';
import { openMeasuredClient } from './measured-client.ts';

/** What a process with one client has to do. */
export interface ClientJob {
  readonly client: ClientName;
  readonly row: Pick<ClientRow, 'operation' | 'loops' | 'isTimed'>;
  readonly connectString: string;
  /** Where the znodes lie that were made for it. */
  readonly root: string;
  readonly valueBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly serverPid?: number | undefined;
}

/** What it came to. */
export interface ClientResult {
  readonly perSecond: number;
  /** Processor time of this process for each call, in microseconds. */
  readonly processorUs: number;
  readonly latency: LatencySummary | undefined;
  readonly busyness: NonNullable<Sample['busyness']>;
}

/** Makes the calls of a job, all in one session, and counts the answers after the warm-up. */
export async function runClientJob(job: ClientJob): Promise<ClientResult> {
  const { client: name, row, connectString, root, valueBytes } = job;
  const client = await openMeasuredClient(name, connectString);
  const meter = new CallMeter(valueBytes, row.isTimed ? 'timed' : 'untimed');
  try {
    const loops = startLoops();
    const failed = Promise.all(loops).then(() => new Promise<never>(() => undefined));
    await Promise.race([delay(job.warmUpMs), failed]);
    meter.reset();
    const clock = new ProcessorClock(job.serverPid === undefined ? [] : [job.serverPid]);
    const begunMs = performance.now();
    await Promise.race([delay(job.measureMs), failed]);
    const elapsedMs = performance.now() - begunMs;
    const { generator, server, others } = clock.read();
    const { count, latencies } = meter;
    const result = {
      perSecond: (count * 1_000) / elapsedMs,
      processorUs: (generator * elapsedMs * 1_000) / count,
      latency: latencies && summarize(latencies),
      busyness: { server, others },
    };
    meter.isOver = true;
    await Promise.all(loops);
    return result;
  } finally {
    await client.close();
  }

  function startLoops(): Promise<void>[] {
    const layout = new Layout(root, valueBytes);
    const paths = Array.from({ length: KEY_COUNT }, (_, index) => layout.key(index));
    let at = 0;
    const next = () => paths[at++ % KEY_COUNT]!;
    const value = layout.value();
    return Array.from({ length: row.loops }, () =>
      row.operation === 'get' ? client.getLoop(next, meter) : client.setLoop(next, value, meter),
    );
  }
}
