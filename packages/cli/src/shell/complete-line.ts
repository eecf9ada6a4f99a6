import type { ZooKeeper } from '@zooid/client';
import { shellCommandNames } from './command-list.ts';

/** Longest wait for the tree, in ms: a Tab that takes longer completes nothing. */
const TIMEOUT_MS = 2000;

/**
 * What the last word of a line may become: a command at its beginning, a path of the tree if it begins with a slash.
 *
 * @returns the candidates, and the word that they take the place of. Never rejects.
 */
export async function completeLine(
  zk: Pick<ZooKeeper, 'children'> | undefined,
  line: string,
): Promise<[string[], string]> {
  const word = /\S*$/.exec(line)![0];
  const isFirst = line.trimStart() === word;
  if (isFirst || /^\s*help\s+\S*$/.test(line))
    return [
      shellCommandNames.filter((name) => name.startsWith(word)).map((name) => `${name} `),
      word,
    ];
  if (!word.startsWith('/') || zk === undefined) return [[], word];
  const slash = word.lastIndexOf('/');
  const parent = slash === 0 ? '/' : word.slice(0, slash);
  const begun = word.slice(slash + 1);
  try {
    const { names } = await zk.children(parent, { timeoutMs: TIMEOUT_MS });
    const above = word.slice(0, slash + 1);
    return [
      names
        .filter((name) => name.startsWith(begun))
        .sort()
        .map((name) => above + name),
      word,
    ];
  } catch {
    return [[], word];
  }
}
