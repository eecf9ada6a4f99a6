/**
 * How long a test waits for its server: the first start after the import, and those that follow, each until a client could
 * connect, and the end of it.
 *
 *     node bench/dist/micro/test-server.js
 */
import { startTestServer, type TestServerOptions } from '@zooid/testing';

const ROUNDS = 30;

const kinds: readonly (readonly [name: string, options: TestServerOptions])[] = [
  ['in memory', {}],
  ['in memory, no proxy', { proxy: false }],
  ['in a temporary directory', { storage: { dataDir: 'temporary' } }],
];

function median(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!.toFixed(1);
}

const firstStartedMs = performance.now();
const first = await startTestServer();
console.log(`first start: ${(performance.now() - firstStartedMs).toFixed(1)} ms`);
await first.close();

for (const [name, options] of kinds) {
  const startsMs: number[] = [];
  const closesMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now();
    const server = await startTestServer(options);
    startsMs.push(performance.now() - startedMs);
    const closedMs = performance.now();
    await server.close();
    closesMs.push(performance.now() - closedMs);
  }
  console.log(
    `${name}: start ${median(startsMs)} ms, close ${median(closesMs)} ms (median of ${ROUNDS})`,
  );
}
