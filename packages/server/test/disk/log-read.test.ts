import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileTxnLog } from '../../src/disk/file-txn-log.ts';
import { hasTxns, readTxns, type TxnRange } from '../../src/disk/log-read.ts';
import { payloadOf, range, runAtOnce, temporaryDirectory, writeLog } from './support.ts';

/** The zxids of a range, each with the payload that was logged. */
function read(directory: string, txns: TxnRange): readonly number[] {
  const zxids: number[] = [];
  for (const { zxid, bytes, start, end } of readTxns(directory, txns)) {
    expect(bytes.slice(start, end)).toEqual(payloadOf(zxid));
    zxids.push(zxid);
  }
  return zxids;
}

function has(directory: string, txns: TxnRange, bytesMax = Number.POSITIVE_INFINITY): boolean {
  return runAtOnce(hasTxns(directory, txns, bytesMax));
}

/** Logs that begin at these zxids, the last of which ends at `last`. */
function directoryOf(firsts: readonly number[], last: number): string {
  const directory = temporaryDirectory();
  for (const [i, first] of firsts.entries())
    writeLog(directory, first, (firsts[i + 1] ?? last + 1) - 1);
  return directory;
}

describe('the transactions that a learner lacks', () => {
  test('are every one of the range, wherever files end', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 2, max: 20 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 19 }),
        fc.integer({ min: 1, max: 20 }),
        (boundaries, afterZxid, count) => {
          const directory = directoryOf([1, ...boundaries.sort((a, b) => a - b)], 20);
          const lastZxid = Math.min(20, afterZxid + count);
          expect(read(directory, { afterZxid, lastZxid })).toEqual(range(afterZxid + 1, lastZxid));
          expect(has(directory, { afterZxid, lastZxid })).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('are not there unless the zxid that they follow is', () => {
    const directory = directoryOf([5, 9], 12);
    expect(read(directory, { afterZxid: 4, lastZxid: 12 })).toEqual([]);
    expect(has(directory, { afterZxid: 4, lastZxid: 12 })).toBe(false);
    expect(has(directory, { afterZxid: 5, lastZxid: 12 })).toBe(true);
    expect(has(directory, { afterZxid: 5, lastZxid: 13 })).toBe(false);
  });

  test('may be of several epochs, without a hole', () => {
    const directory = temporaryDirectory();
    const second = 2 ** 32;
    writeLog(directory, 1, 3);
    writeLog(directory, second + 1, second + 3);
    expect(read(directory, { afterZxid: 2, lastZxid: second + 2 })).toEqual([
      3,
      second + 1,
      second + 2,
    ]);
    // A zxid between the two was in nobody's log.
    expect(has(directory, { afterZxid: 7, lastZxid: second + 2 })).toBe(false);
    const gap = directoryOf([1, 5, 9], 12);
    fs.rmSync(path.join(gap, 'log.5'));
    expect(has(gap, { afterZxid: 3, lastZxid: 12 })).toBe(false);
  });

  test('end where a checksum fails', () => {
    const directory = temporaryDirectory();
    const { path: file, bytes, offsets } = writeLog(directory, 1, 9);
    const damaged = bytes.slice();
    damaged[offsets[5]! + 30]! ^= 1;
    fs.writeFileSync(file, damaged);
    expect(read(directory, { afterZxid: 2, lastZxid: 9 })).toEqual([3, 4, 5]);
    expect(has(directory, { afterZxid: 2, lastZxid: 9 })).toBe(false);
    expect(has(directory, { afterZxid: 2, lastZxid: 5 })).toBe(true);
  });

  test('count with their bytes, without those of the frames', () => {
    const directory = directoryOf([1], 9);
    const bytes = payloadOf(1).byteLength;
    expect(has(directory, { afterZxid: 2, lastZxid: 5 }, 3 * bytes)).toBe(true);
    expect(has(directory, { afterZxid: 2, lastZxid: 5 }, 3 * bytes - 1)).toBe(false);
  });

  test('can be read while the log is written on', async () => {
    const directory = temporaryDirectory();
    let onSynced = () => {};
    const log = new FileTxnLog(
      {
        directory,
        lastZxid: 0,
        preallocBytes: 64 * 1024,
        sync: 'each-write',
        fileBytesMax: 2000,
        slowSyncMs: 60_000,
      },
      {
        onSynced: () => onSynced(),
        onFailed: (error) => {
          throw error;
        },
      },
    );
    for (let zxid = 1; zxid <= 200; zxid += 10) {
      for (const one of range(zxid, zxid + 9)) {
        const payload = payloadOf(one);
        log.append(one, payload, 0, payload.byteLength);
      }
      const synced = new Promise<void>((resolve) => {
        onSynced = resolve;
      });
      log.sync();
      const lastZxid = log.lastSyncedZxid;
      // While the write is under way.
      if (lastZxid > 1)
        expect(read(directory, { afterZxid: 1, lastZxid })).toEqual(range(2, lastZxid));
      await synced;
    }
    await log.close();
    expect(read(directory, { afterZxid: 1, lastZxid: 200 })).toEqual(range(2, 200));
  });
});
