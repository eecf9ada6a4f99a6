import type { ZooKeeper } from '@zooid/client';
import { useBarrier, useDoubleBarrier } from './barrier-uses.ts';
import { useTextCounter } from './counter-use.ts';
import {
  useElection,
  useMultiLock,
  useReadWriteLock,
  useRevocation,
  useSemaphoreMutex,
} from './more-lock-uses.ts';
import type { Program } from './program.ts';
import type { RecipeName } from './recipe-names.ts';
import { useSharedCount } from './shared-count-use.ts';

/** Does something with a recipe once, to the end. */
export type Use = (program: Program, zk: ZooKeeper) => Promise<void>;

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
};
