import type { ServerCore } from '@zooid/core';
import { expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.ts';
import { LogTruncateError } from '../../src/disk/log-truncate.ts';
import { Storage } from '../../src/storage.ts';
import { newCore } from './core-support.ts';
import { payloadOf, range, temporaryDirectory } from './support.ts';

interface Opened {
  readonly storage: Storage;
  readonly core: ServerCore;
  /** Appends these and applies them, as a server does whose log is durable. */
  log(first: number, last: number): Promise<void>;
}

async function open(dataDir: string): Promise<Opened> {
  const { storage: config } = defaultConfig({ storage: { dataDir } });
  const storage = Storage.open({ config, digest: 'compared', report: () => {}, random: () => 0.5 });
  let onSynced = () => {};
  const { core } = newCore();
  const events = {
    onSynced: () => onSynced(),
    onFailed: (error: Error) => {
      throw error;
    },
  };
  await storage.restore(core, events, 0);
  return {
    storage,
    core,
    log: async (first, last) => {
      for (const zxid of range(first, last)) {
        const payload = payloadOf(zxid);
        storage.log.append(zxid, payload, 0, payload.byteLength);
        core.replayTxn(payload, 0, payload.byteLength);
      }
      await new Promise<void>((resolve) => {
        onSynced = resolve;
        storage.log.sync();
      });
    },
  };
}

async function close({ storage }: Opened): Promise<void> {
  await storage.stop('given-up');
  await storage.close();
}

test('a truncated storage goes on behind the zxid, in memory, in the log and after a restart', async () => {
  const dataDir = temporaryDirectory();
  const opened = await open(dataDir);
  await opened.log(1, 9);
  await opened.storage.truncate(5, 0);
  expect(opened.core.lastAppliedZxid).toBe(5);
  expect(opened.storage.log.lastAppendedZxid).toBe(5);
  await opened.log(6, 7);
  await close(opened);

  const again = await open(dataDir);
  expect(again.core.lastAppliedZxid).toBe(7);
  await close(again);
});

test('a truncation that is refused leaves everything as it was', async () => {
  const opened = await open(temporaryDirectory());
  await opened.log(1, 4);
  await expect(opened.storage.truncate(7, 0)).rejects.toThrow(LogTruncateError);
  expect(opened.core.lastAppliedZxid).toBe(4);
  await opened.log(5, 6);
  expect(opened.storage.log.lastSyncedZxid).toBe(6);
  await close(opened);
});

test('a snapshot that is being written is given up for a truncation', async () => {
  const opened = await open(temporaryDirectory());
  await opened.log(1, 4);
  const taken = opened.storage.takeSnapshot().catch((error: Error) => error.message);
  await opened.storage.truncate(2, 0);
  expect(opened.core.lastAppliedZxid).toBe(2);
  await taken;
  const { zxid } = await opened.storage.takeSnapshot();
  expect(zxid).toBe(2);
  await close(opened);
});

test('transactions of a range are handed in, or none of them', async () => {
  const opened = await open(temporaryDirectory());
  await opened.log(1, 9);
  const zxids: number[] = [];
  const read = (afterZxid: number, lastZxid: number, bytesMax: number) =>
    opened.storage.readLog({ afterZxid, lastZxid }, bytesMax, (zxid) => zxids.push(zxid));
  expect(await read(3, 8, 1)).toBe('unavailable');
  expect(await read(0, 8, 1_000_000)).toBe('unavailable');
  expect(zxids).toEqual([]);
  expect(await read(3, 8, 1_000_000)).toBe('complete');
  expect(zxids).toEqual(range(4, 8));
  await close(opened);
});
