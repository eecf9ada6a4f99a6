import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OpCode } from '@zooid/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  askWord,
  createOf,
  dataOf,
  framed,
  RawClient,
  requestPayload,
  until,
  within,
} from '../raw-client.ts';
import { ServerProcess } from './server-process.ts';
import { memoryServer, temporaryDirectory } from './test-server.ts';

const MB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Memory in use once the garbage is gone. */
function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function frames(count: number, payload: (i: number) => Uint8Array): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => framed(payload(i))));
}

const getBig = (i: number): Uint8Array =>
  requestPayload(i + 1, { op: OpCode.getData, path: '/big', watch: false });

describe('a client that does not read its replies', () => {
  test('costs the server a bounded amount of memory, however much it asks for', async () => {
    const server = await memoryServer();
    const client = await server.client();
    await client.ok(createOf('/big', Buffer.alloc(900_000, 1)));
    const before = usedBytes();
    client.socket.pause();
    // Two thousand replies of 900 KB: 1.8 GB, asked for in one chunk of 64 KB.
    client.write(frames(2000, getBig));
    for (let i = 0; i < 10; i++) await server.expectServed();
    expect(usedBytes() - before).toBeLessThan(100 * MB);
  });

  test('is bounded as well when its requests wait behind a write', async () => {
    const server = await memoryServer();
    const client = await server.client();
    await client.ok(createOf('/big', Buffer.alloc(900_000, 1)));
    const before = usedBytes();
    client.socket.pause();
    const write = requestPayload(0, { op: OpCode.setData, path: '/', data: null, version: -1 });
    client.write(Buffer.concat([framed(write), frames(2000, getBig)]));
    for (let i = 0; i < 10; i++) await server.expectServed();
    expect(usedBytes() - before).toBeLessThan(200 * MB);
    // It was not cut off for what it asked: it may yet read.
    expect(server.log.find('connection cut off')).toBeUndefined();
  });

  test('gets all of them, in order, when it begins to read', async () => {
    const server = await memoryServer();
    const client = await server.client();
    await client.ok(createOf('/big', Buffer.alloc(100_000, 1)));
    client.socket.pause();
    const write = requestPayload(0, { op: OpCode.setData, path: '/', data: null, version: -1 });
    client.write(Buffer.concat([framed(write), frames(1000, getBig)]));
    await server.expectServed();
    client.socket.resume();
    for (let xid = 0; xid <= 1000; xid++)
      expect(await client.reply()).toMatchObject({ xid, err: 0 });
  });

  test('and is told events without end is cut off, with a fact, and the others live', async () => {
    const server = await memoryServer();
    const writer = await server.client();
    const watcher = await server.client();
    const parent = `/${'p'.repeat(200_000)}`;
    await writer.ok(createOf(parent));
    await watcher.ok({ op: OpCode.addWatch, path: parent, mode: 0 });
    const before = usedBytes();
    watcher.socket.pause();
    let isCut = false;
    watcher.socket.once('close', () => {
      isCut = true;
    });
    let changes = 0;
    while (server.log.find('connection cut off', { reason: 'reads-too-slowly' }) === undefined) {
      await writer.ok({ op: OpCode.setData, path: parent, data: null, version: -1 });
      if (++changes > 1000) throw new Error('200 MB of events wait and nobody is cut off');
    }
    expect(changes).toBeGreaterThan(100);
    watcher.socket.resume();
    await until(() => isCut, 'the end of the connection');
    await until(() => usedBytes() - before < 100 * MB, 'the memory');
    await server.expectServed();
  });

  test('is cut off when its session ends, although its last replies are unread', async () => {
    const server = await memoryServer({ session: { tickTimeMs: 50 } });
    const client = await server.stranger();
    await client.handshake({ timeoutMs: 100 });
    client.sendFrame(requestPayload(1, createOf('/big', Buffer.alloc(900_000, 1))));
    await client.reply();
    client.socket.pause();
    client.write(frames(30, getBig));
    await server.log.until('session expired');
    await server.log.until('connection cut off', { reason: 'reads-too-slowly' });
    const after = await server.client();
    await until(async () => {
      await dataOf(after, '/');
      return /Connections: 2\n/.test(await askWord(server.port, 'srvr'));
    }, 'that it is gone');
  });
});

