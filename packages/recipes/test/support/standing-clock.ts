/** A clock that stands until it is told to go on. */
export function standingClock(startMs: number) {
  const timers = new Map<symbol, { readonly dueMs: number; readonly callback: () => void }>();
  let nowMs = startMs;
  return {
    now: () => nowMs,
    after(ms: number, callback: () => void) {
      const key = Symbol();
      timers.set(key, { dueMs: nowMs + ms, callback });
      return () => timers.delete(key);
    },
    advance(ms: number) {
      nowMs += ms;
      for (const [key, { dueMs, callback }] of [...timers]) {
        if (dueMs > nowMs) continue;
        timers.delete(key);
        callback();
      }
    },
    get waiting() {
      return [...timers.values()].map(({ dueMs }) => dueMs);
    },
  };
}
