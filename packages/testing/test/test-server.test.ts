import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateMode, ErrorCode, OpCode } from '@zooid/protocol';
import { createLogger } from '@zooid/server';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startTestServer, type TestServer, type TestServerOptions } from '../src/index.ts';
import { Peer, until } from './peer.ts';
import { createOf, SmallClient } from './small-client.ts';

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  onTestFinished(() => server.close());
  return server;
}

describe('a server under test', () => {
  test.each([
    { storage: 'memory' },
    { storage: { dataDir: 'temporary' } },
    { proxy: false },
  ] satisfies TestServerOptions[])('serves clients (%o)', async (options) => {
    const server = await start(options);
    expect(server.connectString).toBe(`127.0.0.1:${server.port}`);
    const client = await SmallClient.connect(server.port);
    expect(await client.request(createOf('/a'))).toBe(0);
    expect(await client.has('/a')).toBe(true);
  });

  test('serves more clients from one address than a server does by default', async () => {
    const { port } = await start();
    const clients = await Promise.all(Array.from({ length: 70 }, () => SmallClient.connect(port)));
    expect(new Set(clients.map(({ sessionId }) => sessionId)).size).toBe(70);
  });

  test('grants short sessions and long ones, unless told otherwise', async () => {
    const granted = async (options: TestServerOptions) => {
      const { port } = await start(options);
      const short = await SmallClient.connect(port, { timeoutMs: 1 });
      const long = await SmallClient.connect(port, { timeoutMs: 3_600_000 });
      return [short.granted!.timeoutMs, long.granted!.timeoutMs];
    };
    expect(await granted({})).toEqual([200, 40_000]);
    expect(await granted({ tickTimeMs: 500 })).toEqual([1000, 40_000]);
    expect(await granted({ minSessionTimeoutMs: 50, maxSessionTimeoutMs: 70 })).toEqual([50, 70]);
    expect(await granted({ minSessionTimeoutMs: 60_000 })).toEqual([60_000, 60_000]);
  });

  test('takes any field of the configuration, and a logger', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const server = await start({
      config: {
        tree: { isExtendedTypesOn: true },
        admin: { isOn: true, listen: { host: '127.0.0.1', port: 0 } },
      },
      logger: createLogger({ level: 'info', destination }),
    });
    const client = await SmallClient.connect(server.port);
    const { path, data, acl } = createOf('/t');
    const flags = CreateMode.persistentWithTtl;
    expect(
      await client.request({ op: OpCode.createTTL, path, data, acl, flags, ttl: 60_000n }),
    ).toBe(0);
    expect(server.adminPort).toBeGreaterThan(0);
    expect(lines.some((line) => line.includes('server started'))).toBe(true);
  });

  test('says nothing on the standard output by itself', async () => {
    const write = vi.spyOn(process.stdout, 'write');
    onTestFinished(() => write.mockRestore());
    const server = await start();
    await server.close();
    expect(write).not.toHaveBeenCalled();
  });

  test('does not start with options that contradict each other, and leaves nothing behind', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'zooid-testing-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    vi.stubEnv('TMPDIR', directory);
    onTestFinished(() => void vi.unstubAllEnvs());
    const options: TestServerOptions = { storage: { dataDir: 'temporary' }, tickTimeMs: 0 };
    await expect(startTestServer(options)).rejects.toThrow(RangeError);
    expect(readdirSync(directory)).toEqual([]);

    // They would have been there.
    const { dataDir } = await start({ storage: { dataDir: 'temporary' } });
    expect(readdirSync(directory)).toEqual([basename(dataDir!)]);
  });

  test('takes the port that it is told, or says that somebody has it', async () => {
    const { port } = await start();
    for (const proxy of [true, false]) {
      await expect(startTestServer({ port, proxy })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    }
  });

  test('without a proxy has no network that can fail, and says so', async () => {
    const server = await start({ proxy: false });
    expect(() => server.partition()).toThrow('without a proxy');
    await expect(server.stop({ ending: 'reset' })).rejects.toThrow('without a proxy');
    const client = await SmallClient.connect(server.port);
    expect(await client.has('/')).toBe(true);
  });
});

