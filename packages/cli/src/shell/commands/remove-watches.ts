import type { WatchSelection } from '@zooid/client';
import type { ShellCommand } from '../command.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

export const removeWatches: ShellCommand = {
  name: 'removewatches',
  usage: 'path [-c|-d|-a] [-l]',
  summary: "takes this session's watches of a znode off",
  options: {
    c: { help: 'those of the children' },
    d: { help: 'those of the data' },
    p: { help: 'the persistent one' },
    r: { help: 'the persistent recursive one' },
    a: { help: 'all' },
    l: { help: 'taken and ignored: the session remembers what it has to remove' },
  },
  operandsMin: 1,
  run: async ({ shell, signal, json }, args) => {
    const [path = ''] = args.operands;
    assertPath(path);
    const lasting = args.has('p') ? 'persistent' : args.has('r') ? 'recursive' : undefined;
    const which: WatchSelection = args.has('c') ? 'children' : args.has('d') ? 'data' : 'any';
    if (lasting === undefined || which !== 'any') await shell.watches.remove(path, which, signal);
    else if (!(await shell.watches.removeLasting(path, lasting)))
      throw new ShellError(`KeeperErrorCode = No such watcher for ${path}`);
    json({ removed: path });
  },
};
