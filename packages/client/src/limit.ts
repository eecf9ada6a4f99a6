import { OperationTimeoutError } from './errors.ts';
import { onAbort } from './on-abort.ts';
import type { CallOptions } from './session/call.ts';

/** Longer delays, in ms, overflow Node's timers, which then fire at once. */
export const TIMER_MS_MAX: number = 2 ** 31 - 1;

/**
 * A timer for any time, be it without end.
 *
 * @returns undefined when it is further off than a timer of Node can be, some 24 days: then nothing is ever called.
 */
export function startTimer(callback: () => void, ms: number): NodeJS.Timeout | undefined {
  return ms > TIMER_MS_MAX ? undefined : setTimeout(callback, ms);
}

/**
 * Gives work of several calls one limit: `timeoutMs` counts for all of them together.
 *
 * @param work - passes its argument to each call.
 */
export async function withinLimit<T>(
  operation: string,
  path: string,
  options: CallOptions | undefined,
  work: (limits: CallOptions) => Promise<T>,
): Promise<T> {
  const signal = options?.signal;
  const timeoutMs = options?.timeoutMs;
  if (timeoutMs === undefined) return await work({ signal });
  using limit = new Limit(signal, timeoutMs, () => {
    return new OperationTimeoutError({ operation, path, outcome: 'unknown' });
  });
  return await work({ signal: limit.signal });
}

/** A signal and a time limit as one, for a wait of several steps. */
export class Limit implements Disposable {
  readonly #controller = new AbortController();
  readonly #stopSignal: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    timeoutError: () => Error,
  ) {
    if (signal?.aborted) this.#controller.abort(signal.reason);
    this.#stopSignal = signal && onAbort(signal, () => this.#controller.abort(signal.reason));
    if (timeoutMs !== undefined) {
      this.#timer = startTimer(() => this.#controller.abort(timeoutError()), timeoutMs);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What `promise` settles with, or a rejection with the signal's reason. */
  race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    if (signal.aborted) {
      promise.catch(() => undefined);
      return Promise.reject(signal.reason);
    }
    return new Promise((resolve, reject) => {
      const stop = onAbort(signal, () => reject(signal.reason));
      promise.then(resolve, reject).finally(stop);
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#stopSignal?.();
  }
}
