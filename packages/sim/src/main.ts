/**
 * `npm run sim`: one history, or many.
 *
 *     npm run sim -- --seed 42                    one history, the same every time
 *     npm run sim -- --seed 42 --trace            with a line for each event
 *     npm run sim -- --minutes 10                 fresh ones, for so long
 *     npm run sim -- --plant ack-before-sync      is this mistake found?
 */

import { parseArgs } from 'node:util';
import { isPlantName, plantNames, plants } from './plants/plants.ts';
import { type RunResult, runSeed } from './run-seed.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    'simulated-minutes': { type: 'string', default: '5' },
    plant: { type: 'string' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    'npm run sim -- [--seed N] [--trace] [--minutes M] [--simulated-minutes M] [--plant NAME]',
  );
  for (const name of plantNames) console.log(`  ${name.padEnd(28)} ${plants[name].mistake}`);
} else {
  process.exitCode = (await run()) ? 0 : 1;
}

/** @returns whether nothing was found. */
async function run(): Promise<boolean> {
  const durationMs = Number(values['simulated-minutes']) * 60_000;
  const plant = values.plant === undefined ? undefined : plantNamed(values.plant);
  const print = values.trace ? (line: string) => console.log(line) : undefined;
  const isSingle = values.seed !== undefined;
  const untilMs = performance.now() + Number(values.minutes) * 60_000;
  let seed = isSingle ? Number(values.seed) : Date.now() % 1_000_000_000;
  let historyCount = 0;
  let simulatedMs = 0;
  const startMs = performance.now();
  const startUsage = process.cpuUsage();
  do {
    const result = await runSeed({ seed, durationMs, plant, print });
    historyCount++;
    simulatedMs += result.simulatedMs;
    if (isSingle || result.violation !== undefined) report(result);
    if (result.violation !== undefined) return false;
    seed++;
  } while (!isSingle && performance.now() < untilMs);
  const { user, system } = process.cpuUsage(startUsage);
  const rate = (simulatedMs / (performance.now() - startMs)).toFixed(0);
  // Of all threads: what one core would do with nobody else on it.
  const coreRate = (simulatedMs / ((user + system) / 1000)).toFixed(0);
  console.log(
    `${historyCount} histories, ${(simulatedMs / 60_000).toFixed(0)} simulated minutes, ${rate} for each minute, ${coreRate} for each minute of processor time: nothing found`,
  );
  return true;
}

function plantNamed(name: string) {
  if (isPlantName(name)) return name;
  throw new Error(`no plant is named ${name}; --help lists them`);
}

function report(result: RunResult): void {
  const { seed, hash, simulatedMs, eventCount, committedCount, epochCount, violation } = result;
  console.log(
    `seed ${seed}: hash ${hash.toString(16)}, ${(simulatedMs / 1000).toFixed(0)} s, ${eventCount} events, ${committedCount} transactions, ${epochCount} epochs`,
  );
  const counts = [...result.counts].sort().map(([what, count]) => `${what} ${count}`);
  console.log(`  ${counts.join(', ')}`);
  if (violation === undefined) return;
  console.log(`  FOUND ${violation.stack ?? violation.message}`);
  const plant = values.plant === undefined ? '' : ` --plant ${values.plant}`;
  const minutes = ` --simulated-minutes ${values['simulated-minutes']}`;
  console.log(`  again: npm run sim -- --seed ${seed}${minutes}${plant} --trace`);
}
