import { pathLine } from '../answer-lines.ts';
import type { ShellCommand } from '../command.ts';
import { assertPath } from '../znode-path.ts';

export const getEphemerals: ShellCommand = {
  name: 'getEphemerals',
  usage: 'path',
  summary: "lists this session's ephemeral znodes, all or those at and below a path",
  run: async ({ zk, screen, print, json, signal }, { operands: [path = '/'] }) => {
    assertPath(path);
    const paths = await zk.ephemerals(path, { signal });
    if (screen === undefined) print(`[${paths.join(', ')}]`);
    else screen.show(paths.map(pathLine));
    json({ paths });
  },
};