describe('a session that is expired', () => {
  test('is gone when that resolves: ephemerals, watches, connection, and it cannot come back', async () => {
    const server = await start();
    const victim = await SmallClient.connect(server.port);
    const witness = await SmallClient.connect(server.port);
    await victim.request(createOf('/mine', CreateMode.ephemeral));
    expect(await witness.request({ op: OpCode.exists, path: '/mine', watch: true })).toBe(0);
    expect(server.sessions()).toEqual([
      { id: victim.sessionId, timeoutMs: 30_000, isConnected: true },
      { id: witness.sessionId, timeoutMs: 30_000, isConnected: true },
    ]);

    await server.expireSession(victim);

    expect(server.sessions().map(({ id }) => id)).toEqual([witness.sessionId]);
    expect(await witness.has('/mine')).toBe(false);
    expect(witness.eventCount).toBe(1);
    await victim.gone();
    const again = await SmallClient.connect(server.port, { like: victim });
    expect(again.granted).toMatchObject({ sessionId: 0n, timeoutMs: 0 });
  });

  test('may be away at that moment, and on a disk', async () => {
    const server = await start({ storage: { dataDir: 'temporary' } });
    const victim = await SmallClient.connect(server.port);
    await victim.request(createOf('/mine', CreateMode.ephemeral));
    server.dropConnections();
    await until(() => server.sessions().some((one) => !one.isConnected), 'the session to be alone');

    await server.expireSession(victim.sessionId);

    const witness = await SmallClient.connect(server.port);
    expect(await witness.has('/mine')).toBe(false);
  });

  test('must be one of this server, which must be up', async () => {
    const server = await start();
    const client = await SmallClient.connect(server.port);
    await expect(server.expireSession(0x1234n)).rejects.toThrow('no session 0x1234');
    await server.stop();
    await expect(server.expireSession(client)).rejects.toThrow('the server is down');
    expect(server.sessions()).toEqual([]);
  });
});

