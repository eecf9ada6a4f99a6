import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  ALWAYS,
  flipByte,
  temporaryDirectory,
  txnsOf,
  writeLog,
  writeSnapshot,
  zooid,
} from './made-files.ts';

/** Snapshots at 0, 10, ... 50 and a log after each. */
function database(): { readonly root: string; readonly version: string } {
  const root = temporaryDirectory();
  const version = path.join(root, 'version-2');
  for (let zxid = 0; zxid <= 50; zxid += 10) {
    writeSnapshot(version, `snapshot.${zxid.toString(16)}`, { znodes: ALWAYS });
    writeLog(version, txnsOf(zxid + 1, zxid + 10));
  }
  return { root, version };
}

test('removes what Apache removes: also keeps the log that begins before the oldest snapshot', async () => {
  const { root, version } = database();
  const listed = await zooid('purge', root, '-n', '3', '--dry-run');
  expect(fs.readdirSync(version)).toHaveLength(12);
  const { code, lines } = await zooid('purge', root, '-n', '3');
  expect(code).toBe(0);
  expect(fs.readdirSync(version).sort()).toEqual(
    ['log.15', 'log.1f', 'log.29', 'log.33', 'snapshot.1e', 'snapshot.28', 'snapshot.32'].sort(),
  );
  expect(lines).toEqual(listed.lines.map((line) => line.replace('Would remove', 'Removing')));
  expect(await zooid('purge', root, '-n', '3')).toMatchObject({
    code: 0,
    out: 'Nothing to remove.\n',
  });
});

test('takes the logs from one directory and the snapshots from another', async () => {
  const { root, version } = database();
  const logs = path.join(temporaryDirectory(), 'logs');
  fs.mkdirSync(path.join(logs, 'version-2'), { recursive: true });
  for (const name of fs.readdirSync(version).filter((one) => one.startsWith('log.')))
    fs.renameSync(path.join(version, name), path.join(logs, 'version-2', name));
  const { out } = await zooid('purge', logs, root, '-n', '5', '--json');
  expect(JSON.parse(out)).toMatchObject({
    removed: [path.join(version, 'snapshot.0')],
    failed: [],
  });
});

test('counts no broken snapshot, and removes nothing in doubt', async () => {
  const { root, version } = database();
  for (const name of ['snapshot.32', 'snapshot.28', 'snapshot.1e', 'snapshot.14'])
    flipByte(path.join(version, name), 30);
  const { code, errors } = await zooid('purge', root, '-n', '3');
  expect(code).toBe(1);
  expect(errors).toContain('snapshot.28 is no whole snapshot');
  expect(fs.readdirSync(version)).toHaveLength(12);
});

test.each([
  [['-n', '2'], 'greater than or equal to 3'],
  [['-n', 'x'], 'whole number'],
  [[], '-n, --count'],
])('refuses %j', async (options, reason) => {
  const { root } = database();
  const { code, errors } = await zooid('purge', root, ...options);
  expect(code).toBe(2);
  expect(errors).toContain(reason);
});

test('refuses a directory that is none, or holds no data', async () => {
  const directory = temporaryDirectory();
  expect(await zooid('purge', path.join(directory, 'x'), '-n', '3')).toMatchObject({ code: 2 });
  expect(await zooid('purge', directory, '-n', '3')).toMatchObject({ code: 2 });
});
