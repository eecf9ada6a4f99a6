import type { SingleBar } from 'cli-progress';

/** How far long work has come. */
export interface Progress {
  /** So much of the whole is done. */
  readonly report: (done: number) => void;
  readonly end: () => void;
}

/** Shows nothing. */
export const NO_PROGRESS: Progress = { report: () => {}, end: () => {} };

/** Begins a bar on the standard error, which must be a terminal. @param unit - what is counted, such as MB. */
export async function startBar(label: string, total: number, unit: string): Promise<Progress> {
  const { default: progress } = await import('cli-progress');
  const bar: SingleBar = new progress.SingleBar({
    format: `${label} [{bar}] {percentage}% {value}/{total} ${unit}`,
    stream: process.stderr,
    clearOnComplete: true,
    // Ctrl-C ends the process at once: cursor and line ends of the terminal are left as they are.
    gracefulExit: false,
    hideCursor: null,
    linewrap: true,
  });
  bar.start(total, 0);
  return { report: (done) => bar.update(done), end: () => bar.stop() };
}
