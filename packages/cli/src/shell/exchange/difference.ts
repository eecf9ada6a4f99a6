// What must change so that a subtree is what a file says.

import { type Acl, NoNodeError } from '@zooid/client';
import { parentOf } from '@zooid/protocol';
import type { ShellContext } from '../command.ts';
import { ShellError } from '../shell-error.ts';
import { sameAcl, sameData } from './same.ts';
import type { TreeFile } from './tree-file.ts';
import { ACL_DEFAULT, type TreeNode } from './tree-node.ts';
import { type FoundNode, fromRoot, walk } from './walk.ts';

/** A step from what there is to what the file says. */
export type Step =
  | {
      readonly kind: 'create';
      readonly path: string;
      readonly data: Uint8Array | null;
      readonly acl: readonly Acl[];
    }
  | {
      readonly kind: 'set';
      readonly path: string;
      /** Of the data that was looked at. */
      readonly version: number;
      readonly before: Uint8Array | null;
      readonly data: Uint8Array | null;
    }
  | {
      readonly kind: 'set-acl';
      readonly path: string;
      /** Of the ACL that was looked at. */
      readonly version: number;
      readonly before: readonly Acl[];
      readonly acl: readonly Acl[];
    }
  | { readonly kind: 'delete'; readonly path: string; readonly version: number };

/** The difference between a subtree and a file. */
export interface Difference {
  /** By path. */
  readonly steps: readonly Step[];
  /** Ephemeral znodes that the file does not know: they come and go with their sessions, and stay. */
  readonly ephemeral: readonly string[];
}

/**
 * Compares the subtree at `root` with a file. What the file does not say of a znode is no difference.
 *
 * @throws ShellError for a file with a znode twice, and when an ephemeral znode is in the way; NoNodeError when neither the subtree nor its parent
 *   exists.
 */
export async function differenceTo(
  { zk, signal }: Pick<ShellContext, 'zk' | 'signal'>,
  file: TreeFile,
  root: string,
): Promise<Difference> {
  const wanted = await wantedNodes(file, root);
  const steps: Step[] = [];
  const ephemeral: string[] = [];
  const seen = new Set<string>();
  for await (const found of existingNodes(zk, root, signal)) {
    seen.add(found.path);
    const node = wanted.get(found.path);
    const isEphemeral = found.node.stat.ephemeralOwner !== 0n;
    if (node !== undefined) {
      if (isEphemeral)
        throw new ShellError(`${found.path} is in the file, and is ephemeral on the server`);
      steps.push(...changesOf(node, found));
    } else if (isEphemeral) ephemeral.push(found.path);
    else steps.push({ kind: 'delete', path: found.path, version: found.node.stat.version });
  }
  for (const { path, data, acl } of wanted.values()) {
    if (!seen.has(path))
      steps.push({ kind: 'create', path, data: data ?? null, acl: acl ?? ACL_DEFAULT });
  }
  if (seen.size === 0) await assertParent({ zk, signal }, root);
  assertNoneLosesItsParent(steps, ephemeral);
  return { steps: steps.sort((left, right) => compare(left.path, right.path)), ephemeral };
}

/** The znodes of the file by their paths on the server, with parents that it leaves out; of these it says nothing. */
async function wantedNodes(file: TreeFile, root: string): Promise<ReadonlyMap<string, TreeNode>> {
  const wanted = new Map<string, TreeNode>();
  const add = (node: TreeNode) => {
    const above = node.path === root ? undefined : parentOf(node.path);
    if (above !== undefined && !wanted.has(above))
      add({ path: above, data: undefined, acl: undefined });
    wanted.set(node.path, node);
  };
  add({ path: root, data: undefined, acl: undefined });
  const told = new Set<string>();
  for await (const { path: inFile, data, acl } of file.nodes()) {
    const path = fromRoot(root, inFile);
    if (told.has(path)) throw new ShellError(`${inFile} is in the file twice`);
    told.add(path);
    add({ path, data, acl });
  }
  return wanted;
}

async function* existingNodes(
  zk: ShellContext['zk'],
  root: string,
  signal: AbortSignal,
): AsyncGenerator<FoundNode> {
  try {
    yield* walk(zk, root, signal);
  } catch (error) {
    // Then there is nothing yet.
    if (!(error instanceof NoNodeError)) throw error;
  }
}

function changesOf({ path, data, acl }: TreeNode, found: FoundNode): readonly Step[] {
  const { node } = found;
  const { version, aversion } = node.stat;
  const steps: Step[] = [];
  if (data !== undefined && !sameData(data, node)) {
    const before = node.isNull ? null : node.data;
    steps.push({ kind: 'set', path, version, before, data });
  }
  if (acl !== undefined && !sameAcl(acl, found.acl))
    steps.push({ kind: 'set-acl', path, version: aversion, before: found.acl, acl });
  return steps;
}

async function assertParent(
  { zk, signal }: Pick<ShellContext, 'zk' | 'signal'>,
  root: string,
): Promise<void> {
  const path = parentOf(root);
  if ((await zk.exists(path, { signal })) === undefined)
    throw new NoNodeError({ operation: 'exists', path });
}

function assertNoneLosesItsParent(steps: readonly Step[], ephemeral: readonly string[]): void {
  const deleted = new Set(steps.filter(({ kind }) => kind === 'delete').map(({ path }) => path));
  for (const path of ephemeral) {
    for (let above = parentOf(path); above !== '/'; above = parentOf(above)) {
      if (deleted.has(above))
        throw new ShellError(`${above} is not in the file, and cannot go: ${path} is ephemeral`);
    }
  }
}

/** By the names, one after the other: a znode stands before what is below it, and next to that. */
function compare(left: string, right: string): number {
  // A slash comes before every other sign.
  const [a, b] = [left, right].map((path) => path.replaceAll('/', '\u0000')) as [string, string];
  return a < b ? -1 : a > b ? 1 : 0;
}
