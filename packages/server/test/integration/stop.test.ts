import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { DiskCalls } from '../../src/disk/disk-calls.ts';
import { createOf, isThere, until } from '../raw-client.ts';
import { diskServer, type TestServer, temporaryDirectory } from './test-server.ts';

type WriteDone = (error: Error | null, written: number) => void;

/** The real disk; writes of snapshots wait once they are held, until they are let go. */
class HoldingDisk {
  /** Writes that wait. */
  readonly held: (() => void)[] = [];
  #isHolding = false;
  readonly #snapshots = new Set<number>();

  readonly calls: DiskCalls = {
    ...fs,
    open: ((file: string, flags: number, mode: number, done: WriteDone) => {
      fs.open(file, flags, mode, (error, fd) => {
        if (path.basename(file).startsWith('tmp.snapshot')) this.#snapshots.add(fd);
        else this.#snapshots.delete(fd);
        done(error, fd);
      });
    }) as typeof fs.open,
    write: ((
      fd: number,
      bytes: Uint8Array,
      at: number,
      count: number,
      to: number,
      done: WriteDone,
    ) => {
      const go = () => fs.write(fd, bytes, at, count, to, done);
      if (this.#isHolding && this.#snapshots.has(fd)) this.held.push(go);
      else go();
    }) as typeof fs.write,
  };

  hold(): void {
    this.#isHolding = true;
  }

  letGo(): void {
    this.#isHolding = false;
    for (const go of this.held.splice(0)) go();
  }
}

/** A server with a few znodes and a snapshot of them under way, which the disk holds up. */
async function serverInSnapshot(disk: HoldingDisk): Promise<TestServer> {
  const storage = { snapshotTxnCount: 20 };
  const server = await diskServer(temporaryDirectory(), { storage }, { disk: disk.calls });
  disk.hold();
  const client = await server.client();
  for (let i = 0; i < 30; i++) await client.ok(createOf(`/z${i}`));
  await until(() => disk.held.length > 0, 'a write of a snapshot');
  return server;
}

function snapshotsOf({ dataDir }: TestServer): string[] {
  return fs
    .readdirSync(path.join(dataDir, 'version-2'))
    .filter((name) => name.includes('snapshot'));
}

describe('a server that stops while it writes a snapshot', () => {
  test('lets its clients go at once, and finishes the snapshot', async () => {
    const disk = new HoldingDisk();
    const first = await serverInSnapshot(disk);
    const client = await first.client();
    const closed = first.server.close();
    expect(await client.reply()).toBeUndefined();
    disk.letGo();
    await closed;

    expect(snapshotsOf(first).filter((name) => name !== 'snapshot.0')).toEqual([
      expect.stringMatching(/^snapshot\.[0-9a-f]+$/),
    ]);
    const again = await (await diskServer(first.dataDir)).client();
    for (let i = 0; i < 30; i++) expect(await isThere(again, `/z${i}`)).toBe(true);
  });

  test('gives it up after two seconds, and the next start has everything', async () => {
    const disk = new HoldingDisk();
    const first = await serverInSnapshot(disk);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let closed: Promise<void>;
    try {
      closed = first.server.close();
      vi.advanceTimersByTime(2000);
    } finally {
      vi.useRealTimers();
    }
    disk.letGo();
    await closed;
    expect(first.log.find('snapshot failed')!['reason']).toContain('the server stops');
    expect(snapshotsOf(first)).toEqual(['snapshot.0']);
    const again = await (await diskServer(first.dataDir)).client();
    for (let i = 0; i < 30; i++) expect(await isThere(again, `/z${i}`)).toBe(true);
  });
});
