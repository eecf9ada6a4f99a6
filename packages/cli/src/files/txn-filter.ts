import { isAtOrBelow, OpCode, type Txn, type TxnRecord } from '@zooid/protocol';
import { javaOpName, tryDecodeSub } from './txn-text.ts';

/** Which transactions are wanted; what is undefined allows everything. */
export interface TxnFilter {
  /** First and last zxid. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Session id as the header has it, signed. */
  readonly session: bigint | undefined;
  /** A znode; what is below it counts too. */
  readonly path: string | undefined;
  /** Lower-case names of types. */
  readonly types: ReadonlySet<string> | undefined;
  /** Wall-clock ms, both inclusive. */
  readonly since: number | undefined;
  readonly until: number | undefined;
}

/** Whether the filter wants all there is. */
export function wantsAll(filter: TxnFilter): boolean {
  return Object.values(filter).every((wanted) => wanted === undefined);
}

/**
 * Whether a transaction is wanted. A multi is, if one of its parts has the path and the type that are (or if multi itself is
 * the type that is wanted); the end of a session has the paths of the ephemerals that it deletes.
 */
export function isWanted(record: TxnRecord, filter: TxnFilter): boolean {
  const { header, txn } = record;
  if (filter.from !== undefined && header.zxid < filter.from) return false;
  if (filter.to !== undefined && header.zxid > filter.to) return false;
  if (filter.session !== undefined && header.sessionId !== filter.session) return false;
  if (filter.since !== undefined && header.timeMs < filter.since) return false;
  if (filter.until !== undefined && header.timeMs > filter.until) return false;
  if (filter.path === undefined && filter.types === undefined) return true;
  return hasPathAndType(txn, filter);
}

function hasPathAndType(txn: Txn, filter: TxnFilter): boolean {
  const isType = filter.types?.has(javaOpName(txn.type).toLowerCase()) ?? true;
  if (txn.type === OpCode.multi) {
    const partFilter = isType ? { ...filter, types: undefined } : filter;
    if (isType && filter.path === undefined) return true;
    return txn.txns.some((sub) => {
      const part = tryDecodeSub(sub);
      return part !== undefined && hasPathAndType(part, partFilter);
    });
  }
  return isType && (filter.path === undefined || isOfPath(txn, filter.path));
}

function isOfPath(txn: Txn, path: string): boolean {
  if (txn.type === OpCode.closeSession) {
    return (txn.paths ?? []).some((deleted) => isAtOrBelow(deleted, path));
  }
  return 'path' in txn && isAtOrBelow(txn.path, path);
}
