/** Calls at a steady pace, and tells when the event loop was late. */
export class Ticker {
  readonly #timer: NodeJS.Timeout;

  constructor(options: {
    readonly intervalMs: number;
    readonly onTick: () => void;
    /** The loop came so many milliseconds after its time; 0 when it was punctual. */
    readonly onLate: (lateMs: number) => void;
  }) {
    const { intervalMs, onTick, onLate } = options;
    let dueMs = performance.now() + intervalMs;
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      onLate(Math.max(0, Math.round(nowMs - dueMs)));
      dueMs = nowMs + intervalMs;
      onTick();
    }, intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
