import { NoNodeError } from '@zooid/client';
import type { ShellCommand } from '../command.ts';
import { limitsPath, parseQuota, quotaText, statsPath } from '../quota.ts';
import { assertPath } from '../znode-path.ts';

export const listQuota: ShellCommand = {
  name: 'listquota',
  usage: 'path',
  summary: 'prints the limits of a subtree and what it holds',
  operandsMin: 1,
  run: async ({ zk, print, note, json, signal }, { operands: [path = ''] }) => {
    note(`absolute path is ${limitsPath(path)}`);
    assertPath(limitsPath(path));
    try {
      const limits = quotaText(parseQuota((await zk.get(limitsPath(path), { signal })).text()));
      const stats = quotaText(parseQuota((await zk.get(statsPath(path), { signal })).text()));
      print(`Output quota for ${path} ${limits}`);
      print(`Output stat for ${path} ${stats}`);
      json({ path, limits, stats });
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
      note(`quota for ${path} does not exist.`);
      json(null);
    }
  },
};
