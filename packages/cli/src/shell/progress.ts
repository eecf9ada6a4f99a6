import type { ProcessParts } from '../process-parts.ts';
import { NO_PROGRESS, type Progress, startBar } from '../terminal/progress-bar.ts';

/** Fewer znodes take less than a second: no bar is worth its flicker. */
const BAR_ZNODES_MIN = 2000;

/** Begins to tell how far work on many znodes has come. @param total - znodes; 0 when nobody knows. */
export type StartProgress = (label: string, total: number) => Promise<Progress>;

/** Tells nobody. */
export const silent: StartProgress = async () => NO_PROGRESS;

/** A bar for long work, if the standard error is a terminal. */
export function progressOn(parts: ProcessParts): StartProgress {
  if (parts.errorTerminal() === undefined) return silent;
  return async (label, total) =>
    total < BAR_ZNODES_MIN ? NO_PROGRESS : startBar(label, total, 'znodes');
}
