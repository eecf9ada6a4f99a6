/** The bounds of a back-off. */
export interface BackoffOptions {
  /** Bound of the first pause, in ms; it doubles with each pause. */
  readonly baseMs: number;
  /** What no pause exceeds, in ms. */
  readonly maxMs: number;
}

/**
 * How long to pause before the next attempt: anything from nothing to a bound that doubles ("full jitter"), so that
 * clients which lost a server together do not come back together.
 *
 * Source: M. Brooker, "Exponential Backoff And Jitter".
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #boundMs: number;

  /** @param random - gives numbers in [0, 1). */
  constructor(options: BackoffOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
    this.#boundMs = Math.min(options.baseMs, options.maxMs);
  }

  /** The next pause, in ms: at least 0, less than its bound. */
  next(): number {
    const pauseMs = this.#random() * this.#boundMs;
    this.#boundMs = Math.min(this.#boundMs * 2, this.#options.maxMs);
    return pauseMs;
  }

  /** An attempt went well: the next pause is a short one. */
  reset(): void {
    this.#boundMs = Math.min(this.#options.baseMs, this.#options.maxMs);
  }
}
