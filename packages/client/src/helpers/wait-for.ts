import { OperationTimeoutError } from '../errors.ts';
import { onAbort } from '../on-abort.ts';
import type { CallOptions } from '../session/call.ts';
import type { Stat } from '../stat.ts';
import type { ZooKeeper } from '../zookeeper.ts';

/** See `ZooKeeper.waitFor`. */
export async function waitFor(
  zk: ZooKeeper,
  path: string,
  options: CallOptions = {},
): Promise<Stat> {
  const { signal, timeoutMs } = options;
  using limit = new Limit(signal, timeoutMs, () => {
    return new OperationTimeoutError({ operation: 'waitFor', path });
  });
  for (;;) {
    const found = await zk.exists(path, { watch: true, signal: limit.signal });
    if (found.stat !== undefined) {
      void found.unwatch();
      return found.stat;
    }
    try {
      await limit.race(found.changed);
    } catch (error) {
      void found.unwatch();
      throw error;
    }
  }
}

/** A signal and a time limit as one, for a wait of several steps. */
class Limit implements Disposable {
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
      this.#timer = setTimeout(() => this.#controller.abort(timeoutError()), timeoutMs);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What `promise` settles with, or a rejection with the signal's reason. */
  race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    if (signal.aborted) return Promise.reject(signal.reason);
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
