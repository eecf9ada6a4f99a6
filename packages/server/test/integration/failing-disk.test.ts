import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { encodeUtf8, OpCode } from '@zooid/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DiskCalls } from '../../src/disk/disk-calls.ts';
import { LogWriteError } from '../../src/disk/log-write-error.ts';
import { createOf, dataOf, framed, isThere, RawClient, requestPayload } from '../raw-client.ts';
import { ServerProcess } from './server-process.ts';
import { diskServer, temporaryDirectory } from './test-server.ts';

type Failure = 'EIO' | 'ENOSPC';

/**
 * The real disk, until a test says that writes (and syncs) of some files fail. Descriptors are told apart by the
 * name that they were opened with.
 */
class TestDisk {
  readonly failures = new Map<'log' | 'snapshot', Failure>();
  readonly #kinds = new Map<number, 'log' | 'snapshot'>();

  readonly calls: DiskCalls = {
    ...fs,
    open: ((file: string, flags: number, mode: unknown, done?: OpenDone) => {
      const callback = (done ?? mode) as OpenDone;
      fs.open(file, flags, 0o644, (error, fd) => {
        const kind = path.basename(file).includes('snapshot') ? 'snapshot' : 'log';
        if (error === null) this.#kinds.set(fd, kind);
        callback(error, fd);
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
      const failure = this.failures.get(this.#kinds.get(fd) ?? 'log');
      if (failure === undefined) fs.write(fd, bytes, at, count, to, done);
      else setImmediate(() => done(failureOf(failure), 0));
    }) as typeof fs.write,
    fdatasync: ((fd: number, done: (error: Error | null) => void) => {
      const failure = this.failures.get(this.#kinds.get(fd) ?? 'log');
      if (failure === undefined) fs.fdatasync(fd, done);
      else setImmediate(() => done(failureOf(failure)));
    }) as typeof fs.fdatasync,
  };
}

type OpenDone = (error: Error | null, fd: number) => void;
type WriteDone = (error: Error | null, written: number) => void;

function failureOf(code: Failure): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

describe.each(['EIO', 'ENOSPC'] as const)('when the log cannot be written (%s)', (failure) => {
  test('no write is acknowledged any more, the server stops and says what to do; the rest is safe', async () => {
    const dataDir = temporaryDirectory();
    const disk = new TestDisk();
    const first = await diskServer(dataDir, {}, { disk: disk.calls });
    const client = await first.client();
    const reader = await first.client();
    for (let i = 0; i < 50; i++) await client.ok(createOf(`/z${i}`));
    disk.failures.set('log', failure);
    for (let i = 50; i < 100; i++) client.send(createOf(`/z${i}`));
    expect(await client.reply()).toBeUndefined();
    expect(await reader.reply()).toBeUndefined();
    const reason: unknown = await first.server.closed.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(reason).toBeInstanceOf(LogWriteError);
    const error = reason as LogWriteError;
    expect(error.remedy).toMatch(failure === 'ENOSPC' ? /^Free space/ : /^Check the disk/);
    const line = await first.log.until('transaction log failed, no write is taken any more');
    expect(line).toMatchObject({ level: 'error', remedy: error.remedy });
    await expect(RawClient.open(first.port)).rejects.toThrow('ECONNREFUSED');
    const second = await diskServer(dataDir);
    const again = await second.client();
    for (let i = 0; i < 50; i++) expect(await isThere(again, `/z${i}`)).toBe(true);
    await again.ok(createOf('/goes-on'));
  });

  test('a snapshot that cannot be written costs nothing but itself', async () => {
    const dataDir = temporaryDirectory();
    const disk = new TestDisk();
    const storage = { snapshotTxnCount: 20 };
    const first = await diskServer(dataDir, { storage }, { disk: disk.calls });
    const client = await first.client();
    disk.failures.set('snapshot', failure);
    for (let i = 0; i < 100; i++) await client.ok(createOf(`/z${i}`));
    const line = await first.log.until('snapshot failed');
    expect(line['reason']).toContain(`${failure}: injected`);
    disk.failures.delete('snapshot');
    for (let i = 100; i < 200; i++) await client.ok(createOf(`/z${i}`));
    await first.log.until('snapshot taken');
    await first.server.close();
    const names = fs.readdirSync(path.join(dataDir, 'version-2'));
    expect(names.filter((name) => name.startsWith('tmp.'))).toEqual([]);
    const again = await (await diskServer(dataDir)).client();
    for (let i = 0; i < 200; i++) expect(await isThere(again, `/z${i}`)).toBe(true);
  });
});

test('a server whose first snapshot cannot be written does not start, and leaves the directory as it was', async () => {
  const dataDir = temporaryDirectory();
  const disk = new TestDisk();
  disk.failures.set('snapshot', 'ENOSPC');
  await expect(diskServer(dataDir, {}, { disk: disk.calls })).rejects.toMatchObject({
    code: 'SNAPSHOT_WRITE_FAILED',
  });
  await (await diskServer(dataDir)).expectServed();
});

/** A file system of a few megabytes; undefined where this process may not mount one. */
function trySmallDisk(megabytes: number): string | undefined {
  const directory = temporaryDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory], {
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  // Runs before the directory is removed: what was registered last goes first.
  onTestFinished(() => void execFileSync('umount', ['--lazy', directory]));
  return directory;
}

test('a full disk loses no acknowledged write: the process ends with 10, and goes on when there is room', async ({
  skip,
}) => {
  const disk = trySmallDisk(12);
  if (disk === undefined) {
    console.warn('SKIPPED: the test of a really full disk needs the right to mount a tmpfs');
    skip();
    return;
  }
  const dataDir = path.join(disk, 'data');
  fs.mkdirSync(dataDir);
  // What somebody will remove to make room.
  const ballast = path.join(disk, 'ballast');
  fs.writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024));
  const lines = ['preAllocSize=256', 'snapCount=400'];
  const server = ServerProcess.configured(dataDir, lines);
  const client = await RawClient.connect(await server.port());
  const value = (i: number): Uint8Array => encodeUtf8(`${i}-`.padEnd(4000, 'x'));
  const window = 20;
  let acknowledged = 0;
  for (let sent = 0; ; ) {
    for (; sent < acknowledged + window; sent++) {
      client.write(framed(requestPayload(sent, createOf(`/z${sent}`, value(sent)))));
    }
    const reply = await client.reply();
    if (reply === undefined) break;
    expect(reply).toMatchObject({ xid: acknowledged, err: 0 });
    acknowledged++;
  }
  expect(await server.ended).toBe(10);
  expect(acknowledged).toBeGreaterThan(100);
  expect(server.output).toContain('transaction log failed, no write is taken any more');
  expect(server.output).toMatch(/"remedy":"Free space on the disk of dataLogDir/);
  // Without room it says so again, and changes nothing.
  const tooEarly = ServerProcess.configured(dataDir, lines);
  // With a torn tail to put aside it cannot even start.
  const early = await tooEarly
    .port()
    .then((port) => RawClient.connect(port))
    .catch(() => undefined);
  early?.send(createOf('/early', Buffer.alloc(900_000)));
  const isStillServing = (await early?.reply()) !== undefined;
  // A signal would race with the end that it comes to by itself.
  const code = isStillServing ? await tooEarly.kill('SIGTERM') : await tooEarly.ended;
  expect(code, tooEarly.output).toBe(isStillServing ? 0 : 10);
  fs.rmSync(ballast);
  const again = ServerProcess.configured(dataDir, lines);
  const reader = await RawClient.connect(await again.port());
  for (let i = 0; i < acknowledged; i++) {
    expect(Buffer.compare((await dataOf(reader, `/z${i}`))!, value(i))).toBe(0);
  }
  await reader.ok(createOf('/after'));
  expect((await reader.request({ op: OpCode.closeSession })).err).toBe(0);
  expect(await again.kill('SIGTERM')).toBe(0);
});
