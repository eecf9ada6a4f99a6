import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DiskCalls, realDisk } from '../../src/disk/disk-calls.ts';
import { FileTxnLog, type FileTxnLogOptions } from '../../src/disk/file-txn-log.ts';
import type { LogWriteError } from '../../src/disk/log-write-error.ts';
import type { SlowSync, TxnLogEvents } from '../../src/disk/txn-log.ts';
import { describeTxnLog } from '../compliance/log-suite.ts';
import { FaultyDisk } from './faulty-disk.ts';
import {
  payloadOf,
  range,
  rawLog,
  recoverDirectory,
  temporaryDirectory,
  treeOf,
  writeSnapshot,
} from './support.ts';
import { VirtualDisk } from './virtual-disk.ts';

const STEP = 64 * 1024;

const defaults: Omit<FileTxnLogOptions, 'directory'> = {
  lastZxid: 0,
  preallocBytes: STEP,
  sync: 'each-write',
  fileBytesMax: undefined,
  slowSyncMs: Number.POSITIVE_INFINITY,
};

const variants: readonly (readonly [string, Partial<FileTxnLogOptions>])[] = [
  ['a file that is synced and preallocated', {}],
  ['a file without preallocation', { preallocBytes: 0 }],
  ['a file that is not synced', { sync: 'never' }],
  ['many small files', { fileBytesMax: 1000, preallocBytes: 4096 }],
];
for (const [name, options] of variants) {
  describeTxnLog(name, (events, lastZxid) => {
    const directory = temporaryDirectory();
    const log = new FileTxnLog({ ...defaults, directory, lastZxid, ...options }, events);
    return {
      log,
      readBack: () => recoverDirectory(directory, { missingSnapshot: 'trusted' }).payloads,
    };
  });
}

describe('the files of a log', () => {
  test('are named after their first record and hold exactly header and records when closed', async () => {
    const { log, directory } = open();
    append(log, 1, 9);
    log.roll();
    append(log, 10, 12);
    log.roll();
    append(log, 0x1_0000_0001, 0x1_0000_0001);

    await log.close();

    expect(fs.readdirSync(directory).sort()).toEqual(['log.1', 'log.100000001', 'log.a']);
    const expected = rawLog(range(10, 12).map((zxid) => payloadOf(zxid))).bytes;
    expect(fs.readFileSync(path.join(directory, 'log.a'))).toEqual(Buffer.from(expected));
  });

  test('grow in steps of preAllocSize while they are open, with nothing but zeros beyond the records', async () => {
    const { log, directory, synced } = open();
    append(log, 1, 3);
    log.sync();
    await synced(3);

    const bytes = fs.readFileSync(path.join(directory, 'log.1'));

    const content = rawLog(range(1, 3).map((zxid) => payloadOf(zxid))).bytes;
    expect(bytes.byteLength % STEP).toBe(0);
    expect(bytes.byteLength).toBeGreaterThan(content.byteLength);
    expect(bytes.subarray(0, content.byteLength)).toEqual(Buffer.from(content));
    expect(bytes.subarray(content.byteLength).every((byte) => byte === 0)).toBe(true);
    await log.close();
  });

  test('are followed by a new one when they exceed txnLogSizeLimitInKb', async () => {
    const { log, directory, synced } = open({ fileBytesMax: 200 });
    for (const last of [5, 10, 15]) {
      append(log, last - 4, last);
      log.sync();
      await synced(last);
    }

    await log.close();

    expect(fs.readdirSync(directory).sort()).toEqual(['log.1', 'log.6', 'log.b']);
  });

  test('are never written over: one that exists already is an error', async () => {
    const { log, directory, failed, reports } = open();
    fs.writeFileSync(path.join(directory, 'log.1'), 'precious');
    append(log, 1, 1);
    log.sync();

    const error = await failed;
    await log.close();

    expect(error.code).toBe('LOG_FILE_EXISTS');
    expect(reports).toEqual([]);
    expect(fs.readFileSync(path.join(directory, 'log.1'), 'utf8')).toBe('precious');
  });

  test('hold what was synced also when zeros are written ahead of it all the time', async () => {
    // Small steps make every group meet the background zeros.
    const { log, directory, synced } = open({ preallocBytes: 8192 });
    const sizes = range(1, 300).map((zxid) => (zxid * 977) % 5000);
    for (const [i, size] of sizes.entries()) {
      const payload = payloadOf(i + 1, size);
      log.append(i + 1, payload, 0, payload.byteLength);
      log.sync();
      await synced(i + 1);
    }
    const open1 = fs.readFileSync(path.join(directory, 'log.1'));
    await log.close();

    const expected = rawLog(sizes.map((size, i) => payloadOf(i + 1, size))).bytes;
    expect(Buffer.compare(open1.subarray(0, expected.byteLength), expected)).toBe(0);
    expect(Buffer.compare(fs.readFileSync(path.join(directory, 'log.1')), expected)).toBe(0);
  });
});

