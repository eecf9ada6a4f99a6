import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Layout, prepareZnodes, SetupClient } from 'zooid/load';
import type { Cleanup } from '../cleanup.ts';
import type { ClientJob, ClientResult } from '../client/client-job.ts';
import { type ClientName, type ClientRow, clientNames } from '../client/client-row.ts';
import { pinned } from '../client/pinning.ts';
import type { ServerKind } from '../servers/server-kind.ts';
import { ServerProcess } from '../servers/server-process.ts';
import { makeTemporaryDir } from '../servers/temporary-dir.ts';
import type { RowHead, Sample } from './results.ts';

const VALUE_BYTES = 100;
const ROOT = '/bench-clients';
const CLIENT_CORE = 0;
const SERVER_CORE = 1;
/** Beyond the time that a job takes by itself. */
const PATIENCE_MS = 30_000;

/** How long each row is measured. */
export interface ClientTiming {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/**
 * Compares client libraries: for each row every one of them, in a process of its own, one after the other, against one server in another
 * process.
 */
export async function measureClients(
  kind: ServerKind,
  rows: readonly ClientRow[],
  timing: ClientTiming,
  parentDir: string,
  cleanup: Cleanup,
  add: (client: ClientName, head: RowHead, sample: Sample) => void,
): Promise<void> {
  const dir = makeTemporaryDir(parentDir, cleanup);
  const server = await ServerProcess.start(
    { ...kind, command: (path, args) => pinned(SERVER_CORE, kind.command(path, args)) },
    { dir: dir.path },
    cleanup,
  );
  try {
    const setup = await SetupClient.open(server.address);
    await prepareZnodes(setup, new Layout(ROOT, VALUE_BYTES));
    await setup.close();
    for (const row of rows) {
      for (const client of clientNames) {
        const result = await runClientProcess({
          ...timing,
          client,
          row,
          connectString: `${server.address.host}:${server.address.port}`,
          root: ROOT,
          valueBytes: VALUE_BYTES,
          serverPid: server.pid,
        });
        add(client, headOf(row), sampleOf(result));
      }
    }
  } catch (error) {
    throw await server.explain(error);
  } finally {
    await server.stop();
    dir.remove();
  }
}

async function runClientProcess(job: ClientJob): Promise<ClientResult> {
  const program = fileURLToPath(new URL('../client/client-process-main.js', import.meta.url));
  const { file, args } = pinned(CLIENT_CORE, {
    file: process.execPath,
    args: [program, JSON.stringify(job)],
  });
  const timeout = job.warmUpMs + job.measureMs + PATIENCE_MS;
  const { stdout } = await promisify(execFile)(file, args, { timeout });
  return JSON.parse(stdout) as ClientResult;
}

function headOf({ id, isTimed, bar }: ClientRow): RowHead {
  return { id, unit: isTimed ? 'us' : '/s', bar };
}

function sampleOf({ perSecond, processorUs, latency, busyness }: ClientResult): Sample {
  if (latency === undefined) return { value: perSecond, processorUs, busyness };
  return { value: latency.p50Us, latency, processorUs, busyness };
}
