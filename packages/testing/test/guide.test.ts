import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const examples = new URL('./guide/', import.meta.url);
const pages = ['../../../docs/guides/testing.md', '../README.md'].map((path) =>
  readFileSync(new URL(path, import.meta.url), 'utf8'),
);

// Those that are vitest's run by themselves, and the types of all are checked.
test.each(readdirSync(examples))(
  '%s stands in the guide or in the README as it is here',
  (name) => {
    const code = readFileSync(new URL(name, examples), 'utf8');
    expect(pages.some((page) => page.includes(`\`\`\`ts\n${code}\`\`\`\n`))).toBe(true);
  },
);

test.each([['readme.ts'], ['node-test.ts', '--test']])(
  '%s runs, and ends',
  async (name, ...more) => {
    const options = ['--conditions=@zooid/source', '--import', 'tsx', ...more];
    const program = fileURLToPath(new URL(name, examples));
    await promisify(execFile)(process.execPath, [...options, program], { timeout: 20_000 });
  },
);
