import type { Acl, NodeData } from '@zooid/client';
import type { ShellContext } from './command.ts';
import { assertVisible } from './exchange/walk.ts';
import { ShellError } from './shell-error.ts';
import { visitSubtree } from './subtree.ts';
import { assertPath } from './znode-path.ts';

/** What becomes of the source. */
export type Fate = 'stays' | 'goes';

interface Read {
  readonly path: string;
  readonly node: NodeData;
  readonly acl: readonly Acl[];
}

/**
 * Copies a znode and all below it, with data and ACLs, to a path that does not exist; or moves it. One transaction: it is done
 * wholly or not at all. Each znode that goes must still be as it was read. An ephemeral znode belongs to its session: a copy leaves it out with
 * a remark, a move is refused. Containers and znodes with a TTL become persistent ones: servers do not tell clients of which kind they are.
 *
 * @returns how many were copied.
 * @throws ShellError when it cannot be; RequestTooLargeError when it is too much for one transaction; TransactionError when the target
 *   exists, or somebody changes the source meanwhile.
 */
export async function copySubtree(
  context: Pick<ShellContext, 'zk' | 'signal' | 'note'>,
  source: string,
  target: string,
  fate: Fate,
): Promise<number> {
  const { zk, signal, note } = context;
  assertPath(source);
  assertPath(target);
  if (source === '/') throw new ShellError('the root cannot be copied or moved');
  if (target === source || target.startsWith(`${source}/`))
    throw new ShellError(`${target} is inside of ${source}`);
  const found = await readSubtree(context, source);
  const kept = found.filter(({ path, node }) => {
    if (node.stat.ephemeralOwner === 0n) return true;
    if (fate === 'goes') throw new ShellError(`${path} is ephemeral: it cannot be moved`);
    note(`${path} is ephemeral: it is left out`);
    return false;
  });
  if (kept.length === 0) return 0;
  const transaction = zk.transaction();
  for (const { path, node, acl } of kept) {
    const data = node.isNull ? null : node.data;
    transaction.create(target + path.slice(source.length), data, { acl });
  }
  if (fate === 'goes')
    for (const { path, node } of [...kept].reverse())
      transaction.delete(path, { version: node.stat.version });
  await transaction.commit({ signal });
  return kept.length;
}

/** Parents before their children. */
async function readSubtree(
  { zk, signal }: Pick<ShellContext, 'zk' | 'signal'>,
  source: string,
): Promise<readonly Read[]> {
  const found: Read[] = [];
  await visitSubtree(zk, source, { signal }, async (path) => {
    const [node, { acl }] = await Promise.all([
      zk.get(path, { signal }),
      zk.getAcl(path, { signal }),
    ]);
    assertVisible(path, acl);
    found.push({ path, node, acl });
  });
  return found;
}
