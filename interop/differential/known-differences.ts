/**
 * Where the reference in use (Apache 3.8.0) and the behaviour that is wanted (3.8.6, 3.9) differ, so
 * that a difference there is none. Each has its source.
 */
import { OpCode } from '@zooid/protocol';
import type { Line } from './driver.ts';

/**
 * Whether these two lines mean the same.
 *
 * @param before - the last zxid before the step; an event of the step carries a later one.
 * @param after - the last zxid after it.
 */
export function isSame(
  reference: Line | undefined,
  other: Line | undefined,
  before: bigint,
  after: bigint,
): boolean {
  if (reference === undefined || other === undefined) return false;
  if (reference.slot !== other.slot) return false;
  if (reference.eventZxid !== undefined && other.eventZxid !== undefined) {
    // The header of an event carries -1 up to 3.8 and the causing txn's zxid since 3.9 (ZOOKEEPER-4655).
    const isZxidSound =
      other.eventZxid === reference.eventZxid ||
      (reference.eventZxid === -1n &&
        ((other.eventZxid > before && other.eventZxid <= after) ||
          // what setWatches finds changed comes from no txn of this step
          other.eventZxid <= after));
    return isZxidSound && reference.text === other.text;
  }
  if (reference.text === other.text) return true;
  if (reference.reply === undefined || other.reply === undefined) return false;
  // 3.8.0 answers checkWatches with success when anybody watches the path (fixed by ZOOKEEPER-4466).
  return (
    reference.reply.type === OpCode.checkWatches &&
    other.reply.type === OpCode.checkWatches &&
    reference.reply.err === 0 &&
    other.reply.err === -121
  );
}

/** Lines in an order that does not depend on the order of a hash table. */
export function comparable(lines: readonly Line[], isCloseSession: 'yes' | 'no'): readonly Line[] {
  if (isCloseSession === 'no') return lines;
  // The ephemerals of a session are deleted in the order of a Java HashSet.
  return [...lines].sort((a, b) => a.slot - b.slot || (a.text < b.text ? -1 : 1));
}
