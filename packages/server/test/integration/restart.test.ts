import fs from 'node:fs';
import path from 'node:path';
import { ErrorCode, encodeUtf8, OpCode, openAcl, type Request } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { DataDirError } from '../../src/disk/data-dir-error.ts';
import { RecoveryError } from '../../src/disk/recovery-error.ts';
import {
  createOf,
  dataOf,
  framed,
  isThere,
  RawClient,
  requestPayload,
  until,
} from '../raw-client.ts';
import { diskServer, type TestServer, temporaryDirectory } from './test-server.ts';

const text = async (client: RawClient, znode: string): Promise<string> =>
  Buffer.from((await dataOf(client, znode)) ?? []).toString();

const childrenOf = async (client: RawClient, znode: string): Promise<readonly string[]> => {
  const response = await client.ok({ op: OpCode.getChildren, path: znode, watch: false });
  return 'children' in response ? response.children : [];
};

/** The files of a data directory whose names begin so, oldest first. */
function filesOf(dataDir: string, prefix: string): string[] {
  const directory = path.join(dataDir, 'version-2');
  const zxid = (name: string): number => Number.parseInt(name.split('.')[1]!, 16);
  return fs
    .readdirSync(directory)
    .filter((name) => name.startsWith(`${prefix}.`))
    .sort((a, b) => zxid(a) - zxid(b))
    .map((name) => path.join(directory, name));
}

function flipBit(file: string, offset: number): void {
  const bytes = fs.readFileSync(file);
  bytes[offset]! ^= 0x10;
  fs.writeFileSync(file, bytes);
}

/** Contents of a directory, to see that nobody changed it. */
function contentsOf(dataDir: string): Map<string, string> {
  const directory = path.join(dataDir, 'version-2');
  return new Map(
    fs
      .readdirSync(directory)
      .map((name) => [name, fs.readFileSync(path.join(directory, name)).toString('base64')]),
  );
}

/** Fills a directory: a snapshot at every few transactions, and log behind the last one. */
async function filledDirectory(count = 100): Promise<string> {
  const dataDir = temporaryDirectory();
  const server = await diskServer(dataDir, { storage: { snapshotTxnCount: 30 } });
  const client = await server.client();
  for (let i = 0; i < count; i++) await client.ok(createOf(`/z${i}`, encodeUtf8(`data ${i}`)));
  await server.server.close();
  return dataDir;
}

async function expectFilled(server: TestServer, count = 100): Promise<void> {
  const client = await server.client();
  for (let i = 0; i < count; i++) expect(await text(client, `/z${i}`)).toBe(`data ${i}`);
}

async function refusalOf(dataDir: string): Promise<RecoveryError> {
  const refusal: unknown = await diskServer(dataDir).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(RecoveryError);
  return refusal as RecoveryError;
}

