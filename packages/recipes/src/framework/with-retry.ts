import { pause } from '../pause.ts';
import { isRetryable, type RetryPolicy } from './retry-policy.ts';

export interface RetryOptions {
  /** Ends it between two tries, and in a pause: the promise rejects with the signal's reason. The work itself sees to its own end. */
  readonly signal?: AbortSignal | undefined;
  /** Now, in ms, on a clock that never goes back. `performance.now` unless given. */
  readonly now?: (() => number) | undefined;
  /** Waits for so many ms, or rejects with the signal's reason. By a timer unless given. */
  readonly pause?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/**
 * Does `work`, and does it again as `policy` says while it fails of what another try may help.
 *
 * An error with the outcome `unknown` is no reason to stop here, so what is done must bear being done twice.
 *
 * @param work - is told how often it was tried before, from 0.
 * @returns what `work` returned first.
 * @throws its last error; the signal's reason.
 */
export async function withRetry<T>(
  policy: RetryPolicy,
  work: (retryCount: number) => T | Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { signal, now = () => performance.now(), pause: wait = pause } = options;
  const isWorthIt = policy.isRetryable ?? isRetryable;
  const startedAtMs = now();
  for (let retryCount = 0; ; retryCount++) {
    signal?.throwIfAborted();
    try {
      return await work(retryCount);
    } catch (error) {
      if (!isWorthIt(error)) throw error;
      const ms = policy.pauseMs(retryCount, now() - startedAtMs);
      if (ms === undefined) throw error;
      await wait(ms, signal);
    }
  }
}
