import { describe, expect, test } from 'vitest';
import { runSeed } from '../src/run-seed.ts';

/** Simulated time of each history. */
const DURATION_MS = 60_000;

describe('a history', () => {
  test('is the same whenever its seed is, down to the hash of every event', async () => {
    const first = await runSeed({ seed: 42, durationMs: DURATION_MS });
    const again = await runSeed({ seed: 42, durationMs: DURATION_MS });
    expect(again).toEqual(first);
    const other = await runSeed({ seed: 43, durationMs: DURATION_MS });
    expect(other.hash).not.toBe(first.hash);
  });

  test('with client processes is the same, too, whatever microtasks they leave', async () => {
    const run = { seed: 5, durationMs: DURATION_MS, overrides: { clientProcessCount: 3 } };
    const first = await runSeed(run);
    expect(first.violation).toBeUndefined();
    expect(await runSeed(run)).toEqual(first);
    const clients = await runSeed({ ...run, overrides: { clientProcessCount: 0 } });
    expect(clients.hash).not.toBe(first.hash);
  });

  test.each(Array.from({ length: 8 }, (_, i) => i + 1))(
    'of seed %i holds all that is promised',
    async (seed) => {
      const { violation, committedCount } = await runSeed({ seed, durationMs: DURATION_MS });
      expect(violation).toBeUndefined();
      expect(committedCount).toBeGreaterThan(0);
    },
  );
});

test('elections, all three ways to synchronise, the end of leaders and changes of the members are among what happens', async () => {
  const { counts } = await runSeed({
    seed: 16,
    durationMs: 3 * DURATION_MS,
    overrides: {
      voterCount: 3,
      clientCount: 6,
      clientProcessCount: 0,
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

test('locks are granted, given back and lost, by processes that die, stand still and lose their servers', async () => {
  const lines: string[] = [];
  const { violation } = await runSeed({
    seed: 1,
    durationMs: 3 * DURATION_MS,
    overrides: {
      voterCount: 3,
      clientProcessCount: 4,
      tickTimeMs: 500,
      faultMeanMs: 2000,
      faults: ['isolate', 'client-crash', 'client-pause', 'client-isolate', 'cut'],
    },
    print: (line) => lines.push(line),
  });
  expect(violation).toBeUndefined();
  const seen = new Set(lines.map((line) => line.slice(13).split(/ +/, 2).join(' ')));
  const wanted = ['granted', 'lock-lost', 'lock-released', 'crash', 'session'];
  expect(wanted.filter((what) => ![1, 2, 3, 4].some((i) => seen.has(`p${i} ${what}`)))).toEqual([]);
  expect(seen).toContain('- client-pause');
});

test('epochs whose zxids are used up end, and the next one goes on, whatever else goes wrong', async () => {
  const { violation, counts } = await runSeed({
    seed: 2,
    durationMs: 2 * DURATION_MS,
    overrides: {
      epochTxnCountMax: 40,
      clientCount: 6,
      faults: ['cut', 'crash', 'burst', 'reconfig'],
    },
  });
  expect(violation).toBeUndefined();
  expect(counts.get('roll-over')).toBeGreaterThan(3);
});

test('servers without a leader serve readers, whose sessions go on, and sessions of one server become those of all when they need it', async () => {
  const { violation, counts } = await runSeed({
    seed: 3,
    durationMs: 3 * DURATION_MS,
    overrides: {
      voterCount: 3,
      clientProcessCount: 3,
      isReadOnlyModeOn: true,
      localSessions: 'upgrading',
      faultMeanMs: 3000,
      faults: ['crash', 'crash-leader', 'isolate', 'isolate-leader', 'blackout'],
    },
  });
  expect(violation).toBeUndefined();
  const wanted = ['read-only', 'read-only-read', 'read-write-read', 'lock-granted'];
  expect(wanted.filter((what) => counts.get(what) === undefined)).toEqual([]);
});

test.each([
  {
    recipes: ['read-write-lock', 'semaphore-mutex', 'multi-lock', 'election', 'revocation'],
    wanted: ['lock-granted', 'lock-shared', 'locks-together', 'revoked'],
  },
  {
    recipes: ['double-barrier', 'barrier', 'shared-count', 'text-counter'],
    wanted: ['barrier-entered', 'barrier-left', 'barrier-set', 'barrier-open', 'shared-count-set'],
  },
  {
    recipes: ['cache', 'membership', 'party', 'partitioner'],
    wanted: ['cache-created', 'cache-changed', 'cache-deleted', 'member-seen', 'member-left'],
  },
  {
    recipes: ['priority-queue', 'delay-queue', 'id-queue', 'locking-queue'],
    wanted: ['item-done', 'item-removed'],
  },
  {
    recipes: ['unlocked-queue', 'simple-queue', 'kazoo-queue'],
    wanted: ['plain-item-taken'],
  },
  {
    recipes: ['service', 'ensemble-tracker'],
    wanted: ['member-seen', 'member-left', 'servers-tracked'],
  },
] as const)('$recipes are used, and keep what they promise', async ({ recipes, wanted }) => {
  const { violation, counts } = await runSeed({
    seed: 4,
    durationMs: 3 * DURATION_MS,
    overrides: { voterCount: 3, clientProcessCount: 4, isReadOnlyModeOn: false, recipes },
  });
  expect(violation).toBeUndefined();
  expect(wanted.filter((what) => counts.get(what) === undefined)).toEqual([]);
});
