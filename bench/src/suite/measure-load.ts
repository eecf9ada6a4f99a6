import {
  type Busyness,
  type JobResult,
  joinedLatencies,
  type LatencySummary,
  Layout,
  type LoadShape,
  prepareZnodes,
  runJob,
  type ServerAddress,
  SetupClient,
  summarize,
  UNIQUE_PER_THREAD,
  type WorkloadName,
  writeSync,
} from 'zooid/load';

/** What is asked, by how many, with values of which size. */
export interface LoadCase {
  readonly workload: WorkloadName;
  readonly shape: LoadShape;
  readonly valueBytes: number;
}

/** How each row is driven. */
export interface LoadSettings {
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly threads: number;
  /** Where the benchmark's znodes lie. */
  readonly root: string;
  /** Processes of the servers, to tell how busy they are. */
  readonly serverPids?: readonly number[] | undefined;
}

/** One measured row. */
export interface LoadFigures {
  readonly perSecond: number;
  readonly latency: LatencySummary;
  /** Who kept how many cores busy: a generator (each of its threads) near 1 was the bottleneck. */
  readonly busyness: Busyness;
}

/**
 * Measures one row on running servers, over which the connections are spread evenly. The znodes it needs are made first, those it creates
 * deleted.
 */
export async function measureLoad(
  addresses: readonly ServerAddress[],
  load: LoadCase,
  settings: LoadSettings,
): Promise<LoadFigures> {
  await prepare(addresses, new Layout(settings.root, load.valueBytes));
  const place = { addresses, root: settings.root, valueBytes: load.valueBytes };
  const results = await runJob(
    {
      ...place,
      content: { kind: 'workload', name: load.workload, uniqueStart: 0 },
      shape: load.shape,
      extent: { kind: 'time', warmUpMs: settings.warmUpMs, measureMs: settings.measureMs },
      serverPids: settings.serverPids,
    },
    settings.threads,
  );
  for (const [index, { uniqueCount }] of results.entries()) {
    if (uniqueCount === 0) continue;
    await runJob(
      {
        ...place,
        content: { kind: 'delete-created', uniqueStart: index * UNIQUE_PER_THREAD },
        shape: { connections: 32, outstanding: 16 },
        extent: { kind: 'count', requests: uniqueCount },
      },
      1,
    );
  }
  return figuresOf(results);
}

async function prepare(addresses: readonly ServerAddress[], layout: Layout): Promise<void> {
  for (const [index, address] of addresses.entries()) {
    const client = await SetupClient.open(address);
    try {
      if (index === 0) await prepareZnodes(client, layout);
      // Each server must have the znodes before it is asked for them.
      else await client.expect('sync', (writer, xid) => writeSync(writer, xid, '/'));
    } finally {
      await client.close();
    }
  }
}

function figuresOf(results: JobResult): LoadFigures {
  let perSecond = 0;
  for (const result of results) perSecond += (result.replies * 1_000) / result.elapsedMs;
  // Each thread reports the processor time of the whole process; the bottleneck is a thread.
  const { generator, ...rest } = results[0]!.busyness;
  const busyness = { ...rest, generator: generator / results.length };
  return { perSecond, busyness, latency: summarize(joinedLatencies(results)) };
}
