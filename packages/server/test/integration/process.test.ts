import fs from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { encodeUtf8 } from '@zooid/protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createOf, dataOf, framed, isThere, RawClient, requestPayload } from '../raw-client.ts';
import { ServerProcess } from './server-process.ts';
import { diskServer, temporaryDirectory } from './test-server.ts';

/** Somebody else who has a port. */
async function takenPort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

function dataDirectory(): string {
  const dataDir = path.join(temporaryDirectory(), 'data');
  fs.mkdirSync(dataDir);
  return dataDir;
}

describe('the process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s answers what it has taken in, ends with 0 and has lost nothing',
    async (signal) => {
      const dataDir = dataDirectory();
      const server = ServerProcess.configured(dataDir, ['preAllocSize=64']);
      const client = await RawClient.connect(await server.port());
      const count = 3000;
      for (let i = 0; i < count; i++) {
        client.write(framed(requestPayload(i + 1, createOf(`/z${i}`))));
      }
      await client.reply();
      expect(await server.kill(signal)).toBe(0);
      let acknowledged = 1;
      while ((await client.reply()) !== undefined) acknowledged++;
      const again = await diskServer(dataDir);
      const reader = await again.client();
      for (let i = 0; i < acknowledged; i++) expect(await isThere(reader, `/z${i}`)).toBe(true);
      expect(await isThere(reader, `/z${acknowledged}`)).toBe(false);
    },
  );

  test('on kill -9 at any moment, with snapshots under way, has lost nothing that was acknowledged', async () => {
    const dataDir = dataDirectory();
    let written = 0;
    for (let round = 0; round < 3; round++) {
      const server = ServerProcess.configured(dataDir, ['preAllocSize=64', 'snapCount=50']);
      const client = await RawClient.connect(await server.port());
      const stopAt = written + 200 + round * 137;
      const window = 40;
      let sent = written;
      while (written < stopAt) {
        for (; sent < written + window; sent++) {
          client.write(framed(requestPayload(sent, createOf(`/z${sent}`, encodeUtf8(`${sent}`)))));
        }
        expect(await client.reply()).toMatchObject({ xid: written, err: 0 });
        written++;
      }
      await server.kill('SIGKILL');
      // What was on its way was acknowledged or not, and is there in full or not at all.
      for (let reply = await client.reply(); reply !== undefined; reply = await client.reply()) {
        written = reply.xid + 1;
      }
      const after = await diskServer(dataDir);
      const reader = await after.client();
      for (let i = 0; i < written; i++) {
        expect(Buffer.from((await dataOf(reader, `/z${i}`))!).toString()).toBe(`${i}`);
      }
      let there = written;
      while (await isThere(reader, `/z${there}`)) {
        expect(Buffer.from((await dataOf(reader, `/z${there}`))!).toString()).toBe(`${there}`);
        there++;
      }
      expect(there).toBeLessThanOrEqual(sent);
      written = there;
      await after.server.close();
    }
  });

  test('ends with 3 when another server has the data directory, and names that one', async () => {
    const dataDir = dataDirectory();
    const first = await diskServer(dataDir);
    const second = ServerProcess.configured(dataDir);
    expect(await second.ended).toBe(3);
    expect(second.output).toContain(`${dataDir}: it is in use by`);
    expect(second.output).toContain(String(process.pid));
    await first.expectServed();
  });

  test('ends with 4 when the port of the admin server is in use, names it, and leaves nothing behind', async () => {
    const dataDir = dataDirectory();
    const port = await takenPort();
    const server = ServerProcess.configured(dataDir, [
      'admin.serverAddress=127.0.0.1',
      `admin.serverPort=${port}`,
    ]);
    expect(await server.ended).toBe(4);
    expect(server.output).toContain(`port ${port}`);
    expect(server.output).toContain('admin.serverPort');
    await (await diskServer(dataDir)).expectServed();
  });

  test('ends with a message that names the port when that of the metrics is in use', async () => {
    const dataDir = dataDirectory();
    const port = await takenPort();
    const server = ServerProcess.configured(dataDir, [
      'metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider',
      'metricsProvider.httpHost=127.0.0.1',
      `metricsProvider.httpPort=${port}`,
    ]);
    expect(await server.ended).toBe(1);
    expect(server.output).toContain(`port ${port} is in use`);
    expect(server.output).toContain('metricsProvider.httpPort');
    await (await diskServer(dataDir)).expectServed();
  });

  test('ends with 1 when the client port is in use, names it, and lets go of the directory', async () => {
    const dataDir = dataDirectory();
    const port = await takenPort();
    const server = ServerProcess.configured(dataDir, [`clientPort=${port}`]);
    expect(await server.ended).toBe(1);
    expect(server.output).toContain(`port ${port} is in use`);
    await (await diskServer(dataDir)).expectServed();
  });

  test('ends with 10 when the log is damaged, and says where and what to do', async () => {
    const dataDir = dataDirectory();
    const first = await diskServer(dataDir);
    const client = await first.client();
    for (let i = 0; i < 20; i++) await client.ok(createOf(`/z${i}`));
    await first.server.close();
    const directory = path.join(dataDir, 'version-2');
    const log = path.join(
      directory,
      fs.readdirSync(directory).find((name) => name.startsWith('log.'))!,
    );
    const bytes = fs.readFileSync(log);
    bytes[bytes.byteLength >> 1]! ^= 1;
    fs.writeFileSync(log, bytes);
    const server = ServerProcess.configured(dataDir);
    expect(await server.ended).toBe(10);
    expect(server.output).toMatch(new RegExp(`${log}, offset \\d+: .+\\. .+\\.`));
  });
});
