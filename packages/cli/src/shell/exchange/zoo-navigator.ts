// The files that ZooNavigator exports and imports: gzip or plain, a list of trees, each `{"h": znode, "t": [tree, ...]}`. The path of a znode
// begins with the name of the root of its tree; the root "/" has no name, so of it the children are the trees.
//
// Source: elkozmon/zoonavigator, formats JsonZNodeExport, JsonCofree, JsonAcl.

import { type Acl, Permission } from '@zooid/client';
import { assertPath } from '../znode-path.ts';
import { isRecord, type TreeNode, tryBase64 } from './tree-node.ts';

const permissions: readonly (readonly [word: string, bit: number])[] = [
  ['create', Permission.create],
  ['read', Permission.read],
  ['write', Permission.write],
  ['delete', Permission.delete],
  ['admin', Permission.admin],
];

/** The znode of a tree. No data is empty data there. */
export function navigatorNodeText({ path, data, acl = [] }: TreeNode): string {
  return JSON.stringify({
    acl: acl.map(({ scheme, id, perms }) => ({
      id,
      scheme,
      permissions: permissions.filter(([, bit]) => (perms & bit) !== 0).map(([word]) => word),
    })),
    path,
    data: Buffer.from(data ?? []).toString('base64'),
  });
}

/** All znodes of a document, parents before their children. @throws Error that says what is wrong with it. */
export function readNavigatorTrees(document: unknown): readonly TreeNode[] {
  const nodes: TreeNode[] = [];
  const ahead: unknown[] = Array.isArray(document) ? [...document].reverse() : [document];
  for (let tree = ahead.pop(); tree !== undefined; tree = ahead.pop()) {
    if (!isRecord(tree) || !isRecord(tree['h']) || !Array.isArray(tree['t']))
      throw new Error('it is no list of trees with "h" and "t"');
    nodes.push(readNode(tree['h']));
    ahead.push(...[...tree['t']].reverse());
  }
  return nodes;
}

function readNode({ path, data, acl }: Readonly<Record<string, unknown>>): TreeNode {
  if (typeof path !== 'string' || typeof data !== 'string' || !Array.isArray(acl))
    throw new Error('a znode has no path, no data or no acl');
  assertPath(path);
  const bytes = tryBase64(data);
  if (bytes === undefined) throw new Error(`the data of ${path} is not base64`);
  return { path, data: bytes, acl: acl.map(readAcl) };
}

function readAcl(entry: unknown): Acl {
  if (isRecord(entry)) {
    const { scheme, id, permissions: words } = entry;
    if (typeof scheme === 'string' && typeof id === 'string' && Array.isArray(words)) {
      const bits = words.map((word) => permissions.find(([known]) => known === word)?.[1]);
      if (!bits.includes(undefined))
        return { scheme, id, perms: bits.reduce((all: number, bit) => all | (bit ?? 0), 0) };
    }
  }
  throw new Error(`an acl has the entry ${JSON.stringify(entry)}`);
}
