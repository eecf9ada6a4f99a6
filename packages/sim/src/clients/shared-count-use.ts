import { ConnectionLossError, type ZooKeeper } from '@zooid/client';
import type { SharedCount, Versioned } from '@zooid/recipes';
import { type Program, sleep } from './program.ts';

const SHARED_COUNT_PATH = '/shared-count';
const TRY_COUNT_MAX = 4;
const PAUSE_MS_MAX = 500;
/** Four bytes, each of them less than 128. */
const COUNT_MAX = 0x7f;

/** Looks at a number that many set, and sets it if nobody else has. */
export async function useSharedCount(program: Program, zk: ZooKeeper): Promise<void> {
  const { random, world } = program;
  const { sharedCounts } = world.recipes;
  await using count = world.makers.sharedCount(zk, SHARED_COUNT_PATH);
  await count.start();
  let seen = count.current;
  const look = (): void => {
    sharedCounts.onSeen(SHARED_COUNT_PATH, seen, count.current);
    seen = count.current;
  };
  look();
  const stop = count.onChange(look);
  try {
    for (let tries = random.integer(1, TRY_COUNT_MAX); tries > 0; tries--) {
      await sleep(random.next() * PAUSE_MS_MAX, zk.lost);
      await trySet(program, count);
    }
  } finally {
    stop();
  }
}

async function trySet(program: Program, count: SharedCount): Promise<void> {
  const { sharedCounts } = program.world.recipes;
  const { current } = count;
  const value = (current.value + 1) % COUNT_MAX;
  let after: Versioned<number> | undefined;
  try {
    after = await count.trySet(current, value);
  } catch (error) {
    // Nobody can tell what became of it.
    if (!(error instanceof ConnectionLossError)) throw error;
    return;
  }
  if (after === undefined) sharedCounts.onOutrun(SHARED_COUNT_PATH, current);
  else sharedCounts.onSet(SHARED_COUNT_PATH, current, after);
}
