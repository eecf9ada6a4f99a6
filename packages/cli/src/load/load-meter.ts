import { build, type Histogram } from 'hdr-histogram-js';

/** Histogram values are tenths of a microsecond. */
export const UNITS_PER_MS = 10_000;
const LATENCY_MAX_UNITS = 60_000 * UNITS_PER_MS;

/** When a load ends: by time, with a part at the start that is not counted, or after so many requests. */
export type LoadExtent =
  | { readonly kind: 'time'; readonly warmUpMs: number; readonly measureMs: number }
  | { readonly kind: 'count'; readonly requests: number };

/** Latencies of a load, in microseconds. */
export interface LatencySummary {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/** Counts what the connections of one thread do and tells them when to stop. */
export class LoadMeter {
  /** Replies that arrived while it was measuring. */
  replies = 0;
  /** Replies at all; moves as long as the server is alive. */
  repliesEver = 0;
  /** When measuring began and ended; milliseconds of `performance.now()`. */
  measureStart: number;
  measureEnd: number;

  readonly #histogram: Histogram = newHistogram();
  #requestsLeft: number;

  constructor(extent: LoadExtent, now: number) {
    if (extent.kind === 'time') {
      this.measureStart = now + extent.warmUpMs;
      this.measureEnd = this.measureStart + extent.measureMs;
      this.#requestsLeft = Number.MAX_SAFE_INTEGER;
    } else {
      this.measureStart = now;
      this.measureEnd = Number.POSITIVE_INFINITY;
      this.#requestsLeft = extent.requests;
    }
  }

  /** How many of `wanted` requests may be sent now; 0 says stop. */
  take(wanted: number, now: number): number {
    if (now >= this.measureEnd) return 0;
    const allowed = Math.min(wanted, this.#requestsLeft);
    this.#requestsLeft -= allowed;
    return allowed;
  }

  /** Notes `count` replies at `now` to requests that left at `sentAt`. */
  record(sentAt: number, now: number, count: number): void {
    this.repliesEver += count;
    if (now < this.measureStart || now >= this.measureEnd) return;
    this.replies += count;
    const units = Math.round((now - sentAt) * UNITS_PER_MS);
    this.#histogram.recordValueWithCount(Math.min(units, LATENCY_MAX_UNITS), count);
  }

  /** The latencies so far, to be joined with those of other threads. */
  get latencies(): Histogram {
    return this.#histogram;
  }
}

/** An empty histogram of latencies. */
export function newHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_MAX_UNITS,
    numberOfSignificantValueDigits: 3,
  });
}

/** The figures that are reported. */
export function summarize(histogram: Histogram): LatencySummary {
  const us = (units: number): number => (units / UNITS_PER_MS) * 1000;
  return {
    p50Us: us(histogram.getValueAtPercentile(50)),
    p99Us: us(histogram.getValueAtPercentile(99)),
    p999Us: us(histogram.getValueAtPercentile(99.9)),
    maxUs: us(histogram.maxValue),
  };
}
