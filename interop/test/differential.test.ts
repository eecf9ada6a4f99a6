import { describe, expect, test } from 'vitest';
import { compareSeed, compareTrees, ServerPair } from '../differential/compare-servers.ts';
import { PROFILES } from '../differential/generator.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TARGET } from '../harness/server.ts';

const missing = missingPeer('apache');
/** More of both by the environment; `interop/differential/run.ts` runs any number of seeds. */
const SEED_COUNT = Number(process.env['ZOOID_DIFFERENTIAL_SEEDS'] ?? 2);
const STEP_COUNT = Number(process.env['ZOOID_DIFFERENTIAL_STEPS'] ?? 150);

describe.skipIf(missing !== undefined)(suiteTitle('differential tester', missing), () => {
  test.each(PROFILES)(
    'clients cannot tell the server from Apache by random requests: %s',
    async (profile) => {
      await using pair = await ServerPair.start(TARGET, profile);
      for (let seed = 1; seed <= SEED_COUNT; seed++) {
        const difference = await compareSeed(pair, seed, profile, STEP_COUNT);
        expect(difference?.report, `profile ${profile}, seed ${seed}`).toBeUndefined();
        // The next seed goes on where both were killed: zxids, counters, sessions, ephemerals.
        await pair.restart();
        const restarted = await compareTrees(pair);
        expect(restarted?.report, `profile ${profile}, seed ${seed}, killed`).toBeUndefined();
      }
    },
  );
});
