import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MovablePort } from '../../src/net/movable-port.ts';
import { freePort } from './free-port.ts';

const HOST = '127.0.0.1';

const cleanUps: (() => void)[] = [];
let port: MovablePort;
let accepted: Socket[];
let unavailable: string[];

const onUnavailable = (error: Error) => {
  unavailable.push((error as NodeJS.ErrnoException).code ?? error.message);
};

beforeEach(() => {
  accepted = [];
  unavailable = [];
  port = new MovablePort({
    createServer: () =>
      createServer((socket) => {
        accepted.push(socket);
        socket.on('error', () => {});
        socket.pipe(socket);
      }),
    onError: () => {},
  });
});

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
  const closed = port.close();
  for (const socket of accepted) socket.destroy();
  await closed;
});

/** @throws when nobody listens. */
async function connected(to: number): Promise<Socket> {
  const socket = connect({ port: to, host: HOST });
  cleanUps.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function isEchoing(socket: Socket): Promise<boolean> {
  socket.write('x');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString() === 'x';
}

async function taken(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  cleanUps.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, server };
}

describe('a port that moves', () => {
  test('listens at the new address and no longer at the old one; connections stay', async () => {
    const old = await port.listen({ host: HOST, port: 0 });
    const early = await connected(old);
    const next = await freePort();
    expect(await port.moveTo({ host: HOST, port: next }, { onUnavailable })).toBe(next);
    await expect(connected(old)).rejects.toThrow('ECONNREFUSED');
    expect(await isEchoing(early)).toBe(true);
    expect(await isEchoing(await connected(next))).toBe(true);
    expect(port.place).toEqual({ host: HOST, port: next });
    expect(unavailable).toEqual([]);
  });

  test('stays where it is until the new address can be had, and says so once', async () => {
    const old = await port.listen({ host: HOST, port: 0 });
    const other = await taken();
    let isMoved = false;
    const moved = port.moveTo({ host: HOST, port: other.port }, { onUnavailable });
    void moved.then(() => {
      isMoved = true;
    });
    while (unavailable.length === 0) await connected(old);
    expect(await isEchoing(await connected(old))).toBe(true);
    expect(isMoved).toBe(false);
    other.server.close();
    expect(await moved).toBe(other.port);
    await expect(connected(old)).rejects.toThrow('ECONNREFUSED');
    expect(unavailable).toEqual(['EADDRINUSE']);
  });

  test('moves from one address to all of them with the same port', async () => {
    const same = await port.listen({ host: HOST, port: 0 });
    const early = await connected(same);
    expect(await port.moveTo({ port: same }, { onUnavailable })).toBe(same);
    expect(await isEchoing(early)).toBe(true);
    const socket = connect({ port: same, host: '127.0.0.2' });
    cleanUps.push(() => socket.destroy());
    await once(socket, 'connect');
    expect(unavailable).toEqual([]);
  });

  test('is where it was when a host that is not here was asked for with the same port', async () => {
    const same = await port.listen({ host: HOST, port: 0 });
    const moved = port.moveTo({ host: '203.0.113.1', port: same }, { onUnavailable });
    while (unavailable.length === 0) await connected(same);
    expect(await isEchoing(await connected(same))).toBe(true);
    void port.close();
    expect(await moved).toBeUndefined();
    expect(unavailable).toEqual(['EADDRNOTAVAIL']);
  });

  test('goes to where it was sent last', async () => {
    const old = await port.listen({ host: HOST, port: 0 });
    const other = await taken();
    const [second, third] = [await freePort(), await freePort()];
    const moves = [other.port, second, third].map((to) =>
      port.moveTo({ host: HOST, port: to }, { onUnavailable }),
    );
    expect(await Promise.all(moves)).toEqual([undefined, undefined, third]);
    for (const to of [old, second]) await expect(connected(to)).rejects.toThrow('ECONNREFUSED');
    expect(await isEchoing(await connected(third))).toBe(true);
  });

  test('listens nowhere when it was closed on the way', async () => {
    const old = await port.listen({ host: HOST, port: 0 });
    const next = await freePort();
    const moved = port.moveTo({ host: HOST, port: next }, { onUnavailable });
    await port.close();
    expect(await moved).toBeUndefined();
    for (const to of [old, next]) await expect(connected(to)).rejects.toThrow('ECONNREFUSED');
  });
});
