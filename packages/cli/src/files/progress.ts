import type { SingleBar } from 'cli-progress';
import type { CommandContext } from '../command.ts';

/** Below this no bar is worth its flicker: less than a second. */
const BAR_BYTES_MIN = 64 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

/** How far a long reading has come. */
export interface Progress {
  /** `bytes` of the whole have been read. */
  readonly report: (bytes: number) => void;
  readonly end: () => void;
}

const NO_PROGRESS: Progress = { report: () => {}, end: () => {} };

/**
 * A bar on the standard error, for long work on a terminal; nothing in a pipe, for short work, and while the answer
 * itself scrolls by.
 *
 * @param answer - `streams` if the answer is printed meanwhile.
 */
export async function startProgress(
  context: CommandContext,
  label: string,
  totalBytes: number,
  answer: 'streams' | 'comes last',
): Promise<Progress> {
  const { output, parts } = context;
  const isSeen = parts.errorTerminal() !== undefined;
  if (!isSeen || totalBytes < BAR_BYTES_MIN) return NO_PROGRESS;
  if (answer === 'streams' && output.isTerminal) return NO_PROGRESS;
  const { default: progress } = await import('cli-progress');
  const bar: SingleBar = new progress.SingleBar({
    format: `${label} [{bar}] {percentage}% {value}/{total} MB`,
    stream: process.stderr,
    clearOnComplete: true,
    // Ctrl-C ends the process at once: cursor and line ends of the terminal are left as they are.
    gracefulExit: false,
    hideCursor: null,
    linewrap: true,
  });
  bar.start(Math.ceil(totalBytes / MEGABYTE), 0);
  return {
    report: (bytes) => bar.update(Math.floor(bytes / MEGABYTE)),
    end: () => bar.stop(),
  };
}
