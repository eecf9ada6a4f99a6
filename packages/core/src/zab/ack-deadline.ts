/**
 * Whether acknowledgements keep up: one proposal at a time is watched, the oldest that was not acknowledged when the one before it was.
 * So the cost does not grow with what is outstanding. Source: LearnerHandler.SyncLimitCheck.
 */
export class AckDeadline {
  #watchedZxid = 0;
  #watchedSinceMs = 0;
  #lastZxid = 0;
  #lastMs = 0;

  /** A proposal is on its way. */
  onSent(zxid: number, nowMs: number): void {
    if (this.#watchedZxid === 0) {
      this.#watchedZxid = zxid;
      this.#watchedSinceMs = nowMs;
    }
    this.#lastZxid = zxid;
    this.#lastMs = nowMs;
  }

  /**
   * Everything up to `zxid` is acknowledged.
   *
   * @returns how long the proposal took that was watched, ms; -1 when it is still waited for.
   */
  onAcked(zxid: number, nowMs: number): number {
    if (this.#watchedZxid === 0 || zxid < this.#watchedZxid) return -1;
    const latencyMs = nowMs - this.#watchedSinceMs;
    if (zxid >= this.#lastZxid) {
      this.#watchedZxid = 0;
      return latencyMs;
    }
    // Later than the truth, for the next one was sent before the last: a limit of seconds does not mind.
    this.#watchedZxid = this.#lastZxid;
    this.#watchedSinceMs = this.#lastMs;
    return latencyMs;
  }

  /** Whether something has waited for longer than `limitMs`. */
  isLate(nowMs: number, limitMs: number): boolean {
    return this.#watchedZxid !== 0 && nowMs - this.#watchedSinceMs > limitMs;
  }
}
