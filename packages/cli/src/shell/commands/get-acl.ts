import { permissionText } from '../acl-text.ts';
import { aclLines } from '../answer-lines.ts';
import type { ShellCommand } from '../command.ts';
import { printStat, statJson } from '../stat-text.ts';
import { assertPath } from '../znode-path.ts';

export const getAcl: ShellCommand = {
  name: 'getAcl',
  usage: '[-s] path',
  summary: 'prints who may do what with a znode',
  options: { s: { help: 'stat, too' } },
  operandsMin: 1,
  run: async (context, args) => {
    const { zk, screen, print, json, signal } = context;
    const [path = ''] = args.operands;
    assertPath(path);
    const { acl, stat } = await zk.getAcl(path, { signal });
    if (screen !== undefined) screen.show(aclLines(acl));
    else
      for (const { scheme, id, perms } of acl)
        print(`'${scheme},'${id}\n: ${permissionText(perms)}`);
    if (args.has('s')) printStat(context, stat);
    json({
      acl: acl.map(({ scheme, id, perms }) => ({ scheme, id, permissions: permissionText(perms) })),
      stat: statJson(stat),
    });
  },
};
