import type { ZooKeeper } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import { type Allocation, SetPartitioner } from '@zooid/recipes';
import type { Holding } from '../checks/lock-checks.ts';
import { type Program, sleep, within } from './program.ts';

const PARTITIONER_PATH = '/indexer';
const ITEMS: readonly string[] = ['shard-1', 'shard-2', 'shard-3'];
/** Where nothing is left when nobody takes part. */
export const PARTITIONER_PATHS: readonly string[] = [
  `${PARTITIONER_PATH}/party`,
  ...ITEMS.map((item) => `${PARTITIONER_PATH}/locks/${item}`),
];
const TIME_BOUNDARY_MS = 300;
const PART_MS_MAX = 15_000;
/** Work that goes on after its end was told. */
const OVERTIME_MS_MAX = 500;

/** Takes part for a while: an item is one member's until the work on it has returned, or its session ends. */
export async function usePartitioner(program: Program, zk: ZooKeeper): Promise<void> {
  const { process, random } = program;
  const partitioner = new SetPartitioner(zk, PARTITIONER_PATH, ITEMS, {
    identifier: `${process.name}.${process.startCount}`,
    timeBoundaryMs: TIME_BOUNDARY_MS,
  });
  const work = (share: Allocation) => workOn(program, zk, share);
  await partitioner.run(work, { signal: within(random.next() * PART_MS_MAX) });
  program.doneCount++;
}

async function workOn(
  { process, random, world }: Program,
  zk: ZooKeeper,
  { items, lost }: Allocation,
): Promise<void> {
  if (zk.lost.aborted) return;
  const { locks } = world;
  const holdings = items.map(
    (item): Holding => ({
      process,
      path: `${PARTITIONER_PATH}/locks/${item}`,
      limit: 1,
      token: undefined,
      znode: undefined,
      sessionId: zk.session.id,
    }),
  );
  for (const holding of holdings) locks.onGranted(holding);
  const stop = onAbort(zk.lost, () => {
    for (const holding of holdings) locks.onLost(holding);
  });
  await sleep(PART_MS_MAX, lost);
  await sleep(random.next() * OVERTIME_MS_MAX, zk.lost);
  stop();
  for (const holding of holdings) locks.onReleased(holding);
}
