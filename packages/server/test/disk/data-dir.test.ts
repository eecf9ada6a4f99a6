import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataDir, type DataDirOptions } from '../../src/disk/data-dir.ts';
import { DataDirError } from '../../src/disk/data-dir-error.ts';
import { temporaryDirectory } from './support.ts';

function open(options: Partial<DataDirOptions> & { readonly dataDir: string }): DataDir {
  return DataDir.open({ dataLogDir: undefined, missing: 'created', ...options });
}

function refusal(options: Partial<DataDirOptions> & { readonly dataDir: string }): DataDirError {
  try {
    open(options).close();
  } catch (error) {
    if (error instanceof DataDirError) return error;
    throw error;
  }
  throw new Error('the directory was not refused');
}

function withFiles(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return root;
}

describe('the layout', () => {
  test('is made where it is missing, also parents', () => {
    const root = path.join(temporaryDirectory(), 'a', 'b');

    const opened = open({ dataDir: root });

    expect(opened.snapshotDirectory).toBe(path.join(root, 'version-2'));
    expect(opened.logDirectory).toBe(opened.snapshotDirectory);
    expect(fs.statSync(opened.logDirectory).isDirectory()).toBe(true);
    opened.close();
  });

  test('may be in two places', () => {
    const root = temporaryDirectory();

    const opened = open({ dataDir: path.join(root, 'snap'), dataLogDir: path.join(root, 'log') });

    expect(opened.snapshotDirectory).toBe(path.join(root, 'snap', 'version-2'));
    expect(opened.logDirectory).toBe(path.join(root, 'log', 'version-2'));
    opened.close();
  });

  test('is refused where it is missing and may not be made', () => {
    const error = refusal({ dataDir: temporaryDirectory(), missing: 'refused' });

    expect(error.code).toBe('DATA_DIR_MISSING');
  });

  test('loses what an interrupted snapshot left when it is opened', () => {
    const root = withFiles({ 'version-2/tmp.snapshot.5': 'half', 'version-2/snapshot.4': 'x' });

    open({ dataDir: root }).close();

    expect(fs.readdirSync(path.join(root, 'version-2'))).toEqual(['snapshot.4']);
  });

  test('knows its sizes', () => {
    const root = withFiles({ 'version-2/log.1': 'x'.repeat(1000), 'version-2/snapshot.0': 'y' });
    const opened = open({ dataDir: root });

    expect(opened.logBytes()).toBe(1001);
    expect(opened.snapshotBytes()).toBe(1001);
    opened.close();
  });
});

describe('a directory of another kind is refused and left as it is', () => {
  test.each([
    ['a file', {}, 'file'],
    ['a file in the place of version-2', { 'version-2': 'text' }, ''],
    ['strange files under version-2', { 'version-2/changelog_1.bin': '', 'version-2/x': '' }, ''],
    ['a PostgreSQL directory', { PG_VERSION: '15' }, ''],
    ['an etcd directory', { 'member/wal/0.wal': '' }, ''],
  ] satisfies [string, Record<string, string>, string][])('%s', (_, files, sub) => {
    const root = withFiles(sub === '' ? files : { [sub]: 'text' });
    const dataDir = path.join(root, sub);
    const before = listAll(root);

    const error = refusal({ dataDir });

    expect(error.code).toBe('DATA_DIR_FOREIGN');
    expect(error.message).toContain(root);
    expect(error.remedy).not.toBe('');
    expect(listAll(root)).toEqual(before);
  });

  test('unless what is strange lies beside files of ours', () => {
    const root = withFiles({
      'version-2/log.1': '',
      'version-2/README': '',
      'version-2/snapshot.0.bak': '',
    });

    open({ dataDir: root }).close();
  });

  test('immunity: ZK-2967: logs where snapshots belong, and snapshots where logs belong', () => {
    const log = withFiles({ 'version-2/log.1': '' });
    const snap = withFiles({ 'version-2/snapshot.0': '' });

    expect(refusal({ dataDir: log, dataLogDir: snap }).code).toBe('DATA_DIR_SWAPPED');
    expect(refusal({ dataDir: temporaryDirectory(), dataLogDir: snap }).code).toBe(
      'DATA_DIR_SWAPPED',
    );
    expect(refusal({ dataDir: log, dataLogDir: temporaryDirectory() }).code).toBe(
      'DATA_DIR_SWAPPED',
    );
    open({ dataDir: snap, dataLogDir: log }).close();
  });
});

