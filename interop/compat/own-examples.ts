/**
 * The examples that node-zookeeper-client brings with it, run as they are but for the one import, each in a process of its own.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pollUntil, startProcess } from '../harness/process.ts';
import { ORIGINAL_DIRECTORY } from './libraries.ts';

/** Inside of the workspace, so that its packages are found by their names. */
const CACHE = resolve(import.meta.dirname, '../.cache');

export interface ExampleRun {
  /** Without `.js`. */
  readonly name: string;
  /** Behind the address of the server. */
  readonly args: readonly string[];
  /** For those that watch for ever: the line after which `change` is made, and the one after which it is ended. */
  readonly watches?: { readonly first: RegExp; readonly last: RegExp };
}

/** Runs an example with another import in place of its own. @returns what it printed, and its exit code unless it watches. */
export async function runExample(
  run: ExampleRun,
  packageName: string,
  address: string,
  change: () => Promise<unknown>,
): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const directory = await mkdtemp(join(CACHE, 'compat-example-'));
  try {
    const text = await readFile(join(ORIGINAL_DIRECTORY, `examples/${run.name}.js`), 'utf8');
    const file = join(directory, `${run.name}.cjs`);
    await writeFile(file, text.replace("require('../index.js')", `require('${packageName}')`));
    const running = startProcess(process.execPath, [file, address, ...run.args]);
    running.closeInput();
    if (run.watches !== undefined) {
      await printed(running.output, run.watches.first);
      await change();
      await printed(running.output, run.watches.last);
      await running.stop('SIGTERM');
      return running.output();
    }
    const timer = setTimeout(() => void running.stop('SIGKILL'), 20_000);
    const { code, signal, stdout, stderr } = await running.finished;
    clearTimeout(timer);
    return `${stdout}${stderr}exit ${code ?? signal}\n`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function printed(output: () => string, line: RegExp): Promise<true> {
  return pollUntil(
    async () => (line.test(output()) ? true : undefined),
    20_000,
    () => `${line} in what was printed:\n${output()}`,
  );
}
