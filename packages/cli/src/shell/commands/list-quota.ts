import { NoNodeError } from '@zooid/client';
import { quotaLines } from '../answer-lines.ts';
import type { ShellCommand } from '../command.ts';
import { limitsPath, parseQuota, quotaText, statsPath } from '../quota.ts';
import { assertPath } from '../znode-path.ts';

export const listQuota: ShellCommand = {
  name: 'listquota',
  usage: 'path',
  summary: 'prints the limits of a subtree and what it holds',
  operandsMin: 1,
  run: async ({ zk, screen, print, note, json, signal }, { operands: [path = ''] }) => {
    if (screen === undefined) note(`absolute path is ${limitsPath(path)}`);
    assertPath(limitsPath(path));
    try {
      const limits = quotaText(parseQuota((await zk.get(limitsPath(path), { signal })).text()));
      const stats = quotaText(parseQuota((await zk.get(statsPath(path), { signal })).text()));
      if (screen !== undefined) screen.show(quotaLines(limits, stats));
      else {
        print(`Output quota for ${path} ${limits}`);
        print(`Output stat for ${path} ${stats}`);
      }
      json({ path, limits: numbersOf(limits), stats: numbersOf(stats) });
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
      note(`quota for ${path} does not exist.`);
      json(null);
    }
  },
};

function numbersOf(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries([...parseQuota(text)].map(([key, value]) => [key, Number(value)]));
}
