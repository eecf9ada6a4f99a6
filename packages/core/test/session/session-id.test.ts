import { describe, expect, it } from 'vitest';
import { nextSessionIdStart, sessionIdAfter } from '../../src/session/session-id.ts';

describe('nextSessionIdStart', () => {
  // Values of SessionTrackerImpl's expression on OpenJDK 17 for the given time.
  it.each([
    [1, 1_700_000_000_000, 111411200000000000n],
    [0, 1_700_000_000_000, 39353605962072064n],
    [128, 1_700_000_000_000, -9184018430892703744n],
    [255, 1_700_000_000_000, -32703988075855872n],
    [254, 12_345_678, -144114378989502464n],
  ])('of server %i at %i is what Java computes', (serverId, wallMs, id) => {
    expect(nextSessionIdStart(serverId, wallMs)).toBe(id);
  });

  it('steps over the value that marks container znodes', () => {
    expect(nextSessionIdStart(128, 0)).toBe(-9223372036854775807n);
    expect(nextSessionIdStart(128, 3 * 2 ** 40)).toBe(-9223372036854775807n);
  });
});

describe('sessionIdAfter', () => {
  it('counts up by one', () => {
    expect(sessionIdAfter(41n)).toBe(42n);
    expect(sessionIdAfter(-1n)).toBe(0n);
  });

  it('wraps past the largest long over the value that marks container znodes', () => {
    expect(sessionIdAfter(2n ** 63n - 1n)).toBe(-(2n ** 63n) + 1n);
  });
});
