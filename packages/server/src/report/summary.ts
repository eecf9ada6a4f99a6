/**
 * How many, how much, how small, how large, and (for `PercentileSummary`) how it is spread.
 *
 * Plain fields and no allocation after construction: `add` is on the hot path of every request.
 * Values are whole numbers from 0 up; a fraction is cut off, a negative value is not counted, as
 * a clock that stepped back makes one.
 */

/** Count, sum, minimum and maximum of whole numbers since the last reset. */
export class Summary {
  count: number = 0;
  sum: number = 0;
  /** Largest value; 0 while there is none, as Apache prints it. */
  max: number = 0;
  #min = 0;

  /** Counts one value. Allocates nothing. */
  add(value: number): void {
    if (value < 0) return;
    const whole = Math.floor(value);
    if (this.count === 0 || whole < this.#min) this.#min = whole;
    if (whole > this.max) this.max = whole;
    this.count += 1;
    this.sum += whole;
  }

  /** Smallest value; 0 while there is none, as Apache prints it. */
  get min(): number {
    return this.#min;
  }

  /** Mean, rounded to four decimals as Apache prints it; 0 while there is none. */
  get average(): number {
    return this.count === 0 ? 0 : Math.round((this.sum / this.count) * 10_000) / 10_000;
  }

  /** Forgets everything. */
  reset(): void {
    this.count = 0;
    this.sum = 0;
    this.max = 0;
    this.#min = 0;
  }
}

/**
 * Values below this are counted exactly; above, each power of two has half as many cells.
 * 64 keeps the error under 1/32 of the value with one cell per value for common latencies.
 */
const EXACT = 64;
const EXACT_BITS = 6;
const CELLS_PER_OCTAVE = EXACT / 2;
/** The largest value told apart: 2^31 - 1; larger ones share the last cell. */
const LARGEST = 0x7fff_ffff;
const CELLS = EXACT + (31 - EXACT_BITS) * CELLS_PER_OCTAVE;

/** Cell of a value, 0 <= value <= LARGEST. */
function cellOf(value: number): number {
  if (value < EXACT) return value;
  const shift = 31 - Math.clz32(value) - (EXACT_BITS - 1);
  // value >> shift lies in [32, 64); each octave starts where the last one ended.
  return EXACT + (shift - 1) * CELLS_PER_OCTAVE + ((value >> shift) - CELLS_PER_OCTAVE);
}

/** Largest value that shares this cell: a percentile may be overstated, never understated. */
function largestOf(cell: number): number {
  if (cell < EXACT) return cell;
  const shift = Math.floor((cell - EXACT) / CELLS_PER_OCTAVE) + 1;
  const mantissa = ((cell - EXACT) % CELLS_PER_OCTAVE) + CELLS_PER_OCTAVE;
  return (mantissa + 1) * 2 ** shift - 1;
}

/**
 * A summary that knows percentiles: a histogram with cells that widen with the value, about 7 KB,
 * exact below 64 and within 1/32 above. Apache keeps a random sample of 4,096 values instead.
 */
export class PercentileSummary extends Summary {
  /** One count per cell; doubles, so that no cell wraps within the life of a server. */
  readonly #cells: Float64Array = new Float64Array(CELLS);

  override add(value: number): void {
    if (value < 0) return;
    super.add(value);
    const cell = cellOf(value > LARGEST ? LARGEST : value | 0);
    this.#cells[cell]! += 1;
  }

  /**
   * The value that a share of all values does not exceed.
   *
   * @param share - 0 < share <= 1, e.g. 0.99.
   * @returns 0 while there are no values. Costs a walk over about 900 cells.
   */
  percentile(share: number): number {
    if (this.count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let cell = 0; cell < CELLS; cell += 1) {
      seen += this.#cells[cell]!;
      if (seen >= rank) return Math.min(largestOf(cell), this.max);
    }
    return this.max;
  }

  /** Copies the counts of all cells; `out` as `PercentileWindow` made it. */
  copyCells(out: Float64Array): void {
    out.set(this.#cells);
  }

  override reset(): void {
    super.reset();
    this.#cells.fill(0);
  }
}

/**
 * The percentiles of the recent values of a summary: of one to two windows, whoever asks, however often.
 *
 * It compares cells with a copy made earlier, so that `add` pays nothing for it.
 */
export class PercentileWindow {
  readonly #summary: PercentileSummary;
  /** Cells at the start of the window before this one; percentiles count from there. */
  #base: Float64Array = new Float64Array(CELLS);
  /** Cells at the start of this window. */
  #next: Float64Array = new Float64Array(CELLS);
  readonly #now: Float64Array = new Float64Array(CELLS);
  #startMs: number | undefined;

  constructor(summary: PercentileSummary) {
    this.#summary = summary;
  }

  /** Starts a new window when this one is over. @param nowMs - monotonic. */
  advance(nowMs: number, windowMs: number): void {
    if (this.#startMs === undefined) this.#startMs = nowMs;
    const ageMs = nowMs - this.#startMs;
    if (ageMs < windowMs) return;
    [this.#base, this.#next] = [this.#next, this.#base];
    this.#summary.copyCells(this.#next);
    // Nobody asked for a whole window: what it holds is too old to show.
    if (ageMs >= 2 * windowMs) this.#base.set(this.#next);
    this.#startMs = nowMs;
  }

  /** As `PercentileSummary.percentile`, of the recent values; undefined when there are none. */
  percentile(share: number): number | undefined {
    const now = this.#now;
    this.#summary.copyCells(now);
    let total = 0;
    for (let cell = 0; cell < CELLS; cell += 1) {
      const before = this.#base[cell]!;
      // After a reset there are fewer than before: then everything is recent.
      if (now[cell]! >= before) now[cell]! -= before;
      total += now[cell]!;
    }
    if (total === 0) return undefined;
    const rank = Math.max(1, Math.ceil(share * total));
    let seen = 0;
    let cell = 0;
    while (cell < CELLS - 1) {
      seen += now[cell]!;
      if (seen >= rank) break;
      cell += 1;
    }
    return Math.min(largestOf(cell), this.#summary.max);
  }
}
