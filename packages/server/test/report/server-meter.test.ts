import { describe, expect, test } from 'vitest';
import { ServerMeter } from '../../src/report/server-meter.ts';
import { ServerStats } from '../../src/report/server-stats.ts';

describe('the meter', () => {
  test('tells requests that waited from those refused for it and those dropped', () => {
    const stats = new ServerStats();
    const meter = new ServerMeter(stats);
    meter.onUnqueued('ready', 10);
    meter.onUnqueued('ready', 20);
    meter.onUnqueued('throttled', 300);
    meter.onUnqueued('dropped', 9000);
    expect(stats.throttledOps).toBe(1);
    expect(stats.staleRequestsDropped).toBe(1);
    const { count, sum, max } = stats.requestThrottleQueueTimeMs;
    expect({ count, sum, max }).toEqual({ count: 3, sum: 330, max: 300 });
  });
});
