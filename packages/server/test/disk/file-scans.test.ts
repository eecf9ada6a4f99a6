import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DirectoryLock } from '../../src/disk/directory-lock.ts';
import { GzipSource } from '../../src/disk/gzip-source.ts';
import { inspectLock, LogScan, planPurge, SnapshotDamage, SnapshotScan } from '../../src/files.ts';
import {
  payloadOf,
  range,
  rawLog,
  temporaryDirectory,
  treeOf,
  writeLog,
  writeSnapshot,
} from './support.ts';

function scanLog(file: string) {
  const scan = new LogScan(file);
  try {
    const records = [...scan.records()].map(({ state, zxid, offset }) => ({ state, zxid, offset }));
    const last = records.at(-1)?.zxid ?? 0;
    return { records, header: scan.header, offset: scan.offset, end: scan.judgeEnd(last) };
  } finally {
    scan.close();
  }
}

describe('a scan of a log', () => {
  test('finds every record and where it begins, whatever its length', () => {
    const directory = temporaryDirectory();
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 12 }), (sizes) => {
        const log = rawLog(
          sizes.map((size, i) => payloadOf(i + 1, size)),
          300,
        );
        const file = path.join(directory, 'log.1');
        fs.writeFileSync(file, log.bytes);
        const found = scanLog(file);
        expect(found.records.map((record) => record.zxid)).toEqual(range(1, sizes.length));
        expect([...found.records.map((record) => record.offset), found.offset]).toEqual(
          log.offsets,
        );
        expect(found.end.kind).toBe('clean');
      }),
      { numRuns: 20 },
    );
  });

  test('goes on after a record whose checksum fails, and says so', () => {
    const directory = temporaryDirectory();
    const log = writeLog(directory, 1, 9);
    log.bytes[log.offsets[3]! + 50]! ^= 1;
    fs.writeFileSync(log.path, log.bytes);
    const { records } = scanLog(log.path);
    expect(records.map((record) => record.zxid)).toEqual(range(1, 9));
    expect(records.filter((record) => record.state === 'bad-checksum').length).toBe(1);
    expect(records[3]!.state).toBe('bad-checksum');
  });

  test.each([
    ['nothing', new Uint8Array(0), 'cut-short'],
    ['half a header', Uint8Array.from([0x5a, 0x4b, 0x4c]), 'cut-short'],
    ['something else', new TextEncoder().encode('a text of some length'), 'foreign'],
    ['a header and nothing more', rawLog([]).bytes, 'valid'],
  ])('of %s finds no record', (_name, bytes, header) => {
    const file = path.join(temporaryDirectory(), 'log.1');
    fs.writeFileSync(file, bytes);
    expect(scanLog(file)).toMatchObject({ records: [], header });
  });

  test('ends where a record is torn', () => {
    const log = writeLog(temporaryDirectory(), 1, 5, { paddingBytes: 0 });
    fs.truncateSync(log.path, log.offsets[4]! + 20);
    const found = scanLog(log.path);
    expect(found.records.length).toBe(4);
    expect(found.offset).toBe(log.offsets[4]);
    expect(found.end.kind).toBe('torn');
  });
});

