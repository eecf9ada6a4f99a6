import type { Histogram } from 'hdr-histogram-js';
import { newHistogram, UNITS_PER_MS } from 'zooid/load';

/** Counts the answers of all loops, and times them if that is wanted. */
export class CallMeter {
  /** Answers since the last {@link reset}. */
  count = 0;
  /** Loops end when they see it. */
  isOver = false;
  /** undefined when nobody wants them. */
  readonly latencies: Histogram | undefined;

  readonly #valueBytes: number;

  constructor(valueBytes: number, timing: 'timed' | 'untimed') {
    this.#valueBytes = valueBytes;
    this.latencies = timing === 'timed' ? newHistogram() : undefined;
  }

  /** What was counted so far was the warm-up. */
  reset(): void {
    this.count = 0;
    this.latencies?.reset();
  }

  /** The time at which a call is made; 0 when nobody wants to know. */
  begin(): number {
    return this.latencies === undefined ? 0 : performance.now();
  }

  /**
   * A call has been answered.
   *
   * @param dataBytes - length of the data that the answer tells of: only work that was done is counted.
   */
  end(begunMs: number, dataBytes: number): void {
    if (dataBytes !== this.#valueBytes) throw new Error(`an answer tells of ${dataBytes} bytes`);
    this.count++;
    this.latencies?.recordValue(Math.round((performance.now() - begunMs) * UNITS_PER_MS));
  }
}
