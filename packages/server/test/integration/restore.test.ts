import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { DataTree } from '@zooid/core';
import { decodeResponse, encodeUtf8, OpCode } from '@zooid/protocol';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SnapshotStore } from '../../src/disk/snapshot-store.ts';
import { createOf, isThere, type RawClient, until } from '../raw-client.ts';
import { diskServer, type TestServer, temporaryDirectory } from './test-server.ts';

const admin = { isOn: true, listen: { host: '127.0.0.1', port: 0 }, rateLimitIntervalMs: -1 };
const authorized = { Authorization: 'ip' };
const apacheSnapshot = path.join(
  import.meta.dirname,
  '../disk/fixtures/apache-3.8.0/plain/snapshot.22',
);

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly fields: Record<string, unknown>;
}

function ask(server: TestServer, command: string, body?: Uint8Array): Promise<Answer> {
  const port = server.server.adminPort!;
  const method = body === undefined ? 'GET' : 'POST';
  const options = { host: '127.0.0.1', port, path: `/commands/${command}`, method, agent: false };
  return new Promise((resolve, reject) => {
    const request = http.request({ ...options, headers: authorized }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const whole = Buffer.concat(chunks);
        const isJson = response.headers['content-type'] === 'application/json';
        const fields = isJson ? JSON.parse(whole.toString()) : {};
        resolve({ status: response.statusCode!, body: whole, fields });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function snapshotOf(server: TestServer): Promise<Buffer> {
  const answer = await ask(server, 'snapshot');
  expect(answer.status).toBe(200);
  return answer.body;
}

/** Every znode, as a client sees it: data and stat, or the code of the refusal. */
async function everything(server: TestServer): Promise<Record<string, unknown>> {
  const client = await server.client();
  const found: Record<string, unknown> = {};
  const waiting = ['/'];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const data = await client.request({ op: OpCode.getData, path: at, watch: false });
    found[at] = data.err === 0 ? decodeResponse(data.body, OpCode.getData) : data.err;
    const list = await client.request({ op: OpCode.getChildren, path: at, watch: false });
    if (list.err !== 0) continue;
    const response = decodeResponse(list.body, OpCode.getChildren);
    if (!('children' in response)) continue;
    for (const name of response.children) waiting.push(`${at === '/' ? '' : at}/${name}`);
  }
  client.destroy();
  return found;
}

/** Writes one znode after the other until told to stop, and keeps every answer. */
class Writer {
  readonly created: { readonly path: string; readonly zxid: number }[] = [];
  readonly #done: Promise<void>;
  #isStopped = false;

  constructor(client: RawClient, name: string) {
    this.#done = this.#run(client, name);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
  }

  async #run(client: RawClient, name: string): Promise<void> {
    for (let i = 0; !this.#isStopped; i++) {
      const znode = `/${name}-${i}`;
      const { err, zxid } = await client.request(createOf(znode, encodeUtf8(znode)));
      expect(err).toBe(0);
      this.created.push({ path: znode, zxid });
    }
  }
}

/** The names in a data directory that are neither a log nor a snapshot nor the lock. */
function strangeNames(dataDir: string): string[] {
  const names = fs.readdirSync(path.join(dataDir, 'version-2'));
  return names.filter((name) => !/^(log|snapshot)\.[0-9a-f]+(\.gz)?$/.test(name));
}

function filledServer(overrides: Parameters<typeof diskServer>[1] = {}): Promise<TestServer> {
  return diskServer(temporaryDirectory(), { admin, ...overrides });
}

describe('restore', () => {
  test('brings back what was, while clients write, and a restart comes up with that', async () => {
    const server = await filledServer({ storage: { snapshotTxnCount: 50 } });
    const clients = await Promise.all(Array.from({ length: 4 }, () => server.client()));
    await clients[0]!.ok(createOf('/early', encodeUtf8('early')));
    await clients[1]!.ok(createOf('/mine', null, 1));
    const snapshot = await snapshotOf(server);
    const zxid = (await clients[0]!.request({ op: OpCode.exists, path: '/', watch: false })).zxid;
    const writers = clients.map((client, i) => new Writer(client, `w${i}`));
    await until(() => writers.every(({ created }) => created.length > 60), 'writes before');
    const answer = await ask(server, 'restore', snapshot);
    expect(answer.fields).toEqual({ last_zxid: zxid, command: 'restore', error: null });
    const counts = writers.map(({ created }) => created.length);
    const isFurther = () => writers.every(({ created }, i) => created.length > counts[i]! + 10);
    await until(isFurther, 'writes after');
    for (const writer of writers) await writer.stop();

    const kept = ['/', '/early', '/mine', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'];
    let lostCount = 0;
    for (const { created } of writers) {
      // The zxid falls once, and what was acknowledged from there on is there.
      const drop = created.findIndex((one, i) => i > 0 && one.zxid < created[i - 1]!.zxid);
      expect(drop).toBeGreaterThan(0);
      lostCount += drop;
      for (const { path: znode } of created.slice(drop)) kept.push(znode);
      const zxids = created.slice(drop).map((one) => one.zxid);
      expect(zxids).toEqual([...zxids].sort((a, b) => a - b));
      expect(zxids[0]).toBeGreaterThan(zxid);
    }
    expect(lostCount).toBeGreaterThan(200);
    const before = await everything(server);
    expect(Object.keys(before).sort()).toEqual(kept.sort());
    expect(server.log.find('digest of the tree differs from the recorded one')).toBeUndefined();
    expect(await isThere(clients[1]!, '/mine')).toBe(true);
    await server.server.close();
    expect(strangeNames(server.dataDir)).toEqual(['before-restore.1']);

    const again = await diskServer(server.dataDir);
    expect(await everything(again)).toEqual(before);
    expect(again.log.find('interrupted restore finished')).toBeUndefined();
    await again.expectServed();
    await again.server.close();

    // What was set aside is a directory that a server starts from.
    const aside = temporaryDirectory();
    fs.cpSync(
      path.join(server.dataDir, 'version-2', 'before-restore.1'),
      path.join(aside, 'version-2'),
      { recursive: true },
    );
    const old = await everything(await diskServer(aside));
    for (const { created } of writers) expect(old).toHaveProperty([created[0]!.path]);
    expect(Object.keys(old).length).toBeGreaterThan(lostCount);
  });

  test('twice, and forward again, each time with a restart', async () => {
    const dataDir = temporaryDirectory();
    let server = await diskServer(dataDir, { admin });
    const client = await server.client();
    await client.ok(createOf('/one'));
    const one = await snapshotOf(server);
    await client.ok(createOf('/two'));
    const two = await snapshotOf(server);
    for (const [snapshot, isTwoThere] of [
      [one, false],
      [two, true],
      [one, false],
    ] as const) {
      expect((await ask(server, 'restore', snapshot)).status).toBe(200);
      for (let round = 0; round < 2; round++) {
        const observer = await server.client();
        expect(await isThere(observer, '/one')).toBe(true);
        expect(await isThere(observer, '/two')).toBe(isTwoThere);
        if (round > 0) break;
        await server.server.close();
        server = await diskServer(dataDir, { admin });
      }
    }
    expect(strangeNames(dataDir).filter((name) => name !== 'zooid.lock')).toEqual([
      'before-restore.1',
      'before-restore.2',
      'before-restore.3',
    ]);
  });

  test('takes a snapshot of Apache 3.8.0', async () => {
    const snapshot = fs.readFileSync(apacheSnapshot);
    const reference = temporaryDirectory();
    fs.mkdirSync(path.join(reference, 'version-2'));
    fs.writeFileSync(path.join(reference, 'version-2', 'snapshot.22'), snapshot);
    const expected = await everything(await diskServer(reference));
    const server = await filledServer();
    const client = await server.client();
    for (let i = 0; i < 60; i++) await client.ok(createOf(`/old-${i}`));
    const answer = await ask(server, 'restore', snapshot);
    expect(answer.fields).toEqual({ last_zxid: 0x22, command: 'restore', error: null });
    expect(await everything(server)).toEqual(expected);
    expect(expected).toHaveProperty(['/plain']);
    // Its session is not one of the snapshot's.
    await client.closed();
    await server.server.close();
    expect(await everything(await diskServer(server.dataDir))).toEqual(expected);
  });

  test('forgets watches, and hangs up on who has no session any more', async () => {
    const server = await filledServer();
    const kept = await server.client();
    await kept.ok(createOf('/a'));
    const snapshot = await snapshotOf(server);
    const late = await server.client();
    await kept.ok({ op: OpCode.getData, path: '/a', watch: true });
    expect((await ask(server, 'restore', snapshot)).status).toBe(200);
    await late.closed();
    await kept.ok({ op: OpCode.setData, path: '/a', data: encodeUtf8('x'), version: -1 });
    await kept.ok({ op: OpCode.ping });
    expect(kept.events).toEqual([]);
    expect(await server.log.until('tree replaced by a restored snapshot')).toBeDefined();
    const { sessionId, password } = late.session!;
    const returned = await server.stranger();
    expect((await returned.handshake({ sessionId, password: password! }))?.timeoutMs).toBe(0);
  });

  test('writes the state as the configuration has its snapshots, compressed and elsewhere than the log', async () => {
    const dataLogDir = temporaryDirectory();
    const storage = { snapshotCompression: 'gz', dataLogDir } as const;
    const plain = await filledServer();
    await (await plain.client()).ok(createOf('/x'));
    const snapshot = await snapshotOf(plain);
    const server = await filledServer({ storage });
    await (await server.client()).ok(createOf('/y'));
    expect((await ask(server, 'restore', snapshot)).status).toBe(200);
    const before = await everything(server);
    expect(before).toHaveProperty(['/x']);
    await server.server.close();
    expect(strangeNames(dataLogDir)).toEqual(['before-restore.1']);
    expect(await everything(await diskServer(server.dataDir, { storage }))).toEqual(before);
  });
});

/** A whole snapshot whose znodes do not have the digest that it states: it was written while they changed. */
async function mixture(): Promise<Buffer> {
  const directory = temporaryDirectory();
  const store = new SnapshotStore({ directory, compression: 'none', lastZxid: 'written' });
  const writing = store.begin({ zxid: 5, digest: 77n, sessions: [], acls: [] });
  const tree = new DataTree({ digestEnabled: true });
  const file = await writing.write(tree.beginImage(writing.out));
  return fs.readFileSync(file!.path);
}

describe('a restore that cannot be', () => {
  test('changes nothing: damaged, cut short, empty, compressed, foreign, of a mixture', async () => {
    const server = await filledServer();
    const client = await server.client();
    for (let i = 0; i < 20; i++) await client.ok(createOf(`/z${i}`, encodeUtf8('data')));
    const snapshot = await snapshotOf(server);
    await client.ok(createOf('/later'));
    const before = await everything(server);
    const bodies: Uint8Array[] = [
      new Uint8Array(0),
      snapshot.subarray(0, 20),
      snapshot.subarray(0, snapshot.length - 1),
      snapshot.subarray(0, snapshot.length >> 1),
      Buffer.concat([snapshot, snapshot.subarray(0, 100)]),
      Buffer.from('these are my diaries, from when I was young. '.repeat(50)),
      zlib.gzipSync(snapshot),
      await mixture(),
    ];
    for (let at = 0; at < snapshot.length; at += 97) {
      const damaged = Buffer.from(snapshot);
      damaged[at]! ^= 0x10;
      bodies.push(damaged);
    }
    for (const body of bodies) {
      const answer = await ask(server, 'restore', body);
      expect(answer.status).toBe(500);
      expect(answer.fields).toMatchObject({ error: expect.stringContaining('refused: ') });
    }
    expect(await everything(server)).toEqual(before);
    expect(strangeNames(server.dataDir).filter((name) => name !== 'zooid.lock')).toEqual([]);
    await client.ok(createOf('/still-connected'));
    const after = await everything(server);
    await server.server.close();
    expect(await everything(await diskServer(server.dataDir))).toEqual(after);
  });

  test('changes nothing when the caller goes away, or the server is stopped, in the middle of the body', async () => {
    const server = await filledServer();
    await (await server.client()).ok(createOf('/z'));
    const upload = path.join(server.dataDir, 'version-2', 'tmp.snapshot.upload');
    const begin = () => {
      const { adminPort: port } = server.server;
      const headers = { ...authorized, 'Content-Length': '1000000' };
      const options = { host: '127.0.0.1', port, path: '/commands/restore', method: 'POST' };
      const request = http.request({ ...options, headers });
      request.on('error', () => {});
      request.write(Buffer.alloc(1000));
      return request;
    };
    const gone = begin();
    await until(() => fs.existsSync(upload), 'the upload');
    gone.destroy();
    await until(() => !fs.existsSync(upload), 'the end of the upload');
    await server.expectServed();
    const late = begin();
    await until(() => fs.existsSync(upload), 'the upload');
    await server.server.close();
    late.destroy();
    const again = await diskServer(server.dataDir);
    expect(await isThere(await again.client(), '/z')).toBe(true);
    await until(() => !fs.existsSync(upload), 'the end of the file');
  });

  test('leaves the room that the log needs', async () => {
    const server = await filledServer();
    const client = await server.client();
    await client.ok(createOf('/z'));
    const snapshot = await snapshotOf(server);
    await client.ok(createOf('/later'));
    const full = { bavail: 15 * 1024, bsize: 4096 } as fs.StatsFs;
    const statfs = vi.spyOn(fs.promises, 'statfs').mockResolvedValue(full);
    onTestFinished(() => statfs.mockRestore());
    const answer = await ask(server, 'restore', snapshot);
    expect(answer.fields).toMatchObject({ error: expect.stringContaining('no room') });
    expect(await isThere(client, '/later')).toBe(true);
  });

  test('changes nothing when its file cannot be renamed', async () => {
    const server = await filledServer();
    const client = await server.client();
    await client.ok(createOf('/z'));
    const snapshot = await snapshotOf(server);
    await client.ok(createOf('/later'));
    const rename = vi.spyOn(fs, 'renameSync').mockImplementationOnce(() => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'rename' });
    });
    onTestFinished(() => rename.mockRestore());
    expect((await ask(server, 'restore', snapshot)).status).toBe(500);
    await client.ok(createOf('/after'));
    const before = await everything(server);
    expect(Object.keys(before)).toEqual(expect.arrayContaining(['/z', '/later', '/after']));
    await server.server.close();
    expect(await everything(await diskServer(server.dataDir))).toEqual(before);
  });
});

