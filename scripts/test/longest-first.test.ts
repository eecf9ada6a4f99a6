import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LONGEST_FILES, longestFirst } from '../vitest/longest-first.ts';

const root = join(import.meta.dirname, '../..');

describe('the order of test files', () => {
  test.each(LONGEST_FILES)('%s is a file, and stands there once', (name) => {
    expect(existsSync(join(root, `interop/test/${name}.test.ts`))).toBe(true);
    expect(LONGEST_FILES.filter((other) => other === name)).toHaveLength(1);
  });

  test('begins with those that take longest, and leaves the others as they were', () => {
    const [first, second] = LONGEST_FILES;
    const names = ['zk-cli', second!, 'admin-words', first!];
    const files = names.map((name) => ({ moduleId: `/anywhere/interop/test/${name}.test.ts` }));
    const sorted = longestFirst(files).map(({ moduleId }) => /(\S+?)\.test/.exec(moduleId)![1]);
    expect(sorted).toEqual(
      [first, second, 'zk-cli', 'admin-words'].map((name) => `/anywhere/interop/test/${name}`),
    );
  });
});
