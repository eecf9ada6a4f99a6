import type { ShellCommand } from '../command.ts';
import { assertPath } from '../znode-path.ts';

export const getAllChildrenNumber: ShellCommand = {
  name: 'getAllChildrenNumber',
  usage: 'path',
  summary: 'counts the znodes below a znode, at every depth',
  operandsMin: 1,
  run: async ({ zk, print, json, signal }, { operands: [path = ''] }) => {
    assertPath(path);
    const count = await zk.countDescendants(path, { signal });
    print(`${count}`);
    json({ count });
  },
};
