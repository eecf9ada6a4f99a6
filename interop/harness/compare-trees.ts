/** The trees that the members of an ensemble show, each as it is once it has caught up. */
import { OpCode } from '@zooid/protocol';
import { dumpTree } from './dump-tree.ts';
import type { Member } from './ensemble.ts';
import { onlyPath } from './request-bodies.ts';
import { WireSession } from './wire-client.ts';

/** What the tree of a member shows, by path. */
export type Tree = ReadonlyMap<string, string>;

/** The trees of these members after a sync at each, in which nothing is left that is each server's own affair. */
export async function treesOf(members: readonly Member[]): Promise<readonly Tree[]> {
  const trees: Tree[] = [];
  for (const { port } of members) {
    const session = await WireSession.open(port);
    await session.ok(OpCode.sync, onlyPath('/'));
    await session.close();
    const dump = await dumpTree(port);
    // When it was written is not replicated.
    const config = dump.get('/zookeeper/config')!.replace(/ mt=\d+/, '');
    trees.push(dump.set('/zookeeper/config', config));
  }
  return trees;
}
