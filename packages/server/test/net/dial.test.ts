import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Dial, isSelfConnected } from '../../src/net/dial.ts';
import { NameLookup } from '../../src/net/name-lookup.ts';
import type { HostPort } from '../../src/net/peer-address.ts';
import { freePort } from './free-port.ts';

function outcome(
  target: HostPort,
  timeoutMs = 10_000,
  names = new NameLookup(),
): Promise<Socket | Error> {
  return new Promise((resolve) => {
    new Dial(target, timeoutMs, names, { onConnected: resolve, onFailed: resolve });
  });
}

describe('an attempt to connect', () => {
  test('succeeds by address and by name, at whichever address of the name somebody listens', async () => {
    await using server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const names = new NameLookup((_host, done) =>
      setImmediate(() =>
        done(null, [
          { address: '::1', family: 6 },
          { address: '127.0.0.1', family: 4 },
        ]),
      ),
    );
    for (const host of ['127.0.0.1', 'zk1.example.org']) {
      const accepted = once(server, 'connection');
      const socket = await outcome({ host, port }, 10_000, names);
      if (socket instanceof Error) throw socket;
      expect(socket.remotePort).toBe(port);
      const [other] = (await accepted) as [Socket];
      other.destroy();
      socket.destroy();
    }
  });

  test('fails where nobody listens, where the name is unknown, and when it takes too long', async () => {
    const port = await freePort();
    expect(await outcome({ host: '127.0.0.1', port })).toMatchObject({ code: 'ECONNREFUSED' });
    const unknown = new NameLookup((_host, done) =>
      setImmediate(() => done(new Error('ENOTFOUND'), [])),
    );
    expect(String(await outcome({ host: 'zk1', port }, 10_000, unknown))).toContain('ENOTFOUND');
    const hanging = new NameLookup(() => {});
    expect(String(await outcome({ host: 'zk1', port }, 10, hanging))).toContain('within 10 ms');
  });

  test('that ends at itself is none', async () => {
    const port = await freePort();
    const socket = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.1', localPort: port });
    await once(socket, 'connect');
    expect(isSelfConnected(socket)).toBe(true);
    socket.destroy();
  });

  test('that was given up tells nothing', async () => {
    await using server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const told: unknown[] = [];
    const events = {
      onConnected: (x: unknown) => told.push(x),
      onFailed: (x: unknown) => told.push(x),
    };
    new Dial({ host: '127.0.0.1', port }, 10_000, new NameLookup(), events).cancel();
    const socket = await outcome({ host: '127.0.0.1', port });
    if (socket instanceof Error) throw socket;
    socket.destroy();
    expect(told).toEqual([]);
  });
});
