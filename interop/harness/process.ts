/**
 * Child processes of the interop tests: started once, watched, and gone when the test is.
 * Whatever is still alive when this process ends is killed then, so that nothing is left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const live = new Set<ChildProcess>();
function killAll(): void {
  for (const child of live) child.kill('SIGKILL');
}
process.once('exit', killAll);
process.once('SIGTERM', () => {
  killAll();
  process.exit(143);
});

/**
 * Runs tasks side by side and waits for all of them, also when one fails: what the others hold is
 * given back before the failure is told.
 */
export async function allOf<T>(tasks: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(tasks);
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** How a process ended, with everything it printed. */
export interface Finished {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running child process. */
export interface Running {
  readonly pid: number;
  /** Resolves when the process is gone and its output is read; never rejects. */
  readonly finished: Promise<Finished>;
  /** What it printed so far, both streams, for error messages. */
  output(): string;
  write(text: string): void;
  closeInput(): void;
  /** Sends the signal and waits for the end. */
  stop(signal: NodeJS.Signals): Promise<Finished>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard output, as it comes. */
  readonly onOutput?: (text: string) => void;
}

/**
 * Starts a program.
 *
 * @throws when it cannot be started at all (not found, not executable).
 */
export function startProcess(
  command: string,
  args: readonly string[],
  options: StartOptions = {},
): Running {
  const { onOutput, ...spawnOptions } = options;
  const child = spawn(command, args, { ...spawnOptions, stdio: ['pipe', 'pipe', 'pipe'] });
  live.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput?.(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // the child may end before it has read everything
  const finished = new Promise<Finished>((resolve) => {
    child.once('error', (error) => {
      live.delete(child);
      resolve({ code: 127, signal: null, stdout, stderr: `${stderr}${error.message}` });
    });
    child.once('close', (code, signal) => {
      live.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    pid: child.pid ?? -1,
    finished,
    output: () => `${stdout}${stderr}`,
    write: (text) => {
      child.stdin.write(text);
    },
    closeInput: () => {
      child.stdin.end();
    },
    stop: (signal) => {
      child.kill(signal);
      return finished;
    },
  };
}

export interface RunOptions extends StartOptions {
  /** Written to its standard input, which is then closed. */
  readonly input?: string;
  /** Killed, and reported by an error, after this long. */
  readonly deadlineMs?: number;
}

/** Runs a program to its end. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const { input = '', deadlineMs = 60_000, ...start } = options;
  const running = startProcess(command, args, start);
  running.write(input);
  running.closeInput();
  let isLate = false;
  let killer: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    isLate = true;
    running.stop('SIGINT').catch(() => {}); // it may have children to stop
    killer = setTimeout(() => {
      running.stop('SIGKILL').catch(() => {});
    }, 5_000);
  }, deadlineMs);
  const finished = await running.finished;
  clearTimeout(timer);
  clearTimeout(killer);
  if (isLate) {
    throw new Error(
      `${command} ${args.join(' ')} ran longer than ${deadlineMs} ms:\n${running.output()}`,
    );
  }
  return finished;
}

/** Between two questions: short at first, and never so long that a wait of seconds would be felt. */
const POLL_MS = { first: 10, growth: 1.5, most: 100 };

/**
 * Asks again and again, less and less often, until `probe` gives something other than undefined. A question costs whom it is put to:
 * three servers that start would spend a third of a processor on answers.
 *
 * @throws after `deadlineMs`, with what `describe` says.
 */
export async function pollUntil<T>(
  probe: () => Promise<T | undefined>,
  deadlineMs: number,
  describe: () => string,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (let pauseMs = POLL_MS.first; ; pauseMs = Math.min(pauseMs * POLL_MS.growth, POLL_MS.most)) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
