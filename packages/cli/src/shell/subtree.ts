import { type CallOptions, type Children, NoNodeError, type ZooKeeper } from '@zooid/client';
import { joinPath } from '@zooid/protocol';

/**
 * Visits a znode and all below it: first the znode, then all its children in the order of their names, then what is below each of them. This
 * order is that of Apache's `ls -R`. What vanishes meanwhile is left out.
 *
 * @param childrenOf - asks for the children, perhaps with a watch.
 * @throws NoNodeError when the first does not exist.
 */
export async function visitSubtree(
  zk: ZooKeeper,
  path: string,
  options: CallOptions,
  visit: (path: string) => void | Promise<void>,
  childrenOf: (path: string) => Promise<Pick<Children, 'names'>> = (at) => zk.children(at, options),
): Promise<void> {
  if ((await zk.exists(path, { signal: options.signal })) === undefined)
    throw new NoNodeError({ operation: 'get', path });
  await visit(path);
  const ahead = [path];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    const parent = at;
    let names: readonly string[];
    try {
      names = [...(await childrenOf(parent)).names].sort();
    } catch (error) {
      if (error instanceof NoNodeError) continue;
      throw error;
    }
    const below = names.map((name) => joinPath(parent, name));
    for (const child of below) await visit(child);
    ahead.push(...below.reverse());
  }
}