describe('a server that goes down and comes up again', () => {
  const storages: readonly NonNullable<TestServerOptions['storage']>[] = [
    'memory',
    { dataDir: 'temporary' },
  ];

  test.each(
    storages.flatMap((storage) => [
      { storage, proxy: true },
      { storage, proxy: false },
    ]),
  )('has the same port, znodes and sessions (%o)', async (options) => {
    const server = await start(options);
    const { port } = server;
    const before = await SmallClient.connect(port);
    await before.request(createOf('/kept'));
    await before.request(createOf('/mine', CreateMode.ephemeral));

    await server.stop();
    await before.gone();
    await expect(Peer.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.start();

    expect(server.port).toBe(port);
    const after = await SmallClient.connect(port, { like: before });
    expect(after.sessionId).toBe(before.sessionId);
    expect([await after.has('/kept'), await after.has('/mine')]).toEqual([true, true]);

    await server.restart();
    await after.gone();
    await server.expireSession(before);
    const last = await SmallClient.connect(port);
    expect([await last.has('/kept'), await last.has('/mine')]).toEqual([true, false]);
  });

  test('resets its connections if asked to; what was acknowledged is kept', async () => {
    const server = await start();
    const client = await SmallClient.connect(server.port);
    await client.request(createOf('/kept'));
    await server.restart({ ending: 'reset' });
    await client.peer.closed();
    expect(client.peer.errorCode).toBe('ECONNRESET');
    const after = await SmallClient.connect(server.port, { like: client });
    expect(await after.has('/kept')).toBe(true);
  });

  test('does not listen when only its network is healed, nor when it starts while that refuses', async () => {
    const server = await start();
    await server.stop();
    await server.heal();
    await expect(Peer.connect(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    server.refuse();
    await server.start();
    await expect(Peer.connect(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.heal();
    expect(await (await SmallClient.connect(server.port)).has('/')).toBe(true);
  });

  test('may be asked at any moment: the last word counts, and what is so already is no error', async () => {
    const server = await start();
    await Promise.all([server.stop(), server.start(), server.start(), server.restart()]);
    expect(await (await SmallClient.connect(server.port)).has('/')).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    await expect(Peer.connect(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('faults between a client and a server', () => {
  test('a create is done although its answer is lost, cut at any byte of it', async () => {
    const server = await start();
    const whole = await SmallClient.connect(server.port);
    const connectBytes = whole.peer.bytes.length;
    await whole.request(createOf('/x-00'));
    const answerBytes = whole.peer.bytes.length - connectBytes;
    expect(answerBytes).toBeGreaterThan(20);

    for (let bytes = 1; bytes < answerBytes; bytes++) {
      const path = `/cut-${String(bytes).padStart(2, '0')}`;
      const cut = server.cutAfter({ direction: 'to-client', bytes: connectBytes + bytes });
      const client = await SmallClient.connect(server.port);
      expect(await client.request(createOf(path))).toBe(undefined);
      expect(await cut.done).toBe(true);
      expect(client.peer.bytes.length).toBe(connectBytes + bytes);
      expect(await whole.has(path)).toBe(true);
      client.peer.socket.destroy();
    }
  });

  test('a create is done only if all of its bytes arrive', async () => {
    const server = await start();
    const witness = await SmallClient.connect(server.port);
    const { bytesToServer: connectBytes } = server.traffic;
    await witness.request(createOf('/x-00'));
    const requestBytes = server.traffic.bytesToServer - connectBytes;

    for (let bytes = 0; bytes <= requestBytes; bytes++) {
      const path = `/c-${String(bytes).padStart(2, '0')}`;
      const cut = server.cutAfter({ direction: 'to-server', bytes: connectBytes + bytes });
      // With 0, the answer to the connect request is cut off, too.
      const client = await SmallClient.open(server.port);
      client.sendConnect();
      client.send(createOf(path));
      expect(await cut.done).toBe(true);
      await client.gone();
      const isKnown = () => server.sessions().filter((one) => one.isConnected).length > 1;
      await until(() => !isKnown(), 'the server to see the end');
      expect(await witness.has(path)).toBe(bytes === requestBytes);
    }
  });

  test('a client that is only silenced keeps its session until the clock ends it', async () => {
    const server = await start({ tickTimeMs: 20 });
    const client = await SmallClient.connect(server.port, { timeoutMs: 100 });
    server.partition();
    client.send(createOf('/never'));
    await until(() => server.sessions().length === 0, 'the session to expire');
    await server.heal();
    expect(await client.answer()).not.toBe(0);

    const after = await SmallClient.connect(server.port);
    expect(await after.has('/never')).toBe(false);
  });

  test('a delay holds answers up for as long as it is', async () => {
    const server = await start();
    const client = await SmallClient.connect(server.port);
    server.delay(30);
    const startedMs = performance.now();
    expect(await client.request(createOf('/late'))).toBe(ErrorCode.ok);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(60);
  });
});

describe('a closed server, or ensemble', () => {
  test('leaves no socket, timer, request or directory behind, and lets the process end', async () => {
    const program = fileURLToPath(new URL('./leave-nothing.ts', import.meta.url));
    const options = ['--conditions=@zooid/source', '--import', 'tsx'];
    const { stdout } = await promisify(execFile)(process.execPath, [...options, program], {
      timeout: 60_000,
    });
    const { before, meanwhile, after, leftDirectories } = JSON.parse(stdout);
    expect(meanwhile).toHaveLength(5);
    for (const resources of meanwhile) expect(resources).toContain('TCPServerWrap');
    expect(after).toEqual(before);
    expect(leftDirectories).toEqual([]);
  });

  test('keeps a directory that it was told', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'zooid-testing-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const options: TestServerOptions = { storage: { dataDir: directory } };
    const first = await start(options);
    expect(first.dataDir).toBe(directory);
    const client = await SmallClient.connect(first.port);
    await client.request(createOf('/kept'));
    await first.close();

    const second = await start(options);
    expect(await (await SmallClient.connect(second.port)).has('/kept')).toBe(true);
  });

  test('may be closed again and at any moment, by `await using`, too, and cannot be started', async () => {
    let port: number;
    {
      await using server = await startTestServer();
      port = server.port;
      void server.restart();
      await Promise.all([server.close(), server.close()]);
      await expect(server.start()).rejects.toThrow('the server is closed');
    }
    await expect(Peer.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
