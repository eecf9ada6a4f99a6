import { deleteTree, type ServerAddress, SetupClient } from 'zooid/load';
import type { Cleanup } from '../cleanup.ts';
import type { ServerKind, TargetName } from '../servers/server-kind.ts';
import { ServerProcess } from '../servers/server-process.ts';
import { makeTemporaryDir } from '../servers/temporary-dir.ts';
import { measureBigTree } from './measure-big-tree.ts';
import { measureFanOut } from './measure-fan-out.ts';
import type { LoadSettings } from './measure-load.ts';
import { measureStart } from './measure-start.ts';
import { measureUndisturbed } from './measure-undisturbed.ts';
import type { Results, RowHead, Sample } from './results.ts';
import type { LoadSpec } from './spec.ts';
import { warmUpServers } from './warm-up.ts';

/** What of all that can be measured is measured, and how long. */
export interface SuitePlan {
  readonly loads: readonly LoadSpec[];
  readonly load: Omit<LoadSettings, 'root'>;
  /** How often a row is measured again that other processes disturbed. */
  readonly retries: number;
  /** Before the first row, so that Java has compiled what it runs; the same for every server. */
  readonly serverWarmUpMs: number;
  /** 0 leaves the measurement out. */
  readonly starts: number;
  /** Connections that watch one znode; 0 leaves the measurement out. */
  readonly watchers: number;
  /** Znodes of the big tree; 0 leaves the measurement out. */
  readonly znodes: number;
  readonly stallMs: number;
  /** Bars are spoken of a million znodes and 10,000 watchers: smaller runs are not judged by them. */
  readonly isFullSize: boolean;
}

/** Where results and news go. */
export interface SuiteOutput {
  readonly results: Results;
  readonly onSample: (target: TargetName, head: RowHead, sample: Sample) => void;
}

const MB = 1024 * 1024;

/** Measures a server that the benchmark starts and stops: everything in the plan, once. */
export async function runOnKind(
  kind: ServerKind,
  plan: SuitePlan,
  parentDir: string,
  cleanup: Cleanup,
  output: SuiteOutput,
): Promise<void> {
  const add = (head: RowHead, sample: Sample): void => {
    output.results.add(head, kind.name, sample);
    output.onSample(kind.name, head, sample);
  };
  for (let i = 0; i < plan.starts; i++) {
    const sample = await measureStart(kind, parentDir, cleanup);
    add({ id: 'start, empty', unit: 'ms', bar: { kind: 'at-most', value: 200 } }, sample);
  }
  if (plan.loads.length > 0 || plan.watchers > 0) {
    const dir = makeTemporaryDir(parentDir, cleanup);
    const server = await ServerProcess.start(kind, { dir: dir.path }, cleanup);
    try {
      const load = { ...plan.load, serverPids: [server.pid] };
      await runOnAddress(server.address, { ...plan, load }, add, 'leave');
    } catch (error) {
      throw await server.explain(error);
    } finally {
      await server.stop();
      dir.remove();
    }
  }
  if (plan.znodes > 0) {
    addBigTree(
      await measureBigTree(kind, plan.znodes, plan.stallMs, parentDir, cleanup),
      plan,
      add,
    );
  }
}

/**
 * Measures a server that runs: the loads and the fan-out.
 *
 * @param znodes - what becomes of the znodes that were made for it.
 */
export async function runOnAddress(
  address: ServerAddress,
  plan: SuitePlan,
  add: (head: RowHead, sample: Sample) => void,
  znodes: 'remove' | 'leave',
): Promise<void> {
  const root = `/bench-${process.pid}`;
  const settings: LoadSettings = { ...plan.load, root };
  if (plan.serverWarmUpMs > 0) await warmUpServers([address], settings, plan.serverWarmUpMs);
  for (const spec of plan.loads) {
    const { perSecond, ...rest } = await measureUndisturbed(
      [address],
      spec,
      settings,
      plan.retries,
    );
    add({ id: spec.id, unit: '/s', bar: spec.bar }, { value: perSecond, ...rest });
    if (spec.id === 'set 1x1 100B') {
      const bar = { kind: 'ratio-at-most', value: 0.8 } as const;
      add({ id: `${spec.id} p50`, unit: 'us', bar }, { value: rest.latency.p50Us });
    }
  }
  if (plan.watchers > 0) {
    const value = await measureFanOut(address, root, plan.watchers);
    const id = `fan-out to ${plan.watchers.toLocaleString('en')} watchers`;
    add({ id, unit: 'ms', bar: undefined }, { value });
  }
  if (znodes === 'leave') return;
  const client = await SetupClient.open(address);
  await deleteTree(client, root);
  await client.close();
}

function addBigTree(
  figures: Awaited<ReturnType<typeof measureBigTree>>,
  plan: SuitePlan,
  add: (head: RowHead, sample: Sample) => void,
): void {
  const atMost = (value: number): RowHead['bar'] =>
    plan.isFullSize ? { kind: 'at-most', value } : undefined;
  const tree = `${plan.znodes.toLocaleString('en')} znodes`;
  const { stall } = figures;
  add(
    { id: `${tree}: create 32x16`, unit: '/s', bar: undefined },
    { value: figures.loadPerSecond },
  );
  if (figures.residentBytes !== undefined) {
    const value = figures.residentBytes / MB;
    add({ id: `${tree}: resident memory`, unit: 'MB', bar: atMost(350) }, { value });
  }
  add({ id: `${tree}: restart`, unit: 'ms', bar: atMost(1_000) }, figures.restart);
  const killed = { id: `${tree}: restart after kill -9`, unit: 'ms', bar: atMost(1_000) } as const;
  add(killed, figures.restartAfterKill);
  if (figures.residentAfterRestartBytes !== undefined) {
    const value = figures.residentAfterRestartBytes / MB;
    add({ id: `${tree}: resident after restart`, unit: 'MB', bar: atMost(350) }, { value });
  }
  if (stall.loopMaxMs !== undefined) {
    // Without a snapshot the bar speaks of something else.
    const bar = stall.snapshots > 0 ? atMost(20) : undefined;
    add(
      { id: `${tree}: loop stall in snapshots`, unit: 'ms', bar },
      { value: stall.loopMaxMs, busyness: stall.busyness },
    );
  }
  const head = { id: `${tree}: get beside sets, max`, unit: 'ms', bar: undefined } as const;
  add(head, { value: stall.probe.maxUs / 1_000, latency: stall.probe, busyness: stall.busyness });
  add({ id: `${tree}: snapshots meanwhile`, unit: '', bar: undefined }, { value: stall.snapshots });
}
