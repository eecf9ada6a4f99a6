import { ZooKeeperError } from '@zooid/client';
import { parseAcl } from '../acl-text.ts';
import type { ShellCommand } from '../command.ts';
import { messageOf, ShellError } from '../shell-error.ts';
import { printStat, statJson } from '../stat-text.ts';
import { visitSubtree } from '../subtree.ts';
import { assertPath } from '../znode-path.ts';

export const setAcl: ShellCommand = {
  name: 'setAcl',
  usage: '[-s] [-v version] [-R] path acl',
  summary: 'changes who may do what with a znode',
  options: {
    s: { help: 'print the stat' },
    v: { value: 'version', help: 'only if its ACL has this version' },
    R: { help: 'everything below, too' },
  },
  operandsMin: 2,
  run: async (context, args) => {
    const { zk, json, signal } = context;
    const [path = '', aclText = ''] = args.operands;
    const acl = parseAcl(aclText, context);
    if (acl.length === 0) throw new ShellError('Acl is not valid : null');
    const version = args.integer('v');
    assertPath(path);
    if (!args.has('R')) {
      const stat = await zk.setAcl(path, acl, { version, signal });
      if (args.has('s')) printStat(context, stat);
      json(statJson(stat));
      return;
    }
    await visitSubtree(zk, path, { signal }, async (at) => {
      try {
        await zk.setAcl(at, acl, { version, signal });
      } catch (error) {
        if (!ZooKeeperError.is(error) || error.kind !== 'state') throw error;
        // Of one that refuses it is told, and the others get it all the same.
        context.note(messageOf(error));
      }
    });
    json({ path });
  },
};
