/** Recipes of which each history with client processes has a few, besides the mutex and its like, which all have. */
export const recipeNames = [
  'read-write-lock',
  'semaphore-mutex',
  'multi-lock',
  'election',
  'revocation',
  'double-barrier',
  'barrier',
  'shared-count',
  'text-counter',
  'cache',
  'membership',
  'party',
  'partitioner',
  'service',
  'ensemble-tracker',
  'priority-queue',
  'delay-queue',
  'id-queue',
  'locking-queue',
  'unlocked-queue',
  'simple-queue',
  'kazoo-queue',
] as const;

export type RecipeName = (typeof recipeNames)[number];