describe('connections that say nothing', () => {
  const count = 2000;

  test(`as many as ${count}, let others be served, are cut off in time, and leave no memory behind`, async () => {
    const server = await memoryServer({ network: { sessionlessTimeoutMs: 1500 } });
    const client = await server.client();
    const before = usedBytes();
    const silent: RawClient[] = [];
    while (silent.length < count) {
      const batch = Array.from({ length: Math.min(100, count - silent.length) }, (_, i) =>
        RawClient.open(server.port).then((one) => {
          // Some say a little.
          one.write(Buffer.from([0, 0, 0, 45, 0].slice(0, i % 6)));
          return one;
        }),
      );
      silent.push(...(await Promise.all(batch)));
      await dataOf(client, '/');
    }
    await server.expectServed();
    await Promise.all(silent.map((one) => one.closed()));
    await server.log.until('connection cut off', { reason: 'no-session-in-time' });
    expect(await askWord(server.port, 'srvr')).toContain('Connections: 2\n');
    await until(() => usedBytes() - before < 30 * MB, 'the memory');
    await dataOf(client, '/');
  });
});

// Twice as many descriptors as one process may have: the server runs in another one.
const manyCount = Number(process.env['ZOOID_HALF_OPEN'] ?? 0);

test.runIf(manyCount > 0)(
  `${manyCount} connections that say nothing are borne, and cut off`,
  async () => {
    const dataDir = path.join(temporaryDirectory(), 'data');
    fs.mkdirSync(dataDir);
    const server = ServerProcess.configured(dataDir, ['nio.sessionlessCnxnTimeout=10000']);
    const port = await server.port();
    const client = await RawClient.connect(port);
    const residentBytes = (): number =>
      Number(fs.readFileSync(`/proc/${server.child.pid}/statm`, 'latin1').split(' ')[1]) * 4096;
    const before = residentBytes();
    const silent: RawClient[] = [];
    while (silent.length < manyCount) {
      const batch = Array.from({ length: 100 }, () => RawClient.open(port));
      silent.push(...(await Promise.all(batch)));
      await dataOf(client, '/');
    }
    expect(residentBytes() - before).toBeLessThan(200 * MB);
    await Promise.all(silent.map((one) => one.closed()));
    await dataOf(client, '/');
    expect(await server.kill('SIGTERM')).toBe(0);
  },
);

describe('a frame that trickles', () => {
  test('keeps neither a connection without a session nor a session alive', async () => {
    const server = await memoryServer({
      network: { sessionlessTimeoutMs: 100 },
      session: { tickTimeMs: 50 },
    });
    const stranger = await server.stranger();
    const owner = await server.stranger();
    await owner.handshake({ timeoutMs: 100 });
    const trickle = setInterval(() => {
      stranger.write(Uint8Array.of(0));
      owner.write(Uint8Array.of(0));
    }, 5);
    onTestFinished(() => clearInterval(trickle));
    // Of a connect request and of a request, both of 100,000 bytes.
    stranger.write(Uint8Array.of(0, 1, 0x86, 0xa0));
    owner.write(Uint8Array.of(0, 1, 0x86, 0xa0));
    expect(await stranger.closed()).toEqual([]);
    expect(await owner.closed()).toEqual([]);
    await server.log.until('connection cut off', { reason: 'no-session-in-time' });
    await server.log.until('session expired');
  });
});

describe('maxClientCnxns', () => {
  test('closes the connection that is one too many, and counts those that are there', async () => {
    const server = await memoryServer({ network: { connectionCountPerAddressMax: 3 } });
    const clients = [await server.client(), await server.client(), await server.stranger()];
    const refused = await server.stranger();
    expect(await refused.closed()).toEqual([]);
    await server.log.until('connection refused', { reason: 'too-many-from-address' });
    for (const client of clients.slice(0, 2)) await dataOf(client, '/');
    clients[2]!.destroy();
    await until(async () => {
      const next = await server.stranger();
      return (await next.handshake().catch(() => undefined)) !== undefined;
    }, 'a place');
  });
});

describe('maxCnxns', () => {
  test('closes the connection that is one too many of all', async () => {
    const server = await memoryServer({ network: { connectionCountMax: 2 } });
    const first = await server.client();
    await server.client();
    const refused = await server.stranger();
    expect(await refused.closed()).toEqual([]);
    await server.log.until('connection refused', { reason: 'too-many-connections' });
    await dataOf(first, '/');
  });
});

