/** Programs that hold something in the less usual ways: together with others, several at once, in turns, until somebody asks for it. */

import type { ZooKeeper } from '@zooid/client';
import { Election, type HeldLock, MultiLock, Mutex, revoke, SemaphoreMutex } from '@zooid/recipes';
import type { Holding } from '../checks/lock-checks.ts';
import {
  alone,
  hold,
  MUTEX_PATHS,
  type Terms,
  takeLock,
  untilTired,
  useLock,
  workWith,
} from './lock-uses.ts';
import type { Program } from './program.ts';

const READ_WRITE_PATH = '/catalogue';
const SEMAPHORE_MUTEX_PATH = '/java';
const ELECTION_PATH = '/terms';
const REVOCABLE_PATH = '/revocable';

/** Where nothing is left when nobody holds or wants anything. */
export const MORE_LOCK_PATHS: readonly string[] = [
  READ_WRITE_PATH,
  `${SEMAPHORE_MUTEX_PATH}/locks`,
  `${SEMAPHORE_MUTEX_PATH}/leases`,
  ELECTION_PATH,
  REVOCABLE_PATH,
];

const isWriter = (name: string): boolean => name.includes('__WRIT__');

/** Reads or writes; who writes sometimes goes on to read. */
export async function useReadWriteLock(program: Program, zk: ZooKeeper): Promise<void> {
  const { random, world } = program;
  const lock = world.makers.readWriteLock(zk, READ_WRITE_PATH);
  if (random.chance(0.6)) {
    await useLock(program, zk, readTerms, lock.read);
    return;
  }
  const writing = await takeLock(program, lock.write);
  if (writing === undefined) return;
  if (random.chance(0.7)) {
    await hold(program, zk, alone(READ_WRITE_PATH), writing, () => writing.release());
    return;
  }
  await using reading = await writing.acquireRead();
  await writeThenRead(program, zk, writing, reading);
}

const readTerms: Terms = { path: READ_WRITE_PATH, limit: 1, isShared: true, waitsFor: isWriter };

/** Nobody has written between the one and the other. */
async function writeThenRead(
  program: Program,
  zk: ZooKeeper,
  writing: HeldLock,
  reading: HeldLock,
): Promise<void> {
  const { process, world } = program;
  const { fencingToken, path, lost, isHeld } = writing;
  if (reading.fencingToken !== fencingToken) {
    world.checks.fail('token', `${process.name} reads on with another token`);
  }
  const token = Number(fencingToken);
  const holder = { process, sessionId: zk.session.id };
  if (isHeld) {
    const holding = { ...alone(READ_WRITE_PATH), ...holder, znode: path, token };
    await workWith(program, [holding], lost);
  }
  const released = writing.release();
  if (reading.isHeld) {
    program.doneCount++;
    // The znode that made the token is the writer's.
    const holding = { ...readTerms, ...holder, znode: undefined, token: undefined };
    await workWith(program, [holding], reading.lost);
  }
  await released;
}

export async function useSemaphoreMutex(program: Program, zk: ZooKeeper): Promise<void> {
  const lock = new SemaphoreMutex(zk, SEMAPHORE_MUTEX_PATH, { identifier: '' });
  await useLock(program, zk, { path: SEMAPHORE_MUTEX_PATH, limit: 1 }, lock);
}

/** Takes all mutexes that there are: nobody else has any of them. */
export async function useMultiLock(program: Program, zk: ZooKeeper): Promise<void> {
  const { process, world } = program;
  const locks = MUTEX_PATHS.map((path) => world.makers.mutex(zk, path, program));
  const held = await takeLock(program, new MultiLock(locks));
  if (held === undefined || !held.isHeld) return;
  program.doneCount++;
  const part = { process, limit: 1, znode: undefined, sessionId: zk.session.id };
  const holdings: Holding[] = [
    { ...part, path: MUTEX_PATHS.join(), token: Number(held.fencingToken) },
    ...MUTEX_PATHS.map((path) => ({ ...part, path, token: undefined })),
  ];
  world.checks.note('locks-together');
  await workWith(program, holdings, held.lost);
  await held.release();
}

/** Leads for a term, or two. */
export async function useElection(program: Program, zk: ZooKeeper): Promise<void> {
  const { random } = program;
  const election = new Election(zk, ELECTION_PATH, { identifier: '' });
  const options = random.chance(0.3) ? untilTired(program) : {};
  const requeue = random.chance(0.3) ? 'always' : 'never';
  let termCount = 0;
  for await (const term of election.terms({ ...options, requeue })) {
    const { path, fencingToken, lost } = term;
    const held = { path, fencingToken, lost, isHeld: !lost.aborted };
    await hold(program, zk, alone(ELECTION_PATH), held, () => term.release());
    if (++termCount === 2) break;
  }
}

/** Asks whoever has it, takes it, and gives it back when somebody asks; some times in a row. */
export async function useRevocation(program: Program, zk: ZooKeeper): Promise<void> {
  for (let round = program.random.integer(1, 4); round > 0; round--)
    await holdUntilAsked(program, zk);
}

async function holdUntilAsked(program: Program, zk: ZooKeeper): Promise<void> {
  const { process, world } = program;
  const asked = new AbortController();
  const onRevoke = (held: HeldLock): void => {
    if (!world.recipes.revocations.wasAsked(held.path)) {
      world.checks.fail('revocation', `${process.name} hears of what nobody asked`);
    }
    world.checks.note('revoked');
    asked.abort();
  };
  const mutex = new Mutex(zk, REVOCABLE_PATH, { identifier: '', onRevoke });
  if (program.random.chance(0.7)) {
    const [holder] = await mutex.contenders();
    if (holder !== undefined) await revoke(zk, holder.path);
  }
  const held = await takeLock(program, mutex);
  if (held === undefined || !held.isHeld) return;
  program.doneCount++;
  const { fencingToken, path: znode, lost } = held;
  const token = Number(fencingToken);
  const made = { process, znode, token, sessionId: zk.session.id };
  await workWith(program, [{ ...alone(REVOCABLE_PATH), ...made }], lost, asked.signal);
  if (!asked.signal.aborted) world.recipes.revocations.onNotAsked(process, znode);
  await held.release();
}
