// What documents tell readers to write compiles, and what they show is what the examples are.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../set-up.mjs';
import { blocksOf } from './document-blocks.ts';

const documents = [
  'README.md',
  ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`),
  ...readdirSync(join(root, 'docs/guides')).map((name) => `docs/guides/${name}`),
  ...readdirSync(join(root, 'docs/recipes')).map((name) => `docs/recipes/${name}`),
];

/** What blocks go on with: that an earlier one of the page has made, or that is the reader's own. */
const AMBIENT = `
declare const zk: import('@zooid/client').ZooKeeper;
declare const server: import('@zooid/testing').TestServer;
declare function send(bytes: Uint8Array): void;
declare function onChunk(listener: (chunk: Uint8Array) => void): void;
declare function print(...values: unknown[]): void;
`;

const CONFIGURATION = {
  extends: '../../tsconfig.tests.json',
  compilerOptions: { noUnusedLocals: false, allowJs: false, checkJs: false },
  include: ['*.ts', '../../packages/*/src/**/*.d.ts'],
};

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** What the compiler has to say of blocks, each a module by its name. */
function compile(modules: ReadonlyMap<string, string>): string {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const directory = mkdtempSync(join(root, '.cache/document-blocks-'));
  try {
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(CONFIGURATION));
    writeFileSync(join(directory, 'ambient.d.ts'), AMBIENT);
    for (const [name, code] of modules) writeFileSync(join(directory, name), code);
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '--project', directory, '--pretty', 'false'],
      { cwd: directory, encoding: 'utf8' },
    );
    return status === 0 ? '' : stdout + stderr;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Lines stay where they are: an error's line is counted from that in the name. */
function moduleOf(code: string): string {
  return `${code}\nexport {};\n`;
}

test('every block of TypeScript in README files and guides compiles', () => {
  const modules = new Map<string, string>();
  for (const document of documents) {
    for (const { line, code } of blocksOf(read(document))) {
      modules.set(`${document.replaceAll('/', '-')}-from-line-${line}.ts`, moduleOf(code));
    }
  }
  const names = [...modules.keys()];
  for (const guide of ['packages-client-README', 'docs-guides-watches', 'docs-guides-errors']) {
    expect(names.filter((name) => name.startsWith(guide)).length).toBeGreaterThan(3);
  }
  expect(compile(modules)).toBe('');
});

test('a block that does not compile is found, with its document and line', () => {
  const [block] = blocksOf('# Title\n\n```ts\nawait zk.got("/a");\n```\n');
  expect(block?.line).toBe(4);
  const said = compile(new Map([['page.md-from-line-4.ts', moduleOf(block!.code)]]));
  expect(said).toMatch(/page\.md-from-line-4\.ts\(1,10\): error .*'got'/);
});

test("the client's README begins with the example of first steps, and shows what it prints", () => {
  const [example = '', comment = ''] = read('examples/first-steps.ts').split('\n// Prints:\n');
  const readme = read('packages/client/README.md');
  expect(blocksOf(readme)[0]?.code.trim()).toBe(example.trim());
  expect(readme).toContain(`\n\`\`\`text\n${comment.replaceAll(/^\/\/ /gm, '')}\`\`\`\n`);
});

test("the client's README has a line for every option of connect, and no other", () => {
  const [, options = ''] = read('packages/client/src/options.ts').split(
    'export interface ConnectOptions {',
  );
  const declared = [...options.split('\n}')[0]!.matchAll(/^ {2}readonly (\w+)\?:/gm)];
  const [, section = ''] = read('packages/client/README.md').split('\n## Options of `connect`\n');
  const told = [...section.split('\n## ')[0]!.matchAll(/^\| `(\w+)` \|/gm)];
  expect(told.map(([, name]) => name)).toEqual(declared.map(([, name]) => name));
  expect(told.length).toBeGreaterThan(10);
});
