import { type PurgeOptions, purge } from './purge.ts';

/** Longest time between two looks at the clock: a timer of Node's cannot wait for longer than 24 days. */
const LOOK_INTERVAL_MS_MAX = 60_000;

export interface PurgerParts extends PurgeOptions {
  /** Whether files may be removed now; if not, they are the next time. */
  readonly mayPurge: () => boolean;
  readonly onPurged: (count: number) => void;
  /** Why nothing, or not everything, was removed. */
  readonly onFailed: (reason: string) => void;
}

/** Removes files that no restart can need, from time to time, and never two lots at once. */
export class Purger {
  readonly #parts: PurgerParts;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: PurgerParts) {
    this.#parts = parts;
  }

  /** Resolves when nothing is being removed. Never rejects. */
  get idle(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Purges now and every `intervalMs`. */
  start(intervalMs: number): void {
    const startedMs = performance.now();
    let rounds = 0;
    const look = () => {
      if (performance.now() - startedMs < rounds * intervalMs) return;
      rounds++;
      if (this.#running === undefined && this.#parts.mayPurge()) this.run(() => this.#purge());
    };
    this.#timer = setInterval(look, Math.min(intervalMs, LOOK_INTERVAL_MS_MAX));
    this.#timer.unref();
    look();
  }

  /** Purges no more from now on; what is being removed goes on. */
  stop(): void {
    clearInterval(this.#timer);
  }

  /** Does some removing of another kind. */
  run(work: () => Promise<number>): void {
    const { onPurged, onFailed } = this.#parts;
    this.#running = work()
      .then(
        (count) => {
          if (count > 0) onPurged(count);
        },
        (error: Error) => onFailed(error.message),
      )
      .finally(() => {
        this.#running = undefined;
      });
  }

  async #purge(): Promise<number> {
    const { removed, refusedBecause } = await purge(this.#parts);
    if (refusedBecause !== undefined) this.#parts.onFailed(refusedBecause);
    return removed.length;
  }
}
