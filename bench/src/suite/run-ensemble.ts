import type { ServerAddress } from 'zooid/load';
import type { Cleanup } from '../cleanup.ts';
import { EnsembleProcess } from '../servers/ensemble-process.ts';
import type { ServerKind } from '../servers/server-kind.ts';
import { type EnsembleLoadSpec, failoverIds } from './ensemble-spec.ts';
import { measureFailover } from './measure-failover.ts';
import { type JoinFigures, measureJoin } from './measure-join.ts';
import type { LoadSettings } from './measure-load.ts';
import { measureSoak } from './measure-soak.ts';
import { measureUndisturbed } from './measure-undisturbed.ts';
import type { RowHead, Sample } from './results.ts';
import type { SuiteOutput } from './run-suite.ts';
import { warmUpServers } from './warm-up.ts';

/** What of an ensemble is measured, and how long. */
export interface EnsemblePlan {
  readonly loads: readonly EnsembleLoadSpec[];
  readonly load: Omit<LoadSettings, 'root'>;
  /** How often a row is measured again that other processes disturbed. */
  readonly retries: number;
  /** Before the first row, so that Java has compiled what it runs; the same for every kind. */
  readonly serverWarmUpMs: number;
  /** How often the leader is killed; 0 leaves the measurement out. */
  readonly kills: number;
  /** How often it is stopped; 0 leaves the measurement out. */
  readonly stops: number;
  /** Znodes that a new server fetches; 0 leaves the measurement out. */
  readonly znodes: number;
  /** How long nothing should happen under load; 0 leaves the check out. */
  readonly soakMs: number;
  /** Bars are spoken of a million znodes: smaller runs are not judged by them. */
  readonly isFullSize: boolean;
}

const ROOT = '/bench';

/** Measures three servers of a kind, which the benchmark starts and stops: everything in the plan, once. */
export async function runEnsemble(
  kind: ServerKind,
  plan: EnsemblePlan,
  parentDir: string,
  cleanup: Cleanup,
  output: SuiteOutput,
): Promise<void> {
  const add = (head: RowHead, sample: Sample): void => {
    output.results.add(head, kind.name, sample);
    output.onSample(kind.name, head, sample);
  };
  if (plan.loads.length > 0 || plan.kills > 0 || plan.stops > 0 || plan.soakMs > 0) {
    const ensemble = await EnsembleProcess.start(kind, { parentDir }, cleanup);
    try {
      await runOnEnsemble(ensemble, plan, add);
    } catch (error) {
      throw await ensemble.explain(error);
    } finally {
      await ensemble.stop();
    }
  }
  if (plan.znodes > 0) {
    addJoin(await measureJoin(kind, plan.znodes, parentDir, cleanup), plan, add);
  }
}

async function runOnEnsemble(
  ensemble: EnsembleProcess,
  plan: EnsemblePlan,
  add: (head: RowHead, sample: Sample) => void,
): Promise<void> {
  const settings: LoadSettings = { ...plan.load, root: ROOT, serverPids: ensemble.pids };
  if (plan.serverWarmUpMs > 0) {
    await warmUpServers(ensemble.addresses, settings, plan.serverWarmUpMs);
  }
  for (const spec of plan.loads) {
    const addresses = await addressesFor(ensemble, spec.servers);
    const figures = await measureUndisturbed(addresses, spec, settings, plan.retries);
    const { perSecond, ...rest } = figures;
    const value = spec.isTimed ? rest.latency.p50Us : perSecond;
    add({ id: spec.id, unit: spec.isTimed ? 'us' : '/s', bar: spec.bar }, { value, ...rest });
  }
  if (plan.soakMs > 0) await soak(ensemble, settings, plan.soakMs, add);
  for (let i = 0; i < plan.kills; i++) {
    const bar = { kind: 'at-most', value: 250 } as const;
    add({ id: failoverIds.SIGKILL, unit: 'ms', bar }, await measureFailover(ensemble, 'SIGKILL'));
  }
  for (let i = 0; i < plan.stops; i++) {
    const bar = { kind: 'at-most', value: 3_000 } as const;
    add({ id: failoverIds.SIGSTOP, unit: 'ms', bar }, await measureFailover(ensemble, 'SIGSTOP'));
  }
}

async function soak(
  ensemble: EnsembleProcess,
  settings: LoadSettings,
  soakMs: number,
  add: (head: RowHead, sample: Sample) => void,
): Promise<void> {
  const figures = await measureSoak(ensemble, settings, soakMs, ({ perSecond, ...rest }) =>
    add({ id: 'soak: set 33x16 100B', unit: '/s', bar: undefined }, { value: perSecond, ...rest }),
  );
  const bar = { kind: 'at-most', value: 0 } as const;
  add({ id: 'soak: elections', unit: '', bar }, { value: figures.elections });
  add({ id: 'soak: interruptions', unit: '', bar }, { value: figures.interruptions });
}

async function addressesFor(
  ensemble: EnsembleProcess,
  servers: EnsembleLoadSpec['servers'],
): Promise<readonly ServerAddress[]> {
  if (servers === 'all') return ensemble.addresses;
  const leader = await ensemble.leader();
  return [servers === 'leader' ? leader.address : ensemble.others(leader)[0]!.address];
}

function addJoin(
  { join, probe, loopMaxMs }: JoinFigures,
  plan: EnsemblePlan,
  add: (head: RowHead, sample: Sample) => void,
): void {
  const tree = `join, ${plan.znodes.toLocaleString('en')} znodes`;
  const faster = { kind: 'ratio-at-most', value: 1 } as const;
  const bar = plan.isFullSize ? faster : undefined;
  add({ id: `${tree}: until it serves`, unit: 'ms', bar }, join);
  const { busyness } = join;
  if (loopMaxMs !== undefined) {
    const stallBar = plan.isFullSize ? ({ kind: 'at-most', value: 20 } as const) : undefined;
    const head = { id: `${tree}: loop stall at the leader`, unit: 'ms', bar: stallBar } as const;
    add(head, { value: loopMaxMs, ...(busyness && { busyness }) });
  }
  const head = { id: `${tree}: get at the leader, max`, unit: 'ms', bar: undefined } as const;
  add(head, { value: probe.maxUs / 1_000, latency: probe, ...(busyness && { busyness }) });
}
