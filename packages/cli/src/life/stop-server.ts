import { setTimeout as wait } from 'node:timers/promises';
import { removePidFile } from './pid-file.ts';
import { isAlive, kindOfProcess } from './server-process.ts';

/** How a stop went. */
export type StopOutcome =
  | 'stopped'
  /** The process had ended before. */
  | 'gone'
  /** The number belongs to another program by now, which was left alone. */
  | 'other'
  /** It belongs to another user. */
  | 'not-allowed'
  /** It was told to, but did not end in time. */
  | 'still-running';

const POLL_MS = 20;

/** Tells a server to stop, waits until it is gone, and removes its pid file. */
export async function stopProcess(
  pid: number,
  pidFile: string,
  waitMs: number,
): Promise<StopOutcome> {
  const kind = kindOfProcess(pid);
  if (kind === 'gone' || kind === 'other') {
    removePidFile(pidFile, pid);
    return kind;
  }
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return 'not-allowed';
    // ESRCH: it has ended in this moment, which the loop below sees.
  }
  const deadline = performance.now() + waitMs;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return 'still-running';
    await wait(POLL_MS);
  }
  removePidFile(pidFile, pid);
  return 'stopped';
}
