import { describe, expect, it } from 'vitest';
import type { ConnectionThrottleOptions } from '../../src/throttle/connection-throttle.ts';
import { existsRequest, Harness, type TestClient } from '../harness.ts';

const options: ConnectionThrottleOptions = {
  tokenCount: 10,
  fillTimeMs: 100,
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

/** How many of a crowd have a session after trying again and again for a while. */
function admitted(throttle: ConnectionThrottleOptions): number {
  const h = new Harness({
    core: { connectionThrottle: throttle, sessionTimeoutMsMax: 1_000_000 },
  });
  let outside = 60;
  const inside: TestClient[] = [];
  for (let round = 0; round < 100 && outside > 0; round++) {
    const trying = outside;
    for (let i = 0; i < trying; i++) {
      const client = h.accept();
      client.sendConnect({ timeoutMs: 1_000_000 });
      h.sync();
      if (client.isHungUp) continue;
      inside.push(client);
      outside--;
    }
    h.nowMs += 200;
  }
  return inside.filter((client) => client.codeOf(existsRequest('/')) === 0).length;
}

describe('immunity: ZK-4933, 4921: throttled connections', () => {
  it('all get in sooner or later', () => {
    expect(admitted(options)).toBe(60);
  });

  it('and the check sees it when the bucket is never filled again', () => {
    expect(admitted({ ...options, fillCount: 0 })).toBe(10);
  });
});
