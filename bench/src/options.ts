import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ServerAddress } from 'zooid/load';
import { type ClientRow, clientRows } from './client/client-row.ts';
import { type RecipeRow, recipeRows } from './recipes/recipe-row.ts';
import type { TableFormat } from './report/table.ts';
import { ensembleLoadSpecs, failoverIds } from './suite/ensemble-spec.ts';
import type { EnsemblePlan } from './suite/run-ensemble.ts';
import type { SuitePlan } from './suite/run-suite.ts';
import { loadSpecs } from './suite/spec.ts';

/** What the command line asks for. */
export interface BenchOptions {
  readonly plan: SuitePlan;
  /** Three servers of each kind are measured in place of one. */
  readonly ensemble: EnsemblePlan | undefined;
  /** Rows of the comparison of client libraries; it needs our server. */
  readonly clientRows: readonly ClientRow[];
  /** Rows of the comparison of recipes; it needs our server. */
  readonly recipeRows: readonly RecipeRow[];
  readonly rounds: number;
  readonly targets: 'ours' | 'apache' | 'both';
  /** A server that runs already; nothing is started then. */
  readonly server: ServerAddress | undefined;
  readonly isCalibration: boolean;
  readonly format: TableFormat | 'json';
  /** Where data directories go; undefined: the first place on a real disk. */
  readonly dataDir: string | undefined;
  /** More arguments for the Node that runs our server. */
  readonly nodeArgs: readonly string[];
  /** Said before the run: rows that cannot be measured here. */
  readonly notices: readonly string[];
}

interface RawOptions {
  readonly target: 'ours' | 'apache' | 'both';
  readonly server?: ServerAddress;
  readonly only?: RegExp;
  readonly quick?: true;
  readonly ensemble?: true;
  readonly soak?: number;
  readonly json?: true;
  readonly markdown?: true;
  readonly calibrate?: true;
  readonly seconds?: number;
  readonly repeat: number;
  readonly threads: number;
  readonly retries: number;
  readonly znodes?: number;
  readonly watchers?: number;
  readonly dir?: string;
  readonly nodeArgs?: string;
}

