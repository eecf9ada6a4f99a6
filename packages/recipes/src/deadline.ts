import { OperationTimeoutError } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';

/** How long something may wait. */
export interface WaitOptions {
  /** Ends the wait: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Longest wait, in ms; then the promise rejects with `OperationTimeoutError`. No limit unless given. */
  readonly timeoutMs?: number | undefined;
}

/** The caller's signal and time limit as one signal. To be ended, or its timer keeps the process alive. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #stop: (() => void) | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param path - for the error. @throws RangeError for a limit that no timer can keep. */
  constructor(operation: string, path: string | undefined, { signal, timeoutMs }: WaitOptions) {
    if (timeoutMs !== undefined && !(timeoutMs >= 0 && timeoutMs < 2 ** 31)) {
      throw new RangeError(`timeoutMs of ${timeoutMs}: a number from 0 to 2,147,483,647`);
    }
    if (signal?.aborted) {
      this.#controller.abort(signal.reason);
      return;
    }
    this.#stop = signal && onAbort(signal, () => this.#controller.abort(signal.reason));
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.#controller.abort(new OperationTimeoutError({ operation, path }));
      }, timeoutMs);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    this.#stop?.();
    clearTimeout(this.#timer);
  }
}
