import { Cleanup } from './cleanup.ts';
import { clientNames, clientTitles } from './client/client-row.ts';
import { pinningText } from './client/pinning.ts';
import { startFixedProcess } from './fixed/fixed-process.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { recipeNames, recipeTitles } from './recipes/recipe-row.ts';
import { currentConditions } from './report/machine.ts';
import { type Column, conditionsText, figureText, tableText, verdictText } from './report/table.ts';
import type { TargetName } from './servers/server-kind.ts';
import { findApacheServer, findZooidServer, type ServerKind } from './servers/server-kind.ts';
import { diskDir } from './servers/temporary-dir.ts';
import { measureClients } from './suite/measure-client.ts';
import { measureRecipes } from './suite/measure-recipes.ts';
import { type ColumnName, Results, type RowHead, type Sample } from './suite/results.ts';
import { runEnsemble } from './suite/run-ensemble.ts';
import { runOnAddress, runOnKind, type SuiteOutput } from './suite/run-suite.ts';

/** `npm run bench`: measures, prints progress to stderr and the result to stdout. */
const options = parseOptions(process.argv.slice(2));
const cleanup = new Cleanup();
const results = new Results();
const clientResults = new Results('client', 'node-zookeeper-client');
const recipeResults = new Results('recipes', 'curator');
const recipeColumns = recipeNames.map((name) => ({ name, title: recipeTitles[name] }));
const clientColumns = clientNames.map((name) => ({ name, title: clientTitles[name] }));
const dataDir = diskDir(options.dataDir);
const conditions = currentConditions(dataDir);
const output: SuiteOutput = {
  results,
  onSample: saySample,
};

say(conditionsText(conditions));
for (const notice of options.notices) say(notice);
// What was measured until a failure is shown, too.
let error: string | undefined;
const columns = await measure(options).catch((reason: Error) => {
  error = reason.message;
  process.exitCode = 1;
  return measuredColumns();
});
const rows = results.rows();
const clients = clientResults.rows();
const recipes = recipeResults.rows();
if (options.format === 'json') {
  const comparison = { columns: clientColumns, pinning: pinningText, rows: clients };
  const ofRecipes = { columns: recipeColumns, pinning: pinningText, rows: recipes };
  const all = {
    conditions,
    servers: columns,
    rows,
    clients: comparison,
    recipes: ofRecipes,
    error,
  };
  console.log(JSON.stringify(all, null, 2));
} else {
  console.log(`\n${conditionsText(conditions)}\n`);
  if (rows.length > 0) console.log(tableText(rows, columns, options.format));
  if (clients.length > 0) {
    console.log(`${rows.length > 0 ? '\n' : ''}Clients in one process; ${pinningText}.\n`);
    console.log(tableText(clients, clientColumns, options.format));
  }
  if (recipes.length > 0) {
    const isFirst = rows.length === 0 && clients.length === 0;
    console.log(`${isFirst ? '' : '\n'}Recipes, two clients in one process; ${pinningText}.\n`);
    console.log(tableText(recipes, recipeColumns, options.format));
  }
  console.log(verdictText([...rows, ...clients, ...recipes]));
}
if (error !== undefined) say(`the run failed: ${error}`);
cleanup.run();
process.exit();

async function measure(wanted: BenchOptions): Promise<Column[]> {
  const { plan, ensemble, rounds, server, isCalibration } = wanted;
  if (isCalibration) {
    const fixed = await startFixedProcess(100, cleanup);
    const loads = plan.loads.filter(({ valueBytes }) => valueBytes === 100);
    const calibration = { ...plan, loads, serverWarmUpMs: 0, watchers: 0 };
    await runOnAddress(fixed, calibration, addTo('fixed'), 'leave');
    return [{ name: 'fixed', title: 'fixed answers' }];
  }
  if (server !== undefined) {
    for (let i = 0; i < rounds; i++) await runOnAddress(server, plan, addTo('other'), 'remove');
    return [{ name: 'other', title: `${server.host}:${server.port}` }];
  }
  const kinds = wantedKinds(options.targets);
  for (let round = 0; round < rounds; round++) {
    for (const kind of kinds) {
      if (ensemble !== undefined) {
        await runEnsemble(kind, ensemble, dataDir, cleanup, output);
        continue;
      }
      await runOnKind(kind, plan, dataDir, cleanup, output);
      if (kind.name !== 'zooid') continue;
      await compareClients(kind, plan);
      await compareRecipes(kind, plan);
    }
  }
  const times = ensemble === undefined ? '' : ' x 3';
  return kinds.map(({ name, title }) => ({ name, title: `${title}${times}` }));
}

async function compareClients(kind: ServerKind, { load }: BenchOptions['plan']): Promise<void> {
  if (options.clientRows.length === 0) return;
  const add = (client: ColumnName, head: RowHead, sample: Sample): void => {
    clientResults.add(head, client, sample);
    saySample(client, head, sample);
  };
  await measureClients(kind, options.clientRows, load, dataDir, cleanup, add);
}

async function compareRecipes(kind: ServerKind, { load }: BenchOptions['plan']): Promise<void> {
  if (options.recipeRows.length === 0) return;
  const add = (name: ColumnName, head: RowHead, sample: Sample): void => {
    recipeResults.add(head, name, sample);
    saySample(name, head, sample);
  };
  await measureRecipes(kind, options.recipeRows, load, dataDir, cleanup, add);
}

/** Columns of what there is after a failure. */
function measuredColumns(): Column[] {
  const names = new Set(results.rows().flatMap((row) => Object.keys(row.figures) as TargetName[]));
  return [...names].map((name) => ({ name, title: name }));
}

function addTo(target: TargetName): (head: RowHead, sample: Sample) => void {
  return (head, sample) => {
    results.add(head, target, sample);
    output.onSample(target, head, sample);
  };
}

/** The servers to compare; one that is not there is left out with a word about it. */
function wantedKinds(targets: BenchOptions['targets']): ServerKind[] {
  const kinds: ServerKind[] = [];
  const apache = targets === 'ours' ? undefined : findApacheServer();
  if (apache !== undefined) kinds.push(apache);
  else if (targets !== 'ours')
    say("Apache's server is not installed (Debian: apt install zookeeper)");
  const ours = targets === 'apache' ? undefined : findZooidServer(options.nodeArgs);
  if (ours !== undefined) kinds.push(ours);
  else if (targets !== 'apache') say('our server is not built: npm run build');
  if (kinds.length === 0) throw new Error('there is nothing to measure');
  return kinds;
}

function saySample(column: ColumnName, { id, unit }: RowHead, sample: Sample): void {
  const cores = sample.busyness === undefined ? '' : busynessText(sample.busyness);
  const each =
    sample.processorUs === undefined
      ? ''
      : `, ${sample.processorUs.toFixed(2)} us of processor each`;
  const figure = figureText(sample, unit).padStart(14);
  say(`${id.padEnd(44)} ${column.padEnd(21)} ${figure}  ${cores}${each}`);
}

function busynessText({ generator, server, others }: NonNullable<Sample['busyness']>): string {
  const percent = (cores: number | undefined): string =>
    cores === undefined ? '?' : `${Math.round(cores * 100)} %`;
  const ours = generator === undefined ? '' : `generator ${percent(generator)}, `;
  return `${ours}server ${percent(server)}, others ${percent(others)}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
