// Tests about the code: what a reviewer would otherwise have to look for.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../set-up.mjs';

const FILE_BYTES_MAX = 256 * 1024;

/** Who may import whom, besides itself. A package may use only what stands here. */
const allowedPackages: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  core: ['protocol'],
  server: ['protocol', 'core'],
  client: ['protocol'],
  recipes: ['client'],
  testing: ['protocol', 'server', 'client'],
  cli: ['protocol', 'core', 'server', 'client', 'recipes', 'testing'],
  sim: ['protocol', 'core', 'client', 'recipes'],
};

/** Packages without I/O. */
const purePackages: readonly string[] = ['protocol', 'core'];

/**
 * The floors of core, lowest first: a file may import from its own floor and from those below. A name without an
 * extension is a directory; a file of it that is named by itself has its own floor.
 */
const coreFloors: readonly (readonly string[])[] = [
  ['assert.ts', 'queue.ts', 'random.ts', 'limits.ts', 'view-cache.ts', 'quorum'],
  ['tree', 'session', 'watch', 'auth', 'throttle', 'storage', 'election'],
  [
    'quota',
    'digest-log.ts',
    'client.ts',
    'outbox.ts',
    'new-state.ts',
    'output-pool.ts',
    'turn-clock.ts',
    'replies.ts',
    'request/connect.ts',
    'request/deferred-frames.ts',
  ],
  ['txn'],
  ['request', 'cleaner.ts'],
  ['zab'],
  ['server-core.ts'],
  ['turn.ts'],
  ['index.ts'],
];

/** Files that git knows or would add, relative to the root. */
const files: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard'],
  { cwd: root, encoding: 'utf8' },
)
  .split('\n')
  .filter(
    (file) => file !== '' && existsSync(join(root, file)) && statSync(join(root, file)).isFile(),
  );

const sources = files.filter((file) => /^packages\/[^/]+\/src\/.*\.ts$/.test(file));

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** What a file imports or re-exports, types included. */
function importsOf(file: string): readonly string[] {
  const statements =
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;
  return [...read(file).matchAll(statements)].map((match) => (match[1] ?? match[2])!);
}

function packageOf(file: string): string {
  return file.split('/')[1]!;
}

/** The folder of the package that an import names, whichever of its entries that is. */
function packageNamed(name: string): string {
  return name.replace('@zooid/', '').split('/')[0]!;
}

function floorOf(path: string): number {
  const [head = ''] = path.split('/');
  const own = coreFloors.findIndex((floor) => floor.includes(path));
  return own >= 0 ? own : coreFloors.findIndex((floor) => floor.includes(head));
}

