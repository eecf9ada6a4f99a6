/** A leader that was heard of at short intervals is missed after as many of them, but not before {@link SILENCE_MS_MIN}. */
const MISSED_PINGS_MAX = 8;
const SILENCE_MS_MIN = 2000;
/** How much of the longest interval so far counts after one more ping: a stall is soon forgotten. */
const PING_DECAY = 0.7;

/** How often a leader lets itself be heard, as its learner has seen it, and from when on it is missed. */
export class PingInterval {
  /** The longest time between two pings of late, ms; undefined until there were two. */
  #intervalMs: number | undefined;
  #pingedMs: number | undefined;

  onPing(nowMs: number): void {
    if (this.#pingedMs !== undefined) {
      const interval = nowMs - this.#pingedMs;
      this.#intervalMs = Math.max(interval, (this.#intervalMs ?? interval) * PING_DECAY);
    }
    this.#pingedMs = nowMs;
  }

  /** How long the leader may be silent, ms: as the configuration says, or less, if it is heard of often. */
  silenceMsMax(syncLimitMs: number): number {
    if (this.#intervalMs === undefined) return syncLimitMs;
    return Math.min(syncLimitMs, Math.max(SILENCE_MS_MIN, MISSED_PINGS_MAX * this.#intervalMs));
  }
}