describe('small files', () => {
  test('myid is the number in the first line, and anything else is an error that names the file', () => {
    const root = withFiles({ myid: '3\n# three\n' });
    const opened = open({ dataDir: root });
    expect(opened.readMyId()).toBe(3);

    fs.writeFileSync(path.join(root, 'myid'), 'three');
    expect(() => opened.readMyId()).toThrow(/myid: it should hold one number/);

    fs.rmSync(path.join(root, 'myid'));
    expect(opened.readMyId()).toBeUndefined();
    opened.close();
  });

  test('initialize counts once', () => {
    const opened = open({ dataDir: withFiles({ initialize: '' }) });

    expect(opened.takeInitialize()).toBe(true);
    expect(opened.takeInitialize()).toBe(false);
    opened.close();
  });
});

describe('the lock', () => {
  test('keeps a second server out, of the same process too, and tells who holds it', () => {
    const root = temporaryDirectory();
    const first = open({ dataDir: root });

    const error = refusal({ dataDir: root });
    expect(error.code).toBe('DATA_DIR_LOCKED');
    expect(error.message).toContain(`process ${process.pid}`);

    first.close();
    open({ dataDir: root }).close();
    expect(fs.readdirSync(root)).toEqual(['version-2']);
  });

  test('is on dataLogDir as well, and nothing stays locked when one of the two is refused', () => {
    const shared = temporaryDirectory();
    const other = temporaryDirectory();
    const first = open({ dataDir: temporaryDirectory(), dataLogDir: shared });

    expect(refusal({ dataDir: other, dataLogDir: shared }).code).toBe('DATA_DIR_LOCKED');

    open({ dataDir: other }).close();
    first.close();
  });

  test('of a server that was killed is taken over at once', async () => {
    const root = temporaryDirectory();
    const holder = await startHolder(root);
    expect(refusal({ dataDir: root }).message).toContain(`process ${holder.pid}`);

    await holder.kill();

    open({ dataDir: root }).close();
  });

  test('of a dead server does not hold because another process has its number now', () => {
    const root = temporaryDirectory();
    const first = open({ dataDir: root });
    const lock = path.join(root, 'zooid.lock');
    const holder = JSON.parse(fs.readFileSync(lock, 'utf8')) as Record<string, unknown>;
    // This process did not start at that tick.
    fs.writeFileSync(lock, JSON.stringify({ ...holder, processStart: '1', token: 'other' }));

    open({ dataDir: root }).close();
    first.close();
  });

  test('of another machine or container holds as long as it has a pulse', () => {
    const root = temporaryDirectory();
    const first = open({ dataDir: root });
    const lock = path.join(root, 'zooid.lock');
    const holder = JSON.parse(fs.readFileSync(lock, 'utf8')) as Record<string, unknown>;
    first.close();
    const elsewhere = { ...holder, hostname: 'elsewhere', bootId: 'another', token: 'other' };
    fs.writeFileSync(lock, JSON.stringify(elsewhere));
    const error = refusal({ dataDir: root });
    expect(error.code).toBe('DATA_DIR_LOCKED');
    expect(error.message).toContain('elsewhere');

    const longAgo = new Date(Date.now() - 60_000);
    fs.utimesSync(lock, longAgo, longAgo);
    open({ dataDir: root }).close();
  });

  test('that cannot be read holds until it is old', () => {
    const root = withFiles({ 'zooid.lock': '{"pid":' });
    expect(refusal({ dataDir: root }).code).toBe('DATA_DIR_LOCKED');

    const longAgo = new Date(Date.now() - 60_000);
    fs.utimesSync(path.join(root, 'zooid.lock'), longAgo, longAgo);
    open({ dataDir: root }).close();
  });

  test('that was taken over meanwhile is not removed by its former holder', () => {
    const root = temporaryDirectory();
    const first = open({ dataDir: root });
    const lock = path.join(root, 'zooid.lock');
    fs.writeFileSync(lock, JSON.stringify({ pid: 1, token: 'somebody else' }));

    first.close();

    expect(fs.existsSync(lock)).toBe(true);
  });
});

interface Holder {
  readonly pid: number;
  kill(): Promise<void>;
}

/** A process that holds the lock of `root` as a server would, until it is killed. */
async function startHolder(root: string): Promise<Holder> {
  const stat = `fs.readFileSync('/proc/' + process.pid + '/stat', 'utf8')`;
  const code = `
    const fs = require('node:fs');
    const stat = ${stat};
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    fs.writeFileSync(process.argv[1], JSON.stringify({
      pid: process.pid, hostname: ${JSON.stringify(os.hostname())}, startedAt: 'now', token: 'child',
      bootId: fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      pidNamespace: fs.readlinkSync('/proc/self/ns/pid'), processStart: fields[19],
    }));
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', code, path.join(root, 'zooid.lock')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return {
    pid: child.pid!,
    kill: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function listAll(root: string): string[] {
  return (fs.readdirSync(root, { recursive: true }) as string[]).sort();
}
