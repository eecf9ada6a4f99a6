/** Programs that hold something for a while: a lock, a lease, leadership. */

import type { ZooKeeper } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import {
  type AcquireOptions,
  type HeldLock,
  type HeldZnode,
  LeaderLatch,
  type Lock,
  Mutex,
  Semaphore,
} from '@zooid/recipes';
import type { Holding } from '../checks/lock-checks.ts';
import { GivenUp, type Program, sleep } from './program.ts';

/** The locks that all programs contend for. */
const MUTEX_PATHS: readonly string[] = ['/locks/a', '/locks/b'];
const SEMAPHORE_PATH = '/leases';
const LEASE_COUNT = 2;
const LATCH_PATH = '/leader';
/** Where nothing is left when nobody holds or wants anything. */
export const LOCK_PATHS: readonly string[] = [
  ...MUTEX_PATHS,
  `${SEMAPHORE_PATH}/locks`,
  `${SEMAPHORE_PATH}/leases`,
  LATCH_PATH,
];

/** Longest time for which one is held ordinarily, and by those who have a lot to do, ms. */
const HOLD_MS_MAX = 4000;
const LONG_HOLD_MS_MAX = 40_000;

export type MakeLock = (zk: ZooKeeper, path: string, program: Program) => Lock<HeldLock>;

export const makeMutex: MakeLock = (zk, path) => new Mutex(zk, path, { identifier: '' });

/** Takes a lock, holds it for a while, and gives it back; or tries to, or gives up waiting. */
export async function useMutex(program: Program, zk: ZooKeeper, makeLock: MakeLock): Promise<void> {
  const path = program.random.pick(MUTEX_PATHS);
  await useLock(program, zk, path, 1, makeLock(zk, path, program));
}

/** The same with one of several leases. */
export async function useSemaphore(program: Program, zk: ZooKeeper): Promise<void> {
  const semaphore = new Semaphore(zk, SEMAPHORE_PATH, LEASE_COUNT, { identifier: '' });
  await useLock(program, zk, SEMAPHORE_PATH, LEASE_COUNT, semaphore);
}

/** Takes part in an election, and leads for a while. */
export async function useLatch(program: Program, zk: ZooKeeper): Promise<void> {
  await using latch = new LeaderLatch(zk, LATCH_PATH);
  await latch.start();
  const { path: znode, fencingToken, lost } = await latch.untilLeader(untilTired(program));
  const held = { path: znode, fencingToken, lost, isHeld: !lost.aborted };
  await hold(program, zk, LATCH_PATH, 1, held, () => latch.close());
}

async function useLock(
  program: Program,
  zk: ZooKeeper,
  path: string,
  limit: number,
  lock: Lock<HeldZnode>,
): Promise<void> {
  const { random } = program;
  const draw = random.next();
  const held =
    draw < 0.1
      ? await lock.tryAcquire()
      : draw < 0.2
        ? await lock.acquire({ timeoutMs: random.integer(1, 5000) })
        : draw < 0.3
          ? await lock.acquire(untilTired(program))
          : await lock.acquire();
  if (held !== undefined) await hold(program, zk, path, limit, held, () => held.release());
}

function untilTired({ random }: Program): AcquireOptions {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new GivenUp()), random.integer(1, 5000));
  return { signal: controller.signal };
}

async function hold(
  program: Program,
  zk: ZooKeeper,
  path: string,
  limit: number,
  held: Pick<HeldZnode, 'path' | 'fencingToken' | 'lost' | 'isHeld'>,
  release: () => Promise<void>,
): Promise<void> {
  if (!held.isHeld) return;
  const { locks } = program.world;
  program.doneCount++;
  const holding: Holding = {
    process: program.process,
    path,
    limit,
    made: { znode: held.path, token: Number(held.fencingToken) },
    sessionId: zk.session.id,
  };
  locks.onGranted(holding);
  const stop = onAbort(held.lost, () => locks.onLost(holding));
  await work(program, held.lost);
  stop();
  locks.onReleased(holding);
  // Some end their session while they give it back.
  const closed = program.random.chance(0.9) ? undefined : zk.close();
  await Promise.all([release(), closed]);
}

/** For a moment; or, while there are faults, for long enough to lose what is held. */
async function work({ random, world }: Program, lost: AbortSignal): Promise<void> {
  await sleep(random.next() ** 3 * HOLD_MS_MAX, lost);
  if (random.chance(0.7)) return;
  let restMs = random.next() ** 2 * LONG_HOLD_MS_MAX;
  while (restMs > 0 && !world.isCalm && !lost.aborted) {
    await sleep(Math.min(restMs, HOLD_MS_MAX), lost);
    restMs -= HOLD_MS_MAX;
  }
}
