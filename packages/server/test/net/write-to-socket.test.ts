import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { descriptorOf, writeToSocket } from '../../src/net/write-to-socket.ts';

let server: Server;
let client: Socket;
let socket: Socket;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection');
  client = connect(port, '127.0.0.1');
  client.on('error', () => {});
  [socket] = (await accepted) as [Socket];
});

afterEach(() => {
  client.destroy();
  socket.destroy();
  server.close();
});

describe('what is written to a socket', () => {
  test('arrives in its order, whatever the kernel took at once, and may be overwritten by the caller', async () => {
    const descriptor = descriptorOf(socket);
    // As much as no kernel takes while nobody reads: the rest waits in the stream, and later writes behind it.
    const bytes = new Uint8Array(1_000_003);
    const rounds = 40;
    for (let round = 0; round < rounds; round++) {
      bytes.fill(round);
      writeToSocket(socket, descriptor, bytes, bytes.length);
      bytes.fill(255);
    }
    expect(socket.writableLength).toBeGreaterThan(0);
    socket.end();
    let at = 0;
    let wrong = 0;
    client.on('data', (chunk) => {
      for (const byte of chunk as Buffer) if (byte !== Math.floor(at++ / bytes.length)) wrong++;
    });
    await once(client, 'end');
    expect({ at, wrong }).toEqual({ at: rounds * bytes.length, wrong: 0 });
  });

  test('waits for nothing when there is room', async () => {
    const arrived = once(client, 'data');
    writeToSocket(socket, descriptorOf(socket), Uint8Array.of(1, 2, 3, 4), 3);
    expect(socket.writableLength).toBe(0);
    const [chunk] = (await arrived) as [Buffer];
    expect([...chunk]).toEqual([1, 2, 3]);
  });

  test('goes through the stream where there is no descriptor', async () => {
    const arrived = once(client, 'data');
    writeToSocket(socket, -1, Uint8Array.of(7), 1);
    const [chunk] = (await arrived) as [Buffer];
    expect([...chunk]).toEqual([7]);
  });

  test('never goes to whoever has the descriptor after the socket', async () => {
    const descriptor = descriptorOf(socket);
    socket.on('error', () => {});
    socket.destroy();
    await once(socket, 'close');
    // The descriptor is free now: one of these connections has it.
    const { port } = server.address() as { port: number };
    const others: Socket[] = [];
    const heard: Buffer[] = [];
    server.on('connection', (other) => {
      others.push(other);
      other.on('data', (chunk) => heard.push(chunk));
    });
    for (let i = 0; i < 3; i++) {
      const accepted = once(server, 'connection');
      const other = connect(port, '127.0.0.1');
      other.on('data', (chunk) => heard.push(chunk));
      others.push(other);
      await accepted;
    }
    expect(others.map(descriptorOf)).toContain(descriptor);
    writeToSocket(socket, descriptor, Uint8Array.of(9), 1);
    // What was sent before the end arrives before it.
    const ends = others.map((other) => once(other, 'close'));
    for (const other of others) other.end();
    await Promise.all(ends);
    expect(heard).toEqual([]);
  });
});
