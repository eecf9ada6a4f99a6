import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entryPoint } from '../bin/entry-point.mjs';

describe('what the command runs from', () => {
  let root: string;
  let directory: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'zooid-entry-point-'));
    directory = join(root, 'cli');
  });

  afterEach(() => {
    rmSync(root, { recursive: true });
  });

  /** A file below `root` that was written at this second. */
  function write(file: string, atSeconds: number): void {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    utimesSync(path, atSeconds, atSeconds);
  }

  test('is the bundle where the package is installed, whatever lies beside it', () => {
    write('cli/dist/index.js', 3);
    write('cli/bundle/zooid.js', 1);
    write('other/dist/.tsbuildinfo', 2);
    expect(entryPoint(directory)).toBe(join(directory, 'bundle/zooid.js'));
  });

  test('is the bundle in a checkout if it was made after everything was compiled', () => {
    write('cli/tsconfig.json', 5);
    write('cli/dist/index.js', 1);
    write('cli/dist/.tsbuildinfo', 1);
    write('core/dist/.tsbuildinfo', 2);
    write('cli/bundle/zooid.js', 3);
    expect(entryPoint(directory)).toBe(join(directory, 'bundle/zooid.js'));
  });

  test('is what was compiled if a package of the checkout was compiled later', () => {
    write('cli/tsconfig.json', 1);
    write('cli/dist/index.js', 1);
    write('cli/bundle/zooid.js', 2);
    write('core/dist/.tsbuildinfo', 3);
    expect(entryPoint(directory)).toBe(join(directory, 'dist/index.js'));
  });

  test('is what was compiled if there is no bundle, and nothing before that', () => {
    write('cli/tsconfig.json', 1);
    expect(entryPoint(directory)).toBe(undefined);
    write('cli/dist/index.js', 1);
    expect(entryPoint(directory)).toBe(join(directory, 'dist/index.js'));
  });
});