describe('a restart', () => {
  test('keeps znodes of every kind, with all that a stat says', async () => {
    const dataDir = temporaryDirectory();
    const overrides = { tree: { isExtendedTypesOn: true } };
    const first = await diskServer(dataDir, overrides);
    const client = await first.client();
    const requests: Request[] = [
      createOf('/plain', encodeUtf8('one')),
      createOf('/null', null),
      createOf('/empty', new Uint8Array(0)),
      createOf('/plain/sequential-', null, 2),
      { op: OpCode.createContainer, path: '/container', data: null, acl: openAcl, flags: 4 },
      createOf('/container/child'),
      { op: OpCode.createTTL, path: '/ttl', data: null, acl: openAcl, flags: 5, ttl: 100_000n },
      { op: OpCode.setData, path: '/plain', data: encodeUtf8('two'), version: 0 },
      createOf('/gone'),
      { op: OpCode.delete, path: '/gone', version: 0 },
      {
        op: OpCode.multi,
        ops: [
          { op: OpCode.create, path: '/multi', data: null, acl: openAcl, flags: 0 },
          { op: OpCode.setData, path: '/multi', data: encodeUtf8('m'), version: 0 },
        ],
      },
    ];
    for (const request of requests) await client.ok(request);
    const paths = [
      '/plain',
      '/null',
      '/empty',
      '/plain/sequential-0000000000',
      '/container',
      '/ttl',
      '/multi',
      '/',
    ];
    const before: unknown[] = [];
    for (const znode of paths) {
      before.push(await client.ok({ op: OpCode.getData, path: znode, watch: false }));
    }
    await first.server.close();
    const second = await diskServer(dataDir, overrides);
    const again = await second.client();
    for (const [i, znode] of paths.entries()) {
      expect(await again.ok({ op: OpCode.getData, path: znode, watch: false })).toEqual(before[i]);
    }
    expect(await isThere(again, '/gone')).toBe(false);
    // The next sequential number goes on.
    expect(await again.ok(createOf('/plain/sequential-', null, 2))).toMatchObject({
      path: '/plain/sequential-0000000001',
    });
  });

  test('keeps a session: its client resumes it with id and password, and its ephemerals are there', async () => {
    const dataDir = temporaryDirectory();
    const first = await diskServer(dataDir);
    const client = await first.client();
    await client.ok(createOf('/mine', encodeUtf8('e'), 1));
    const { sessionId, password } = client.session!;
    await first.server.close();
    expect(await client.closed()).toEqual([]);
    const second = await diskServer(dataDir);
    const wrong = await second.stranger();
    expect((await wrong.handshake({ sessionId }))?.timeoutMs).toBe(0);
    const resumed = await second.stranger();
    expect(await resumed.handshake({ sessionId, password })).toMatchObject({ sessionId });
    expect(await resumed.ok({ op: OpCode.getEphemerals, prefixPath: '/' })).toMatchObject({
      ephemerals: ['/mine'],
    });
    expect((await resumed.request({ op: OpCode.closeSession })).err).toBe(0);
    expect(await isThere(await second.client(), '/mine')).toBe(false);
  });

  test('lets a session expire that nobody resumes, and its ephemerals with it', async () => {
    const dataDir = temporaryDirectory();
    const overrides = { session: { tickTimeMs: 50 } };
    const first = await diskServer(dataDir, overrides);
    const client = await first.stranger();
    await client.handshake({ timeoutMs: 100 });
    await client.ok(createOf('/mine', null, 1));
    await first.server.close();
    const second = await diskServer(dataDir, overrides);
    const watcher = await second.client();
    await until(async () => !(await isThere(watcher, '/mine')), 'the end of the ephemeral');
    const { sessionId, password } = client.session!;
    const late = await second.stranger();
    expect((await late.handshake({ sessionId, password }))?.timeoutMs).toBe(0);
  });

  test('keeps ACLs and who may do what', async () => {
    const dataDir = temporaryDirectory();
    const first = await diskServer(dataDir);
    const auth: Request = { op: OpCode.auth, type: 0, scheme: 'digest', auth: encodeUtf8('u:p') };
    const client = await first.client();
    expect((await client.request(auth)).err).toBe(0);
    const acl = [{ perms: 31, scheme: 'auth', id: '' }];
    const data = encodeUtf8('secret');
    await client.ok({ op: OpCode.create, path: '/locked', data, acl, flags: 0 });
    await first.server.close();
    const second = await diskServer(dataDir);
    const stranger = await second.client();
    const read: Request = { op: OpCode.getData, path: '/locked', watch: false };
    expect((await stranger.request(read)).err).toBe(ErrorCode.noAuth);
    expect((await stranger.request(auth)).err).toBe(0);
    expect((await stranger.request(read)).err).toBe(0);
  });

  test('keeps quotas, and enforces them', async () => {
    const dataDir = temporaryDirectory();
    const overrides = { tree: { isQuotaEnforced: true } };
    const first = await diskServer(dataDir, overrides);
    const client = await first.client();
    await client.ok(createOf('/q'));
    await client.ok(createOf('/zookeeper/quota/q'));
    const limits = encodeUtf8('count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=3');
    await client.ok(createOf('/zookeeper/quota/q/zookeeper_limits', limits));
    await client.ok(createOf('/zookeeper/quota/q/zookeeper_stats', encodeUtf8('count=1,bytes=0')));
    await client.ok(createOf('/q/a', encodeUtf8('12345')));
    const stats = await text(client, '/zookeeper/quota/q/zookeeper_stats');
    await first.server.close();
    const second = await diskServer(dataDir, overrides);
    const again = await second.client();
    expect(await text(again, '/zookeeper/quota/q/zookeeper_stats')).toBe(stats);
    await again.ok(createOf('/q/b'));
    expect((await again.request(createOf('/q/c'))).err).toBe(ErrorCode.quotaExceeded);
  });

  test('goes on cleaning up containers and TTL znodes', async () => {
    const dataDir = temporaryDirectory();
    const tree = { isExtendedTypesOn: true, containerCheckIntervalMs: 20 };
    const first = await diskServer(dataDir, {
      tree: { ...tree, containerCheckIntervalMs: 60_000 },
    });
    const client = await first.client();
    await client.ok({ op: OpCode.createContainer, path: '/c', data: null, acl: openAcl, flags: 4 });
    await client.ok(createOf('/c/child'));
    await client.ok({ op: OpCode.delete, path: '/c/child', version: -1 });
    await client.ok({
      op: OpCode.createTTL,
      path: '/t',
      data: null,
      acl: openAcl,
      flags: 5,
      ttl: 1n,
    });
    await first.server.close();
    const second = await diskServer(dataDir, { tree });
    const again = await second.client();
    await until(
      async () => !(await isThere(again, '/c')) && !(await isThere(again, '/t')),
      'the end of both',
    );
  });

  test('after many snapshots finds every write', async () => {
    const dataDir = await filledDirectory(500);
    expect(filesOf(dataDir, 'snapshot').length).toBeGreaterThan(5);
    await expectFilled(await diskServer(dataDir), 500);
  });

  test('with snapshots of every compression finds every write', async () => {
    const dataDir = temporaryDirectory();
    let written = 0;
    for (const snapshotCompression of ['none', 'gz', 'snappy', 'none'] as const) {
      const storage = { snapshotTxnCount: 10, snapshotCompression };
      const server = await diskServer(dataDir, { storage });
      await expectFilled(server, written);
      const client = await server.client();
      for (const end = written + 50; written < end; written++) {
        await client.ok(createOf(`/z${written}`, encodeUtf8(`data ${written}`)));
      }
      await server.server.close();
    }
    expect(filesOf(dataDir, 'snapshot').some((file) => file.endsWith('.gz'))).toBe(true);
    expect(filesOf(dataDir, 'snapshot').some((file) => file.endsWith('.snappy'))).toBe(true);
  });
});

