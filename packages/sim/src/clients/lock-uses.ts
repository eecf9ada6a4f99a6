/** Programs that hold something for a while: a lock, a lease, leadership. */

import type { ZooKeeper } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import {
  type AcquireOptions,
  type Held,
  type HeldZnode,
  LeaderLatch,
  type Lock,
  Semaphore,
} from '@zooid/recipes';
import type { Holding } from '../checks/lock-checks.ts';
import { type Program, sleep, within } from './program.ts';

/** The locks that all programs contend for. */
export const MUTEX_PATHS: readonly string[] = ['/locks/a', '/locks/b'];
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

/** What is held: `limit` may have it, in the order of the queue in which each of them waits for some. */
export type Terms = Pick<Holding, 'path' | 'limit' | 'isShared' | 'waitsFor'>;

/** One at a time, first come first. */
export function alone(path: string): Terms {
  return { path, limit: 1, waitsFor: () => true };
}

/** Takes a lock, holds it for a while, and gives it back; or tries to, or gives up waiting. */
export async function useMutex(program: Program, zk: ZooKeeper): Promise<void> {
  const path = program.random.pick(MUTEX_PATHS);
  await useLock(program, zk, alone(path), program.world.makers.mutex(zk, path, program));
}

/** The same with one of several leases. */
export async function useSemaphore(program: Program, zk: ZooKeeper): Promise<void> {
  const semaphore = new Semaphore(zk, SEMAPHORE_PATH, LEASE_COUNT, { identifier: '' });
  await useLock(program, zk, { path: SEMAPHORE_PATH, limit: LEASE_COUNT }, semaphore);
}

/** Takes part in an election, and leads for a while. */
export async function useLatch(program: Program, zk: ZooKeeper): Promise<void> {
  await using latch = new LeaderLatch(zk, LATCH_PATH);
  await latch.start();
  const { path: znode, fencingToken, lost } = await latch.untilLeader(untilTired(program));
  const held = { path: znode, fencingToken, lost, isHeld: !lost.aborted };
  await hold(program, zk, alone(LATCH_PATH), held, () => latch.close());
}

export async function useLock(
  program: Program,
  zk: ZooKeeper,
  terms: Terms,
  lock: Lock<HeldZnode>,
): Promise<void> {
  const held = await takeLock(program, lock);
  if (held !== undefined) await hold(program, zk, terms, held, () => held.release());
}

/** In one of the ways that there are. @returns undefined when it is not to be had. */
export async function takeLock<H extends Held>(
  program: Program,
  lock: Lock<H>,
): Promise<H | undefined> {
  const { random } = program;
  const draw = random.next();
  if (draw < 0.1) return await lock.tryAcquire();
  if (draw < 0.2) return await lock.acquire({ timeoutMs: random.integer(1, 5000) });
  if (draw < 0.3) return await lock.acquire(untilTired(program));
  return await lock.acquire();
}

export function untilTired({ random }: Program): AcquireOptions {
  return { signal: within(random.integer(1, 5000)) };
}

export async function hold(
  program: Program,
  zk: ZooKeeper,
  terms: Terms,
  held: Pick<HeldZnode, 'path' | 'fencingToken' | 'lost' | 'isHeld'>,
  release: () => Promise<void>,
): Promise<void> {
  if (!held.isHeld) return;
  program.doneCount++;
  const holding: Holding = {
    ...terms,
    process: program.process,
    znode: held.path,
    token: Number(held.fencingToken),
    sessionId: zk.session.id,
  };
  await workWith(program, [holding], held.lost);
  // Some end their session while they give it back.
  const closed = program.random.chance(0.9) ? undefined : zk.close();
  await Promise.all([release(), closed]);
}

/** Holds all of these until it has done, or they are lost. */
export async function workWith(
  program: Program,
  holdings: readonly Holding[],
  lost: AbortSignal,
  isDone?: AbortSignal,
): Promise<void> {
  const { locks } = program.world;
  for (const holding of holdings) locks.onGranted(holding);
  const stop = onAbort(lost, () => {
    for (const holding of holdings) locks.onLost(holding);
  });
  const ended = new AbortController();
  const stops = [lost, isDone].map((signal) => signal && onAbort(signal, () => ended.abort()));
  await work(program, ended.signal);
  stop();
  for (const stopOne of stops) stopOne?.();
  for (const holding of holdings) locks.onReleased(holding);
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
