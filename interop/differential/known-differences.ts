/**
 * Where the reference in use (Apache 3.8.0) and the behaviour that is wanted (3.8.6, 3.9) differ, so
 * that a difference there is none. Each has its source.
 */
import { ErrorCode, OpCode } from '@zooid/protocol';
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
  const { type, err } = reference.reply;
  if (type !== other.reply.type) return false;
  switch (type) {
    // 3.8.0 answers checkWatches with success when anybody watches the path, and cannot walk up a path
    // without a slash.
    case OpCode.checkWatches:
      return (
        (err === ErrorCode.ok || err === ErrorCode.marshallingError) &&
        other.reply.err === ErrorCode.noWatcher
      );
    // Later versions ask for READ permission.
    case OpCode.exists:
      return err === 0 && other.reply.err === ErrorCode.noAuth;
    // 3.8.0 takes a create2 in a multi for a create, and so its result has no stat.
    case OpCode.multi:
      return withoutCreate2(reference.text) === withoutCreate2(other.text);
    default:
      return false;
  }
}

function withoutCreate2(text: string): string {
  return text.replaceAll(/\b15\/0 ("[^"]*") \{[^}]*\}/g, '1/0 $1');
}

/** Lines in an order that does not depend on the order of a hash table. */
export function comparable(lines: readonly Line[], isCloseSession: 'yes' | 'no'): readonly Line[] {
  if (isCloseSession === 'no') return lines;
  // The ephemerals of a session are deleted in the order of a Java HashSet.
  return [...lines].sort((a, b) => a.slot - b.slot || (a.text < b.text ? -1 : 1));
}
