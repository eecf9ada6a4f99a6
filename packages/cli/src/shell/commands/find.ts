import { NoAuthError, NoNodeError } from '@zooid/client';
import { printPath } from '../answer-lines.ts';
import type { ShellCommand, ShellContext } from '../command.ts';
import { visitSubtree } from '../subtree.ts';
import { assertPath, nameOf } from '../znode-path.ts';

export const find: ShellCommand = {
  name: 'find',
  usage: '[-name pattern] [-data text] [path]',
  summary: 'lists the znodes at and below a path that have such a name or such data',
  options: {
    name: { value: 'pattern', help: 'the whole name; * stands for any letters, ? for one' },
    data: { value: 'text', help: 'somewhere in the data' },
  },
  run: async (context, args) => {
    const [path = '/'] = args.operands;
    assertPath(path);
    const pattern = patternOf(args.value('name') ?? '*');
    const text = args.value('data');
    const paths: string[] = [];
    await visitSubtree(context.zk, path, { signal: context.signal }, async (at) => {
      if (!pattern.test(nameOf(at))) return;
      if (text !== undefined && !(await holds(context, at, text))) return;
      printPath(context, at);
      if (context.shell.usesJson) paths.push(at);
    });
    context.json({ paths });
  },
};

/** Every sign but two stands for itself. */
function patternOf(pattern: string): RegExp {
  const parts = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('?', '.');
  return new RegExp(`^${parts.replaceAll(/\*+/g, '.*')}$`, 's');
}

/** False also for data that nobody may read here, of which a remark is made. */
async function holds({ zk, note, signal }: ShellContext, path: string, text: string) {
  try {
    return Buffer.from((await zk.get(path, { signal })).data).includes(text);
  } catch (error) {
    if (error instanceof NoAuthError) note(`Insufficient permission : ${path}`);
    else if (!(error instanceof NoNodeError)) throw error;
    return false;
  }
}
