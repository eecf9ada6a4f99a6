import type { ShellCommand } from '../command.ts';
import { assertPath } from '../znode-path.ts';

export const deleteOne: ShellCommand = {
  name: 'delete',
  usage: '[-v version] path',
  summary: 'removes a znode that has no children',
  options: { v: { value: 'version', help: 'only if it has this version' } },
  operandsMin: 1,
  run: async ({ zk, note, json, signal }, args) => {
    const [path = '', ...others] = args.operands;
    // Apache's shell ignores the version there, too.
    if (others.length > 0)
      note(
        "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.",
      );
    assertPath(path);
    await zk.delete(path, { version: args.integer('v'), signal });
    json({ deleted: path });
  },
};