describe('imports', () => {
  test('go from package to package only downward', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('@zooid/') || name === 'zooid')
        .filter((name) => !allowedPackages[packageOf(file)]?.includes(packageNamed(name)))
        .map((name) => `${file} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('never reach into another package by a relative path', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(file), name)).replaceAll('\\', '/'))
        .filter((target) => !target.startsWith(`packages/${packageOf(file)}/src/`))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('of protocol and core are of nothing but Zooid: no Node module, no dependency', () => {
    const wrong = sources
      .filter((file) => purePackages.includes(packageOf(file)))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => !name.startsWith('.') && !name.startsWith('@zooid/'))
          .map((name) => `${file} imports ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  test('inside core go only downward', () => {
    const base = 'packages/core/src/';
    const wrong = sources
      .filter((file) => file.startsWith(base))
      .flatMap((file) =>
        importsOf(file)
          .filter((name) => name.startsWith('.'))
          .map((name) => ({
            from: file.slice(base.length),
            to: relative(base, join(dirname(file), name)).replaceAll('\\', '/'),
          }))
          .filter(({ from, to }) => floorOf(to) > floorOf(from) || floorOf(from) < 0)
          .map(({ from, to }) => `core: ${from} imports ${to}`),
      );
    expect(wrong).toEqual([]);
  });

  test('are found by this test at all', () => {
    expect(importsOf('packages/server/src/server.ts')).toContain('@zooid/core');
    expect(sources.length).toBeGreaterThan(50);
  });
});

describe('the configuration', () => {
  test('has no field that the server does not read', () => {
    const code = sources
      .filter((file) => /^packages\/(server|core)\//.test(file) && !file.includes('/config/'))
      .map(read)
      .join('\n');
    const declared = read('packages/server/src/config/server-config.ts').matchAll(
      /^ {2}readonly (\w+):/gm,
    );
    const unread = [...declared]
      .map((match) => match[1]!)
      .filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
    expect(unread).toEqual([]);
    // Handed to the core whole, where the names of the fields stand in any case.
    expect(
      ['throttle.connection', 'throttle.request'].filter((name) => !code.includes(name)),
    ).toEqual([]);
  });
});

describe('the tree of files', () => {
  test('has a README in every package', () => {
    const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
    expect([...packages].filter((path) => !existsSync(join(root, path, 'README.md')))).toEqual([]);
  });

  test('has the same version and the same Node in every package, and internal dependencies of that version', () => {
    const { version, engines } = JSON.parse(read('package.json')) as {
      version: string;
      engines: unknown;
    };
    for (const file of files.filter((path) =>
      /^(packages\/[^/]+|bench|docs-site|examples|interop)\/package\.json$/.test(path),
    )) {
      const manifest = JSON.parse(read(file)) as {
        readonly version: string;
        readonly engines: unknown;
        readonly dependencies?: Readonly<Record<string, string>>;
      };
      expect([file, manifest.version, manifest.engines]).toEqual([file, version, engines]);
      for (const [name, wanted] of Object.entries(manifest.dependencies ?? {})) {
        if (name.startsWith('@zooid/')) expect([file, name, wanted]).toEqual([file, name, version]);
      }
    }
  });

  test('has no leftover that was meant to be mended later', () => {
    const words = ['FIX-ME', 'TO-DO', 'X-XX'].map((word) => word.replace('-', ''));
    const marks = new RegExp(`\\b(${words.join('|')})\\b`);
    const wrong = files
      .filter(
        (file) => /\.(ts|mjs|json|md|c|java|py|sh)$/.test(file) && file !== 'package-lock.json',
      )
      .filter((file) => marks.test(read(file)));
    expect(wrong).toEqual([]);
  });

  test('has no file over 256 KiB', () => {
    const large = files.filter((file) => statSync(join(root, file)).size > FILE_BYTES_MAX);
    expect(large).toEqual([]);
  });

  test('has no path of the machine it was written on', () => {
    const home = /\/(home|Users)\/[a-z][a-z0-9_-]*\//;
    const checkout = root.replace(/[/\\]$/, '');
    const wrong = files
      .filter((file) => statSync(join(root, file)).size < FILE_BYTES_MAX)
      .filter((file) => home.test(read(file)) || read(file).includes(`${checkout}/`));
    expect(wrong).toEqual([]);
  });

  test('has a title, a status and a date in every decision, and the parts that make one', () => {
    const decisions = files.filter((file) => file.startsWith('docs/decisions/'));
    expect(decisions.length).toBeGreaterThan(0);
    for (const file of decisions) {
      expect(file).toMatch(/^docs\/decisions\/\d{4}-[a-z0-9-]+\.md$/);
      const text = read(file);
      expect([file, text.split('\n')[0]]).toEqual([file, expect.stringMatching(/^# \d{4}\. .+/)]);
      expect([
        file,
        /\nStatus: (proposed|accepted|superseded by \d{4}) ?\(\d{4}-\d{2}-\d{2}\)\n/.test(text),
      ]).toEqual([file, true]);
      for (const part of ['## Context', '## Decision', '## Consequences', '## Alternatives']) {
        expect([file, text.includes(`\n${part}\n`)]).toEqual([file, true]);
      }
    }
  });

  test('numbers its decisions without a gap or a doublet', () => {
    const numbers = files
      .filter((file) => file.startsWith('docs/decisions/'))
      .map((file) => Number(file.slice('docs/decisions/'.length).slice(0, 4)))
      .sort((left, right) => left - right);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  test('has no relative link in a document that leads nowhere', () => {
    const wrong = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
          .map((match) => match[1]!)
          .filter((target) => !existsSync(join(root, dirname(file), target)))
          .map((target) => `${file} links to ${target}`),
      );
    expect(wrong).toEqual([]);
  });
});
