import { NoNodeError } from '@zooid/client';
import { parentOf } from '@zooid/protocol';
import type { ShellCommand, ShellContext } from '../command.ts';
import { limitsPath, parseQuota, QUOTA_ROOT, quotaPath, quotaText } from '../quota.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

const keys: Readonly<Record<string, string>> = {
  n: 'count',
  b: 'bytes',
  N: 'countHardLimit',
  B: 'byteHardLimit',
};

export const delQuota: ShellCommand = {
  name: 'delquota',
  usage: '[-n|-b|-N|-B] path',
  summary: 'removes the limits of a subtree, or one of them',
  options: {
    n: { help: 'the limit of znodes that only warns' },
    b: { help: 'the limit of bytes that only warns' },
    N: { help: 'the limit of znodes' },
    B: { help: 'the limit of bytes' },
  },
  operandsMin: 1,
  run: async (context, args) => {
    const { zk, print, note, json, signal } = context;
    const [path = ''] = args.operands;
    const given = Object.keys(keys).filter((option) => args.has(option));
    if (given.length > 1)
      throw new ShellError(
        `The option '${given[1]}' was specified but an option from this group has already been selected: '${given[0]}'`,
      );
    assertPath(limitsPath(path));
    if ((await zk.exists(limitsPath(path), { signal })) === undefined) {
      print(`Quota does not exist for ${path}`);
      json(null);
      return;
    }
    try {
      const [option] = given;
      if (option === undefined) await removeAll(context, path);
      else {
        const numbers = parseQuota((await zk.get(limitsPath(path), { signal })).text());
        numbers.set(keys[option]!, -1n);
        await zk.set(limitsPath(path), quotaText(numbers), { signal });
      }
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
      note(`quota for ${path} does not exist.`);
    }
    json({ path });
  },
};

/** Also the znodes above, as far as they hold nothing else. */
async function removeAll({ zk, signal }: ShellContext, path: string): Promise<void> {
  let at = path === '/' ? QUOTA_ROOT : quotaPath(path);
  for (const name of (await zk.children(at, { signal })).names)
    await zk.delete(`${at}/${name}`, { signal });
  for (; at !== QUOTA_ROOT; at = parentOf(at)) {
    if ((await zk.children(at, { signal })).names.length > 0) return;
    await zk.delete(at, { signal });
  }
}
