/**
 * When a failed piece of work is tried again: Curator's seven policies.
 *
 * A policy is told how often it was asked and how long all has taken, and answers with a pause; it keeps nothing in mind, so one may
 * serve many.
 *
 * Sources: Curator's classes in `org.apache.curator.retry`, RetryPolicy and SessionFailedRetryPolicy.
 */

import { ZooKeeperError } from '@zooid/client';

export interface RetryPolicy {
  /**
   * How long to wait before the next try.
   *
   * @param retryCount - tries after the first that there were, from 0.
   * @param elapsedMs - since the first began.
   * @returns ms, or undefined: no more.
   */
  pauseMs(retryCount: number, elapsedMs: number): number | undefined;
  /** Whether another try may help. {@link isRetryable} unless given. */
  readonly isRetryable?: ((error: unknown) => boolean) | undefined;
}

/** More would overflow Curator's arithmetic; the pause would be years by then. */
const EXPONENTIAL_RETRIES_MAX = 29;
/** The longest that a timer of Node can wait, and Curator's own limit. */
const PAUSE_MS_MAX = 2 ** 31 - 1;

/**
 * Whether Curator would try again: the connection was lost, no answer came in time, or the session has expired. Of the last one, work
 * that always uses the same client cannot recover: see {@link exceptSessionFailed}.
 */
export function isRetryable(error: unknown): boolean {
  if (!ZooKeeperError.is(error)) return false;
  return error.kind === 'recoverable' || isSessionExpired(error);
}

export interface ExponentialBackoffOptions {
  /** The first pause, in ms; later ones are drawn from ranges that double. */
  readonly baseMs: number;
  /** Tries after the first; more than 29 count as 29. */
  readonly retriesMax: number;
  /** Longest pause, in ms. Default: as long as a timer can wait. */
  readonly pauseMsMax?: number | undefined;
  /** At least 0, less than 1. `Math.random` unless given. */
  readonly random?: (() => number) | undefined;
}

/** ExponentialBackoffRetry: pauses of `baseMs` times a number drawn from 1 to below 2^(n+1). */
export function exponentialBackoff(options: ExponentialBackoffOptions): RetryPolicy {
  const { baseMs, retriesMax, pauseMsMax = PAUSE_MS_MAX } = options;
  // Looked up when it is asked for: a policy may be made before somebody puts another chance in its place, as tests and the simulator do.
  const random = options.random ?? (() => Math.random());
  assertMs('baseMs', baseMs);
  const most = Math.min(retriesMax, EXPONENTIAL_RETRIES_MAX);
  return {
    pauseMs: (retryCount) => {
      if (retryCount >= most) return undefined;
      const drawn = Math.floor(random() * 2 ** (retryCount + 1));
      return Math.min(baseMs * Math.max(1, drawn), pauseMsMax, PAUSE_MS_MAX);
    },
  };
}

/** BoundedExponentialBackoffRetry: the same, with a longest pause. */
export function boundedExponentialBackoff(
  options: ExponentialBackoffOptions & { readonly pauseMsMax: number },
): RetryPolicy {
  return exponentialBackoff(options);
}

/** RetryNTimes: `retriesMax` tries after the first, with equal pauses. */
export function retryTimes(retriesMax: number, pauseMs: number): RetryPolicy {
  assertMs('pauseMs', pauseMs);
  return { pauseMs: (retryCount) => (retryCount < retriesMax ? pauseMs : undefined) };
}

/** RetryOneTime: one try after the first. */
export function retryOnce(pauseMs: number): RetryPolicy {
  return retryTimes(1, pauseMs);
}

/** RetryForever: equal pauses without end. */
export function retryForever(pauseMs: number): RetryPolicy {
  return retryTimes(Number.POSITIVE_INFINITY, pauseMs);
}

/** RetryUntilElapsed: equal pauses, as long as less than `elapsedMsMax` has passed when a try fails. */
export function retryUntilElapsed(elapsedMsMax: number, pauseMs: number): RetryPolicy {
  assertMs('pauseMs', pauseMs);
  return {
    pauseMs: (_retryCount, elapsedMs) => (elapsedMs < elapsedMsMax ? pauseMs : undefined),
  };
}

/** SessionFailedRetryPolicy: as `policy`, but an expired session is the end. */
export function exceptSessionFailed(policy: RetryPolicy): RetryPolicy {
  const { isRetryable: isRetryableThere = isRetryable } = policy;
  return {
    pauseMs: (retryCount, elapsedMs) => policy.pauseMs(retryCount, elapsedMs),
    isRetryable: (error) => !isSessionExpired(error) && isRetryableThere(error),
  };
}

function isSessionExpired(error: unknown): boolean {
  return ZooKeeperError.is(error) && error.code === 'SESSION_EXPIRED';
}

function assertMs(name: string, ms: number): void {
  if (ms >= 0 && ms <= PAUSE_MS_MAX) return;
  throw new RangeError(`${name} of ${ms}: a number from 0 to 2,147,483,647`);
}
