import type net from 'node:net';
import { expect, test, vi } from 'vitest';
import { isReadWrite } from '../../src/transport/read-write-probe.ts';
import { tcpTransport } from '../../src/transport/tcp-transport.ts';
import { closedPort, startServer, until } from './support.ts';

const transport = tcpTransport();

/** A server that answers `isro` in these pieces, each sent when the one before is, and hangs up. */
function answering(...pieces: readonly string[]): (socket: net.Socket) => void {
  return (socket) => {
    socket.setNoDelay(true);
    socket.once('data', async (word) => {
      if (word.toString() !== 'isro') return;
      for (const piece of pieces) await new Promise((sent) => socket.write(piece, sent));
      socket.end();
    });
  };
}

const at = (port: number) => ({ host: '127.0.0.1', port });

test.each([
  { pieces: ['rw'], expected: true },
  { pieces: ['rw\n'], expected: true },
  { pieces: ['r', 'w'], expected: true },
  { pieces: ['ro'], expected: false },
  { pieces: ['r'], expected: false },
  { pieces: [], expected: false },
  { pieces: ['isro is not executed because it is not in the whitelist.\n'], expected: false },
])('the answer $pieces means: takes writes, $expected', async ({ pieces, expected }) => {
  const { port } = await startServer(answering(...pieces));

  expect(await isReadWrite(transport, at(port), 20_000)).toBe(expected);
});

test('of a long answer no more is taken than counts', async () => {
  const { port } = await startServer(answering('x'.repeat(1_000_000)));

  expect(await isReadWrite(transport, at(port), 20_000)).toBe(false);
});

test('an answer counts although the server does not hang up, and the connection is closed', async () => {
  const server = await startServer((socket) => socket.once('data', () => socket.write('rw')));
  const accepted = server.nextSocket();

  expect(await isReadWrite(transport, at(server.port), 20_000)).toBe(true);

  const socket = await accepted;
  await until(() => socket.destroyed);
});

test('a server that cannot be reached takes no writes', async () => {
  expect(await isReadWrite(transport, at(await closedPort()), 20_000)).toBe(false);
});

test('a server that cuts the connection takes no writes', async () => {
  const { port } = await startServer((socket) =>
    socket.once('data', () => socket.resetAndDestroy()),
  );

  expect(await isReadWrite(transport, at(port), 20_000)).toBe(false);
});

test('a server that accepts and says nothing takes no writes, once the time is up', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    const server = await startServer();
    const accepted = server.nextSocket();
    const answer = isReadWrite(transport, at(server.port), 1000);
    const socket = await accepted;
    const asked = new Promise((resolve) => socket.once('data', resolve));
    expect(String(await asked)).toBe('isro');

    vi.advanceTimersByTime(1000);

    expect(await answer).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
