import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { claimPidFile, removePidFile } from './pid-file.ts';
import { READY_VARIABLE } from './readiness.ts';

/** How a start went. */
export type StartOutcome =
  | { readonly kind: 'serving'; readonly pid: number }
  /** It lives, but did not take clients in time: it may be reading much data. */
  | { readonly kind: 'slow'; readonly pid: number }
  /** It ended; what it said last. */
  | { readonly kind: 'ended'; readonly lastWords: readonly string[] }
  /** Another start was a moment earlier, and this one was ended again. */
  | { readonly kind: 'late' }
  /** The server was ended again: the file with its process id could not be written. */
  | { readonly kind: 'no-pid-file'; readonly reason: string };

/** What to start. */
export interface StartOrder {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pidFile: string;
  readonly logFile: string;
  readonly waitMs: number;
}

/** How much of the end of the log is looked at for the reason of a failure. */
const LAST_BYTES = 64 * 1024;
const LAST_LINES = 8;

/**
 * Starts a server in the background, in a session of its own, with its output appended to the log file, and waits until
 * it takes clients, or ends, or the time is over. The pid file must not be there before; it is not there after a server
 * that ended.
 */
export async function startInBackground(order: StartOrder): Promise<StartOutcome> {
  mkdirSync(dirname(order.pidFile), { recursive: true });
  mkdirSync(dirname(order.logFile), { recursive: true });
  const log = openSync(order.logFile, 'a');
  const logStart = statSync(order.logFile).size;
  const [program, ...args] = order.command;
  const child = spawn(program!, args, {
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
    env: { ...order.environment, [READY_VARIABLE]: '3' },
  });
  closeSync(log);
  const ended = new Promise<'ended'>((resolve) => {
    child.once('error', () => resolve('ended')).once('exit', () => resolve('ended'));
  });
  const { pid } = child;
  if (pid !== undefined) {
    let refusal: StartOutcome | undefined;
    try {
      // Of two starts at the same moment one gets the file.
      if (claimPidFile(order.pidFile, pid) === 'taken') refusal = { kind: 'late' };
    } catch (error) {
      refusal = { kind: 'no-pid-file', reason: (error as Error).message };
    }
    if (refusal !== undefined) {
      child.kill('SIGKILL');
      await ended;
      return refusal;
    }
  }
  const pipe = child.stdio[3] as Readable;
  const ready = new Promise<'serving'>((resolve) => pipe.once('data', () => resolve('serving')));
  const patience = new AbortController();
  const slow = wait(order.waitMs, 'slow' as const, { signal: patience.signal, ref: true });
  slow.catch(() => {});
  const kind = await Promise.race([ready, ended, slow]);
  patience.abort();
  pipe.destroy();
  if (pid === undefined || kind === 'ended') {
    if (pid !== undefined) removePidFile(order.pidFile, pid);
    return { kind: 'ended', lastWords: lastWordsOf(order.logFile, logStart) };
  }
  child.unref();
  return { kind, pid };
}

/**
 * What a server said before it ended, from what the log has after `start`: its complaints, or if it made none, simply the
 * last lines.
 */
export function lastWordsOf(logFile: string, start: number): readonly string[] {
  const end = statSync(logFile).size;
  const from = Math.max(start, end - LAST_BYTES);
  const bytes = Buffer.alloc(Math.max(0, end - from));
  const file = openSync(logFile, 'r');
  try {
    readSync(file, bytes, 0, bytes.length, from);
  } finally {
    closeSync(file);
  }
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  // Lines of the log are JSON; what is said to a person is not.
  const complaints = lines.filter((line) => !line.startsWith('{'));
  return (complaints.length > 0 ? complaints : lines).slice(-LAST_LINES);
}
