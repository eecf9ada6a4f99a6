import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { encodeUtf8, fourLetterWords, OpCode } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/default-config.ts';
import { Secret } from '../../src/config/secret.ts';
import type { DiskCalls } from '../../src/disk/disk-calls.ts';
import { startServer } from '../../src/server.ts';
import { createOf, dataOf, framed, requestPayload, until } from '../raw-client.ts';
import { diskServer, LogLines, memoryServer, temporaryDirectory } from './test-server.ts';

const admin = { isOn: true, listen: { host: '127.0.0.1', port: 0 } };

/** Status and text of a page; undefined when nobody answers. */
async function page(
  port: number,
  url: string,
): Promise<{ status: number; text: string } | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${url}`);
    return { status: response.status, text: await response.text() };
  } catch {
    return undefined;
  }
}

async function monitor(port: number): Promise<Record<string, unknown>> {
  return JSON.parse((await page(port, '/commands/monitor'))!.text);
}

/** The port that a service said it listens on. */
async function listeningPort(log: LogLines, service: string): Promise<number> {
  const line = await log.until('listening', { service });
  return Number(/\d+/.exec(String(line['address']))![0]);
}

describe('health', () => {
  test('a server that serves is alive and ready', async () => {
    const server = await memoryServer({ admin });
    const port = server.server.adminPort!;
    expect(await page(port, '/livez')).toEqual({ status: 200, text: 'alive\n' });
    expect(await page(port, '/readyz')).toEqual({ status: 200, text: 'ready\n' });
    await server.server.close();
    expect(await page(port, '/livez')).toBeUndefined();
  });

  test('a server that starts is alive and not ready, and says so', async () => {
    const log = new LogLines();
    // The first start waits for its snapshot: hold that until the question is answered.
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const disk: DiskCalls = {
      ...fs,
      fsync: ((fd: number, done: (error: Error | null) => void) =>
        void held.then(() => fs.fsync(fd, done))) as typeof fs.fsync,
    };
    const config = defaultConfig({ admin, storage: { dataDir: temporaryDirectory() } });
    const starting = startServer(config, { logger: log.logger, disk });
    const port = await listeningPort(log, 'admin');
    expect(await page(port, '/livez')).toEqual({ status: 200, text: 'alive\n' });
    expect(await page(port, '/readyz')).toEqual({
      status: 503,
      text: 'not ready: the server is starting\n',
    });
    expect((await page(port, '/commands/monitor'))?.text).toContain('not currently serving');
    release();
    const server = await starting;
    expect((await page(port, '/readyz'))?.status).toBe(200);
    await server.close();
  });

  test('a server that stops is alive and not ready; one whose log failed is neither', async () => {
    for (const how of ['stop', 'log failure'] as const) {
      let isFailing = false;
      const write = ((...args: Parameters<typeof fs.write>) => {
        const done = args.at(-1) as unknown as (error: Error | null) => void;
        if (isFailing) setImmediate(() => done(new Error('EIO: injected')));
        else (fs.write as (...all: unknown[]) => void)(...args);
      }) as typeof fs.write;
      const server = await diskServer(temporaryDirectory(), { admin }, { disk: { ...fs, write } });
      const port = server.server.adminPort!;
      // A client that does not read its replies keeps the server from being gone at once.
      const deaf = await server.client();
      await deaf.ok(createOf('/big', Buffer.alloc(1_000_000)));
      deaf.socket.pause();
      for (let i = 0; i < 20; i++) deaf.send({ op: OpCode.getData, path: '/big', watch: false });
      await server.expectServed();
      if (how === 'stop') {
        void server.server.close();
        await server.log.until('server stopping');
        expect(await page(port, '/livez')).toEqual({ status: 200, text: 'alive\n' });
        expect(await page(port, '/readyz')).toEqual({
          status: 503,
          text: 'not ready: the server is stopping\n',
        });
        await server.server.closed;
      } else {
        const client = await server.client();
        isFailing = true;
        client.send(createOf('/lost'));
        await server.log.until('transaction log failed, no write is taken any more');
        for (const question of ['/livez', '/readyz']) {
          const answer = await page(port, question);
          expect(answer?.status).toBe(503);
          expect(answer?.text).toContain('the transaction log failed');
        }
        await expect(server.server.closed).rejects.toThrow('EIO: injected');
      }
      expect(await page(port, '/livez')).toBeUndefined();
    }
  });
});

describe('the admin server', () => {
  test('tells of the work that was done', async () => {
    const server = await memoryServer({ admin });
    const port = server.server.adminPort!;
    const before = await monitor(port);
    const client = await server.client();
    await client.ok(createOf('/a', encodeUtf8('data')));
    await client.ok(createOf('/a/e', null, 1));
    for (let i = 0; i < 5; i++) await dataOf(client, '/a');
    await client.ok({ op: OpCode.addWatch, path: '/a', mode: 1 });
    const after = await monitor(port);
    const grown = (name: string): number => Number(after[name]) - Number(before[name]);
    expect(grown('znode_count')).toBe(2);
    expect(grown('ephemerals_count')).toBe(1);
    expect(grown('watch_count')).toBe(1);
    expect(grown('packets_received')).toBeGreaterThanOrEqual(9);
    expect(grown('num_alive_connections')).toBe(1);
    const { sessionId } = client.session!;
    expect((await page(port, '/commands/connections'))?.text).toContain(
      `"session_id" : ${sessionId},`,
    );
    expect((await page(port, '/commands/dump'))?.text).toContain('/a/e');
  });

  test('takes a snapshot on request from whoever may, and the next start uses it', async () => {
    const dataDir = temporaryDirectory();
    const digest = createHash('sha1').update('super:duper').digest('base64');
    const server = await diskServer(dataDir, {
      admin: { ...admin, isSnapshotOn: true, rateLimitIntervalMs: 0 },
      security: { superDigest: new Secret(`super:${digest}`) },
    });
    const client = await server.client();
    await client.ok(createOf('/a', encodeUtf8('data')));
    const acl = [{ perms: 1, scheme: 'world', id: 'anyone' }];
    await client.ok({ op: OpCode.setACL, path: '/', acl, version: -1 });
    const url = `http://127.0.0.1:${server.server.adminPort}/commands/snapshot?streaming=false`;
    const ask = (proof: string) => fetch(url, { headers: { Authorization: `digest ${proof}` } });
    expect((await fetch(url)).status).toBe(401);
    expect((await ask('user:password')).status).toBe(403);
    const response = await ask('super:duper');
    expect(response.status).toBe(200);
    const zxid = response.headers.get('last_zxid')!;
    await server.server.close();
    expect(fs.existsSync(path.join(dataDir, 'version-2', `snapshot.${zxid.slice(2)}`))).toBe(true);
    const again = await diskServer(dataDir);
    await again.log.until('data recovered', { snapshotZxid: zxid });
    expect(await dataOf(await again.client(), '/a')).toEqual(encodeUtf8('data'));
  });

  test('answers while clients keep the server busy', async () => {
    const server = await memoryServer({ admin, fourLetterWords: new Set(fourLetterWords) });
    const client = await server.client();
    await client.ok(createOf('/a', encodeUtf8('data')));
    let isOver = false;
    const load = (async () => {
      while (!isOver) {
        for (let i = 0; i < 50; i++) {
          client.write(framed(requestPayload(i, { op: OpCode.getData, path: '/a', watch: false })));
        }
        for (let i = 0; i < 50; i++) await client.reply();
      }
    })();
    for (const command of ['monitor', 'stats', 'connections', 'hash', 'watches', 'dirs']) {
      expect((await page(server.server.adminPort!, `/commands/${command}`))?.status).toBe(200);
    }
    isOver = true;
    await load;
  });
});

describe('the metrics endpoint', () => {
  test("has Apache's names, and numbers that move with the work", async () => {
    const server = await memoryServer({
      metrics: { prometheus: { host: '127.0.0.1', port: 0 }, isProcessInfoExported: true },
    });
    const port = await listeningPort(server.log, 'metrics');
    const metric = async (name: string): Promise<number> => {
      const { text } = (await page(port, '/metrics'))!;
      const line = text.split('\n').find((one) => one.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1));
    };
    const before = await metric('znode_count');
    const client = await server.client();
    await client.ok(createOf('/a'));
    await client.ok(createOf('/b'));
    expect(await metric('znode_count')).toBe(before + 2);
    expect(await metric('num_alive_connections')).toBe(1);
    await client.ok({ op: OpCode.getData, path: '/a', watch: true });
    expect(await metric('watch_count')).toBe(1);
    await server.server.close();
    await until(
      async () => (await page(port, '/metrics')) === undefined,
      'the end of the endpoint',
    );
  });
});
