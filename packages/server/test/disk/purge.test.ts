import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { purge } from '../../src/disk/purge.ts';
import {
  recoverDirectory,
  temporaryDirectory,
  treeOf,
  writeLog,
  writeSnapshot,
} from './support.ts';

/** Snapshots at 10, 20, ... and a log after each, as a server leaves them. */
async function database(snapshots: number): Promise<string> {
  const directory = temporaryDirectory();
  await writeSnapshot(directory, 0, treeOf(0));
  for (let i = 0; i < snapshots; i++) {
    writeLog(directory, i * 10 + 1, i * 10 + 10);
    await writeSnapshot(directory, i * 10 + 10, treeOf(i * 10 + 10));
  }
  writeLog(directory, snapshots * 10 + 1, snapshots * 10 + 4);
  return directory;
}

function purgeOf(directory: string, keptSnapshots = 3) {
  return purge({ snapshotDirectory: directory, logDirectory: directory, keptSnapshots });
}

test('keeps the newest snapshots and every log that may hold something after the oldest of them', async () => {
  const directory = await database(6);

  const { removed, refusedBecause } = await purgeOf(directory, 3);

  expect(refusedBecause).toBeUndefined();
  expect(fs.readdirSync(directory).sort()).toEqual(
    ['log.29', 'log.33', 'log.3d', 'snapshot.28', 'snapshot.32', 'snapshot.3c'].sort(),
  );
  expect(removed.length).toBe(8);
  expect(recoverDirectory(directory).result.lastZxid).toBe(64);
  for (const newer of ['snapshot.3c', 'snapshot.32'])
    fs.truncateSync(path.join(directory, newer), 50);
  expect(recoverDirectory(directory).result.lastZxid).toBe(64);
});

test('removes what a leader took the place of, and nothing that an operator set aside', async () => {
  const directory = await database(6);
  for (const name of ['before-sync.1', 'before-restore.2', 'before-sync.3']) {
    fs.mkdirSync(path.join(directory, name));
    fs.writeFileSync(path.join(directory, name, 'snapshot.1'), 'x');
  }
  const few = await database(1);
  fs.mkdirSync(path.join(few, 'before-sync.1'));

  const { removed } = await purgeOf(directory);
  await purgeOf(few);

  expect(fs.readdirSync(directory).filter((name) => name.startsWith('before'))).toEqual([
    'before-restore.2',
  ]);
  expect(removed).toContain(path.join(directory, 'before-sync.3'));
  // What is left is too little to do without it.
  expect(fs.existsSync(path.join(few, 'before-sync.1'))).toBe(true);
});

test('keeps the log that begins before the oldest snapshot and goes beyond it', async () => {
  const directory = temporaryDirectory();
  for (const zxid of [0, 5, 15, 25, 35]) await writeSnapshot(directory, zxid, treeOf(zxid));
  writeLog(directory, 1, 12);
  writeLog(directory, 13, 40);

  await purgeOf(directory);

  expect(fs.readdirSync(directory).sort()).toEqual([
    'log.d',
    'snapshot.19',
    'snapshot.23',
    'snapshot.f',
  ]);
  expect(recoverDirectory(directory).result.lastZxid).toBe(40);
});

test('immunity: ZK-3231: a snapshot that is not whole does not count, and nothing it would stand for is removed', async () => {
  const directory = await database(4);
  const broken = ['snapshot.28', 'snapshot.1e'].map((name) => path.join(directory, name));
  for (const file of broken) {
    const bytes = fs.readFileSync(file);
    bytes[bytes.byteLength >> 1]! ^= 1;
    fs.writeFileSync(file, bytes);
  }

  const result = await purgeOf(directory, 3);

  expect(result.broken).toEqual(broken);
  expect(fs.existsSync(path.join(directory, 'snapshot.0'))).toBe(true);
  expect(fs.existsSync(path.join(directory, 'log.1'))).toBe(true);
  expect(recoverDirectory(directory).result).toMatchObject({ snapshotZxid: 20, lastZxid: 44 });
});

test('removes nothing while there are fewer snapshots than are kept, and keeps at least three', async () => {
  const directory = await database(2);
  const before = fs.readdirSync(directory);

  expect((await purgeOf(directory, 1)).removed).toEqual([]);

  expect(fs.readdirSync(directory)).toEqual(before);
});

test('removes nothing when the logs do not reach back to the oldest snapshot that it would keep', async () => {
  const directory = await database(6);
  fs.rmSync(path.join(directory, 'log.1'));
  fs.rmSync(path.join(directory, 'log.b'));
  fs.rmSync(path.join(directory, 'log.15'));
  fs.rmSync(path.join(directory, 'log.1f'));
  fs.rmSync(path.join(directory, 'log.29'));
  const before = fs.readdirSync(directory);

  const { removed, refusedBecause } = await purgeOf(directory);

  expect(removed).toEqual([]);
  expect(refusedBecause).toContain('snapshot.28');
  expect(fs.readdirSync(directory)).toEqual(before);
});

test('leaves files alone that are neither logs nor snapshots', async () => {
  const directory = await database(6);
  for (const name of ['currentEpoch', 'torn.log.1.50', 'snapshot.1.bak', 'notes.txt']) {
    fs.writeFileSync(path.join(directory, name), '1');
  }

  await purgeOf(directory);

  const left = fs.readdirSync(directory);
  for (const name of ['currentEpoch', 'torn.log.1.50', 'snapshot.1.bak', 'notes.txt']) {
    expect(left).toContain(name);
  }
});
