import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

export const addWatch: ShellCommand = {
  name: 'addWatch',
  usage:
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE',
  summary: 'prints every change of a znode, or of all below it, from now on',
  options: { m: { value: 'mode', help: 'PERSISTENT or PERSISTENT_RECURSIVE' } },
  operandsMin: 1,
  run: async ({ shell, json }, args) => {
    const [path = ''] = args.operands;
    const mode = (args.value('m') ?? 'PERSISTENT_RECURSIVE').toUpperCase();
    if (args.operands.length !== 1 || !/^PERSISTENT(_RECURSIVE)?$/.test(mode))
      throw new ShellError(`${addWatch.name} ${addWatch.usage}`, { code: 'USAGE' });
    assertPath(path);
    await shell.watches.add(path, mode === 'PERSISTENT' ? 'persistent' : 'recursive');
    json({ watched: path, mode });
  },
};
