/** Who waits for a signal. One listener stands for all: with more than ten of its own, Node warns of a leak. */
interface Waiters {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const waitersBySignal = new WeakMap<AbortSignal, Waiters>();

/**
 * Calls `callback` once when `signal` fires; not if it has fired already.
 *
 * @returns what stops it. Again is harmless.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const waiters = waitersBySignal.get(signal) ?? listenTo(signal);
  waiters.callbacks.add(callback);
  return () => {
    if (!waiters.callbacks.delete(callback) || waiters.callbacks.size > 0) return;
    signal.removeEventListener('abort', waiters.listener);
    waitersBySignal.delete(signal);
  };
}

function listenTo(signal: AbortSignal): Waiters {
  const callbacks = new Set<() => void>();
  const listener = () => {
    waitersBySignal.delete(signal);
    const all = [...callbacks];
    callbacks.clear();
    for (const callback of all) callback();
  };
  const waiters = { callbacks, listener };
  signal.addEventListener('abort', listener, { once: true });
  waitersBySignal.set(signal, waiters);
  return waiters;
}

/** What `promise` settles with, or the signal's reason if that fires first. `promise` may then reject unheard. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const stop = onAbort(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(stop);
  });
}
