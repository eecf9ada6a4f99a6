/** What each method asks of the session, and what it makes of the answer: the arguments of its callback after the error. */

import {
  type Acl,
  decodeGetAclResponse,
  decodeGetChildren2Response,
  decodeGetDataResponse,
  decodeMultiResponse,
  decodePathResponse,
  decodeStatResponse,
  type JuteReader,
  type MultiResult,
  type MultiWriteOp,
  OpCode,
} from '@zooid/protocol';
import type { Chroot } from '../chroot.ts';
import type { CallSpec } from '../session/call.ts';
import { type ACL, aclOfWire } from './acl.ts';
import { isSequential } from './constants.ts';
import { type Stat, statOfWire } from './stat.ts';

/** What a callback gets behind the error. */
export type Operation<Results extends readonly unknown[]> = CallSpec<Results>;

/** Which watch the server has left; told before the callback is. */
export type OnWatch =
  | ((kind: 'data' | 'exist' | 'children', serverPath: string) => void)
  | undefined;

/** What a new znode is made of. */
export interface NewZnode {
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
  readonly mode: number;
}

/** The path of the server for a znode to be made; of a sequential one it may end with a slash. */
export function newPathOf(chroot: Chroot, path: string, mode: number): string {
  return isSequential(mode)
    ? chroot.toServerSequential('create', path)
    : chroot.toServer('create', path);
}

/** The path that was made. */
export function createOperation(
  chroot: Chroot,
  path: string,
  znode: NewZnode,
): Operation<[string]> {
  const { data, acl, mode } = znode;
  return {
    operation: 'create',
    path,
    request: { op: OpCode.create, path: newPathOf(chroot, path, mode), data, acl, flags: mode },
    decode: (reader) => [chroot.toClient(decodePathResponse(reader).path)],
    effect: 'once',
  };
}

export function removeOperation(chroot: Chroot, path: string, version: number): Operation<[]> {
  return {
    operation: 'remove',
    path,
    request: { op: OpCode.delete, path: chroot.toServer('remove', path), version },
    decode: () => [],
    effect: 'once',
  };
}

export function setDataOperation(
  chroot: Chroot,
  path: string,
  data: Buffer | null,
  version: number,
): Operation<[Stat]> {
  return {
    operation: 'setData',
    path,
    request: { op: OpCode.setData, path: chroot.toServer('setData', path), data, version },
    decode: readStat,
    effect: 'once',
  };
}

export function setAclOperation(
  chroot: Chroot,
  path: string,
  acl: readonly Acl[],
  version: number,
): Operation<[Stat]> {
  return {
    operation: 'setACL',
    path,
    request: { op: OpCode.setACL, path: chroot.toServer('setACL', path), acl, version },
    decode: readStat,
    effect: 'once',
  };
}

/** The stat, null when there is no such znode. */
export function existsOperation(
  chroot: Chroot,
  path: string,
  onWatch: OnWatch,
): Operation<[Stat | null]> {
  const serverPath = chroot.toServer('exists', path);
  return {
    operation: 'exists',
    path,
    request: { op: OpCode.exists, path: serverPath, watch: onWatch !== undefined },
    decode: (reader) => {
      const results = readStat(reader);
      // The server keeps it with those of getData, because the znode is there.
      onWatch?.('data', serverPath);
      return results;
    },
    whenAbsent: () => {
      onWatch?.('exist', serverPath);
      return [null];
    },
    effect: 'none',
  };
}

/** Data, undefined when it is null, and stat. */
export function getDataOperation(
  chroot: Chroot,
  path: string,
  onWatch: OnWatch,
): Operation<[Buffer | undefined, Stat]> {
  const serverPath = chroot.toServer('getData', path);
  return {
    operation: 'getData',
    path,
    request: { op: OpCode.getData, path: serverPath, watch: onWatch !== undefined },
    decode: (reader) => {
      const { data, stat } = decodeGetDataResponse(reader);
      onWatch?.('data', serverPath);
      return [data === null ? undefined : ownBuffer(data), statOfWire(stat)];
    },
    effect: 'none',
  };
}

/** Names of the children, and stat. */
export function getChildrenOperation(
  chroot: Chroot,
  path: string,
  onWatch: OnWatch,
): Operation<[string[], Stat]> {
  const serverPath = chroot.toServer('getChildren', path);
  return {
    operation: 'getChildren',
    path,
    request: { op: OpCode.getChildren2, path: serverPath, watch: onWatch !== undefined },
    decode: (reader) => {
      const { children, stat } = decodeGetChildren2Response(reader);
      onWatch?.('children', serverPath);
      return [[...children], statOfWire(stat)];
    },
    effect: 'none',
  };
}

export function getAclOperation(chroot: Chroot, path: string): Operation<[ACL[], Stat]> {
  return {
    operation: 'getACL',
    path,
    request: { op: OpCode.getACL, path: chroot.toServer('getACL', path) },
    decode: (reader) => {
      const { acl, stat } = decodeGetAclResponse(reader);
      return [acl.map(aclOfWire), statOfWire(stat)];
    },
    effect: 'none',
  };
}

/** One result for each of `ops`; their paths are the server's. */
export function multiOperation(
  path: string | undefined,
  ops: readonly MultiWriteOp[],
): Operation<[readonly MultiResult[]]> {
  return {
    operation: 'transaction',
    path,
    request: { op: OpCode.multi, ops: [...ops] },
    decode: (reader) => [decodeMultiResponse(reader)],
    effect: 'once',
  };
}

/** A copy that nobody else writes to, in memory of its own. */
export function ownBuffer(bytes: Uint8Array): Buffer {
  const copy = Buffer.alloc(bytes.byteLength);
  copy.set(bytes);
  return copy;
}

function readStat(reader: JuteReader): [Stat] {
  return [statOfWire(decodeStatResponse(reader).stat)];
}
