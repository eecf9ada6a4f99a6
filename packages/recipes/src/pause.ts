import { onAbort } from '@zooid/client/waiting';

/** Waits for so many ms. Rejects with the signal's reason if that fires first. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const stop =
      signal &&
      onAbort(signal, () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    const timer = setTimeout(() => {
      stop?.();
      resolve();
    }, ms);
  });
}