test('zeros that are written ahead never land on records, in whatever order calls are carried out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(6000), { minLength: 2, maxLength: 30 }),
      fc.array(fc.nat(2), { minLength: 50, maxLength: 50 }),
      (sizes, choices) => {
        const disk = new VirtualDisk();
        const { log, reports } = open({ preallocBytes: 16 * 1024 }, disk);
        let calls = 0;
        for (const [i, size] of sizes.entries()) {
          const payload = payloadOf(i + 1, size);
          log.append(i + 1, payload, 0, payload.byteLength);
          log.sync();
          while (reports.at(-1) !== i + 1) disk.step(choices[calls++ % choices.length]!);
        }
        while (disk.step(0));

        const expected = rawLog(sizes.map((size, i) => payloadOf(i + 1, size))).bytes;
        const written = disk.visible('log.1').subarray(0, expected.byteLength);
        expect(Buffer.compare(written, expected)).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});

describe('a log whose disk fails', () => {
  const failures: readonly (readonly [string, FaultyDisk, string])[] = [
    ['the first write', failing('write', 1, 'EIO'), 'LOG_WRITE_FAILED'],
    ['a full disk', failing('write', 1, 'ENOSPC'), 'LOG_WRITE_FAILED'],
    ['a short write', failing('write', 1, 'short'), 'LOG_WRITE_FAILED'],
    ['the sync of the directory', failing('fsync', 1, 'EIO'), 'LOG_WRITE_FAILED'],
    ['the creation of the file', failing('open', 1, 'EIO'), 'LOG_WRITE_FAILED'],
  ];
  test.each(failures)('%s: reports it once and nothing as synced', async (_, disk, code) => {
    const { log, directory, failed, reports, failures: errors } = open({ preallocBytes: 0 }, disk);
    append(log, 1, 2);
    log.sync();
    append(log, 3, 4);

    const error = await failed;
    log.sync();
    append(log, 5, 5);
    log.sync();
    await log.close();

    expect(error.code).toBe(code);
    expect(error.file).toBe(path.join(directory, 'log.1'));
    expect(error.offset).toBe(0);
    expect(error.remedy).not.toBe('');
    expect(error.cause).toBeInstanceOf(Error);
    expect(reports).toEqual([]);
    expect(errors.length).toBe(1);
    expect(log.lastSyncedZxid).toBe(0);
    expect(log.hasUnsynced).toBe(false);
  });

  test('immunity: ZK-4882, fsync errors: after a failed write no other is tried', async () => {
    const disk = new FaultyDisk((call, nth) => (call === 'write' && nth === 2 ? 'EIO' : undefined));
    const { log, directory, failed, reports, synced } = open({ preallocBytes: 0 }, disk);
    append(log, 1, 2);
    log.sync();
    await synced(2);
    append(log, 3, 4);
    log.sync();
    append(log, 5, 6);

    const error = await failed;
    log.sync();
    append(log, 7, 7);
    log.sync();
    await log.close();

    expect(error.offset).toBe(rawLog([payloadOf(1), payloadOf(2)]).bytes.byteLength);
    expect(reports).toEqual([2]);
    expect(disk.calls.filter((call) => call === 'write').length).toBe(2);
    const { zxids } = recoverDirectory(directory, { missingSnapshot: 'trusted' });
    expect(zxids).toEqual([1, 2]);
  });

  test('a full disk: what was acknowledged before is all there, and the error names the remedy', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 0, treeOf(0));
    let room = 3000;
    const disk: DiskCalls = {
      ...realDisk,
      // A disk with room for some bytes: it takes what fits and then nothing.
      write: ((
        fd: number,
        bytes: Uint8Array,
        offset: number,
        length: number,
        position: number,
        done: (error: Error | null, taken: number, bytes: Uint8Array) => void,
      ) => {
        const taken = Math.min(length, room);
        room -= taken;
        if (taken > 0) fs.write(fd, bytes, offset, taken, position, done);
        else
          setImmediate(() =>
            done(Object.assign(new Error('ENOSPC: full'), { code: 'ENOSPC' }), 0, bytes),
          );
      }) as DiskCalls['write'],
    };
    const { log, failed, reports, synced } = open({ preallocBytes: 0, directory }, disk);
    let zxid = 0;
    for (const size of [100, 500, 900, 700]) {
      zxid++;
      const payload = payloadOf(zxid, size);
      log.append(zxid, payload, 0, payload.byteLength);
      log.sync();
      await synced(zxid);
    }
    const tooLong = payloadOf(5, 900);
    log.append(5, tooLong, 0, tooLong.byteLength);
    log.sync();

    const error = await failed;
    await log.close();

    expect(error.message).toMatch(/Free space on the disk of dataLogDir/);
    expect(reports).toEqual([1, 2, 3, 4]);
    expect(recoverDirectory(directory).zxids).toEqual([1, 2, 3, 4]);
  });

  test('preallocation that cannot be had costs speed and nothing else', async () => {
    const disk = new FaultyDisk((call) => (call === 'ftruncate' ? 'ENOSPC' : undefined));
    const { log, directory } = open({}, disk);
    append(log, 1, 50);

    await log.close();

    const { zxids } = recoverDirectory(directory, { missingSnapshot: 'trusted' });
    expect(zxids).toEqual(range(1, 50));
  });
});

