import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DirectoryLock } from '../../../server/src/disk/directory-lock.ts';
import {
  ALWAYS,
  flipByte,
  temporaryDirectory,
  txnsOf,
  writeLog,
  writeSnapshot,
  zooid,
} from './made-files.ts';

interface Diagnosed {
  readonly healthy: boolean;
  readonly facts: readonly string[];
  readonly findings: readonly {
    readonly severity: string;
    readonly code: string;
    readonly where: string;
    readonly message: string;
    readonly remedy?: string;
  }[];
}

/** A data directory with a snapshot of zxid 10 and a log on both sides of it. */
function database(): { readonly root: string; readonly version: string } {
  const root = temporaryDirectory();
  const version = path.join(root, 'version-2');
  writeSnapshot(version, 'snapshot.0', { znodes: ALWAYS });
  writeLog(version, txnsOf(1, 10));
  writeSnapshot(version, 'snapshot.a', { znodes: ALWAYS });
  writeLog(version, txnsOf(11, 15));
  return { root, version };
}

async function diagnose(
  ...args: readonly string[]
): Promise<Diagnosed & { readonly exit: number }> {
  const { code, out } = await zooid('doctor', '--json', ...args);
  return { exit: code, ...(JSON.parse(out) as Diagnosed) };
}

/** Codes of what is wrong; what is only told does not count. */
async function problemsOf(...args: readonly string[]): Promise<readonly string[]> {
  const { findings } = await diagnose(...args);
  return findings.flatMap(({ severity, code }) => (severity === 'info' ? [] : [code]));
}

