import type { Cleanup } from '../cleanup.ts';
import type { ServerKind } from '../servers/server-kind.ts';
import { ServerProcess } from '../servers/server-process.ts';
import { makeTemporaryDir } from '../servers/temporary-dir.ts';
import type { Sample } from './results.ts';

/** Start of an empty server, from the spawn to the first answer on a new session, in milliseconds. */
export async function measureStart(
  kind: ServerKind,
  parentDir: string,
  cleanup: Cleanup,
): Promise<Sample> {
  const dir = makeTemporaryDir(parentDir, cleanup);
  try {
    const server = await ServerProcess.start(kind, { dir: dir.path }, cleanup);
    await server.stop();
    return server.startSample;
  } finally {
    dir.remove();
  }
}
