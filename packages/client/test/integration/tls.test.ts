import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { createServer, type TlsOptions as ServerTlsOptions } from 'node:tls';
import { startTestServer } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/index.ts';
import { checkLeaks, client, own } from '../support/leaks.ts';
import { takeEvents } from './suite-server.ts';

checkLeaks();

function certificate(name: string): string {
  return readFileSync(join(import.meta.dirname, '../certificates', name), 'utf8');
}

const ca = certificate('authority.pem');
const identity = { cert: certificate('client.pem'), key: certificate('client-key.pem') };

/** A server behind a terminator of TLS: `localhost:port`. */
async function startTlsServer(options: ServerTlsOptions = {}): Promise<string> {
  const server = own(await startTestServer({ proxy: false }));
  const listener = createServer(
    { cert: certificate('server.pem'), key: certificate('server-key.pem'), ...options },
    (socket) => {
      const upstream = connectSocket(server.port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    },
  );
  listener.on('tlsClientError', () => {});
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  own({
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await once(listener, 'close');
    },
  });
  return `localhost:${(listener.address() as AddressInfo).port}`;
}

describe('a session over TLS', () => {
  test('works as any other: calls, watches, large data', async () => {
    const zk = await client(await startTlsServer(), { tls: { ca } });
    const events = zk.watch('/', { recursive: true });
    await events.ready;
    const data = new Uint8Array(500_000).fill(7);
    await zk.create('/large', data);
    expect((await zk.get('/large')).data).toEqual(data);
    expect(await takeEvents(events, 1)).toEqual(['created /large']);
    const results = await Promise.all(Array.from({ length: 200 }, () => zk.exists('/large')));
    expect(results.every((stat) => stat?.dataLength === 500_000)).toBe(true);
  });

  test('shows its certificate where one is wanted', async () => {
    const address = await startTlsServer({ ca, requestCert: true, rejectUnauthorized: true });
    const zk = await client(address, { tls: { ca, ...identity } });
    expect(await zk.exists('/')).toBeDefined();
    await expect(connect(address, { tls: { ca }, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'CONNECT_TIMEOUT',
    });
  });

  test('is not begun with a server that nobody vouches for, or with one of another name', async () => {
    const address = await startTlsServer();
    await expect(connect(address, { tls: {}, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'CONNECT_TIMEOUT',
      message: expect.stringContaining('certificate'),
    });
    const byAddress = address.replace('localhost', '127.0.0.1');
    await expect(connect(byAddress, { tls: { ca }, timeoutMs: 300 })).rejects.toMatchObject({
      code: 'CONNECT_TIMEOUT',
      message: expect.stringContaining('127.0.0.1'),
    });
  });

  test('is not begun with a server that speaks no TLS, nor without TLS with one that does', async () => {
    const plain = own(await startTestServer());
    await expect(
      connect(plain.connectString, { tls: { ca }, timeoutMs: 300, handshakeTimeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT' });
    await expect(
      connect(await startTlsServer(), { timeoutMs: 300, handshakeTimeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT' });
  });
});
