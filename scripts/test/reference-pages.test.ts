import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as client from '../../packages/client/src/index.ts';
import { ErrorCode } from '../../packages/protocol/src/error-code.ts';
import { configKeys } from '../../packages/server/src/config/config-keys.ts';
import { referencePages } from '../reference/pages.ts';

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
}

describe('the reference pages', () => {
  test.each(referencePages)(
    '$path is what the sources say; if not, run: npm run docs',
    ({ path, make }) => {
      expect(read(path)).toBe(make());
    },
  );

  test('the page of keys has a row for every key', () => {
    const page = read('docs/reference/configuration.md');
    for (const key of configKeys) expect(page).toContain(`\n| \`${key.name}\` |`);
  });

  test('the page of the client has a line for every class that a call may reject with', () => {
    const page = read('docs/reference/client-errors.md');
    const { ZooKeeperError, ConnectStringError } = client;
    const names = Object.entries(client)
      .filter(([, value]) => Object.prototype.isPrototypeOf.call(Error, value))
      .map(([name]) => name)
      .filter((name) => name !== ZooKeeperError.name);
    expect(names).toContain(ConnectStringError.name);
    expect(names.length).toBeGreaterThan(25);
    for (const name of names) expect(page).toContain(`\n| ${name} | `);
  });

  test('the page of errors has a row for every code', () => {
    const page = read('docs/reference/errors.md');
    for (const [name, code] of Object.entries(ErrorCode))
      expect(page).toContain(`\n| ${code} | ${name} |`);
  });
});
