import { describe, expect, test } from 'vitest';
import { runSeed } from '../src/run-seed.ts';

/** Simulated time of each history. */
const DURATION_MS = 60_000;

describe('a history', () => {
  test('is the same whenever its seed is, down to the hash of every event', () => {
    const first = runSeed({ seed: 42, durationMs: DURATION_MS });
    const again = runSeed({ seed: 42, durationMs: DURATION_MS });
    expect(again).toEqual(first);
    expect(runSeed({ seed: 43, durationMs: DURATION_MS }).hash).not.toBe(first.hash);
  });

  test.each(Array.from({ length: 8 }, (_, i) => i + 1))(
    'of seed %i holds all that is promised',
    (seed) => {
      const { violation, committedCount } = runSeed({ seed, durationMs: DURATION_MS });
      expect(violation).toBeUndefined();
      expect(committedCount).toBeGreaterThan(0);
    },
  );
});

test('elections, all three ways to synchronise, the end of leaders and changes of the members are among what happens', () => {
  const { counts } = runSeed({
    seed: 4,
    durationMs: 3 * DURATION_MS,
    overrides: {
      voterCount: 3,
      clientCount: 6,
      spareCount: 2,
      commitLogCount: 3,
      logSyncBytesMax: 0,
      faultMeanMs: 4000,
      faults: ['isolate-leader', 'crash-leader', 'crash', 'reconfig'],
    },
  });
  const wanted = [
    'elected',
    'serving',
    'role-ended',
    'diff',
    'snap',
    'trunc',
    'membership-changed',
  ];
  expect(wanted.filter((what) => counts.get(what) === undefined)).toEqual([]);
});
