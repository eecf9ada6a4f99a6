/** The two clocks of a server. */
export interface Clock {
  /** Wall clock, whole milliseconds since 1970. */
  wallMs(): number;
  /** Monotonic clock, milliseconds: only differences mean something. */
  nowMs(): number;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  nowMs: () => Math.floor(performance.now()),
};
