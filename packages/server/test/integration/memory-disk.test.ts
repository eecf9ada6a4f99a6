import { CreateMode, encodeUtf8, OpCode } from '@zooid/protocol';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { defaultConfig } from '../../src/config/default-config.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import type { RunningServer } from '../../src/running-server.ts';
import { startServer } from '../../src/server.ts';
import { createOf, dataOf, isThere, RawClient } from '../raw-client.ts';

async function start(storage: MemoryDisk): Promise<RunningServer> {
  const config = defaultConfig({ storage: { dataDir: 'no-directory' } });
  const server = await startServer(config, { storage, logger: pino({ level: 'silent' }) });
  onTestFinished(() => server.close());
  return server;
}

test('a server goes on with what the last one left on its memory disk: znodes, zxid, sessions, ephemerals', async () => {
  const disk = new MemoryDisk();
  const first = await start(disk);
  const before = await RawClient.connect(first.clientPort);
  const { sessionId, password } = before.session!;
  await before.ok(createOf('/kept', encodeUtf8('yes')));
  await before.ok(createOf('/mine', null, CreateMode.ephemeral));
  const { zxid } = await before.request({ op: OpCode.exists, path: '/', watch: false });
  await first.close();
  await before.closed();

  const second = await start(disk);
  const after = await RawClient.connect(second.clientPort, { sessionId, password });
  expect(after.session!.sessionId).toBe(sessionId);
  expect(await dataOf(after, '/kept')).toEqual(encodeUtf8('yes'));
  expect(await isThere(after, '/mine')).toBe(true);
  const written = await after.request(createOf('/next'));
  expect(written).toMatchObject({ err: 0, zxid: zxid + 1 });

  // Its end is the session's, not the first server's.
  expect(second.expireSession(sessionId)).toBe(true);
  await after.closed();
  await second.close();
  const third = await start(disk);
  const last = await RawClient.connect(third.clientPort);
  expect(await isThere(last, '/mine')).toBe(false);
  expect(await isThere(last, '/next')).toBe(true);
  last.destroy();
});

test('two servers cannot use one memory disk at a time, and the first is not disturbed', async () => {
  const disk = new MemoryDisk();
  const first = await start(disk);
  await expect(start(disk)).rejects.toThrow('another server uses this memory disk');

  const client = await RawClient.connect(first.clientPort);
  await client.ok(createOf('/kept'));
  await first.close();

  const second = await start(disk);
  const after = await RawClient.connect(second.clientPort);
  expect(await isThere(after, '/kept')).toBe(true);
  after.destroy();
});
