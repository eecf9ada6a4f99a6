/**
 * The time of the current turn: set once when it begins, the same for everything in it. Wall clock for
 * what is stored (ctime, mtime), monotonic clock for whatever is measured or expires. Milliseconds.
 */
export interface TurnClock {
  wallMs: number;
  nowMs: number;
}
