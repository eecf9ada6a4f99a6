import { UnimplementedError } from '@zooid/client';
import { isSystemError } from '../../exit.ts';
import type { Arguments } from '../arguments.ts';
import type { ShellCommand, ShellContext } from '../command.ts';
import { saveFile } from '../exchange/save-file.ts';
import { FORMAT, FORMAT_VERSION, type TreeNode, treeNodeText } from '../exchange/tree-node.ts';
import { belowRoot, walk } from '../exchange/walk.ts';
import { navigatorNodeText } from '../exchange/zoo-navigator.ts';
import { type StartProgress, silent } from '../progress.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath, nameOf } from '../znode-path.ts';

/** What was written. */
interface Tally {
  exported: number;
  /** Ephemeral ones, which are left out. */
  ephemeral: number;
}

export const exportTree: ShellCommand = {
  name: 'export',
  usage: '[-form zooid|zoonavigator] path [file]',
  summary: 'writes a znode and all below it to a file, or prints it',
  options: {
    form: { value: 'form', help: 'zooid (default), or zoonavigator for that web interface' },
  },
  operandsMin: 1,
  run: async (context, args) => {
    const [path = '', file] = args.operands;
    assertPath(path);
    const form = formOf(args);
    const tally: Tally = { exported: 0, ephemeral: 0 };
    const nodes = readNodes(context, path, tally, file === undefined ? silent : context.progress);
    const pieces = form === 'zooid' ? ownPieces(path, nodes) : navigatorPieces(path, nodes);
    if (file === undefined) {
      await printPieces(context, pieces);
      return;
    }
    try {
      await saveFile(file, pieces);
    } catch (error) {
      if (isSystemError(error) && error.syscall !== undefined)
        throw new ShellError(`${file} cannot be written (${error.code})`);
      throw error;
    }
    if (tally.ephemeral > 0) context.note(`${counted(tally.ephemeral)} left out: ephemeral`);
    context.print(`${counted(tally.exported)} exported to ${file}`);
    context.json({ root: path, file, ...tally });
  },
};

function formOf(args: Arguments): 'zooid' | 'zoonavigator' {
  const form = args.value('form') ?? 'zooid';
  if (form === 'zooid' || form === 'zoonavigator') return form;
  throw new ShellError(`-form must be zooid or zoonavigator, not ${form}`, { code: 'USAGE' });
}

/** The znodes of the subtree that are not ephemeral, with paths as they are on the server. */
async function* readNodes(
  { zk, signal }: ShellContext,
  root: string,
  tally: Tally,
  progress: StartProgress,
): AsyncGenerator<TreeNode> {
  const bar = await progress('Exporting', (await countNodes(zk, root, signal)) ?? 0);
  try {
    for await (const { path, node, acl } of walk(zk, root, signal)) {
      const isEphemeral = node.stat.ephemeralOwner !== 0n;
      if (isEphemeral && path === root) throw new ShellError(`${path} is ephemeral`, { path });
      if (isEphemeral) tally.ephemeral++;
      else {
        yield { path, data: node.isNull ? null : node.data, acl };
        tally.exported++;
      }
      bar.report(tally.exported + tally.ephemeral);
    }
  } finally {
    bar.end();
  }
}

/** undefined where the server cannot tell: before 3.6. */
async function countNodes(
  zk: ShellContext['zk'],
  path: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    return (await zk.countDescendants(path, { signal })) + 1;
  } catch (error) {
    if (error instanceof UnimplementedError) return undefined;
    throw error;
  }
}

async function* ownPieces(root: string, nodes: AsyncIterable<TreeNode>): AsyncGenerator<string> {
  const head = { format: FORMAT, version: FORMAT_VERSION, root };
  let lead = `${JSON.stringify(head).slice(0, -1)},"nodes":[\n`;
  for await (const node of nodes) {
    yield lead + treeNodeText({ ...node, path: belowRoot(root, node.path) });
    lead = ',\n';
  }
  yield `${lead === ',\n' ? '' : lead}\n]}\n`;
}

/** Trees within each other: what follows a znode says how many of them end before it. */
async function* navigatorPieces(
  root: string,
  nodes: AsyncIterable<TreeNode>,
): AsyncGenerator<string> {
  // The first name of each path is that of the root, which the form calls its trees by; "/" has none.
  const above = root.slice(0, root.length - nameOf(root).length - (root === '/' ? 0 : 1));
  const base = root === '/' ? 0 : depthOf(above);
  let before = 0;
  let isFirst = true;
  yield '[';
  for await (const node of nodes) {
    if (node.path === '/') continue;
    const depth = depthOf(node.path) - base;
    const ends = Math.max(0, before - depth + 1);
    const path = root === '/' ? node.path : node.path.slice(above.length);
    const lead = isFirst || depth > before ? '' : `${']}'.repeat(ends)},`;
    yield `${lead}{"h":${navigatorNodeText({ ...node, path })},"t":[`;
    before = depth;
    isFirst = false;
  }
  yield `${']}'.repeat(before)}]\n`;
}

function depthOf(path: string): number {
  return path.split('/').length - 1;
}

async function printPieces(context: ShellContext, pieces: AsyncIterable<string>): Promise<void> {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
    const end = text.lastIndexOf('\n');
    if (context.shell.usesJson || end < 0) continue;
    context.print(text.slice(0, end));
    text = text.slice(end + 1);
  }
  if (context.shell.usesJson) context.json(JSON.parse(text));
  else if (text !== '') context.print(text);
}

function counted(count: number): string {
  return count === 1 ? '1 znode' : `${count} znodes`;
}
