import { NoNodeError } from '@zooid/client';
import { joinPath } from '@zooid/protocol';
import { span } from '../../terminal/text-table.ts';
import { znodeSpan } from '../answer-lines.ts';
import type { ShellCommand, ShellContext } from '../command.ts';
import { assertPath } from '../znode-path.ts';

/** A znode for `--json`. */
interface Branch {
  readonly name: string;
  readonly children: Branch[];
}

export const tree: ShellCommand = {
  name: 'tree',
  usage: '[-L depth] [path]',
  summary: 'draws what is below a znode',
  options: { L: { value: 'depth', help: 'no deeper than so many levels' } },
  run: async (context, args) => {
    const { zk, screen, print, json, signal } = context;
    const [path = '/'] = args.operands;
    const depthMax = args.integer('L') ?? Number.POSITIVE_INFINITY;
    assertPath(path);
    const { names } = await zk.children(path, { signal });
    if (screen === undefined) print(path);
    else screen.show([[span(path, 'bold')]]);
    const root: Branch = { name: path, children: [] };
    await draw(context, path, names, '', depthMax, root);
    json(root);
  },
};

/** Prints the children of `path`, each with all below it. What vanishes meanwhile has no children. */
async function draw(
  context: ShellContext,
  path: string,
  names: readonly string[],
  indent: string,
  depthLeft: number,
  branch: Branch,
): Promise<void> {
  if (depthLeft <= 0) return;
  const sorted = [...names].sort();
  for (const [index, name] of sorted.entries()) {
    const isLast = index === sorted.length - 1;
    const twig = `${indent}${isLast ? '└── ' : '├── '}`;
    if (context.screen === undefined) context.print(twig + name);
    else context.screen.show([[span(twig, 'dim'), znodeSpan(name)]]);
    const child: Branch = { name, children: [] };
    if (context.shell.usesJson) branch.children.push(child);
    if (depthLeft === 1) continue;
    const at = joinPath(path, name);
    const below = await childrenOf(context, at);
    await draw(context, at, below, indent + (isLast ? '    ' : '│   '), depthLeft - 1, child);
  }
}

async function childrenOf({ zk, signal }: ShellContext, path: string): Promise<readonly string[]> {
  try {
    return (await zk.children(path, { signal })).names;
  } catch (error) {
    if (error instanceof NoNodeError) return [];
    throw error;
  }
}
