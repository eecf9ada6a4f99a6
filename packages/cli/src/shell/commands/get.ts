import type { ShellCommand } from '../command.ts';
import { hexDump } from '../hex-dump.ts';
import { printStat, statJson } from '../stat-text.ts';
import { assertPath } from '../znode-path.ts';

export const get: ShellCommand = {
  name: 'get',
  usage: '[-s] [-w] [-b] [-x] path',
  summary: 'prints the data of a znode',
  options: {
    s: { help: 'stat, too' },
    w: { help: 'say when it changes' },
    b: { help: 'data in base64' },
    x: { help: 'data as a hexadecimal dump' },
  },
  operandsMin: 1,
  run: async (context, args) => {
    const { zk, shell, print, note, json, signal } = context;
    const [path = '', ...others] = args.operands;
    if (others.length > 0)
      note("'get path [watch]' has been deprecated. Please use 'get [-s] [-w] path' instead.");
    assertPath(path);
    const options = { signal };
    const watches = args.has('w') || others.length > 0;
    const watched = watches ? await zk.get(path, { ...options, watch: true }) : undefined;
    if (watched !== undefined) shell.watches.once('data', path, watched.changed);
    const { data, stat, isNull } = watched ?? (await zk.get(path, options));
    const bytes = isNull ? Buffer.from('null') : Buffer.from(data);
    if (args.has('x')) print(hexDump(bytes));
    else print(bytes.toString(args.has('b') ? 'base64' : 'utf8'));
    if (args.has('s')) printStat(context, stat);
    json({
      data: isNull ? null : bytes.toString(args.has('b') ? 'base64' : 'utf8'),
      stat: statJson(stat),
    });
  },
};
