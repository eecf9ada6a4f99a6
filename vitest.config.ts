import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/vitest/longest-first.ts';

// The condition lets tests read the sources of every package: no build is needed to run one test.
const conditions = ['@zooid/source'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // Continuous integration runs what failed once more, and `npm test` names what passed only then
    // (docs/decisions/0012-a-second-run-is-told.md).
    retry: process.env['CI'] === undefined ? 0 : 1,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          setupFiles: ['scripts/vitest/property-runs.ts'],
          include: [
            'packages/*/test/**/*.test.ts',
            'bench/test/**/*.test.ts',
            'examples/test/**/*.test.ts',
            'scripts/test/**/*.test.ts',
          ],
          // Only what hangs is to reach it, on a machine as busy as may be: no test measures time, and some compute for seconds.
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Modules are loaded once for all files of a worker (docs/decisions/0013-test-files-share-a-process.md).
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'interop',
          include: ['interop/test/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Real servers and clients, after everything else. Most of their tests wait for a process to start or to end.
          maxWorkers: availableParallelism() + 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
