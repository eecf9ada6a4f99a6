// What `zooid bench` does to servers: makes a subtree of its own, asks for it in several ways, and removes it again.

import { randomBytes } from 'node:crypto';
import { CommandError, isSystemError } from '../exit.ts';
import {
  deleteCreatedTape,
  deleteTree,
  ensureZnode,
  type LatencySummary,
  Layout,
  type LoadShape,
  prepareZnodes,
  runLoad,
  SetupClient,
  summarize,
  UnexpectedReplyError,
  type WorkloadName,
  workloadTape,
  writeSync,
} from '../load/index.ts';
import { describeHost, type HostPort } from '../words/ask-word.ts';

/** How it is measured. */
export interface BenchPlan {
  readonly servers: readonly HostPort[];
  readonly workloads: readonly WorkloadName[];
  readonly shape: LoadShape;
  readonly valueBytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** The znode below which the bench makes its own. */
  readonly parent: string;
}

/** What one workload came to. */
export interface BenchRow {
  readonly workload: WorkloadName;
  readonly perSecond: number;
  readonly latency: LatencySummary;
  /** Cores that this process kept busy: it has one, so near 1 it was what held the servers back. */
  readonly generatorCores: number;
}

/** Wait for a session, in ms. */
const OPEN_MS_MAX = 10_000;
/** Enough to remove what was created about as fast as it came. */
const REMOVAL: LoadShape = { connections: 4, outstanding: 64 };

/**
 * Measures one workload after the other. The znodes are removed at the end, also when it fails or is cancelled, as long as a server answers.
 *
 * @param onRow - is told of each workload as it is done.
 * @throws CommandError that says which server did what.
 */
export async function runBench(
  plan: BenchPlan,
  onRow: (row: BenchRow) => void,
  signal: AbortSignal,
): Promise<void> {
  const setup = await openEach(plan.servers);
  const [first] = setup as [SetupClient];
  const root = `${plan.parent === '/' ? '' : plan.parent}/zooid-bench-${randomBytes(4).toString('hex')}`;
  try {
    const layout = new Layout(root, plan.valueBytes);
    await asTold(() => ensureZnode(first, root), `${root} cannot be made`);
    try {
      await asTold(() => prepareZnodes(first, layout), 'the znodes cannot be made');
      // Each server must have them before it is asked for them.
      await Promise.all(setup.map((client) => syncOn(client)));
      for (const workload of plan.workloads) onRow(await measure(plan, workload, layout, signal));
    } finally {
      await deleteTree(first, root).catch(() => {
        throw new CommandError(`${root} is left over, and can be removed`, {
          remedy: `zooid shell ${describeHost(plan.servers[0]!)} deleteall ${root}`,
        });
      });
    }
  } finally {
    await Promise.all(setup.map((client) => client.close()));
  }
}

async function openEach(servers: readonly HostPort[]): Promise<readonly SetupClient[]> {
  const opened = await Promise.allSettled(
    servers.map((server) => SetupClient.open(server, OPEN_MS_MAX)),
  );
  const clients = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = opened.findIndex(({ status }) => status === 'rejected');
  if (failed < 0) return clients;
  for (const client of clients) client.destroy();
  const { reason } = opened[failed] as PromiseRejectedResult;
  const why = isSystemError(reason) ? reason.code : (reason as Error).message;
  throw new CommandError(`no session with ${describeHost(servers[failed]!)}: ${why}`, {
    cause: reason,
    remedy: 'Is a server there? "zooid 4lw srvr HOSTS" asks each of them.',
  });
}

async function syncOn(client: SetupClient): Promise<void> {
  await client.expect('sync', (writer, xid) => writeSync(writer, xid, '/'));
}

async function measure(
  { servers, shape, warmUpMs, measureMs }: BenchPlan,
  workload: WorkloadName,
  layout: Layout,
  signal: AbortSignal,
): Promise<BenchRow> {
  const result = await asTold(
    () =>
      runLoad({
        addresses: servers,
        tape: workloadTape(workload, layout, shape.outstanding, 0),
        shape,
        extent: { kind: 'time', warmUpMs, measureMs },
        signal,
      }),
    workload,
  );
  const { uniqueCount, replies, elapsedMs, latencies, busyness } = result;
  if (uniqueCount > 0) {
    await asTold(
      () =>
        runLoad({
          addresses: servers.slice(0, 1),
          tape: deleteCreatedTape(layout, REMOVAL.outstanding, 0),
          shape: REMOVAL,
          extent: { kind: 'count', requests: uniqueCount },
          signal,
        }),
      'removing what was created',
    );
  }
  return {
    workload,
    perSecond: (replies * 1000) / elapsedMs,
    latency: summarize(latencies),
    generatorCores: busyness.generator,
  };
}

/** What a server or the network does is no bug of ours. */
async function asTold<T>(work: () => Promise<T>, what: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    if (error instanceof Error && error.name === 'AbortError')
      throw new CommandError('cancelled', { cause: error });
    const isAnswer = error instanceof UnexpectedReplyError;
    throw new CommandError(`${what}: ${(error as Error).message}`, {
      cause: error,
      ...(isAnswer && { remedy: 'A server refused a request: nothing of this workload counts.' }),
    });
  }
}
