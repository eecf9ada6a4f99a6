import { describe, expect, it } from 'vitest';
import { LargeRequests } from '../../src/throttle/large-requests.ts';

describe('the budget for large requests', () => {
  it('is not touched by requests up to the threshold', () => {
    const large = new LargeRequests({ thresholdBytes: 100, bytesMax: 50 });
    expect(large.tryTake(100)).toBe(true);
    expect(large.bytes).toBe(0);
    expect(large.tryTake(101)).toBe(false);
  });

  it('refuses what would exceed it, and has room again when one is done', () => {
    const large = new LargeRequests({ thresholdBytes: 10, bytesMax: 300 });
    expect([large.tryTake(100), large.tryTake(200)]).toEqual([true, true]);
    expect([large.hasRoomFor(11), large.tryTake(11)]).toEqual([false, false]);
    expect(large.tryTake(10)).toBe(true);
    large.release(200);
    large.release(10);
    expect(large.bytes).toBe(100);
    expect(large.tryTake(200)).toBe(true);
    expect(large.tryTake(11)).toBe(false);
  });

  it('does not exist without a threshold', () => {
    const large = new LargeRequests({ thresholdBytes: undefined, bytesMax: 1 });
    expect([large.hasRoomFor(2 ** 30), large.tryTake(2 ** 30)]).toEqual([true, true]);
    large.release(2 ** 30);
    expect(large.bytes).toBe(0);
  });
});
