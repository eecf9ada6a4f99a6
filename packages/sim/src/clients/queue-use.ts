import { type ZooKeeper, ZooKeeperError } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import { Queue, type QueueItem } from '@zooid/recipes';
import type { Holding } from '../checks/lock-checks.ts';
import { type Program, sleep } from './program.ts';

export const QUEUE_PATH = '/jobs';
export const QUEUE_LOCKS_PATH = '/jobs-locks';
const TAKE_MS_MAX = 3000;
const WORK_MS_MAX = 6000;

/** Puts an item into the queue, or takes one, works on it, and is done; or gives it back. */
export async function useQueue(program: Program, zk: ZooKeeper): Promise<void> {
  const queue = new Queue<string>(zk, QUEUE_PATH);
  if (program.random.chance(0.5)) await put(program, queue);
  else await workOn(program, zk, await queue.take({ timeoutMs: TAKE_MS_MAX }));
}

async function put({ world }: Program, queue: Queue<string>): Promise<void> {
  const job = world.queue.onPutting();
  try {
    await queue.put(job);
    world.queue.onPut(job);
  } catch (error) {
    if (!ZooKeeperError.is(error) || error.kind !== 'recoverable') throw error;
  }
}

async function workOn(program: Program, zk: ZooKeeper, item: QueueItem<string>): Promise<void> {
  const { random, world, process } = program;
  const { value: job, lost } = item;
  if (lost.aborted) return;
  const holding: Holding = {
    process,
    path: job,
    limit: 1,
    token: undefined,
    znode: undefined,
    sessionId: zk.session.id,
  };
  world.locks.onGranted(holding);
  const stop = onAbort(lost, () => world.locks.onLost(holding));
  await sleep(random.next() * WORK_MS_MAX, lost);
  stop();
  world.locks.onReleased(holding);
  const draw = random.next();
  if (draw < 0.1) await item.release();
  else if (draw < 0.2) await item.requeue();
  else {
    world.queue.onEnding(job);
    await item.done();
    world.queue.onDone(job);
  }
}
