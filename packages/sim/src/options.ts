import { EPOCH_TXN_COUNT_MAX, type MemberOptions } from '@zooid/core';
import { type RecipeName, recipeNames } from './clients/recipe-names.ts';
import { clientFaultNames, type FaultName, serverFaultNames } from './fault-names.ts';
import { SeededRandom } from './random.ts';

/** All that a seed decides about a run before it begins. Times are milliseconds. */
export interface WorldOptions {
  readonly seed: number;
  readonly voterCount: number;
  readonly observerCount: number;
  /** Servers that belong to nothing at first. They run, and can be taken in by a reconfiguration. */
  readonly spareCount: number;
  readonly clientCount: number;
  /** Processes that run the production client and recipes: slower than other clients, so most histories have none. */
  readonly clientProcessCount: number;
  /** What they make use of besides the recipes that all do. */
  readonly recipes: readonly RecipeName[];
  readonly tickTimeMs: number;
  readonly initLimitTicks: number;
  readonly syncLimitTicks: number;
  /** Servers without a leader serve those who only want to read; then one of the processes is such a client. */
  readonly isReadOnlyModeOn: boolean;
  readonly localSessions: MemberOptions['localSessions'];
  /** After so many transactions an epoch is used up. */
  readonly epochTxnCountMax: number;
  /** Transactions that a leader keeps in memory: few of them force SNAP and the log on disk. */
  readonly commitLogCount: number;
  readonly logSyncBytesMax: number;
  /** A server makes a snapshot after so many transactions. */
  readonly snapshotEvery: number;
  readonly snapshotsKept: number;
  /** The ensemble may shrink to one voter. */
  readonly isLoneVoterAllowed: boolean;
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  readonly diskMsMin: number;
  readonly diskMsMax: number;
  /** What may go wrong. A run without some of the faults goes deeper into the others. */
  readonly faults: readonly FaultName[];
  /** Mean time from one fault to the next. */
  readonly faultMeanMs: number;
}

/** What this seed decides. */
export function optionsOf(seed: number): WorldOptions {
  const random = new SeededRandom(seed).fork('options');
  const processRandom = random.fork('client processes');
  const moreRandom = random.fork('more');
  const recipeRandom = random.fork('recipes');
  const clientProcessCount = processRandom.chance(0.25) ? processRandom.integer(2, 4) : 0;
  const delayMsMin = random.pick([0.1, 0.2, 1, 5]);
  const diskMsMin = random.pick([0.05, 0.5, 2]);
  return {
    seed,
    voterCount: random.pick([3, 3, 3, 5, 5, 4, 1, 2]),
    observerCount: random.pick([0, 0, 0, 1, 1, 2]),
    clientCount: random.integer(2, 6),
    clientProcessCount,
    // Few of them: each needs several who use it at the same time.
    recipes: recipeRandom.shuffled(recipeNames).slice(0, recipeRandom.integer(0, 4)),
    // An epoch lasts longer than the longest session timeout: each new leader counts that anew for all, and nobody's session would ever end.
    epochTxnCountMax: moreRandom.chance(0.2) ? moreRandom.integer(150, 400) : EPOCH_TXN_COUNT_MAX,
    isReadOnlyModeOn: moreRandom.chance(0.25),
    localSessions: moreRandom.pick(['off', 'off', 'off', 'upgrading', 'without-ephemerals']),
    tickTimeMs: random.pick([500, 1000, 2000]),
    initLimitTicks: random.integer(5, 10),
    syncLimitTicks: random.integer(3, 5),
    commitLogCount: random.pick([1, 3, 10, 50, 500]),
    logSyncBytesMax: random.pick([0, 500, 5000, 1_000_000]),
    snapshotEvery: random.pick([5, 20, 100, 1000]),
    snapshotsKept: random.integer(1, 3),
    delayMsMin,
    delayMsMax: delayMsMin * random.pick([2, 10, 50]),
    diskMsMin,
    diskMsMax: diskMsMin * random.pick([2, 10, 50]),
    faults: [
      ...serverFaultNames.filter(() => random.chance(0.6)),
      ...clientFaultNames.filter(() => clientProcessCount > 0 && processRandom.chance(0.6)),
    ],
    faultMeanMs: random.pick([500, 2000, 5000, 15_000]),
    spareCount: random.pick([0, 1, 1, 2, 3]),
    isLoneVoterAllowed: random.chance(0.5),
  };
}

/** Without what only some histories have: mistakes show sooner where less goes on. */
export const plainWorld: Partial<WorldOptions> = {
  clientProcessCount: 0,
  recipes: [],
  isReadOnlyModeOn: false,
  localSessions: 'off',
  epochTxnCountMax: EPOCH_TXN_COUNT_MAX,
};

/** The same where one choice rules another out. */
export function consistent(options: WorldOptions): WorldOptions {
  const { clientProcessCount, localSessions } = options;
  // Locks are ephemeral.
  const needsEphemerals = clientProcessCount > 0 && localSessions === 'without-ephemerals';
  return needsEphemerals ? { ...options, localSessions: 'upgrading' } : options;
}