test('a sync that takes longer than the threshold is reported with its file and sizes', async () => {
  const slow: SlowSync[] = [];
  const { log, directory, synced } = open({ slowSyncMs: -1 }, realDisk, {
    onSlowSync: (fact) => slow.push(fact),
  });
  append(log, 1, 2);
  log.sync();

  await synced(2);
  await log.close();

  const recordBytes = 2 * (payloadOf(1).byteLength + 13);
  expect(slow.length).toBe(1);
  expect(slow[0]).toMatchObject({
    file: path.join(directory, 'log.1'),
    groupBytes: recordBytes,
    fileBytes: recordBytes + 16,
  });
});

function failing(call: keyof DiskCalls, from: number, how: 'EIO' | 'ENOSPC' | 'short'): FaultyDisk {
  return new FaultyDisk((name, nth) => (name === call && nth >= from ? how : undefined));
}

interface Opened {
  readonly log: FileTxnLog;
  readonly directory: string;
  readonly reports: readonly number[];
  readonly failures: readonly LogWriteError[];
  readonly failed: Promise<LogWriteError>;
  /** Resolves when everything up to a zxid is reported as synced. */
  synced(zxid: number): Promise<void>;
}

function open(
  options: Partial<FileTxnLogOptions> = {},
  disk: DiskCalls = realDisk,
  more: Partial<TxnLogEvents> = {},
): Opened {
  const directory = options.directory ?? temporaryDirectory();
  const reports: number[] = [];
  const failures: LogWriteError[] = [];
  const waiting: (() => void)[] = [];
  let fail: (error: LogWriteError) => void = () => {};
  const failed = new Promise<LogWriteError>((resolve) => {
    fail = resolve;
  });
  const log = new FileTxnLog(
    { ...defaults, directory, ...options },
    {
      onSynced: (zxid) => {
        reports.push(zxid);
        for (const look of waiting.splice(0)) look();
      },
      onFailed: (error) => {
        failures.push(error);
        fail(error);
      },
      ...more,
    },
    disk,
  );
  const synced = async (zxid: number): Promise<void> => {
    while ((reports.at(-1) ?? 0) < zxid) {
      await Promise.race([
        new Promise<void>((resolve) => waiting.push(resolve)),
        failed.then((e) => Promise.reject(e)),
      ]);
    }
  };
  return { log, directory, reports, failures, failed, synced };
}

function append(log: FileTxnLog, first: number, last: number): void {
  for (let zxid = first; zxid <= last; zxid++) {
    const payload = payloadOf(zxid);
    log.append(zxid, payload, 0, payload.byteLength);
  }
}
