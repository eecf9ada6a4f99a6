import assert from 'node:assert';
import type { ConnectionManager, Option } from './connection-manager.ts';
import { callUser } from './deliver.ts';
import { Exception, exceptionOf } from './exception.ts';
import type { Operation } from './operations.ts';

/**
 * Called once: with the error alone, or with null and the results.
 *
 * Declared as a method, so that callbacks may promise themselves more than is said here, as those of
 * `@types/node-zookeeper-client` do: an error that is never null, a stat that always is there.
 */
export type Callback<Results extends readonly unknown[]> = {
  call(error: Exception | null, ...results: Results): void;
}['call'];

/** Length of the first pause before an operation is tried again, in ms; each is twice the one before. */
const RETRY_PAUSE_MS_BASE = 1_000;

/** An operation that lost its connection and waits to be tried again. */
interface Retry {
  readonly timer: NodeJS.Timeout;
  giveUp(): void;
}

/** Asks the session, again if the options say so, and calls back. */
export class Caller {
  readonly #manager: ConnectionManager;
  readonly #options: Option;
  readonly #retries = new Set<Retry>();

  constructor(manager: ConnectionManager, options: Option) {
    this.#manager = manager;
    this.#options = options;
  }

  /** @throws AssertionError when the number of retries is none. */
  request<Results extends readonly unknown[]>(
    operation: Operation<Results>,
    callback: Callback<Results>,
  ): void {
    const { retries } = this.#options;
    assert(
      typeof retries === 'number' && retries >= 0,
      'retries must be an integer greater or equal to 0.',
    );
    this.#attempt(operation, callback, 0);
  }

  /** The same once, whatever the options say. */
  requestOnce<Results extends readonly unknown[]>(
    operation: Operation<Results>,
    callback: Callback<Results>,
  ): void {
    this.#attempt(operation, callback, Number.POSITIVE_INFINITY);
  }

  /** The same as {@link request}, for those who wait. Rejects with an {@link Exception}. */
  perform<Results extends readonly unknown[]>(operation: Operation<Results>): Promise<Results> {
    return new Promise((resolve, reject) => {
      this.request(operation, (error, ...results) => {
        if (error === null) resolve(results);
        else reject(error);
      });
    });
  }

  /** The session has ended: nothing is tried again. */
  giveUpRetries(): void {
    for (const retry of [...this.#retries]) retry.giveUp();
  }

  #attempt<Results extends readonly unknown[]>(
    operation: Operation<Results>,
    callback: Callback<Results>,
    attemptsBefore: number,
  ): void {
    // Without another promise in between: see deliver.ts.
    this.#manager.call(operation).then(
      (results) => callUser(callback, null, ...results),
      (cause: unknown) => {
        const error = exceptionOf(cause, operation.path);
        const isLast =
          error.code !== Exception.CONNECTION_LOSS ||
          attemptsBefore >= this.#options.retries ||
          this.#manager.isEnded;
        if (isLast) callWithError(callback, error);
        else this.#retryLater(operation, callback, attemptsBefore, error);
      },
    );
  }

  #retryLater<Results extends readonly unknown[]>(
    operation: Operation<Results>,
    callback: Callback<Results>,
    attemptsBefore: number,
    error: Exception,
  ): void {
    const pauseMs = Math.min(
      RETRY_PAUSE_MS_BASE * 2 ** attemptsBefore,
      this.#manager.getSessionTimeout(),
    );
    const retry: Retry = {
      timer: setTimeout(() => {
        this.#retries.delete(retry);
        this.#attempt(operation, callback, attemptsBefore + 1);
      }, pauseMs),
      giveUp: () => {
        clearTimeout(retry.timer);
        this.#retries.delete(retry);
        callWithError(callback, error);
      },
    };
    this.#retries.add(retry);
  }
}

/** Calls back with nothing but the error. */
export function callWithError<Results extends readonly unknown[]>(
  callback: Callback<Results>,
  error: Exception,
): void {
  callUser(callback as unknown as (error: Exception) => void, error);
}