describe('closing a server', () => {
  test('answers what it has taken in and nothing else: what is there is what was acknowledged', async () => {
    const dataDir = temporaryDirectory();
    const first = await diskServer(dataDir);
    const clients = await Promise.all(Array.from({ length: 8 }, () => first.client()));
    const count = 2000;
    const pipelined = clients.map((client, c) => {
      for (let i = 0; i < count; i++) {
        client.write(framed(requestPayload(i + 1, createOf(`/c${c}-${i}`))));
      }
      return client;
    });
    await clients[0]!.reply();
    await first.server.close();
    const acknowledged = new Set<string>(['c0-0', 'zookeeper']);
    for (const [c, client] of pipelined.entries()) {
      for (let next = c === 0 ? 1 : 0; ; next++) {
        const reply = await client.reply();
        if (reply === undefined) break;
        expect(reply).toMatchObject({ xid: next + 1, err: 0 });
        acknowledged.add(`c${c}-${next}`);
      }
    }
    const second = await diskServer(dataDir);
    const there = await childrenOf(await second.client(), '/');
    expect(new Set(there)).toEqual(acknowledged);
    expect(acknowledged.size).toBeLessThan(8 * count);
  });

  test('lets go of port and directory, and may be asked for twice', async () => {
    const dataDir = temporaryDirectory();
    const first = await diskServer(dataDir);
    await Promise.all([first.server.close(), first.server.close()]);
    await first.server.closed;
    await expect(RawClient.open(first.port)).rejects.toThrow('ECONNREFUSED');
    expect(fs.readdirSync(dataDir)).not.toContain('zooid.lock');
    const second = await diskServer(dataDir, {
      network: { client: { host: '127.0.0.1', port: first.port } },
    });
    await second.expectServed();
  });

  test('ends connections that say nothing and that do not read', async () => {
    const server = await diskServer(temporaryDirectory());
    const silent = await server.stranger();
    const deaf = await server.client();
    await deaf.ok(createOf('/big', Buffer.alloc(1_000_000)));
    deaf.socket.pause();
    for (let i = 0; i < 20; i++) deaf.send({ op: OpCode.getData, path: '/big', watch: false });
    await server.expectServed();
    await server.server.close();
    expect(await silent.closed()).toEqual([]);
    await expect(RawClient.open(server.port)).rejects.toThrow('ECONNREFUSED');
  });

  test('takes no snapshot any more and leaves no half of one', async () => {
    const dataDir = temporaryDirectory();
    const server = await diskServer(dataDir, { storage: { snapshotTxnCount: 2 } });
    const client = await server.client();
    for (let i = 0; i < 300; i++) client.send(createOf(`/z${i}`, encodeUtf8(`data ${i}`)));
    await client.reply();
    await server.server.close();
    const names = fs.readdirSync(path.join(dataDir, 'version-2'));
    expect(names.filter((name) => !/^(log|snapshot)\.[0-9a-f]+$/.test(name))).toEqual([]);
  });
});

