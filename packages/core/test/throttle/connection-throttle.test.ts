import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ConnectionThrottle,
  type ConnectionThrottleOptions,
} from '../../src/throttle/connection-throttle.ts';

/** Apache's defaults. */
const defaults: ConnectionThrottleOptions = {
  tokenCount: 0,
  fillTimeMs: 1,
  fillCount: 1,
  freezeTimeMs: -1,
  dropIncrease: 0.02,
  dropDecrease: 0.002,
  decreaseRatio: 0,
  isWeighted: false,
  globalSessionWeight: 3,
  localSessionWeight: 1,
  renewSessionWeight: 2,
};

const never = { next: () => 0.999_999 };

function newThrottle(options: Partial<ConnectionThrottleOptions>, random = never) {
  return new ConnectionThrottle({ ...defaults, ...options }, random, 0);
}

describe('the connection throttle', () => {
  it('is off without tokens', () => {
    const throttle = newThrottle({});
    for (let i = 0; i < 1000; i++) expect(throttle.tryTake('global', 0)).toBe(true);
    expect(throttle.deficit).toBe(0);
  });

  it('lets as many connections begin at once as there are tokens', () => {
    const throttle = newThrottle({ tokenCount: 3 });
    const taken = Array.from({ length: 5 }, () => throttle.tryTake('global', 0));
    expect(taken).toEqual([true, true, true, false, false]);
    expect(throttle.deficit).toBe(3);
  });

  it('refills once more than the fill time has passed, and never above the bucket', () => {
    const throttle = newThrottle({ tokenCount: 3, fillTimeMs: 100, fillCount: 2 });
    for (let i = 0; i < 3; i++) throttle.tryTake('global', 0);
    expect(throttle.tryTake('global', 100)).toBe(false);
    expect(throttle.tryTake('global', 101)).toBe(true);
    expect(throttle.deficit).toBe(2);
    throttle.tryTake('global', 100_000);
    expect(throttle.deficit).toBe(1);
  });

  it('refills in proportion to the time that has passed, rounded down', () => {
    const throttle = newThrottle({ tokenCount: 100, fillTimeMs: 10, fillCount: 3 });
    for (let i = 0; i < 100; i++) throttle.tryTake('global', 0);
    throttle.tryTake('global', 25);
    // 25 ms * 3 / 10 ms = 7.5 tokens, one of them taken.
    expect(throttle.deficit).toBe(100 - 7 + 1);
  });

  it('takes tokens by the weight of what is asked for, if weighted', () => {
    const throttle = newThrottle({ tokenCount: 100, isWeighted: true });
    throttle.tryTake('global', 0);
    expect(throttle.deficit).toBe(3);
    throttle.tryTake('renew', 0);
    expect(throttle.deficit).toBe(5);
    throttle.tryTake('local', 0);
    expect(throttle.deficit).toBe(6);
  });

  it('refuses what is heavier than the tokens left, and still serves what is lighter', () => {
    const throttle = newThrottle({ tokenCount: 4, isWeighted: true });
    expect(throttle.tryTake('global', 0)).toBe(true);
    expect(throttle.tryTake('renew', 0)).toBe(false);
    expect(throttle.tryTake('local', 0)).toBe(true);
  });

  it('never lets more begin than tokens were there or filled in', () => {
    fc.assert(
      fc.property(
        fc.record({
          tokenCount: fc.integer({ min: 1, max: 10 }),
          fillTimeMs: fc.integer({ min: 1, max: 20 }),
          fillCount: fc.integer({ min: 1, max: 5 }),
        }),
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 100 }),
        (options, waits) => {
          const throttle = newThrottle(options);
          let nowMs = 0;
          let taken = 0;
          for (const wait of waits) {
            nowMs += wait;
            if (throttle.tryTake('global', nowMs)) taken++;
            expect(throttle.deficit).toBeGreaterThanOrEqual(0);
            expect(throttle.deficit).toBeLessThanOrEqual(options.tokenCount);
          }
          const filled = (nowMs * options.fillCount) / options.fillTimeMs;
          expect(taken).toBeLessThanOrEqual(options.tokenCount + filled);
        },
      ),
    );
  });
});

describe('the drop chance', () => {
  const blue = {
    tokenCount: 1,
    fillTimeMs: 1000,
    freezeTimeMs: 10,
    dropIncrease: 0.3,
    dropDecrease: 0.2,
  };

  it('stays at zero without a freeze time', () => {
    const throttle = newThrottle({ ...blue, freezeTimeMs: -1 });
    for (let at = 0; at < 500; at += 20) throttle.tryTake('global', at);
    expect(throttle.dropChance).toBe(0);
  });

  it('grows each time an empty bucket is found after the freeze time, up to one', () => {
    const throttle = newThrottle(blue);
    throttle.tryTake('global', 0);
    throttle.tryTake('global', 10);
    expect(throttle.dropChance).toBe(0);
    throttle.tryTake('global', 11);
    expect(throttle.dropChance).toBeCloseTo(0.3);
    throttle.tryTake('global', 15);
    expect(throttle.dropChance).toBeCloseTo(0.3);
    for (let at = 22; at < 100; at += 11) throttle.tryTake('global', at);
    expect(throttle.dropChance).toBe(1);
  });

  it('shrinks each time a full enough bucket is found, down to zero', () => {
    const throttle = newThrottle({ ...blue, tokenCount: 2, fillTimeMs: 50, decreaseRatio: 0.5 });
    throttle.tryTake('global', 0);
    throttle.tryTake('global', 0);
    throttle.tryTake('global', 11);
    expect(throttle.dropChance).toBeCloseTo(0.3);
    // One token came back: half the bucket is missing, which is as much as may be.
    throttle.tryTake('global', 62);
    expect(throttle.dropChance).toBeCloseTo(0.1);
    throttle.tryTake('global', 1000);
    expect(throttle.dropChance).toBe(0);
  });

  it('refuses that share of the connections, and takes no tokens for those', () => {
    let value = 0.999;
    const throttle = newThrottle({ ...blue, dropDecrease: 0 }, { next: () => value });
    throttle.tryTake('global', 0);
    throttle.tryTake('global', 11);
    expect(throttle.dropChance).toBeCloseTo(0.3);
    value = 0.29;
    expect(throttle.tryTake('global', 1012)).toBe(false);
    expect(throttle.deficit).toBe(0);
    value = 0.31;
    expect(throttle.tryTake('global', 1013)).toBe(true);
  });
});