describe('globalOutstandingLimit', () => {
  test('pauses the reading and goes on: nothing is lost, nothing changes places', async () => {
    const server = await memoryServer({ throttle: { outstandingRequestCountMax: 3 } });
    const clients = await Promise.all(Array.from({ length: 5 }, () => server.client()));
    await clients[0]!.ok(createOf('/n'));
    const perClient = 1000;
    await Promise.all(
      clients.map(async (client) => {
        const batch = frames(perClient, (i) =>
          requestPayload(
            i + 1,
            i % 3 === 2
              ? { op: OpCode.getData, path: '/n', watch: false }
              : { op: OpCode.setData, path: '/n', data: null, version: -1 },
          ),
        );
        // In small pieces, so that some arrive while the reading pauses.
        for (let at = 0; at < batch.byteLength; at += 1000) {
          client.write(batch.subarray(at, at + 1000));
          await new Promise(setImmediate);
        }
        for (let xid = 1; xid <= perClient; xid++) {
          expect(await client.reply()).toMatchObject({ xid, err: 0 });
        }
      }),
    );
    const stat = await clients[0]!.ok({ op: OpCode.exists, path: '/n', watch: false });
    const writes = clients.length * (perClient - Math.floor(perClient / 3));
    expect(stat).toMatchObject({ stat: { version: writes } });
    expect(await askWord(server.port, 'srvr')).toContain('Outstanding: 0\n');
  });
});

describe('connection_throttle_tokens', () => {
  test('closes connections that come too fast, without an answer', async () => {
    const server = await memoryServer({
      fourLetterWords: new Set(['mntr']),
      throttle: {
        connection: {
          tokenCount: 3,
          fillTimeMs: 3_600_000,
          fillCount: 1,
          freezeTimeMs: -1,
          dropIncrease: 0.02,
          dropDecrease: 0.002,
          decreaseRatio: 0,
          isWeighted: false,
          globalSessionWeight: 3,
          localSessionWeight: 1,
          renewSessionWeight: 2,
        },
      },
    });
    const clients = [await server.client(), await server.client(), await server.client()];
    const refused = await server.stranger();
    expect(await refused.handshake()).toBeUndefined();
    await server.log.until('connection closed', { reason: 'throttled' });
    for (const client of clients) await dataOf(client, '/');
    const metrics = await askWord(server.port, 'mntr');
    expect(metrics).toContain('zk_max_connection_token_deficit\t3\n');
    expect(metrics).toContain('zk_cnt_connection_token_deficit\t3\n');
    expect(metrics).toContain('zk_connection_rejected\t1\n');
  });
});

describe('largeRequestMaxBytes', () => {
  test('closes the connection whose large request has no room, and gives the room back', async () => {
    const server = await memoryServer({
      throttle: { largeRequestThresholdBytes: 1000, largeRequestBytesMax: 10_000 },
    });
    const client = await server.client();
    for (let i = 0; i < 20; i++) await client.ok(createOf('/fits-', Buffer.alloc(5000), 2));
    client.send(createOf('/first', Buffer.alloc(9000)));
    expect((await client.reply())?.err).toBe(0);
    client.send(createOf('/too-large', Buffer.alloc(11_000)));
    expect(await client.closed()).toEqual([]);
    await server.log.until('connection closed', { reason: 'large-request-limit' });
    const other = await server.client();
    await other.ok(createOf('/fits', Buffer.alloc(9000)));
  });
});

test('a process out of file descriptors turns connections away and goes on', async () => {
  const script = `
    import { defaultConfig, startServer } from '@zooid/server';
    const storage = { dataDir: ${JSON.stringify(temporaryDirectory())} };
    const network = { connectionCountPerAddressMax: 0 };
    const server = await startServer(defaultConfig({ storage, network }));
    console.log('port ' + server.clientPort);
  `;
  const node = ['--conditions=@zooid/source', '--import', 'tsx', '--input-type=module', '--eval'];
  const child = spawn(
    'sh',
    ['-c', 'ulimit -n 150 && exec "$@"', 'sh', process.execPath, ...node, script],
    {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const port = await within(
    new Promise<number>((resolve, reject) => {
      child.once('close', () => reject(new Error('the server ended')));
      createInterface(child.stdout).on('line', (line) => {
        const match = /^port (\d+)/.exec(line);
        if (match !== null) resolve(Number(match[1]));
      });
    }),
    'the start of the server',
  );
  const client = await RawClient.open(port);
  const crowd = await Promise.all(Array.from({ length: 300 }, () => RawClient.open(port)));
  await until(() => crowd.filter((one) => one.isClosed).length >= 200, 'that many are refused');
  // The first session is the first transaction: the log file is opened only now.
  expect((await client.handshake())?.timeoutMs).toBe(30_000);
  await client.ok(createOf('/still', null));
  for (const one of crowd) one.destroy();
  await until(async () => {
    const next = await RawClient.open(port);
    const response = await next.handshake();
    next.destroy();
    return response !== undefined;
  }, 'that there is room again');
  client.destroy();
});
