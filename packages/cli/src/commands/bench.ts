import { pathProblem } from '@zooid/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type BenchPlan, type BenchRow, runBench } from '../bench/run-bench.ts';
import type { CommandContext } from '../command.ts';
import { type WorkloadName, workloadNames } from '../load/index.ts';
import { JSON_OPTION_HELP } from '../output.ts';
import { type Column, type Line, renderLine, span, textTable } from '../terminal/text-table.ts';
import { describeHost } from '../words/ask-word.ts';
import { parseHosts } from '../words/parse-hosts.ts';

const WORKLOADS_DEFAULT: readonly WorkloadName[] = [
  'get',
  'exists',
  'getChildren',
  'set',
  'create',
  'mixed-90-10',
];
/** Above this share of its one core the generator may have been what was measured. */
const GENERATOR_CORES_MAX = 0.9;

const HELP = `
Workloads: ${workloadNames.join(' ')}
(mixed-90-10 is 90 gets to 10 sets.)

It makes about 2000 znodes in a znode of its own, zooid-bench-..., and removes them at the end. Connections go to the
servers in turn; each keeps --outstanding requests in flight. Latency is from the write of a request to its reply, so it grows with
what is in flight: for the latency of a server at rest take --connections 1 --outstanding 1.

Examples:
  zooid bench                                    the server on this machine
  zooid bench zk1:2181,zk2:2181,zk3:2181         an ensemble
  zooid bench zk1 --workload get,set --connections 64 --outstanding 1
  zooid bench zk1 --seconds 30 --json

It is load: not for servers that others rely on. Any ZooKeeper server will do, without TLS; znodes are open to everybody.
Ends with 0, or with 1 when a server refused a request or was lost: then nothing of that workload counts.
`;

interface Options {
  readonly workload: readonly WorkloadName[];
  readonly connections: number;
  readonly outstanding: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly parent: string;
  readonly json?: true;
}

export function register(syntax: Command, context: CommandContext): void {
  syntax
    .description('Measures how many requests servers answer in a second, and how fast.')
    .argument('[hosts...]', 'servers, host:port, also with commas (default: localhost:2181)')
    .addOption(
      new Option('--workload <names>', 'what is asked, with commas')
        .argParser(parseWorkloads)
        .default(WORKLOADS_DEFAULT, WORKLOADS_DEFAULT.join(',')),
    )
    .option('--connections <count>', 'sessions', wholeNumber(1, 10_000), 16)
    .option('--outstanding <count>', 'requests in flight on each', wholeNumber(1, 1000), 8)
    .option('--bytes <count>', 'data of a znode', wholeNumber(0, 1_000_000), 100)
    .option('--seconds <seconds>', 'how long each workload is measured', seconds(0.1), 5)
    .option('--warm-up <seconds>', 'how long each runs before', seconds(0), 1)
    .option('--parent <path>', 'where the znode of the bench is made', parsePath, '/')
    .option('--json', JSON_OPTION_HELP)
    .addHelpText('after', HELP)
    .action(async (hosts: readonly string[], options: Options) => {
      const plan: BenchPlan = {
        servers: parseHosts(hosts),
        workloads: options.workload,
        shape: { connections: options.connections, outstanding: options.outstanding },
        valueBytes: options.bytes,
        warmUpMs: options.warmUp * 1000,
        measureMs: options.seconds * 1000,
        parent: options.parent,
      };
      const end = new AbortController();
      const forgetSignals = context.parts.listenForSignals(() => end.abort());
      try {
        await (options.json ? runForScripts : runForPeople)(plan, context, end.signal);
      } finally {
        forgetSignals();
      }
    });
}

async function runForPeople(
  plan: BenchPlan,
  { output }: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  const { connections, outstanding } = plan.shape;
  output.note(
    `${plan.servers.map(describeHost).join(', ')}: ${connections} connections, ${outstanding} requests in flight on each, ${plan.valueBytes} bytes`,
  );
  // Rows come one by one, and stand below each other all the same: their widths are known before.
  const print = (rows: readonly Line[]) => {
    for (const line of textTable(columns, rows))
      output.line(renderLine(line, output.colors).trimEnd());
  };
  const rows: Line[] = [];
  const total = plan.workloads.length;
  let isBehind = false;
  await runBench(
    plan,
    (row) => {
      rows.push(cellsOf(row));
      isBehind ||= row.generatorCores > GENERATOR_CORES_MAX;
      if (rows.length < total) output.note(`${row.workload} done, ${total - rows.length} to go`);
    },
    signal,
  ).finally(() => {
    if (rows.length > 0) print(rows);
  });
  if (isBehind)
    output.note(
      'This process was as busy as one core can be: the servers may be faster than that.',
    );
}

async function runForScripts(
  plan: BenchPlan,
  { output }: CommandContext,
  signal: AbortSignal,
): Promise<void> {
  const rows: BenchRow[] = [];
  await runBench(plan, (row) => rows.push(row), signal);
  const { shape, valueBytes, measureMs } = plan;
  output.json({
    servers: plan.servers.map(describeHost),
    ...shape,
    valueBytes,
    measureMs,
    workloads: rows.map(({ perSecond, ...row }) => ({ ...row, perSecond: Math.round(perSecond) })),
  });
}

const columns: readonly Column[] = [
  { title: 'WORKLOAD', align: 'left' },
  { title: 'REQUESTS/S', align: 'right' },
  { title: 'P50 MS', align: 'right' },
  { title: 'P99 MS', align: 'right' },
  { title: 'P99.9 MS', align: 'right' },
  { title: 'MAX MS', align: 'right' },
];

function cellsOf({ workload, perSecond, latency }: BenchRow): Line {
  const ms = (us: number) => span((us / 1000).toFixed(us < 10_000 ? 2 : 1));
  return [
    span(workload, 'bold'),
    span(Math.round(perSecond).toLocaleString('en')),
    ms(latency.p50Us),
    ms(latency.p99Us),
    ms(latency.p999Us),
    ms(latency.maxUs),
  ];
}

function parseWorkloads(text: string): readonly WorkloadName[] {
  return text.split(',').map((word) => {
    const name = workloadNames.find((known) => known === word);
    if (name === undefined)
      throw new InvalidArgumentError(`${word} is none of: ${workloadNames.join(' ')}`);
    return name;
  });
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < min || number > max)
      throw new InvalidArgumentError(`It must be a whole number, ${min} to ${max}.`);
    return number;
  };
}

function seconds(min: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || number < min || number > 3600)
      throw new InvalidArgumentError(`It must be a number of seconds, ${min} to 3600.`);
    return number;
  };
}

function parsePath(text: string): string {
  const problem = pathProblem(text);
  if (problem !== undefined) throw new InvalidArgumentError(`It is no path: ${problem}.`);
  return text;
}
