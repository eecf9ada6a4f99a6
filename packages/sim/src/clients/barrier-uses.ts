/** Programs that wait for each other. */

import { OperationTimeoutError, type ZooKeeper } from '@zooid/client';
import { Barrier } from '@zooid/recipes';
import { type Program, sleep } from './program.ts';

export const DOUBLE_BARRIER_PATH = '/rounds';
/** So many take part. More may come when an older session of one of them is still there. */
export const MEMBER_COUNT = 2;
const BARRIER_PATH = '/gate';
const WORK_MS_MAX = 2000;
const WAIT_MS_MAX = 15_000;

/** Enters, works and leaves, some rounds in a row; the first two processes only. */
export async function useDoubleBarrier(program: Program, zk: ZooKeeper): Promise<void> {
  const { world, process, random } = program;
  if (!world.clientMachines.slice(0, MEMBER_COUNT).includes(process.machine)) return;
  const barrier = world.makers.doubleBarrier(zk, DOUBLE_BARRIER_PATH, MEMBER_COUNT);
  const { barriers } = world.recipes;
  for (let round = random.integer(1, 3); round > 0; round--) {
    await barrier.enter({ timeoutMs: WAIT_MS_MAX });
    const { id } = zk.session;
    const inside = barriers.onEntered(DOUBLE_BARRIER_PATH, MEMBER_COUNT, id, program.seenZxid);
    await sleep(random.next() * WORK_MS_MAX, zk.lost);
    if (inside !== undefined) barriers.onLeaving(inside, id);
    await barrier.leave(random.chance(0.8) ? {} : { timeoutMs: WAIT_MS_MAX });
    if (inside !== undefined) barriers.onLeft(DOUBLE_BARRIER_PATH, inside);
    program.doneCount++;
  }
}

/** Closes a barrier, opens it, or waits until somebody does. */
export async function useBarrier(program: Program, zk: ZooKeeper): Promise<void> {
  const { world, random } = program;
  const { barriers } = world.recipes;
  const barrier = new Barrier(zk, BARRIER_PATH);
  const since = world.checks.committedZxid;
  const draw = random.next();
  if (draw < 0.3) {
    await barrier.set();
    barriers.onSet(BARRIER_PATH, since);
  } else if (draw < 0.6) {
    await barrier.remove();
    barriers.onOpen(BARRIER_PATH, since);
  } else {
    await waitFor(program, barrier);
  }
}

async function waitFor(program: Program, barrier: Barrier): Promise<void> {
  const { barriers } = program.world.recipes;
  try {
    await barrier.wait({ timeoutMs: WAIT_MS_MAX });
    barriers.onOpen(BARRIER_PATH, program.seenZxid);
  } catch (error) {
    if (!(error instanceof OperationTimeoutError)) throw error;
    barriers.onGivenUp(BARRIER_PATH, WAIT_MS_MAX);
  }
}
