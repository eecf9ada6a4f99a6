import { expect, test } from 'vitest';
import { plantNames } from '../src/plants/plants.ts';
import { runSeed } from '../src/run-seed.ts';

/** So many histories of two minutes at most. */
const SEED_COUNT_MAX = 8;

test.each(plantNames)('the mistake %s is found', async (plant) => {
  let found: string | undefined;
  for (let seed = 1; seed <= SEED_COUNT_MAX && found === undefined; seed++) {
    const { violation } = await runSeed({ seed, durationMs: 120_000, plant });
    found = violation?.message;
  }
  expect(found).toBeDefined();
});
