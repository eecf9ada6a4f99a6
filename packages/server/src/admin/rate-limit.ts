/** One deed per interval. Source: RateLimiter of Apache's admin server. */
export class RateLimit {
  readonly #intervalMs: number;
  #startMs: number | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** True once in each interval. @param nowMs - monotonic. */
  tryTake(nowMs: number): boolean {
    if (this.#startMs !== undefined && nowMs <= this.#startMs + this.#intervalMs) return false;
    this.#startMs = nowMs;
    return true;
  }
}
