import { useBarrier, useDoubleBarrier } from './barrier-uses.ts';
import { CacheUse } from './cache-use.ts';
import { useTextCounter } from './counter-use.ts';
import { useMembership, useParty, useService } from './member-use.ts';
import {
  useElection,
  useMultiLock,
  useReadWriteLock,
  useRevocation,
  useSemaphoreMutex,
} from './more-lock-uses.ts';
import {
  useDelayQueue,
  useIdQueue,
  useKazooQueue,
  useLockingQueue,
  usePriorityQueue,
  useSimpleQueue,
  useUnlockedQueue,
} from './more-queue-uses.ts';
import { usePartitioner } from './partitioner-use.ts';
import type { Program, Use } from './program.ts';
import type { RecipeName } from './recipe-names.ts';
import { useSharedCount } from './shared-count-use.ts';
import type { Standing } from './standing.ts';
import { TrackerUse } from './tracker-use.ts';

/** Begins to keep something; or, where that goes on already, nothing. */
function keeping(name: RecipeName, begin: (program: Program) => Standing): Use {
  return async (program) => {
    const { standing } = program;
    if (!standing.has(name)) standing.set(name, begin(program));
  };
}

export const recipeUses: Readonly<Record<RecipeName, Use>> = {
  'read-write-lock': useReadWriteLock,
  'semaphore-mutex': useSemaphoreMutex,
  'multi-lock': useMultiLock,
  election: useElection,
  revocation: useRevocation,
  'double-barrier': useDoubleBarrier,
  barrier: useBarrier,
  'shared-count': useSharedCount,
  'text-counter': useTextCounter,
  cache: keeping('cache', (program) => new CacheUse(program)),
  membership: useMembership,
  party: useParty,
  partitioner: usePartitioner,
  service: useService,
  'ensemble-tracker': keeping('ensemble-tracker', (program) => new TrackerUse(program)),
  'priority-queue': usePriorityQueue,
  'delay-queue': useDelayQueue,
  'id-queue': useIdQueue,
  'locking-queue': useLockingQueue,
  'unlocked-queue': useUnlockedQueue,
  'simple-queue': useSimpleQueue,
  'kazoo-queue': useKazooQueue,
};
