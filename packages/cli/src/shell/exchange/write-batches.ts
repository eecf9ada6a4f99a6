// Many changes as transactions of a bounded size, a few of them under way at a time. They are carried out in their order: a server takes the
// requests of a session one after the other. When one is refused nothing more is sent, and it is known what has been done.

import { type Transaction, ZooKeeperError } from '@zooid/client';
import type { ShellContext } from '../command.ts';

/** A change that is one operation of a transaction. */
export interface Change {
  readonly kind: 'create' | 'set' | 'delete';
  readonly path: string;
  /** About what it adds to the request. */
  readonly bytes: number;
  readonly addTo: (transaction: Transaction) => void;
}

/** How it ended. */
export interface Ending {
  /** How many changes were sent and never answered: they may have been done. */
  readonly unknown: number;
  /** What stopped it; undefined: nothing did. */
  readonly error: unknown;
}

/** Bounds of one transaction. Servers take a megabyte unless they are set up otherwise. */
export interface BatchLimits {
  readonly changesMax: number;
  readonly bytesMax: number;
}

export const BATCH: BatchLimits = { changesMax: 200, bytesMax: 256 * 1024 };
/** Transactions under way. */
const BATCHES_MAX = 4;
/** Of each operation: header, version, flags. */
export const OPERATION_BYTES = 64;

/** Carries changes out. Never rejects for what a server says. @param onDone - is told of the changes of each transaction that was carried out. */
export async function writeInBatches(
  { zk, signal }: Pick<ShellContext, 'zk' | 'signal'>,
  changes: AsyncIterable<Change> | Iterable<Change>,
  onDone: (changes: readonly Change[]) => void,
  limits: BatchLimits = BATCH,
): Promise<Ending> {
  let unknown = 0;
  let error: unknown;
  let isFirst = true;
  const underWay = new Set<Promise<void>>();
  const send = (batch: readonly Change[]) => {
    const transaction = zk.transaction();
    for (const change of batch) change.addTo(transaction);
    const sent: Promise<void> = transaction
      .commit({ signal })
      .then(
        () => onDone(batch),
        (reason: unknown) => {
          error ??= reason;
          const isUnknown = !ZooKeeperError.is(reason) || reason.outcome === 'unknown';
          if (isUnknown) unknown += batch.length;
        },
      )
      .finally(() => underWay.delete(sent));
    underWay.add(sent);
  };
  try {
    for await (const batch of batchesOf(changes, limits)) {
      while (underWay.size >= BATCHES_MAX) await Promise.race(underWay);
      if (error !== undefined) break;
      send(batch);
      // What is wrong with all of it, such as a parent that is missing, shows in the first.
      if (isFirst) await Promise.all(underWay);
      isFirst = false;
    }
  } catch (reason) {
    // What stands in the file, or what was asked before writing.
    error ??= reason;
  }
  await Promise.all(underWay);
  return { unknown, error };
}

async function* batchesOf(
  changes: AsyncIterable<Change> | Iterable<Change>,
  { changesMax, bytesMax }: BatchLimits,
): AsyncGenerator<readonly Change[]> {
  let batch: Change[] = [];
  let bytes = 0;
  for await (const change of changes) {
    if (batch.length === changesMax || (batch.length > 0 && bytes + change.bytes > bytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(change);
    bytes += change.bytes;
  }
  if (batch.length > 0) yield batch;
}

/** A new znode. */
export function creation(
  path: string,
  data: Uint8Array | null,
  acl: Parameters<Transaction['create']>[2],
): Change {
  return {
    kind: 'create',
    path,
    bytes: OPERATION_BYTES + 2 * path.length + (data?.length ?? 0),
    addTo: (transaction) => void transaction.create(path, data, acl),
  };
}

/** New data for a znode of this version; of any, if it is undefined. */
export function setting(path: string, data: Uint8Array | null, version?: number): Change {
  return {
    kind: 'set',
    path,
    bytes: OPERATION_BYTES + path.length + (data?.length ?? 0),
    addTo: (transaction) => void transaction.set(path, data, { version }),
  };
}

/** The end of a znode of this version. */
export function deletion(path: string, version: number): Change {
  return {
    kind: 'delete',
    path,
    bytes: OPERATION_BYTES + path.length,
    addTo: (transaction) => void transaction.delete(path, { version }),
  };
}
