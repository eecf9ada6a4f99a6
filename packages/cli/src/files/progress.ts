import type { CommandContext } from '../command.ts';
import { NO_PROGRESS, type Progress, startBar } from '../terminal/progress-bar.ts';

/** Below this no bar is worth its flicker: less than a second. */
const BAR_BYTES_MIN = 64 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

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
  const bar = await startBar(label, Math.ceil(totalBytes / MEGABYTE), 'MB');
  return { ...bar, report: (bytes) => bar.report(Math.floor(bytes / MEGABYTE)) };
}
