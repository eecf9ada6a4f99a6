import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Purger, type PurgerParts } from '../../src/disk/purger.ts';
import { temporaryDirectory } from '../integration/test-server.ts';

function purger(parts: Partial<PurgerParts> = {}) {
  const told: (number | string)[] = [];
  const directory = temporaryDirectory();
  const one = new Purger({
    snapshotDirectory: directory,
    logDirectory: directory,
    keptSnapshots: 3,
    mayPurge: () => true,
    onPurged: (count) => told.push(count),
    onFailed: (reason) => told.push(reason),
    ...parts,
  });
  return { one, told, directory };
}

describe('a purge from time to time', () => {
  beforeEach(
    () => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }),
  );
  afterEach(() => void vi.useRealTimers());

  test('comes at once, and then after each interval, however long that is, until it is stopped', () => {
    const asked: number[] = [];
    const { one } = purger({ mayPurge: () => asked.push(performance.now()) < 0 });
    const dayMs = 86_400_000;
    const startedMs = performance.now();
    one.start(30 * dayMs);
    vi.advanceTimersByTime(60 * dayMs + 60_000);
    expect(asked.map((ms) => (ms - startedMs) / dayMs)).toEqual([0, 30, 60]);
    one.stop();
    vi.advanceTimersByTime(60 * dayMs);
    expect(asked).toHaveLength(3);
  });
});

test('what cannot be removed is told, and nobody who waits hears of it', async () => {
  const { one, told, directory } = purger();
  fs.rmSync(directory, { recursive: true });
  one.start(3_600_000);
  await one.idle;
  one.stop();
  expect(told).toEqual([expect.stringContaining('ENOENT')]);
});

test('other removing is waited for as a purge is, and told when there was any', async () => {
  const { one, told, directory } = purger();
  const file = path.join(directory, 'old');
  fs.writeFileSync(file, '');
  one.run(async () => {
    await fs.promises.rm(file);
    return 1;
  });
  await one.idle;
  expect([fs.existsSync(file), told]).toEqual([false, [1]]);
  one.run(async () => 0);
  await one.idle;
  expect(told).toEqual([1]);
});
