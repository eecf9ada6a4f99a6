/**
 * The differential tester without vitest, for long runs:
 *
 *   node --conditions=@zooid/source --import tsx interop/differential/run.ts \
 *     [--seeds 1-50] [--steps 300] [--profiles watches,acls] [--other apache] [--restart]
 */
import { parseArgs } from 'node:util';
import type { ServerKind } from '../harness/server.ts';
import { compareSeed, ReferenceFailed, ServerPair } from './compare-servers.ts';
import { PROFILES, type Profile } from './generator.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-20' },
    steps: { type: 'string', default: '300' },
    profiles: { type: 'string', default: PROFILES.join(',') },
    other: { type: 'string', default: 'zooid' },
    restart: { type: 'boolean', default: false },
  },
});
const [first, last = first] = values.seeds.split('-').map(Number);
let failures = 0;
for (const profile of values.profiles.split(',') as Profile[]) {
  let pair = await ServerPair.start(values.other as ServerKind, profile);
  for (let seed = first!; seed <= last!; seed++) {
    try {
      if (values.restart && seed > first!) await pair.restart();
      const difference = await compareSeed(pair, seed, profile, Number(values.steps));
      if (difference === undefined) continue;
      failures++;
      console.log(`DIFFERENCE profile=${profile} seed=${seed} ${difference.report}\n`);
    } catch (error) {
      if (!(error instanceof ReferenceFailed)) throw error;
      console.log(error.message);
    }
    await pair[Symbol.asyncDispose]();
    pair = await ServerPair.start(values.other as ServerKind, profile);
  }
  await pair[Symbol.asyncDispose]();
  console.log(`${profile}: done`);
}
console.log(`${failures} differences`);
process.exitCode = failures === 0 ? 0 : 1;
