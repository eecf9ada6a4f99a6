import { ACL } from './acl.ts';
import { CreateMode } from './constants.ts';
import { ownBuffer } from './operations.ts';

/** An optional argument of create and its like: data, ACL or mode. */
export type CreateArgument = Buffer | readonly ACL[] | number | null | undefined;

/** Optional arguments, put into their places. */
export interface CreateArguments {
  /** The client's own copy. */
  readonly data: Buffer | null;
  readonly acls: readonly ACL[];
  readonly mode: number;
  readonly callback: unknown;
}

/** Arguments that are looked at: data, ACL, mode and callback. */
const ARGUMENT_COUNT_MAX = 4;

/**
 * Knows optional arguments by their types, in any order; of two of one type the later counts. An array is an ACL, a number a
 * mode, a Buffer data, a function the callback, and anything else is passed over.
 */
export function readCreateArguments(args: readonly unknown[]): CreateArguments {
  let data: Buffer | null = null;
  let acls: readonly ACL[] = ACL.OPEN_ACL_UNSAFE;
  let mode: number = CreateMode.PERSISTENT;
  let callback: unknown;
  for (const arg of args.slice(0, ARGUMENT_COUNT_MAX)) {
    if (Array.isArray(arg)) acls = arg;
    else if (typeof arg === 'number') mode = arg;
    else if (Buffer.isBuffer(arg)) data = arg;
    else if (typeof arg === 'function') callback = arg;
  }
  return { data: data === null ? null : ownBuffer(data), acls, mode, callback };
}
