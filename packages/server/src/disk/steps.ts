/**
 * Does long work that yields wherever others may have the event loop, and leaves it to them each time.
 *
 * @param goOn - called when they had it; when it throws, the work is given up.
 */
export async function runInTurns<T>(steps: Generator<void, T>, goOn: () => void): Promise<T> {
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      await new Promise<void>((resolve) => setImmediate(resolve));
      goOn();
    }
  } finally {
    steps.return(undefined as T);
  }
}
