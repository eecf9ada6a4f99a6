import fs from 'node:fs';
import path from 'node:path';
import { DataTree } from '@zooid/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { realFiles } from '../../src/disk/file-calls.ts';
import { LogTruncateError, truncateLog } from '../../src/disk/log-truncate.ts';
import { Crash, CrashingFiles, powerCuts } from './crashing-files.ts';
import {
  range,
  recoverDirectory,
  temporaryDirectory,
  treeOf,
  writeLog,
  writeSnapshot,
} from './support.ts';

async function truncate(directory: string, zxid: number, files = realFiles) {
  return truncateLog({ snapshotDirectory: directory, logDirectory: directory }, zxid, files);
}

async function refusal(directory: string, zxid: number): Promise<LogTruncateError> {
  const before = fs.readdirSync(directory).sort();
  const error: unknown = await truncate(directory, zxid).catch((thrown: unknown) => thrown);
  expect(fs.readdirSync(directory).sort()).toEqual(before);
  if (error instanceof LogTruncateError) return error;
  throw error;
}

function names(directory: string): readonly string[] {
  return fs.readdirSync(directory).sort();
}

/** A snapshot of zxid 0, and logs that begin at these zxids, the last of which ends at `last`. */
async function directoryOf(firsts: readonly number[], last: number): Promise<string> {
  const directory = temporaryDirectory();
  await writeSnapshot(directory, 0, new DataTree({ digestEnabled: true }));
  for (const [i, first] of firsts.entries())
    writeLog(directory, first, (firsts[i + 1] ?? last + 1) - 1, { paddingBytes: 4096 });
  return directory;
}

describe('cutting the log back', () => {
  test('leaves the zxid as the last record: later logs go, its own is cut, padding included', async () => {
    const directory = await directoryOf([1, 5, 9], 12);
    const done = await truncate(directory, 6);
    expect(done.removed).toEqual([path.join(directory, 'log.9')]);
    expect(done.cut).toBe(path.join(directory, 'log.5'));
    expect(names(directory)).toEqual(['log.1', 'log.5', 'snapshot.0']);
    expect(recoverDirectory(directory).zxids).toEqual(range(1, 6));
  });

  test('is done when it is done again', async () => {
    const directory = await directoryOf([1, 5, 9], 12);
    await truncate(directory, 6);
    expect(await truncate(directory, 6)).toEqual({ removed: [], cut: undefined });
  });

  test('removes snapshots of what goes, and comes from the newest that stays', async () => {
    const directory = await directoryOf([1, 5, 9], 12);
    await writeSnapshot(directory, 4, treeOf(4));
    await writeSnapshot(directory, 8, treeOf(8));
    await writeSnapshot(directory, 11, treeOf(11));
    await truncate(directory, 7);
    expect(names(directory)).toEqual(['log.1', 'log.5', 'snapshot.0', 'snapshot.4']);
    expect(recoverDirectory(directory)).toMatchObject({ zxids: [5, 6, 7] });
  });

  test.each(['none', 'gz', 'snappy'] as const)(
    'removes a snapshot of an Apache server that began before the zxid and went on beyond it: %s',
    async (compression) => {
      const directory = await directoryOf([1], 12);
      // The name says 5; the digest at its end says how far the tree had come.
      const file = await writeSnapshot(directory, 9, treeOf(9), compression);
      const fuzzy = file.replace('snapshot.9', 'snapshot.5');
      fs.renameSync(file, fuzzy);
      await truncate(directory, 7);
      expect(names(directory)).toEqual(['log.1', 'snapshot.0']);
      expect(recoverDirectory(directory).zxids).toEqual(range(1, 7));
    },
  );

  test('to the zxid of a snapshot needs no log', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 8, treeOf(8));
    writeLog(directory, 9, 12);
    await truncate(directory, 8);
    expect(names(directory)).toEqual(['snapshot.8']);
    expect(recoverDirectory(directory).result.lastZxid).toBe(8);
  });

  test('is refused for a zxid that is not in the log', async () => {
    const directory = await directoryOf([1, 5], 8);
    expect(await refusal(directory, 9)).toMatchObject({ code: 'ZXID_NOT_IN_LOG', zxid: 9 });
    expect((await refusal(directory, 2 ** 32 + 1)).message).toMatch(
      /^the log cannot be cut back to zxid 0x100000001: it is not in the log\. Empty the data directories/,
    );
  });

  test('is refused when no snapshot before the zxid is whole, or the log does not come from it', async () => {
    const directory = temporaryDirectory();
    await writeSnapshot(directory, 4, treeOf(4));
    writeLog(directory, 1, 8);
    expect(await refusal(directory, 3)).toMatchObject({ code: 'NO_SNAPSHOT_BEFORE' });
    fs.writeFileSync(path.join(directory, 'snapshot.2'), 'half');
    expect(await refusal(directory, 3)).toMatchObject({ code: 'NO_SNAPSHOT_BEFORE' });

    const gap = await directoryOf([1, 5, 9], 12);
    fs.rmSync(path.join(gap, 'log.5'));
    expect(await refusal(gap, 10)).toMatchObject({ code: 'NO_SNAPSHOT_BEFORE' });
  });

  test('is right at every zxid, wherever files end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 2, max: 20 }), { maxLength: 5 }),
        fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 3 }),
        fc.integer({ min: 1, max: 20 }),
        async (boundaries, snapshots, zxid) => {
          const firsts = [1, ...boundaries.sort((a, b) => a - b)];
          const directory = await directoryOf(firsts, 20);
          for (const one of snapshots) await writeSnapshot(directory, one, treeOf(one));
          await truncate(directory, zxid);
          const { result, zxids } = recoverDirectory(directory);
          expect(result.lastZxid).toBe(zxid);
          expect(result.snapshotZxid).toBe(Math.max(0, ...snapshots.filter((one) => one <= zxid)));
          expect(zxids).toEqual(range((result.snapshotZxid ?? 0) + 1, zxid));
          // The next record begins a file of its own.
          expect(fs.existsSync(path.join(directory, `log.${(zxid + 1).toString(16)}`))).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });
});

async function interruptedAt(
  call: number,
  cut: (typeof powerCuts)[number],
): Promise<'crashed' | 'finished'> {
  const directory = await directoryOf([1, 5, 9, 13], 16);
  for (const zxid of [4, 10, 14]) await writeSnapshot(directory, zxid, treeOf(zxid));
  const disk = new CrashingFiles(directory, call);
  const error: unknown = await truncate(directory, 6, disk).catch((thrown: unknown) => thrown);
  if (error instanceof Error && !(error instanceof Crash)) throw error;
  disk.cutPower(cut);
  // A restart finds a history without a hole, and no end that it did not have.
  const { result, zxids } = recoverDirectory(directory);
  expect(zxids).toEqual(range((result.snapshotZxid ?? 0) + 1, result.lastZxid));
  expect(result.lastZxid).toBeGreaterThanOrEqual(6);
  expect(result.lastZxid).toBeLessThanOrEqual(16);
  if (!(error instanceof Crash)) {
    expect(result.lastZxid).toBe(6);
    return 'finished';
  }
  await truncate(directory, 6);
  expect(recoverDirectory(directory).result).toMatchObject({ lastZxid: 6, snapshotZxid: 4 });
  return 'crashed';
}

test.each(powerCuts)(
  'wherever it is interrupted, with names $names and contents $contents, a restart has a whole history and a second time finishes it',
  async (cut) => {
    let call = 1;
    while ((await interruptedAt(call, cut)) === 'crashed') call++;
    expect(call).toBeGreaterThan(10);
  },
);
