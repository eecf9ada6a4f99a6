import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerAddress } from 'zooid/load';
import type { Cleanup } from '../cleanup.ts';

/** Starts a fixed server in a process of its own, as real servers have it; it ends with this process. */
export async function startFixedProcess(
  valueBytes: number,
  cleanup: Cleanup,
): Promise<ServerAddress> {
  const script = fileURLToPath(new URL('./fixed-server-main.js', import.meta.url));
  const child = spawn(process.execPath, [script, String(valueBytes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanup.add(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { host: '127.0.0.1', port: Number(line.toString()) };
}
