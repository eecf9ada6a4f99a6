import type { ShellCommand } from '../command.ts';
import { assertPath } from '../znode-path.ts';

/** Source: SyncCommand.SYNC_TIMEOUT. */
const TIMEOUT_MS = 30_000;

export const sync: ShellCommand = {
  name: 'sync',
  usage: 'path',
  summary: 'waits until the server has every write acknowledged before',
  operandsMin: 1,
  run: async ({ zk, print, json, signal }, { operands: [path = ''] }) => {
    assertPath(path);
    await zk.sync(path, { timeoutMs: TIMEOUT_MS, signal });
    print('Sync is OK');
    json({ synced: path });
  },
};
