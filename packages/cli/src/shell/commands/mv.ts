import type { ShellCommand } from '../command.ts';
import { copySubtree } from '../copy-subtree.ts';

export const mv: ShellCommand = {
  name: 'mv',
  usage: 'source target',
  summary: 'moves a znode and all below it to a new path, in one transaction',
  operandsMin: 2,
  run: async (context, { operands: [source = '', target = ''] }) => {
    const moved = await copySubtree(context, source, target, 'goes');
    context.json({ moved });
  },
};
