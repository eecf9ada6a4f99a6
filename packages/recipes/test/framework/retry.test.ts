import {
  AuthFailedError,
  ConnectionLossError,
  NoNodeError,
  SessionExpiredError,
} from '@zooid/client';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  boundedExponentialBackoff,
  exceptSessionFailed,
  exponentialBackoff,
  isRetryable,
  type RetryPolicy,
  retryForever,
  retryOnce,
  retryTimes,
  retryUntilElapsed,
  withRetry,
} from '../../src/index.ts';

const lost = new ConnectionLossError({ operation: 'get', outcome: 'unknown' });
const expired = new SessionExpiredError({ operation: 'get' });

/** A clock that stands still but for pauses. */
function fakeTime() {
  const pauses: number[] = [];
  let nowMs = 1_000;
  return {
    pauses,
    options: {
      now: () => nowMs,
      pause: async (ms: number) => {
        pauses.push(ms);
        nowMs += ms;
      },
    },
  };
}

/** The pauses of work that always fails. */
async function pausesOf(policy: RetryPolicy, error: unknown = lost): Promise<number[]> {
  const time = fakeTime();
  const failing = withRetry(policy, () => Promise.reject(error), time.options);
  await expect(failing).rejects.toBe(error);
  return time.pauses;
}

describe('the policies', () => {
  test('a number of times, once, or for a time', async () => {
    expect(await pausesOf(retryTimes(3, 10))).toEqual([10, 10, 10]);
    expect(await pausesOf(retryTimes(0, 10))).toEqual([]);
    expect(await pausesOf(retryOnce(7))).toEqual([7]);
    expect(await pausesOf(retryUntilElapsed(25, 10))).toEqual([10, 10, 10]);
  });

  test('for ever', async () => {
    let left = 1_000;
    const time = fakeTime();
    const result = await withRetry(
      retryForever(5),
      async (retryCount) => {
        if (left-- > 0) throw lost;
        return retryCount;
      },
      time.options,
    );
    expect(result).toBe(1_000);
    expect(time.pauses).toHaveLength(1_000);
  });

  test('with pauses drawn from ranges that double, within bounds, 29 times at most', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (baseMs, retriesMax, pauseMsMax, drawn) => {
          const random = () => drawn;
          const free = exponentialBackoff({ baseMs, retriesMax, random });
          const bound = boundedExponentialBackoff({ baseMs, retriesMax, pauseMsMax, random });
          const most = Math.min(retriesMax, 29);
          for (let retryCount = 0; retryCount < most; retryCount++) {
            const pauseMs = free.pauseMs(retryCount, 0)!;
            expect(pauseMs).toBeGreaterThanOrEqual(baseMs);
            expect(pauseMs).toBeLessThanOrEqual(
              Math.min(baseMs * 2 ** (retryCount + 1), 2 ** 31 - 1),
            );
            expect(bound.pauseMs(retryCount, 0)).toBe(Math.min(pauseMs, pauseMsMax));
          }
          expect(free.pauseMs(most, 0)).toBeUndefined();
        },
      ),
    );
  });

  test('without hope for an expired session when that is excepted', async () => {
    expect(await pausesOf(retryTimes(2, 1), expired)).toEqual([1, 1]);
    expect(await pausesOf(exceptSessionFailed(retryTimes(2, 1)), expired)).toEqual([]);
    expect(await pausesOf(exceptSessionFailed(retryTimes(2, 1)))).toEqual([1, 1]);
  });

  test('take their chance from whoever gives it when they are asked, not when they are made', () => {
    const policy = exponentialBackoff({ baseMs: 10, retriesMax: 5 });
    using random = vi.spyOn(Math, 'random').mockReturnValue(0.99);
    expect(policy.pauseMs(3, 0)).toBe(150);
    expect(random).toHaveBeenCalledOnce();
  });

  test('not with pauses that no timer can keep', () => {
    expect(() => retryTimes(1, -1)).toThrow(RangeError);
    expect(() => retryForever(2 ** 31)).toThrow(RangeError);
    expect(() => exponentialBackoff({ baseMs: Number.NaN, retriesMax: 1 })).toThrow(RangeError);
  });
});

describe('work with retries', () => {
  test('is tried again only after what another try may mend', async () => {
    expect(isRetryable(lost)).toBe(true);
    expect(isRetryable(expired)).toBe(true);
    expect(isRetryable(new NoNodeError({ operation: 'get' }))).toBe(false);
    expect(isRetryable(new AuthFailedError({ operation: 'get' }))).toBe(false);
    expect(isRetryable(new Error('bug'))).toBe(false);
    expect(await pausesOf(retryTimes(5, 1), new Error('bug'))).toEqual([]);
    const own = { ...retryTimes(2, 3), isRetryable: () => true };
    expect(await pausesOf(own, new Error('bug'))).toEqual([3, 3]);
  });

  test('ends with the signal, also in a pause', async () => {
    const ended = AbortSignal.abort(new Error('closed'));
    await expect(withRetry(retryForever(1), () => 1, { signal: ended })).rejects.toThrow('closed');
    const ending = new AbortController();
    const waiting = withRetry(retryForever(2 ** 31 - 1), () => Promise.reject(lost), {
      signal: ending.signal,
    });
    await Promise.resolve();
    ending.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('waits by a timer unless told otherwise', async () => {
    let tries = 0;
    const work = () => {
      if (tries++ === 0) throw lost;
      return 'done';
    };
    expect(await withRetry(retryOnce(1), work)).toBe('done');
  });
});