describe('a crash during a restore', () => {
  test('leaves the one state or the other, whole, whenever it comes', async () => {
    const root = temporaryDirectory();
    const dataDir = path.join(root, 'data');
    const dataLogDir = path.join(root, 'log');
    const storage = { dataLogDir, snapshotTxnCount: 10 };
    const server = await diskServer(dataDir, { admin, storage });
    const client = await server.client();
    for (let i = 0; i < 20; i++) await client.ok(createOf(`/early-${i}`));
    const snapshot = await snapshotOf(server);
    const restored = await everything(server);
    for (let i = 0; i < 40; i++) await client.ok(createOf(`/late-${i}`));
    const old = await everything(server);

    // What a crash just before and after each call would leave.
    const crashes: string[] = [];
    const crash = () => {
      const copy = temporaryDirectory();
      fs.cpSync(root, copy, { recursive: true });
      for (const name of ['data', 'log']) fs.rmSync(path.join(copy, name, 'zooid.lock'));
      crashes.push(copy);
    };
    for (const call of ['renameSync', 'mkdirSync', 'fsyncSync'] as const) {
      const real = fs[call] as (...args: unknown[]) => unknown;
      const spy = vi.spyOn(fs, call) as unknown as {
        mockImplementation(replacement: (...args: unknown[]) => unknown): void;
        mockRestore(): void;
      };
      spy.mockImplementation((...args) => {
        if (call !== 'mkdirSync' || String(args[0]).startsWith(root)) crash();
        return real.apply(fs, args);
      });
      onTestFinished(() => spy.mockRestore());
    }
    expect((await ask(server, 'restore', snapshot)).status).toBe(200);
    vi.restoreAllMocks();
    await server.server.close();
    fs.writeFileSync(path.join(dataDir, 'zooid.lock'), '');
    fs.writeFileSync(path.join(dataLogDir, 'zooid.lock'), '');
    crash();

    let oldCount = 0;
    let finishedCount = 0;
    for (const copy of crashes) {
      const paths = { dataLogDir: path.join(copy, 'log') };
      const again = await diskServer(path.join(copy, 'data'), { storage: paths });
      const found = await everything(again);
      if ('/late-0' in found) {
        oldCount++;
        expect(found).toEqual(old);
      } else {
        expect(found).toEqual(restored);
      }
      if (again.log.find('interrupted restore finished') !== undefined) finishedCount++;
      await again.expectServed();
      await again.server.close();
      expect(strangeNames(path.join(copy, 'data')).filter((name) => /^tmp/.test(name))).toEqual([]);
    }
    expect(oldCount).toBe(1);
    expect(finishedCount).toBeGreaterThan(5);
    expect(crashes.length).toBe(oldCount + finishedCount + 2);
  });
});
