import { type ZooKeeper, ZooKeeperError } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import { type BaseQueue, Queue, type QueueItem } from '@zooid/recipes';
import type { Holding } from '../checks/lock-checks.ts';
import type { QueueChecks } from '../checks/queue-checks.ts';
import { type Program, sleep } from './program.ts';

export const QUEUE_PATH = '/jobs';
export const QUEUE_LOCKS_PATH = '/jobs-locks';
export const TAKE_MS_MAX = 3000;
const WORK_MS_MAX = 6000;

/** Puts an item into the queue, or takes one, works on it, and is done; or gives it back. */
export async function useQueue(program: Program, zk: ZooKeeper): Promise<void> {
  const queue = new Queue<string>(zk, QUEUE_PATH);
  await useLockedQueue(program, zk, program.world.queue, queue, (job) => queue.put(job));
}

/** The same with any queue whose items are locked. */
export async function useLockedQueue(
  program: Program,
  zk: ZooKeeper,
  checks: QueueChecks,
  queue: BaseQueue<string>,
  put: (job: string) => Promise<unknown>,
): Promise<void> {
  if (program.random.chance(0.5)) {
    const job = checks.onPutting();
    await unlessLost(async () => {
      await put(job);
      checks.onPut(job);
    });
  } else {
    await workOn(program, zk, checks, await queue.take({ timeoutMs: TAKE_MS_MAX }));
  }
}

/** Where an answer was lost nobody can tell what became of it. */
export async function unlessLost(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!ZooKeeperError.is(error) || error.kind !== 'recoverable') throw error;
  }
}

async function workOn(
  program: Program,
  zk: ZooKeeper,
  checks: QueueChecks,
  item: QueueItem<string>,
): Promise<void> {
  const { random, world, process } = program;
  const { value: job, lost } = item;
  checks.onTaken(job, process.wallMs);
  if (lost.aborted) return;
  const holding: Holding = {
    process,
    path: `${checks.path} ${job}`,
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
    checks.onEnding(job);
    await item.done();
    checks.onDone(job);
  }
}
