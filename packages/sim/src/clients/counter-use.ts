import { ConnectionLossError, type ZooKeeper } from '@zooid/client';
import { AtomicLong } from '@zooid/recipes';
import type { Program } from './program.ts';

const COUNTER_PATH = '/counter';

/** Adds one to a number that all add to. */
export async function useCounter({ world }: Program, zk: ZooKeeper): Promise<void> {
  const floor = world.counter.begin();
  try {
    const result = await new AtomicLong(zk, COUNTER_PATH).increment();
    if (result.succeeded) world.counter.onAdded(floor, result.before, result.after);
  } catch (error) {
    // Nobody can tell what became of it.
    if (!(error instanceof ConnectionLossError)) throw error;
  }
}
