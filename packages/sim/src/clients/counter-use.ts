import { ConnectionLossError, type ZooKeeper, ZooKeeperError } from '@zooid/client';
import { AtomicLong, Counter } from '@zooid/recipes';
import type { CounterChecks } from '../checks/counter-checks.ts';
import type { Program } from './program.ts';

const COUNTER_PATH = '/counter';
const TEXT_COUNTER_PATH = '/visits';

interface Added {
  readonly before: bigint;
  readonly after: bigint;
}

/** Adds one to a number that all add to. */
export async function useCounter({ world }: Program, zk: ZooKeeper): Promise<void> {
  await add(world.counter, async () => {
    const result = await new AtomicLong(zk, COUNTER_PATH).increment();
    return result.succeeded ? result : undefined;
  });
}

/** The same with kazoo's, a text. */
export async function useTextCounter({ world }: Program, zk: ZooKeeper): Promise<void> {
  await add(world.recipes.textCounter, async () => {
    try {
      const { before, after } = await new Counter(zk, TEXT_COUNTER_PATH).add(1);
      return { before: BigInt(before), after: BigInt(after) };
    } catch (error) {
      const wasOutrun = error instanceof Error && error.message.includes('others were faster');
      if (ZooKeeperError.is(error) || !wasOutrun) throw error;
      return undefined;
    }
  });
}

async function add(
  checks: CounterChecks,
  increment: () => Promise<Added | undefined>,
): Promise<void> {
  const floor = checks.begin();
  try {
    const added = await increment();
    if (added !== undefined) checks.onAdded(floor, added.before, added.after);
  } catch (error) {
    // Nobody can tell what became of it.
    if (!(error instanceof ConnectionLossError)) throw error;
  }
}