/** Reads the command line; ends the process after `--help` or an error. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const program = new Command()
    .name('npm run bench --')
    .description('Measures Zooid and Apache ZooKeeper, one after the other, with the same load.')
    .addOption(
      new Option('--target <which>', 'which servers')
        .choices(['ours', 'apache', 'both'])
        .default('both'),
    )
    .option('--ensemble', 'three servers of each kind: loads, "failover", "join"')
    .option(
      '--soak <minutes>',
      'with --ensemble: only a load of so long, in which no leader may change',
      parsePositive,
    )
    .option('--server <host:port>', 'measure this running server instead', parseAddress)
    .option(
      '--only <regexp>',
      'only rows that match, such as "get 32x16", "start", "fan-out", "big-tree", "client", "recipe"',
      parseRegExp,
    )
    .option('--quick', 'fewer rows, a second each, a smaller tree')
    .option('--seconds <n>', 'how long each load is measured', parsePositive)
    .option('--repeat <n>', 'rounds over all servers; medians are shown', parsePositive, 1)
    .option('--retries <n>', 'how often a disturbed row is measured again', Number, 0)
    .option('--threads <n>', 'threads of the load generator', parsePositive, 1)
    .option('--znodes <n>', 'znodes of the big tree', parsePositive)
    .option('--watchers <n>', 'watchers of the fan-out', parsePositive)
    .option('--dir <path>', 'where data directories go')
    .option('--node-args <args>', 'for our server, such as "--cpu-prof --cpu-prof-dir=/tmp"')
    .option('--calibrate', 'measure the generator itself, against a server of fixed answers')
    .option('--markdown', 'print the table as Markdown')
    .option('--json', 'print JSON instead of a table');
  program.parse([...argv], { from: 'user' });
  const { ensemble, soak, server, calibrate } = program.opts<RawOptions>();
  if (soak !== undefined && ensemble === undefined) program.error('--soak needs --ensemble.');
  if (ensemble === true && (server !== undefined || calibrate === true)) {
    program.error(
      '--ensemble starts its own servers: neither --server nor --calibrate go with it.',
    );
  }
  return optionsOf(program.opts<RawOptions>());
}

function optionsOf(raw: RawOptions): BenchOptions {
  const isQuick = raw.quick === true;
  const isWanted = (id: string): boolean => raw.only === undefined || raw.only.test(id);
  const isRowWanted = (spec: (typeof loadSpecs)[number]): boolean =>
    raw.only === undefined ? (isQuick ? spec.isQuick : spec.isDefault) : raw.only.test(spec.id);
  const notices: string[] = [];
  const filesMax = openFilesMax() - 200;
  const loads = loadSpecs.filter(isRowWanted).filter((spec) => {
    const isPossible = spec.shape.connections <= filesMax;
    if (!isPossible) notices.push(`left out for want of open files (ulimit -n): ${spec.id}`);
    return isPossible;
  });
  let watchers = isWanted('fan-out') ? (raw.watchers ?? (isQuick ? 1_000 : 10_000)) : 0;
  if (watchers > filesMax) {
    notices.push(`${filesMax} watchers instead of ${watchers} for want of open files (ulimit -n)`);
    watchers = filesMax;
  }
  const znodes = raw.znodes ?? (isQuick ? 100_000 : 1_000_000);
  const seconds = raw.seconds ?? (isQuick ? 1 : 3);
  const plan: SuitePlan = {
    loads,
    load: { warmUpMs: isQuick ? 500 : 1_000, measureMs: seconds * 1_000, threads: raw.threads },
    retries: raw.retries,
    serverWarmUpMs: isQuick ? 3_000 : 9_000,
    starts: isWanted('start') ? (isQuick ? 3 : 5) : 0,
    watchers,
    znodes: isWanted('big-tree') ? znodes : 0,
    stallMs: isQuick ? 3_000 : 12_000,
    isFullSize: znodes >= 1_000_000,
  };
  return {
    plan,
    ensemble: raw.ensemble === true ? ensemblePlan(raw, plan, znodes) : undefined,
    clientRows: raw.target === 'apache' ? [] : clientRows.filter(({ id }) => isWanted(id)),
    recipeRows: raw.target === 'apache' ? [] : recipeRows.filter(({ id }) => isWanted(id)),
    rounds: raw.repeat,
    targets: raw.target,
    server: raw.server,
    isCalibration: raw.calibrate === true,
    format: raw.json === true ? 'json' : raw.markdown === true ? 'markdown' : 'plain',
    dataDir: raw.dir,
    nodeArgs: raw.nodeArgs?.split(' ') ?? [],
    notices,
  };
}

/** The plan of three servers, with the times of the plan of one. */
function ensemblePlan(raw: RawOptions, plan: SuitePlan, znodes: number): EnsemblePlan {
  const { load, retries, serverWarmUpMs, isFullSize } = plan;
  const isQuick = raw.quick === true;
  const isSoak = raw.soak !== undefined;
  const isWanted = (id: string): boolean =>
    !isSoak && (raw.only === undefined || raw.only.test(id));
  return {
    loads: ensembleLoadSpecs.filter(({ id }) => isWanted(id)),
    load,
    retries,
    serverWarmUpMs,
    kills: isWanted(failoverIds.SIGKILL) ? (isQuick ? 3 : 7) : 0,
    stops: isWanted(failoverIds.SIGSTOP) ? (isQuick ? 1 : 3) : 0,
    znodes: isWanted('join') ? znodes : 0,
    soakMs: (raw.soak ?? 0) * 60_000,
    isFullSize,
  };
}

/** Files this process may have open. Node has raised the soft limit to the hard one when it started. */
function openFilesMax(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
    return soft === undefined || soft === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(soft);
  } catch {
    return Number.MAX_SAFE_INTEGER; // no /proc: then no limit that we know
  }
}

function parseAddress(text: string): ServerAddress {
  const match = /^(.+):(\d+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('host:port is wanted.');
  return { host: match[1]!, port: Number(match[2]) };
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 is wanted.');
  return value;
}

function parseRegExp(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError('this is no regular expression.');
  }
}
