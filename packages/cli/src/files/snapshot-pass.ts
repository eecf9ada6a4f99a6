import fs from 'node:fs';
import type { SnapshotZnode } from '@zooid/protocol';
import { SnapshotDamage, type SnapshotName, SnapshotScan } from '@zooid/server/files';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../exit.ts';
import { MissingParent } from './outline.ts';
import { startProgress } from './progress.ts';

/** Znodes between two pauses. */
const STEP_ZNODES = 4096;

/** What a pass over a snapshot does with it. */
export interface SnapshotVisitor {
  /** Sessions and ACLs are known. */
  readonly begin?: (scan: SnapshotScan) => void;
  /** Valid during the call. A promise is waited for. */
  readonly znode: (znode: SnapshotZnode) => void | Promise<void>;
}

/** What follows the znodes. */
export type SnapshotEnd = ReturnType<SnapshotScan['finish']>;

/**
 * One pass over a snapshot, in steps that leave the event loop to others, with a bar where it takes long.
 *
 * @throws SnapshotDamage if it is not whole; what was visited before may be wrong, too.
 */
export async function passOver(
  name: SnapshotName,
  context: CommandContext,
  answer: 'streams' | 'comes last',
  visitor: SnapshotVisitor,
): Promise<SnapshotEnd> {
  // How much a compressed file will give nobody knows: five times is usual.
  const factor = name.compression === 'none' ? 1 : 5;
  const total = fs.statSync(name.path).size * factor;
  const progress = await startProgress(context, 'reading', total, answer);
  const scan = SnapshotScan.open(name);
  try {
    visitor.begin?.(scan);
    let left = STEP_ZNODES;
    for (const znode of scan.znodes()) {
      const waits = visitor.znode(znode);
      if (waits !== undefined) await waits;
      left--;
      if (left > 0) continue;
      left = STEP_ZNODES;
      progress.report(Math.min(scan.position, total));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return scan.finish();
  } finally {
    progress.end();
    scan.close();
  }
}

/** For tools that cannot go on with a damaged file: says what is wrong, and where. */
export async function orRefuse<T>(file: string, pass: Promise<T>): Promise<T> {
  try {
    return await pass;
  } catch (error) {
    if (!(error instanceof SnapshotDamage) && !(error instanceof MissingParent)) throw error;
    const what = error instanceof SnapshotDamage ? describeDamage(error) : error.message;
    throw new CommandError(`${file} is no whole snapshot: ${what}.`, {
      remedy:
        'Take another snapshot, or that of another member. More about it: zooid snapshot verify',
      cause: error,
    });
  }
}

/** What is wrong with the file, and where. */
export function describeDamage(damage: SnapshotDamage): string {
  const checksum =
    damage.checksum === 'differs'
      ? 'its checksum does not match'
      : 'its checksum matches, so it was written so';
  const what = damage.message === 'its checksum does not match' ? '' : `${damage.message}; `;
  return `${what}${checksum} (read up to offset ${damage.offset})`;
}
