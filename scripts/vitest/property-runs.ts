// Runs in front of every test file. ZOOID_FUZZ_RUNS=100000 makes property tests that do not set a number of their own
// try as many examples.

const runs = Number(process.env['ZOOID_FUZZ_RUNS'] ?? 0);
if (runs > 0) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ numRuns: runs });
}

export {};