describe('a scan of a snapshot', () => {
  test.each(['none', 'gz', 'snappy'] as const)(
    'gives every znode, session and the tail (%s)',
    async (compression) => {
      const file = await writeSnapshot(temporaryDirectory(), 40, treeOf(40), compression);
      const scan = SnapshotScan.open({ path: file, zxid: 40, compression });
      const paths = [...scan.znodes()].map((znode) => znode.path);
      const tail = scan.finish();
      scan.close();
      // The znodes, the root and the three that are always there.
      expect(paths.length).toBe(44);
      expect(paths).toContain('/z40');
      expect(scan.sessions).toEqual([{ id: 0x1000n, timeoutMs: 30_000 }]);
      expect(tail.digest?.zxid).toBe(40);
    },
  );

  test('tells a changed byte by the checksum, wherever it is', async () => {
    const file = await writeSnapshot(temporaryDirectory(), 40, treeOf(40));
    const bytes = fs.readFileSync(file);
    for (let at = 0; at < bytes.byteLength; at += 97) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 0x40;
      fs.writeFileSync(file, changed);
      expect(() => readAll(file), `byte ${at}`).toThrow(SnapshotDamage);
    }
  });

  test('tells where a file that was cut ends', async () => {
    const file = await writeSnapshot(temporaryDirectory(), 40, treeOf(40));
    fs.truncateSync(file, 1000);
    const error = thrownBy(() => readAll(file));
    expect(error).toBeInstanceOf(SnapshotDamage);
    expect(error).toMatchObject({ checksum: 'differs' });
    expect((error as SnapshotDamage).offset).toBeGreaterThan(900);
    expect((error as SnapshotDamage).offset).toBeLessThanOrEqual(1000);
  });

  function readAll(file: string): void {
    const scan = SnapshotScan.open({ path: file, zxid: 40, compression: 'none' });
    try {
      for (const _znode of scan.znodes());
      scan.finish();
    } finally {
      scan.close();
    }
  }

  function thrownBy(action: () => void): unknown {
    try {
      action();
    } catch (error) {
      return error;
    }
    return undefined;
  }
});

describe('a large gzip file', () => {
  function inflate(file: string): { readonly bytes: Buffer; readonly error: unknown } {
    const source = new GzipSource(file);
    const pieces: Buffer[] = [];
    const target = new Uint8Array(100_000);
    try {
      for (;;) {
        const count = source.read(target, 0, target.byteLength);
        if (count === 0) return { bytes: Buffer.concat(pieces), error: undefined };
        pieces.push(Buffer.from(target.subarray(0, count)));
      }
    } catch (error) {
      return { bytes: Buffer.concat(pieces), error };
    } finally {
      source.close();
    }
  }

  test('is inflated by a thread, several members of it alike', () => {
    const file = path.join(temporaryDirectory(), 'x.gz');
    const parts = [randomBytes(1_500_000), Buffer.alloc(2_000_000, 'ab'), randomBytes(10)];
    fs.writeFileSync(file, Buffer.concat(parts.map((part) => zlib.gzipSync(part))));
    const inflated = inflate(file);
    expect(inflated.error).toBeUndefined();
    expect(inflated.bytes.equals(Buffer.concat(parts))).toBe(true);
  });

  test('that is cut short is told to be broken', () => {
    const file = path.join(temporaryDirectory(), 'x.gz');
    fs.writeFileSync(file, zlib.gzipSync(randomBytes(500_000)).subarray(0, 300_000));
    expect(String(inflate(file).error)).toContain('gzip');
  });

  test('can be left in the middle', () => {
    const file = path.join(temporaryDirectory(), 'x.gz');
    fs.writeFileSync(file, zlib.gzipSync(Buffer.alloc(50_000_000)));
    const source = new GzipSource(file);
    expect(source.read(new Uint8Array(10), 0, 10)).toBe(10);
    source.close();
  });
});

test('a lock is looked at and left alone', () => {
  const directory = temporaryDirectory();
  expect(inspectLock(directory)).toBeUndefined();
  const lock = DirectoryLock.acquire(directory);
  expect(inspectLock(directory)).toMatchObject({
    holder: { pid: process.pid },
    pulse: 'beats',
  });
  lock.release();
  expect(inspectLock(directory)).toBeUndefined();
});

test('a plan of a purge removes nothing and names what a purge would remove', async () => {
  const directory = temporaryDirectory();
  for (const zxid of [0, 5, 15, 25]) await writeSnapshot(directory, zxid, treeOf(zxid));
  writeLog(directory, 1, 12);
  writeLog(directory, 13, 40);
  const before = fs.readdirSync(directory);
  const plan = await planPurge({
    snapshotDirectory: directory,
    logDirectory: directory,
    keptSnapshots: 3,
  });
  expect(fs.readdirSync(directory)).toEqual(before);
  expect(plan.removable).toEqual([path.join(directory, 'snapshot.0')]);
  expect(plan.oldestKept?.zxid).toBe(5);
});
