import type { ShellCommand } from '../command.ts';
import { copySubtree } from '../copy-subtree.ts';

export const cp: ShellCommand = {
  name: 'cp',
  usage: 'source target',
  summary: 'copies a znode and all below it to a new path, in one transaction',
  operandsMin: 2,
  run: async (context, { operands: [source = '', target = ''] }) => {
    const copied = await copySubtree(context, source, target, 'stays');
    context.json({ copied });
  },
};
