import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Cleanup } from '../cleanup.ts';
import { pinned } from '../client/pinning.ts';
import type { RecipeJob, RecipeResult } from '../recipes/recipe-job.ts';
import { type RecipeName, type RecipeRow, recipeNames } from '../recipes/recipe-row.ts';
import type { ServerKind } from '../servers/server-kind.ts';
import { ServerProcess } from '../servers/server-process.ts';
import { makeTemporaryDir } from '../servers/temporary-dir.ts';
import type { RowHead, Sample } from './results.ts';

const CLIENT_CORE = 0;
const SERVER_CORE = 1;
/** Java has compiled what it runs by then; the same for both. */
const WARM_UP_MS_MIN = 3_000;
/** Beyond the time that a job takes by itself. */
const PATIENCE_MS = 30_000;
const JARS_DIR = '/usr/share/java';
const JARS = [
  'curator-client',
  'curator-framework',
  'curator-recipes',
  'guava',
  'slf4j-api',
  'slf4j-nop',
  'zookeeper',
  'netty-all',
  'snappy-java',
] as const;

/** How long each row is measured. */
export interface RecipeTiming {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Compares our recipes with Curator's: each in a process of its own, one after the other, against one server in another process. */
export async function measureRecipes(
  kind: ServerKind,
  rows: readonly RecipeRow[],
  timing: RecipeTiming,
  parentDir: string,
  cleanup: Cleanup,
  add: (name: RecipeName, head: RowHead, sample: Sample) => void,
): Promise<void> {
  const dir = makeTemporaryDir(parentDir, cleanup);
  const classes = await compileCurator(dir.path);
  const server = await ServerProcess.start(
    { ...kind, command: (path, args) => pinned(SERVER_CORE, kind.command(path, args)) },
    { dir: dir.path },
    cleanup,
  );
  try {
    for (const { id, work, bar } of rows) {
      for (const name of recipeNames) {
        if (name === 'curator' && classes === undefined) continue;
        const job: RecipeJob = {
          work,
          connectString: `${server.address.host}:${server.address.port}`,
          path: `/bench-recipes/${name}/${work}`,
          warmUpMs: Math.max(timing.warmUpMs, WARM_UP_MS_MIN),
          measureMs: timing.measureMs,
        };
        const { count, elapsedMs, processorMs } =
          name === 'curator' ? await runCurator(job, classes ?? '') : await runOurs(job);
        add(
          name,
          { id, unit: '/s', bar },
          {
            value: (count * 1_000) / elapsedMs,
            processorUs: (processorMs * 1_000) / count,
          },
        );
      }
    }
  } catch (error) {
    throw await server.explain(error);
  } finally {
    await server.stop();
    dir.remove();
  }
}

async function runOurs(job: RecipeJob): Promise<RecipeResult> {
  const program = fileURLToPath(new URL('../recipes/recipe-process-main.js', import.meta.url));
  const stdout = await runPinned(job, process.execPath, [program, JSON.stringify(job)]);
  return JSON.parse(stdout) as RecipeResult;
}

async function runCurator(job: RecipeJob, classes: string): Promise<RecipeResult> {
  const { work, connectString, path, warmUpMs, measureMs } = job;
  const times = [String(warmUpMs), String(measureMs)];
  const stdout = await runPinned(job, 'java', [
    '-cp',
    `${classes}:${classPath()}`,
    'RecipeJob',
    work,
    connectString,
    path,
    ...times,
  ]);
  const [count, elapsedNs, processorNs] = stdout.trim().split(' ').map(Number);
  return {
    count: count!,
    elapsedMs: elapsedNs! / 1e6,
    processorMs: processorNs! / 1e6,
  };
}

async function runPinned(
  job: RecipeJob,
  program: string,
  programArgs: readonly string[],
): Promise<string> {
  const { file, args } = pinned(CLIENT_CORE, { file: program, args: programArgs });
  const timeout = job.warmUpMs + job.measureMs + PATIENCE_MS;
  return (await promisify(execFile)(file, args, { timeout })).stdout;
}

function classPath(): string {
  return JARS.map((name) => join(JARS_DIR, `${name}.jar`)).join(':');
}

/** @returns where the classes are; undefined when Debian's Curator or a compiler is not installed. */
async function compileCurator(parentDir: string): Promise<string | undefined> {
  if (!JARS.every((name) => existsSync(join(JARS_DIR, `${name}.jar`)))) return undefined;
  const sources = ['RecipeJob.java', 'PassItems.java'].map((file) =>
    fileURLToPath(new URL(`../../java/${file}`, import.meta.url)),
  );
  const classes = join(parentDir, 'classes');
  try {
    await promisify(execFile)('javac', ['-nowarn', '-cp', classPath(), '-d', classes, ...sources]);
    return classes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
