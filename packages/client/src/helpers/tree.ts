/** What needs many znodes: made of ordinary calls, many at a time. */

import { type Acl, joinPath, parentOf } from '@zooid/protocol';
import { NodeExistsError, NoNodeError, NotEmptyError } from '../errors.ts';
import { withinLimit } from '../limit.ts';
import type { CallOptions } from '../session/call.ts';
import type { ZooKeeper } from '../zookeeper.ts';

/** How to make what is missing of a path. */
export interface EnsurePathOptions extends CallOptions {
  /** Who may do what with the znodes that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
  /** What the znodes are that are created. Default `persistent`. */
  readonly mode?: 'persistent' | 'container' | undefined;
}

/** Calls under way at a time: enough to fill the pipe, and no more than a server lets one client have. */
const CALLS_AT_A_TIME = 256;

/** See `ZooKeeper.ensurePath`. */
export async function ensurePath(
  zk: ZooKeeper,
  path: string,
  options: EnsurePathOptions = {},
): Promise<boolean> {
  const { acl, mode } = options;
  return await withinLimit('ensurePath', path, options, (limits) =>
    ensure(zk, path, { acl, mode, ...limits }),
  );
}

async function ensure(zk: ZooKeeper, path: string, options: EnsurePathOptions): Promise<boolean> {
  const { acl, mode, ...limits } = options;
  if ((await zk.exists(path, limits)) !== undefined) return false;
  try {
    // Twice is as good as once: it is there then.
    await zk.create(path, undefined, { acl, mode, idempotent: true, ...limits });
    return true;
  } catch (error) {
    if (error instanceof NodeExistsError) return false;
    if (!(error instanceof NoNodeError) || parentOf(path) === path) throw error;
  }
  await ensure(zk, parentOf(path), options);
  return ensure(zk, path, options);
}

/** See `ZooKeeper.listTree`. */
export async function listTree(
  zk: ZooKeeper,
  path: string,
  options?: CallOptions,
): Promise<string[]> {
  return await withinLimit('listTree', path, options, (limits) => list(zk, path, limits));
}

async function list(zk: ZooKeeper, path: string, limits: CallOptions): Promise<string[]> {
  const paths = [path];
  // The first must be there; others may go at any time.
  let level = (await zk.children(path, limits)).names.map((name) => joinPath(path, name));
  while (level.length > 0) {
    const below: string[] = [];
    await inPortions(level, async (parent) => {
      const names = await childrenOf(zk, parent, limits);
      if (names === undefined) return;
      paths.push(parent);
      for (const name of names) below.push(joinPath(parent, name));
    });
    level = below;
  }
  return paths;
}

/** See `ZooKeeper.walk`. */
export async function* walkTree(
  zk: ZooKeeper,
  path: string,
  options?: CallOptions,
): AsyncGenerator<string, void, undefined> {
  const { names } = await zk.children(path, options);
  yield path;
  const ahead = names.map((name) => joinPath(path, name)).reverse();
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    const below = await childrenOf(zk, at, options);
    if (below === undefined) continue;
    yield at;
    for (const name of [...below].reverse()) ahead.push(joinPath(at, name));
  }
}

/** See `ZooKeeper.deleteTree`. */
export async function deleteTree(
  zk: ZooKeeper,
  path: string,
  options?: CallOptions,
): Promise<number> {
  return await withinLimit('deleteTree', path, options, async (limits) => {
    let deleted = 0;
    let paths = await list(zk, path, limits);
    // Somebody may create while we delete: then once more, for as long as the caller has patience.
    while (paths.length > 0) {
      const round = await deleteAll(zk, paths, limits);
      deleted += round.deleted;
      if (!round.isGrowing) break;
      paths = await listIfThere(zk, path, limits);
    }
    return deleted;
  });
}

/** Deletes znodes that are there, the deepest first: those of one depth do not stand in each other's way. */
async function deleteAll(
  zk: ZooKeeper,
  paths: readonly string[],
  limits: CallOptions,
): Promise<{ readonly deleted: number; readonly isGrowing: boolean }> {
  let deleted = 0;
  let isGrowing = false;
  for (const level of byDepth(paths)) {
    await inPortions(level, async (at) => {
      try {
        // Twice is as good as once: it is gone then.
        await zk.delete(at, { idempotent: true, ...limits });
        deleted++;
      } catch (error) {
        if (error instanceof NotEmptyError) isGrowing = true;
        else if (!(error instanceof NoNodeError)) throw error;
      }
    });
  }
  return { deleted, isGrowing };
}

/** Nothing when somebody else has deleted it meanwhile. */
async function listIfThere(zk: ZooKeeper, path: string, limits: CallOptions): Promise<string[]> {
  try {
    return await list(zk, path, limits);
  } catch (error) {
    if (error instanceof NoNodeError) return [];
    throw error;
  }
}

/** Paths of equal depth together, the deepest first. */
function byDepth(paths: readonly string[]): readonly (readonly string[])[] {
  const levels = new Map<number, string[]>();
  for (const path of paths) {
    const depth = path === '/' ? 0 : path.split('/').length - 1;
    const level = levels.get(depth);
    if (level === undefined) levels.set(depth, [path]);
    else level.push(path);
  }
  return [...levels].sort(([a], [b]) => b - a).map(([, level]) => level);
}

/** Runs `work` for every item, some at a time. Rejects with the first error, when the portion is done. */
async function inPortions<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += CALLS_AT_A_TIME) {
    const results = await Promise.allSettled(items.slice(at, at + CALLS_AT_A_TIME).map(work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

/** undefined when the znode does not exist. */
async function childrenOf(
  zk: ZooKeeper,
  path: string,
  limits: CallOptions | undefined,
): Promise<readonly string[] | undefined> {
  try {
    return (await zk.children(path, limits)).names;
  } catch (error) {
    if (error instanceof NoNodeError) return undefined;
    throw error;
  }
}