describe('a data directory', () => {
  test('is refused while another server has it, and that one is named', async () => {
    const dataDir = temporaryDirectory();
    const first = await diskServer(dataDir);
    const refusal = await diskServer(dataDir).then(
      () => undefined,
      (error: DataDirError) => error,
    );
    expect(refusal).toBeInstanceOf(DataDirError);
    expect(refusal).toMatchObject({ code: 'DATA_DIR_LOCKED' });
    expect(refusal?.message).toContain(String(process.pid));
    await first.expectServed();
    await first.server.close();
    await (await diskServer(dataDir)).expectServed();
  });

  test('is let go of when the port is in use', async () => {
    const dataDir = temporaryDirectory();
    const holder = await diskServer(temporaryDirectory());
    const network = { client: { host: '127.0.0.1', port: holder.port } };
    await expect(diskServer(dataDir, { network })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await holder.expectServed();
    await (await diskServer(dataDir)).expectServed();
  });

  test('that holds something else is refused and not touched', async () => {
    const dataDir = await filledDirectory();
    const foreign = path.join(dataDir, 'version-2', 'log.ffff');
    fs.writeFileSync(foreign, 'these are my diaries, from when I was young');
    const before = contentsOf(dataDir);
    expect(await refusalOf(dataDir)).toMatchObject({ code: 'LOG_FOREIGN', file: foreign });
    expect(contentsOf(dataDir)).toEqual(before);
  });
});

describe('a corrupt snapshot', () => {
  test('that is the newest is left aside: the one before and the log have everything', async () => {
    const dataDir = await filledDirectory();
    const newest = filesOf(dataDir, 'snapshot').at(-1)!;
    flipBit(newest, fs.statSync(newest).size >> 1);
    const server = await diskServer(dataDir);
    await server.log.until('snapshot cannot be used, an older one is tried', { file: newest });
    await expectFilled(server);
  });

  test('cut short, empty or of zeros is left aside as well', async () => {
    for (const damage of ['cut', 'empty', 'zeros']) {
      const dataDir = await filledDirectory();
      const newest = filesOf(dataDir, 'snapshot').at(-1)!;
      const { size } = fs.statSync(newest);
      if (damage === 'cut') fs.truncateSync(newest, size - 9);
      if (damage === 'empty') fs.truncateSync(newest, 0);
      if (damage === 'zeros') fs.writeFileSync(newest, Buffer.alloc(size));
      await expectFilled(await diskServer(dataDir));
    }
  });

  test('is refused with file and remedy when the log does not reach back to the one before', async () => {
    const dataDir = await filledDirectory();
    const snapshots = filesOf(dataDir, 'snapshot');
    flipBit(snapshots.at(-1)!, fs.statSync(snapshots.at(-1)!).size >> 1);
    for (const log of filesOf(dataDir, 'log').slice(0, -1)) fs.rmSync(log);
    const before = contentsOf(dataDir);
    const refusal = await refusalOf(dataDir);
    expect(refusal.remedy).not.toBe('');
    expect(refusal.message).toContain(refusal.file);
    expect(contentsOf(dataDir)).toEqual(before);
  });

  test('is refused when there is no whole one', async () => {
    const dataDir = await filledDirectory();
    for (const snapshot of filesOf(dataDir, 'snapshot')) fs.truncateSync(snapshot, 20);
    const before = contentsOf(dataDir);
    expect(await refusalOf(dataDir)).toMatchObject({ code: 'SNAPSHOT_DAMAGED' });
    expect(contentsOf(dataDir)).toEqual(before);
  });
});

describe('a damaged log', () => {
  test('with a flipped bit in its middle is refused, naming file, offset and remedy, and is not touched', async () => {
    const dataDir = await filledDirectory();
    const log = filesOf(dataDir, 'log').at(-1)!;
    const at = Math.floor(fs.statSync(log).size / 2);
    flipBit(log, at);
    const before = contentsOf(dataDir);
    const refusal = await refusalOf(dataDir);
    expect(refusal).toMatchObject({ code: 'LOG_DAMAGED', file: log });
    expect(refusal.offset).toBeGreaterThan(0);
    expect(refusal.offset).toBeLessThanOrEqual(at);
    expect(refusal.message).toContain(`${log}, offset ${refusal.offset}`);
    expect(refusal.message).toContain(refusal.remedy);
    expect(contentsOf(dataDir)).toEqual(before);
    // The refusal leaves nothing behind: with the bit put right the server starts.
    flipBit(log, at);
    await expectFilled(await diskServer(dataDir));
  });

  test('with a torn end is repaired, and says so', async () => {
    const dataDir = temporaryDirectory();
    const first = await diskServer(dataDir);
    const client = await first.client();
    for (let i = 0; i < 100; i++) await client.ok(createOf(`/z${i}`, encodeUtf8(`data ${i}`)));
    await first.server.close();
    const log = filesOf(dataDir, 'log').at(-1)!;
    const torn = fs.readFileSync(log);
    // A record that did not make it: its length and half of what follows.
    const start = torn.byteLength;
    fs.appendFileSync(log, Buffer.concat([torn.subarray(16, 60), Buffer.alloc(4096)]));
    const second = await diskServer(dataDir);
    await expectFilled(second);
    const line = await second.log.until('torn end of the transaction log cut off');
    expect(line).toMatchObject({ file: log, offset: start });
    await (await second.client()).ok(createOf('/z100', encodeUtf8('data 100')));
    await second.server.close();
    await expectFilled(await diskServer(dataDir), 101);
  });

  test('of which a file in the middle is gone is refused', async () => {
    const dataDir = await filledDirectory(200);
    // Whatever the last snapshot left for the last log: behind that there is another one now.
    const again = await diskServer(dataDir);
    await (await again.client()).ok(createOf('/behind', encodeUtf8('')));
    await again.server.close();
    const logs = filesOf(dataDir, 'log');
    const newest = filesOf(dataDir, 'snapshot').at(-1)!;
    flipBit(newest, 200);
    fs.rmSync(logs.at(-2)!);
    const refusal = await refusalOf(dataDir);
    expect(refusal.remedy).not.toBe('');
  });
});
