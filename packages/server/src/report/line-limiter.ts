/**
 * Keeps clients from filling the disk with lines about themselves: of each kind so many lines go through in an interval,
 * the first line after it tells how many did not.
 */

/** Lines of each kind in one interval. */
const LINES_MAX = 10;
const INTERVAL_MS = 10_000;
/** Kinds are constants of the program, never a client's words; the bound is a guard against a mistake. */
const KINDS_MAX = 256;

interface Window {
  startMs: number;
  lines: number;
  suppressed: number;
}

/** Decides which lines are written. */
export class LineLimiter {
  readonly #windows = new Map<string, Window>();

  /**
   * @param nowMs - monotonic.
   * @returns undefined = do not write; else how many lines of this kind were held back since the last written interval.
   */
  tryPass(kind: string, nowMs: number): number | undefined {
    let window = this.#windows.get(kind);
    if (window === undefined) {
      if (this.#windows.size >= KINDS_MAX) return undefined;
      window = { startMs: nowMs, lines: 0, suppressed: 0 };
      this.#windows.set(kind, window);
    }
    if (nowMs - window.startMs >= INTERVAL_MS) {
      window.startMs = nowMs;
      window.lines = 0;
    }
    if (window.lines >= LINES_MAX) {
      window.suppressed += 1;
      return undefined;
    }
    window.lines += 1;
    const { suppressed } = window;
    window.suppressed = 0;
    return suppressed;
  }
}
