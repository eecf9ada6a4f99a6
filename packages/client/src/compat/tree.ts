/** What needs many requests: made of the operations, and still no transaction as a whole. */

import { ErrorCode, joinPath, type MultiWriteOp, OpCode } from '@zooid/protocol';
import type { Chroot } from '../chroot.ts';
import type { Caller } from './caller.ts';
import { CreateMode } from './constants.ts';
import { Exception, exceptionOfCode } from './exception.ts';
import {
  createOperation,
  getChildrenOperation,
  multiOperation,
  type NewZnode,
} from './operations.ts';

/** Requests under way at a time. */
const REQUESTS_AT_A_TIME = 256;
/** Bytes of paths in one transaction, counted high; a server takes a frame of 1 MB. */
const PORTION_BYTES_MAX = 256 * 1024;
/** How often a removal begins anew because somebody else removed something, before it goes on one by one. */
const ROUNDS_IN_PORTIONS = 5;

/**
 * Makes a znode and those above it that do not exist. Data and mode are those of the last one: the others have no data and
 * stay. The ACL is that of all, because who protects a znode does not want an open one above it.
 *
 * @returns the path that was made. Rejects with the {@link Exception} of the one that could not be made.
 */
export async function makePath(
  caller: Caller,
  chroot: Chroot,
  path: string,
  znode: NewZnode,
): Promise<string> {
  const names = path.split('/').slice(1);
  let parent = '';
  for (const name of names.slice(0, -1)) {
    parent = `${parent}/${name}`;
    await createUnlessThere(caller, chroot, parent, {
      data: null,
      acl: znode.acl,
      mode: CreateMode.PERSISTENT,
    });
  }
  return createUnlessThere(caller, chroot, path, znode);
}

async function createUnlessThere(
  caller: Caller,
  chroot: Chroot,
  path: string,
  znode: NewZnode,
): Promise<string> {
  try {
    const [created] = await caller.perform(createOperation(chroot, path, znode));
    return created;
  } catch (error) {
    if (isRefusal(error, Exception.NODE_EXISTS)) return path;
    throw error;
  }
}

/**
 * A znode and all below it, level by level. What vanishes meanwhile is left out.
 *
 * Rejects with NO_NODE when the first is not there.
 */
export async function listSubTree(caller: Caller, chroot: Chroot, path: string): Promise<string[]> {
  const found = [path];
  let level = await childrenOf(caller, chroot, path);
  while (level.length > 0) {
    const below: string[] = [];
    for (let at = 0; at < level.length; at += REQUESTS_AT_A_TIME) {
      const parents = level.slice(at, at + REQUESTS_AT_A_TIME);
      const children = await Promise.all(
        parents.map((parent) => childrenUnlessGone(caller, chroot, parent)),
      );
      for (const [index, parent] of parents.entries()) {
        const paths = children[index];
        if (paths === undefined) continue;
        found.push(parent);
        below.push(...paths);
      }
    }
    level = below;
  }
  return found;
}

async function childrenOf(caller: Caller, chroot: Chroot, path: string): Promise<string[]> {
  const [names] = await caller.perform(getChildrenOperation(chroot, path, undefined));
  return names.map((name) => joinPath(path, name));
}

/** undefined when the znode does not exist. */
async function childrenUnlessGone(
  caller: Caller,
  chroot: Chroot,
  path: string,
): Promise<string[] | undefined> {
  try {
    return await childrenOf(caller, chroot, path);
  } catch (error) {
    if (isRefusal(error, Exception.NO_NODE)) return undefined;
    throw error;
  }
}

/**
 * Removes a znode and all below it, in as few transactions as there must be: a tree of some thousand znodes goes in one.
 *
 * @param version - that the znode at `path` must have, or -1. It is looked at in every transaction: where it is another,
 *   nothing is removed any more. Rejects with the {@link Exception} of what could not be removed.
 */
export async function removeTree(
  caller: Caller,
  chroot: Chroot,
  path: string,
  version: number,
): Promise<void> {
  const root = { caller, chroot, path, version };
  let paths = await listSubTree(caller, chroot, path);
  for (let round = 1; ; round++) {
    // Those below come behind those above: the other way round they can go.
    paths.reverse();
    const bytesMax = round <= ROUNDS_IN_PORTIONS ? PORTION_BYTES_MAX : 0;
    if ((await removeAll(root, inPortions(root, paths, bytesMax))) === 'done') return;
    try {
      paths = await listSubTree(caller, chroot, path);
    } catch (error) {
      if (isRefusal(error, Exception.NO_NODE)) return;
      throw error;
    }
  }
}

/** What is to be removed, and how. */
interface DoomedRoot {
  readonly caller: Caller;
  readonly chroot: Chroot;
  readonly path: string;
  readonly version: number;
}

/** @returns `changed` when something of it had gone already: the rest is to be listed again. */
async function removeAll(
  root: DoomedRoot,
  portions: Iterable<readonly string[]>,
): Promise<'done' | 'changed'> {
  for (const portion of portions) {
    if ((await removePortion(root, portion)) === 'changed') return 'changed';
  }
  return 'done';
}

function* inPortions(
  { chroot }: DoomedRoot,
  paths: readonly string[],
  bytesMax: number,
): Generator<readonly string[]> {
  let portion: string[] = [];
  let bytes = 0;
  for (const path of paths) {
    portion.push(path);
    // A character is at most three bytes; besides, there are a header, a length and a version.
    bytes += (chroot.path.length + path.length) * 3 + 32;
    if (bytes < bytesMax) continue;
    yield portion;
    portion = [];
    bytes = 0;
  }
  if (portion.length > 0) yield portion;
}

async function removePortion(
  { caller, chroot, path: rootPath, version }: DoomedRoot,
  portion: readonly string[],
): Promise<'done' | 'changed'> {
  const guards: MultiWriteOp[] =
    version === -1
      ? []
      : [{ op: OpCode.check, path: chroot.toServer('removeRecursive', rootPath), version }];
  const removals: MultiWriteOp[] = portion.map((path) => {
    return { op: OpCode.delete, path: chroot.toServer('removeRecursive', path), version: -1 };
  });
  const operation = multiOperation(rootPath, [...guards, ...removals]);
  const [results] = await caller.perform(operation);
  for (const [index, result] of results.entries()) {
    if (result.op !== OpCode.error || result.err === ErrorCode.ok) continue;
    const culprit = portion[index - guards.length];
    if (result.err !== ErrorCode.noNode) throw exceptionOfCode(result.err, culprit ?? rootPath);
    // One that was asked for alone is gone, which is what was wanted.
    return culprit !== undefined && portion.length === 1 ? 'done' : 'changed';
  }
  return 'done';
}

function isRefusal(error: unknown, code: number): boolean {
  return error instanceof Exception && error.code === code;
}
