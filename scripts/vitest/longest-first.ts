/**
 * The order of test files. On a machine that has run them before, vitest begins with those that took longest; on a fresh one it begins with
 * the largest, which says nothing of files that start servers. Whoever begins a long one last waits for it alone.
 */

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of `interop/test` that take longest, longest first: half a minute at least, measured on a machine of two cores. */
export const LONGEST_FILES: readonly string[] = [
  'mixed-ensemble',
  'kazoo',
  'bench-ensemble',
  'recipes-queues',
  'ensemble',
  'local-sessions',
  'recipes-locks',
  'differential',
  'mixed-history',
  'recorded-history',
  'cut-off',
  'file-tools',
  'data-exchange',
];

const RANKS = new Map(LONGEST_FILES.map((name, rank) => [`interop/test/${name}.test.ts`, rank]));

/** The same files with the longest first. */
export function longestFirst<T extends { readonly moduleId: string }>(
  files: readonly T[],
): readonly T[] {
  const rankOf = ({ moduleId }: T) => {
    const path = moduleId.split('/').slice(-3).join('/');
    return RANKS.get(path) ?? RANKS.size;
  };
  return files.toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** What vitest takes for `sequence.sequencer`. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // All of them are of the project that runs last, so projects stay apart.
    const isLate = ({ project }: TestSpecification) => project.name === 'interop';
    const sorted = await super.sort(files);
    return [
      ...sorted.filter((file) => !isLate(file)),
      ...longestFirst(sorted.filter((file) => isLate(file))),
    ];
  }
}
