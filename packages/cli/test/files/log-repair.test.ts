import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { flipByte, temporaryDirectory, txnsOf, writeLog, zooid } from './made-files.ts';

const zxidsIn = async (file: string) => {
  const { out } = await zooid('log', 'dump', '--json', file);
  return out.split('\n').flatMap((line) => (line === '' ? [] : [Number(JSON.parse(line).zxid)]));
};

function tornLog() {
  const log = writeLog(temporaryDirectory(), txnsOf(1, 5), { paddingBytes: 0 });
  fs.truncateSync(log.path, log.offsets[4]! + 33);
  return log;
}

describe('a repair', () => {
  test('cuts off a torn tail into FILE.fixed and leaves the file alone', async () => {
    const log = tornLog();
    const before = fs.readFileSync(log.path);
    const { code, out } = await zooid('log', 'repair', '--yes', log.path);
    expect(code).toBe(0);
    expect(out).toContain('4 records are kept, up to zxid 0x4');
    // One of the 33 bytes that are left of it is a zero, at their end.
    expect(out).toContain(`Cut off from offset ${log.offsets[4]}: 32 bytes`);
    expect(fs.readFileSync(log.path).equals(before)).toBe(true);
    expect(await zooid('log', 'verify', `${log.path}.fixed`)).toMatchObject({ code: 0 });
    expect(await zxidsIn(`${log.path}.fixed`)).toEqual([1, 2, 3, 4]);
  });

  test('in place keeps what was there, under a name that no server reads', async () => {
    const log = tornLog();
    const before = fs.readFileSync(log.path);
    expect(await zooid('log', 'repair', '--in-place', '-y', log.path)).toMatchObject({ code: 0 });
    const backup = path.join(path.dirname(log.path), 'bak.log.1');
    expect(fs.readFileSync(backup).equals(before)).toBe(true);
    expect(await zxidsIn(log.path)).toEqual([1, 2, 3, 4]);
    expect(fs.readdirSync(path.dirname(log.path)).sort()).toEqual(['bak.log.1', 'log.1']);
  });

  test('refuses damage in the middle, and says what can be done', async () => {
    const log = writeLog(temporaryDirectory(), txnsOf(1, 5));
    flipByte(log.path, log.offsets[2]! + 60);
    const { code, errors } = await zooid('log', 'repair', '--yes', log.path);
    expect(code).toBe(1);
    expect(errors).toContain(`offset ${log.offsets[2]}`);
    expect(errors).toContain('--recompute-crc');
    expect(fs.readdirSync(path.dirname(log.path))).toEqual(['log.1']);
  });

  test('sets a checksum anew when asked to, and keeps every record', async () => {
    const log = writeLog(temporaryDirectory(), txnsOf(1, 5));
    flipByte(log.path, log.offsets[2]! + 60);
    const run = await zooid('log', 'repair', '--recompute-crc', '--yes', log.path);
    expect(run).toMatchObject({ code: 0 });
    expect(run.out).toContain('checksum of 1 of them');
    expect(await zooid('log', 'verify', `${log.path}.fixed`)).toMatchObject({ code: 0 });
    expect(await zxidsIn(`${log.path}.fixed`)).toEqual([1, 2, 3, 4, 5]);
  });

  test('keeps up to a zxid when asked to, and shows what is lost', async () => {
    const log = writeLog(temporaryDirectory(), txnsOf(1, 20));
    const { out, code } = await zooid('log', 'repair', '--keep-to', '0x3', '-y', log.path);
    expect(code).toBe(0);
    expect(out).toContain('17 transactions');
    expect(out).toContain('zxid 0x4 setData /znode,(7 bytes),4');
    expect(out).toContain('and 7 more');
    expect(await zxidsIn(`${log.path}.fixed`)).toEqual([1, 2, 3]);
  });

  test('writes nothing without an answer: not in a pipe, not over a file that is there', async () => {
    const log = tornLog();
    expect(await zooid('log', 'repair', log.path)).toMatchObject({ code: 2 });
    expect(fs.readdirSync(path.dirname(log.path))).toEqual(['log.1']);
    fs.writeFileSync(`${log.path}.fixed`, '');
    expect(await zooid('log', 'repair', '-y', log.path)).toMatchObject({ code: 1 });
  });

  test('has nothing to do for a log that is whole', async () => {
    const log = writeLog(temporaryDirectory(), txnsOf(1, 5));
    const { code, out } = await zooid('log', 'repair', log.path);
    expect(code).toBe(0);
    expect(out).toContain('nothing to repair');
    expect(fs.readdirSync(path.dirname(log.path))).toEqual(['log.1']);
  });

  test('refuses to replace a log of a server that runs', async () => {
    const { DirectoryLock } = await import('../../../server/src/disk/directory-lock.ts');
    const directory = temporaryDirectory();
    const log = writeLog(path.join(directory, 'version-2'), txnsOf(1, 5), { paddingBytes: 0 });
    fs.truncateSync(log.path, log.offsets[4]! + 33);
    const lock = DirectoryLock.acquire(directory);
    try {
      const { code, errors } = await zooid('log', 'repair', '--in-place', '-y', log.path);
      expect(code).toBe(1);
      expect(errors).toContain(String(process.pid));
    } finally {
      lock.release();
    }
  });
});
