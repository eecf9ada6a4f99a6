/** Programs that work through the queues besides the first one: with locks, and without. */

import { OperationTimeoutError } from '@zooid/client';
import {
  type BaseQueue,
  DelayQueue,
  IdQueue,
  KazooQueue,
  LockingQueue,
  PriorityQueue,
  Queue,
  type QueueItem,
} from '@zooid/recipes';
import type { PlainQueueChecks } from '../checks/plain-queue-checks.ts';
import type { Program, Use } from './program.ts';
import { TAKE_MS_MAX, unlessLost, useLockedQueue } from './queue-use.ts';

/** Few, so that several items have the same. */
const RANK_MAX = 2;
const ID_COUNT = 3;
const DELAY_MS_MAX = 3000;

export const usePriorityQueue: Use = async (program, zk) => {
  const { random, world } = program;
  const queue = new PriorityQueue<string>(zk, '/urgent');
  const rank = random.integer(-RANK_MAX, RANK_MAX);
  const checks = world.recipes.queueAt(queue.path);
  await useLockedQueue(program, zk, checks, queue, (job) => queue.put(job, rank));
};

/** An item is not taken before it is due by the clock of whoever takes it. */
export const useDelayQueue: Use = async (program, zk) => {
  const { process, random, world } = program;
  const queue = new DelayQueue<string>(zk, '/later');
  const at = process.wallMs + random.integer(0, DELAY_MS_MAX);
  const checks = world.recipes.queueAt(queue.path);
  await useLockedQueue(program, zk, checks, queue, (job) => {
    checks.onDue(job, at);
    return queue.put(job, { at });
  });
};

/** Some items leave it by their id. */
export const useIdQueue: Use = async (program, zk) => {
  const { random, world } = program;
  const queue = new IdQueue<string>(zk, '/orders');
  const id = `order-${random.below(ID_COUNT)}`;
  const checks = world.recipes.queueAt(queue.path);
  if (random.chance(0.8)) {
    await useLockedQueue(program, zk, checks, queue, (job) => {
      checks.onNamed(job, id);
      return queue.put(job, id);
    });
    return;
  }
  checks.onRemoving(id);
  await unlessLost(async () => {
    checks.onRemoved(id, await queue.remove(id));
  });
};

export const useLockingQueue: Use = async (program, zk) => {
  const { random, world } = program;
  const queue = new LockingQueue<string>(zk, '/tasks');
  const priority = random.integer(0, RANK_MAX);
  const checks = world.recipes.queueAt(queue.path);
  await useLockedQueue(program, zk, checks, queue, async (job) => {
    if (random.chance(0.5)) {
      await queue.put(job, { priority });
      return;
    }
    const other = checks.onPutting();
    await queue.putAll([job, other], { priority });
    checks.onPut(other);
  });
};

/** Where nothing is left when nobody works on anything. */
export const MORE_QUEUE_LOCKS_PATHS: readonly string[] = [
  '/urgent-locks',
  '/later-locks',
  '/orders-locks',
  '/tasks/taken',
];

export const useUnlockedQueue: Use = (program, zk) => {
  const queue = new Queue<string>(zk, '/unlocked', { lockPath: 'none' });
  return usePlainQueue(program, queue, (job) => queue.put(job));
};

export const useSimpleQueue: Use = (program, zk) => {
  const queue = program.world.makers.simpleQueue(zk, '/simple');
  return usePlainQueue(program, queue, (job) => queue.put(job));
};

export const useKazooQueue: Use = (program, zk) => {
  const queue = new KazooQueue<string>(zk, '/mails');
  const priority = program.random.integer(0, RANK_MAX);
  return usePlainQueue(program, queue, (job) => queue.put(job, { priority }));
};

/** A queue without locks: whatever is taken has left it. */
async function usePlainQueue(
  program: Program,
  queue: Pick<BaseQueue<string>, 'path' | 'take'>,
  put: (job: string) => Promise<unknown>,
): Promise<void> {
  const checks = program.world.recipes.plainQueueAt(queue.path);
  if (program.random.chance(0.5)) {
    const job = checks.onPutting();
    await unlessLost(async () => {
      await put(job);
      checks.onPut(job);
    });
    return;
  }
  const item = await take(program, queue, checks);
  if (item === undefined || program.random.chance(0.8)) return;
  checks.onRequeue(item.value);
  await unlessLost(async () => {
    await item.requeue();
    checks.onPut(item.value);
  });
}

async function take(
  { process }: Program,
  queue: Pick<BaseQueue<string>, 'take'>,
  checks: PlainQueueChecks,
): Promise<QueueItem<string> | undefined> {
  const { machine } = process;
  const { brokenCount } = machine;
  // Who dies, or loses a connection, may take an item with it, and then another one.
  checks.onTaking();
  try {
    const item = await queue.take({ timeoutMs: TAKE_MS_MAX });
    checks.onTaken(item.value);
    if (machine.brokenCount === brokenCount) checks.onTakenForSure();
    return item;
  } catch (error) {
    if (!(error instanceof OperationTimeoutError)) throw error;
    if (machine.brokenCount === brokenCount) checks.onTakenForSure();
    return undefined;
  }
}
