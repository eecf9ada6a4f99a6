import { NoNodeError } from '@zooid/client';
import type { ShellCommand } from '../command.ts';
import { printStat, statJson } from '../stat-text.ts';
import { assertPath } from '../znode-path.ts';

export const stat: ShellCommand = {
  name: 'stat',
  usage: '[-w] path',
  summary: 'prints the facts of a znode',
  options: { w: { help: 'say when it changes, or comes to be' } },
  operandsMin: 1,
  run: async (context, args) => {
    const { zk, shell, note, json, signal } = context;
    const [path = '', ...others] = args.operands;
    if (others.length > 0)
      note("'stat path [watch]' has been deprecated. Please use 'stat [-w] path' instead.");
    assertPath(path);
    const watches = args.has('w') || others.length > 0;
    const watched = watches ? await zk.exists(path, { watch: true, signal }) : undefined;
    if (watched !== undefined) shell.watches.once('data', path, watched.changed);
    const found = watched === undefined ? await zk.exists(path, { signal }) : watched.stat;
    if (found === undefined) throw new NoNodeError({ operation: 'stat', path });
    printStat(context, found);
    json(statJson(found));
  },
};
