import { onAbort } from '@zooid/client/waiting';

/**
 * One signal that fires with the first of several. Unlike `AbortSignal.any` it lets go of them when it is ended, so that those that live
 * long do not gather what has come and gone.
 */
export class JoinedSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #stops: (() => void)[] = [];

  constructor(...signals: readonly (AbortSignal | undefined)[]) {
    for (const signal of signals) {
      if (signal === undefined) continue;
      if (signal.aborted) {
        this.abort(signal.reason);
        return;
      }
      this.#stops.push(onAbort(signal, () => this.abort(signal.reason)));
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Fires it, unless it has fired. */
  abort(reason: unknown): void {
    this[Symbol.dispose]();
    this.#controller.abort(reason);
  }

  /** Lets go of the others: it does not fire with them any more. */
  [Symbol.dispose](): void {
    for (const stop of this.#stops.splice(0)) stop();
  }
}

/** Waits until a signal has fired. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    onAbort(signal, resolve);
  });
}
