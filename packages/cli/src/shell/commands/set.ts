import type { ShellCommand } from '../command.ts';
import { tryBase64 } from '../exchange/tree-node.ts';
import { ShellError } from '../shell-error.ts';
import { printStat, statJson } from '../stat-text.ts';
import { assertPath } from '../znode-path.ts';

export const set: ShellCommand = {
  name: 'set',
  usage: 'path data [-s] [-v version] [-b]',
  summary: 'changes the data of a znode',
  options: {
    s: { help: 'print the stat' },
    v: { value: 'version', help: 'only if it has this version' },
    b: { help: 'the data is base64' },
  },
  operandsMin: 2,
  run: async (context, args) => {
    const { zk, json, signal } = context;
    const [path = '', text = ''] = args.operands;
    const version = args.integer('v');
    assertPath(path);
    const stat = await zk.set(path, args.has('b') ? fromBase64(text) : text, { version, signal });
    if (args.has('s')) printStat(context, stat);
    json(statJson(stat));
  },
};

function fromBase64(text: string): Uint8Array {
  const bytes = tryBase64(text);
  if (bytes === undefined) throw new ShellError('the data is not base64');
  return bytes;
}
