import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isInstalled } from '../set-up.mjs';

describe('whether the dependencies are installed', () => {
  let directory: string;
  const locked = { version: '1.0.0', integrity: 'sha512-x' };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'zooid-set-up-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function write(path: string, packages: unknown): void {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), JSON.stringify({ packages }));
  }

  /** A checkout in which exactly what is locked is installed. */
  function install(packages: Readonly<Record<string, unknown>>): void {
    write('package-lock.json', { '': {}, ...packages });
    write('node_modules/.package-lock.json', packages);
    for (const path of Object.keys(packages)) write(`${path}/package.json`, {});
  }

  test('they are if npm has noted the versions that are locked, and they are there', () => {
    install({ 'node_modules/a': locked, 'node_modules/a/node_modules/b': locked });
    expect(isInstalled(directory)).toBe(true);
  });

  test('they are not on a fresh clone, nor after an installation that was interrupted', () => {
    write('package-lock.json', { 'node_modules/a': locked });
    expect(isInstalled(directory)).toBe(false);
    write('node_modules/a/package.json', {});
    expect(isInstalled(directory)).toBe(false);
    writeFileSync(join(directory, 'node_modules/.package-lock.json'), '{"packages": {"node_mod');
    expect(isInstalled(directory)).toBe(false);
  });

  test.each([
    ['another version', { 'node_modules/a': { ...locked, version: '1.0.1' } }],
    ['another content', { 'node_modules/a': { ...locked, integrity: 'sha512-y' } }],
    ['one more package', { 'node_modules/a': locked, 'node_modules/b': locked }],
  ])('they are not if the lock file asks for %s', (_, packages) => {
    install({ 'node_modules/a': locked });
    write('package-lock.json', packages);
    expect(isInstalled(directory)).toBe(false);
  });

  test('they are not if somebody deleted one', () => {
    install({ 'node_modules/a': locked });
    rmSync(join(directory, 'node_modules/a'), { recursive: true });
    expect(isInstalled(directory)).toBe(false);
  });

  test('packages for other systems may be missing', () => {
    install({ 'node_modules/a': locked });
    write('package-lock.json', {
      'node_modules/a': locked,
      'node_modules/other': { ...locked, optional: true },
    });
    expect(isInstalled(directory)).toBe(true);
  });
});
