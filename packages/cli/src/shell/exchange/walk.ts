// Reading a subtree: many znodes at a time, and no more than that.

import { type Acl, type NodeData, NoNodeError, type ZooKeeper } from '@zooid/client';
import { joinPath } from '@zooid/protocol';
import { ShellError } from '../shell-error.ts';

/** Siblings that are read at a time; each takes three requests. */
const SIBLINGS_AT_A_TIME = 64;

/** A znode as it was found. */
export interface FoundNode {
  readonly path: string;
  readonly node: NodeData;
  readonly acl: readonly Acl[];
}

interface Read extends FoundNode {
  readonly names: readonly string[];
}

/**
 * Reads a znode and all below it: each znode, then what is below it, children in the order of their names. What vanishes meanwhile is left out,
 * and so is what the servers keep for themselves (`/zookeeper`).
 *
 * @throws NoNodeError when the first does not exist; NoAuthError for what may not be read; ShellError when an ACL is hidden.
 */
export async function* walk(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<FoundNode> {
  const first = await readNode(zk, path, signal);
  if (first === undefined) throw new NoNodeError({ operation: 'get', path });
  yield first;
  yield* below(zk, first, signal);
}

async function* below(
  zk: ZooKeeper,
  { path, names }: Read,
  signal: AbortSignal,
): AsyncGenerator<FoundNode> {
  const paths = [...names].sort().map((name) => joinPath(path, name));
  for (let at = 0; at < paths.length; at += SIBLINGS_AT_A_TIME) {
    const some = paths.slice(at, at + SIBLINGS_AT_A_TIME);
    const reads = await Promise.all(
      some.filter((child) => child !== '/zookeeper').map((child) => readNode(zk, child, signal)),
    );
    for (const read of reads) {
      if (read === undefined) continue;
      yield read;
      yield* below(zk, read, signal);
    }
  }
}

/** A znode with the names of its children; undefined when it does not exist. */
async function readNode(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal,
): Promise<Read | undefined> {
  try {
    const [node, { acl }, { names }] = await Promise.all([
      zk.get(path, { signal }),
      zk.getAcl(path, { signal }),
      zk.children(path, { signal }),
    ]);
    assertVisible(path, acl);
    return { path, node, acl, names };
  } catch (error) {
    if (error instanceof NoNodeError) return undefined;
    throw error;
  }
}

/**
 * Servers mask what only those may see who may change it; written back it would lock everybody out.
 *
 * @throws ShellError for an ACL that is masked.
 */
export function assertVisible(path: string, acl: readonly Acl[]): void {
  if (acl.some(({ scheme, id }) => scheme === 'digest' && id.endsWith(':x')))
    throw new ShellError(`the ACL of ${path} is hidden from this session: show credentials first`, {
      path,
    });
}

/** A path as it stands in a file whose root is `root`; `/` is the root itself. */
export function belowRoot(root: string, path: string): string {
  if (path === root) return '/';
  return root === '/' ? path : path.slice(root.length);
}

/** The path on the server of one that stands in a file. */
export function fromRoot(root: string, path: string): string {
  if (path === '/') return root;
  return root === '/' ? path : root + path;
}