describe('a doctor of data', () => {
  test('finds a directory healthy that a server would start with, by any of its names', async () => {
    const { root, version } = database();
    const file = path.join(temporaryDirectory(), 'zoo.cfg');
    fs.writeFileSync(file, `clientPort=2181\ndataDir=${root}\n`);
    for (const name of [root, version, file]) {
      const found = await diagnose(name);
      expect(found).toMatchObject({ exit: 0, healthy: true });
      expect(found.facts).toContain('snapshot: snapshot.a, 4 znodes, 0 bytes of data, 0 sessions');
      expect(found.facts).toContain('log: 5 transactions after the snapshot, up to zxid 0xf');
    }
    const { lines } = await zooid('doctor', root);
    expect(lines.at(-1)).toBe('Healthy.');
  });

  test('passes over a damaged snapshot, and tells it', async () => {
    const { root, version } = database();
    flipByte(path.join(version, 'snapshot.a'), 40);
    const found = await diagnose(root);
    expect(found.exit).toBe(1);
    expect(found.findings.map((finding) => finding.code)).toContain('SNAPSHOT_DAMAGED');
    expect(found.facts).toContain('log: 15 transactions after the snapshot, up to zxid 0xf');
  });

  test.each([
    [
      'a log that is missing in the middle',
      (at: string) => {
        fs.rmSync(path.join(at, 'snapshot.a'));
        fs.renameSync(path.join(at, 'log.1'), path.join(at, '..', 'elsewhere'));
      },
      ['LOG_GAP'],
    ],
    ['a damaged record', (at: string) => flipByte(path.join(at, 'log.b'), 60), ['LOG_DAMAGED']],
    [
      'no snapshot',
      (at: string) => {
        for (const name of ['snapshot.0', 'snapshot.a']) fs.rmSync(path.join(at, name));
      },
      ['SNAPSHOT_MISSING'],
    ],
    [
      'no whole snapshot',
      (at: string) => {
        for (const name of ['snapshot.0', 'snapshot.a']) fs.truncateSync(path.join(at, name), 50);
      },
      ['SNAPSHOT_DAMAGED', 'SNAPSHOT_DAMAGED', 'NO_WHOLE_SNAPSHOT'],
    ],
    [
      'a log that ends before a damaged snapshot',
      (at: string) => {
        flipByte(path.join(at, 'snapshot.a'), 40);
        fs.renameSync(path.join(at, 'snapshot.a'), path.join(at, 'snapshot.20'));
      },
      ['SNAPSHOT_DAMAGED', 'LOG_TOO_SHORT'],
    ],
    [
      'a torn tail',
      (at: string) => {
        const file = path.join(at, 'log.b');
        const bytes = fs.readFileSync(file);
        fs.writeFileSync(file, bytes.subarray(0, bytes.byteLength - 110));
      },
      ['LOG_TORN_TAIL'],
    ],
    [
      'a copy that Apache would read',
      (at: string) => fs.copyFileSync(path.join(at, 'log.b'), path.join(at, 'log.b.bak')),
      ['NAME_MISLEADS'],
    ],
    [
      'epochs in the wrong order',
      (at: string) => {
        fs.writeFileSync(path.join(at, 'acceptedEpoch'), '1');
        fs.writeFileSync(path.join(at, 'currentEpoch'), '2');
        fs.writeFileSync(path.join(at, '..', 'myid'), '3\n');
      },
      ['EPOCHS_WRONG'],
    ],
    [
      'one epoch without the other, and a member without a number',
      (at: string) => fs.writeFileSync(path.join(at, 'currentEpoch'), '2'),
      ['EPOCH_MISSING', 'MYID_MISSING'],
    ],
    [
      'a myid that is no number',
      (at: string) => fs.writeFileSync(path.join(at, '..', 'myid'), 'one'),
      ['MYID_WRONG'],
    ],
    [
      'a file from the future',
      (at: string) => {
        const later = new Date(Date.now() + 3_600_000);
        fs.utimesSync(path.join(at, 'log.b'), later, later);
      },
      ['CLOCK'],
    ],
    [
      'too many snapshots',
      (at: string) => {
        for (let i = 1; i < 10; i++)
          writeSnapshot(at, `snapshot.${i.toString(16)}`, { znodes: ALWAYS });
      },
      ['MANY_SNAPSHOTS'],
    ],
  ] as const)('of %s tells that', async (_what, change, codes) => {
    const { root, version } = database();
    change(version);
    expect(await problemsOf(root)).toEqual(codes);
  });

  test('tells logs and snapshots in the wrong directory', async () => {
    const { root } = database();
    const other = database();
    expect(await problemsOf(root, '--log-dir', other.root)).toContain('SWAPPED');
  });

  test('tells who has the directory open, and who left it so', async () => {
    const { root } = database();
    const lock = DirectoryLock.acquire(root);
    const open = await diagnose(root);
    lock.release();
    expect(open.findings[0]).toMatchObject({ code: 'IN_USE', severity: 'info' });
    expect(open.findings[0]!.message).toContain(`process ${process.pid}`);
    expect((await diagnose(root)).findings.map((finding) => finding.code)).not.toContain('IN_USE');
  });

  test('tells leftovers and what becomes of them', async () => {
    const { root, version } = database();
    for (const name of ['tmp.snapshot.5', 'torn.log.1.50', 'currentEpoch.tmp'])
      fs.writeFileSync(path.join(version, name), '');
    const { exit, findings } = await diagnose(root);
    const leftovers = findings.filter((finding) => finding.code === 'LEFTOVER');
    expect(leftovers).toHaveLength(3);
    expect(leftovers.every((finding) => finding.remedy !== undefined)).toBe(true);
    expect(exit).toBe(0);
  });

  test('changes nothing', async () => {
    const { root, version } = database();
    fs.truncateSync(path.join(version, 'log.b'), 200);
    fs.writeFileSync(path.join(version, 'tmp.snapshot.5'), '');
    const before = fs
      .readdirSync(version)
      .map((name) => [name, fs.readFileSync(path.join(version, name), 'hex')]);
    await zooid('doctor', root);
    expect(
      fs
        .readdirSync(version)
        .map((name) => [name, fs.readFileSync(path.join(version, name), 'hex')]),
    ).toEqual(before);
  });

  test('of a directory that is empty warns, and of none is a wrong argument', async () => {
    const directory = temporaryDirectory();
    expect(await diagnose(directory)).toMatchObject({ exit: 1, findings: [{ code: 'EMPTY' }] });
    expect(await zooid('doctor', path.join(directory, 'x'))).toMatchObject({ code: 2 });
    expect(await zooid('doctor')).toMatchObject({ code: 2 });
    expect(await zooid('doctor', directory, directory)).toMatchObject({ code: 2 });
    fs.writeFileSync(path.join(directory, 'log.1'), '');
    expect(await diagnose(directory)).toMatchObject({ findings: [{ code: 'FILES_MISPLACED' }] });
  });
});
