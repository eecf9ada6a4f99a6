import { inColumns } from '../../terminal/columns.ts';
import { printPath, znodeSpan } from '../answer-lines.ts';
import type { ShellCommand, ShellContext } from '../command.ts';
import { printStat, statJson } from '../stat-text.ts';
import { visitSubtree } from '../subtree.ts';
import { assertPath } from '../znode-path.ts';

export const ls: ShellCommand = {
  name: 'ls',
  usage: '[-s] [-w] [-R] path',
  summary: 'lists the children of a znode, or all below it',
  options: {
    s: { help: 'stat, too' },
    w: { help: 'say when the children change' },
    R: { help: 'everything below, a path on each line' },
  },
  operandsMin: 1,
  run: async (context, args) => {
    const { zk, shell, screen, print, note, json, signal } = context;
    const [path = '', ...others] = args.operands;
    if (others.length > 0)
      note("'ls path [watch]' has been deprecated. Please use 'ls [-w] path' instead.");
    const watches = args.has('w') || others.length > 0;
    assertPath(path);
    if (args.has('R')) {
      await listAll(context, path, watches);
      return;
    }
    const watched = watches ? await zk.children(path, { watch: true, signal }) : undefined;
    if (watched !== undefined) shell.watches.once('children', path, watched.changed);
    const { names, stat } = watched ?? (await zk.children(path, { signal }));
    const sorted = [...names].sort();
    if (screen === undefined) print(`[${sorted.join(', ')}]`);
    else screen.show(inColumns(sorted.map(znodeSpan), screen.columns));
    if (args.has('s')) printStat(context, stat);
    json({ children: sorted, stat: statJson(stat) });
  },
};

async function listAll(context: ShellContext, path: string, watches: boolean): Promise<void> {
  const { zk, shell, json, signal } = context;
  const paths: string[] = [];
  const watchedChildren = async (at: string) => {
    const children = await zk.children(at, { watch: true, signal });
    shell.watches.once('children', at, children.changed);
    return children;
  };
  const visit = (at: string) => {
    printPath(context, at);
    if (shell.usesJson) paths.push(at);
  };
  await visitSubtree(zk, path, { signal }, visit, watches ? watchedChildren : undefined);
  json({ paths });
}
