import { TransactionError } from '@zooid/client';
import { joinPath } from '@zooid/protocol';
import type { ShellCommand, ShellContext } from '../command.ts';
import { ShellError } from '../shell-error.ts';
import { assertPath } from '../znode-path.ts';

const BATCH_DEFAULT = 1000;

export const deleteAll: ShellCommand = {
  name: 'deleteall',
  usage: 'path [-b batch size]',
  summary: 'removes a znode and all below it',
  options: { b: { value: 'batch size', help: 'znodes in one transaction' } },
  operandsMin: 1,
  run: async (context, args) => {
    const batchText = args.value('b') ?? `${BATCH_DEFAULT}`;
    if (!/^[-+]?\d+$/.test(batchText)) throw new ShellError('-b argument must be an int value');
    const [path = ''] = args.operands;
    assertPath(path);
    const paths = await breadthFirst(context, path);
    const isDeleted = await deleteInBatches(context, paths.reverse(), Number(batchText));
    if (!isDeleted) context.note('Failed to delete some node(s) in the subtree!');
    context.json({ deleted: isDeleted ? paths.length : null });
  },
};

/** Parents before their children. Also of those that vanish meanwhile an error is made, as Apache's shell does. */
async function breadthFirst({ zk, signal }: ShellContext, path: string): Promise<string[]> {
  const paths = [path];
  for (let at = 0; at < paths.length; at++) {
    const { names } = await zk.children(paths[at]!, { signal });
    for (const name of names) paths.push(joinPath(paths[at]!, name));
  }
  return paths;
}

/** Transactions of so many znodes each; without a batch size single requests. */
async function deleteInBatches(
  { zk, signal }: ShellContext,
  paths: readonly string[],
  batchSize: number,
): Promise<boolean> {
  if (batchSize <= 0) {
    for (const path of paths) await zk.delete(path, { signal });
    return true;
  }
  for (let at = 0; at < paths.length; at += batchSize) {
    const transaction = zk.transaction();
    for (const path of paths.slice(at, at + batchSize)) transaction.delete(path);
    try {
      await transaction.commit({ signal });
    } catch (error) {
      if (!(error instanceof TransactionError)) throw error;
      return false;
    }
  }
  return true;
}
