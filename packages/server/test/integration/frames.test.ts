import { OpCode, ReservedXid } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { createOf, dataOf, framed, payloadOf, requestPayload } from '../raw-client.ts';
import { memoryServer } from './test-server.ts';

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length);
  return bytes;
}

describe('a frame', () => {
  test.each([-1, -5, -0x8000_0000, 0x7fff_ffff, 1_048_576])(
    'of %i bytes ends the connection, as the first one and later',
    async (length) => {
      const server = await memoryServer();
      const stranger = await server.stranger();
      stranger.write(lengthOf(length));
      expect(await stranger.closed()).toEqual([]);
      const client = await server.client();
      client.write(Buffer.concat([lengthOf(length), Buffer.alloc(100)]));
      expect(await client.closed()).toEqual([]);
      const reason = length < 0 ? 'frame-negative' : 'frame-too-long';
      await server.log.until('connection cut off', { reason });
      await server.expectServed();
    },
  );

  test('as long as jute.maxbuffer is taken, one byte more is not', async () => {
    const frameBytesMax = 20_000;
    const server = await memoryServer({ network: { frameBytesMax } });
    const client = await server.client();
    const emptyBytes = requestPayload(1, createOf('/big', new Uint8Array(0))).byteLength;
    const data = new Uint8Array(frameBytesMax - emptyBytes).fill(7);
    expect(await client.ok(createOf('/big', data))).toMatchObject({ path: '/big' });
    expect(Buffer.compare((await dataOf(client, '/big'))!, data)).toBe(0);
    client.send(createOf('/Big', new Uint8Array(data.byteLength + 1)));
    expect(await client.closed()).toEqual([]);
    await server.expectServed();
  });

  test('of the default limit comes through, in whatever pieces', async () => {
    const server = await memoryServer();
    const client = await server.client();
    const emptyBytes = requestPayload(1, createOf('/big', new Uint8Array(0))).byteLength;
    const data = new Uint8Array(1_048_575 - emptyBytes).fill(7);
    await client.ok(createOf('/big', data));
    expect(Buffer.compare((await dataOf(client, '/big'))!, data)).toBe(0);
  });

  test('may be cut anywhere: the two pieces are one request', async () => {
    const server = await memoryServer();
    const client = await server.client();
    const bytes = framed(requestPayload(5, createOf('/cut-', Buffer.from('data'), 2)));
    for (let cut = 1; cut < bytes.byteLength; cut++) {
      client.write(bytes.subarray(0, cut));
      // The ping of another client proves that the first piece was taken in for itself.
      await server.expectServed();
      client.write(bytes.subarray(cut));
      expect(await client.reply()).toMatchObject({ xid: 5, err: 0 });
    }
  });

  test('that is never completed costs nobody else anything', async () => {
    const server = await memoryServer();
    const client = await server.client();
    const bytes = framed(requestPayload(5, createOf('/cut')));
    for (let cut = 0; cut < bytes.byteLength; cut++) {
      const other = await server.client();
      other.write(bytes.subarray(0, cut));
      other.reset();
    }
    expect((await client.request({ op: OpCode.exists, path: '/cut', watch: false })).err).toBe(
      -101,
    );
  });

  test.each([0, 1, 4, 7])('of %i bytes has no header: the connection ends', async (length) => {
    const server = await memoryServer();
    const client = await server.client();
    client.sendFrame(new Uint8Array(length));
    expect(await client.closed()).toEqual([]);
    await server.expectServed();
  });

  test('that comes byte by byte is answered, and others meanwhile', async () => {
    const server = await memoryServer();
    const slow = await server.client();
    const other = await server.client();
    const bytes = framed(requestPayload(9, createOf('/slow', Buffer.alloc(200, 1))));
    for (const byte of bytes) {
      slow.write(Uint8Array.of(byte));
      expect((await other.request({ op: OpCode.exists, path: '/', watch: false })).err).toBe(0);
    }
    expect(await slow.reply()).toMatchObject({ xid: 9, err: 0 });
  });

  test('behind a refused one is not looked at', async () => {
    const server = await memoryServer();
    const client = await server.client();
    const create = framed(requestPayload(1, createOf('/after')));
    client.write(Buffer.concat([lengthOf(-1), create]));
    await client.closed();
    const other = await server.client();
    expect((await other.request({ op: OpCode.exists, path: '/after', watch: false })).err).toBe(
      -101,
    );
  });

  test('before a refused one is answered', async () => {
    const server = await memoryServer();
    const client = await server.client();
    client.write(
      Buffer.concat([framed(payloadOf(ReservedXid.ping, OpCode.ping)), lengthOf(0x7fff_ffff)]),
    );
    expect((await client.reply())?.xid).toBe(ReservedXid.ping);
    expect(await client.reply()).toBeUndefined();
  });

  test('of random bytes instead of a connect request ends the connection', async () => {
    const server = await memoryServer();
    for (let seed = 1; seed < 40; seed++) {
      const client = await server.stranger();
      const bytes = Buffer.alloc(60);
      for (let i = 0, state = seed; i < 60; i++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        bytes[i] = state >>> 16;
      }
      // A negative length, or one of a gigabyte.
      bytes[0] = 0x7f | (seed << 7);
      client.write(bytes);
      expect(await client.closed()).toEqual([]);
    }
    await server.expectServed();
  });

  test('with a HTTP request in it ends the connection', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await client.closed()).toEqual([]);
    await server.expectServed();
  });

  test('that is the first half of a pipelined batch when the client resets takes nothing from others', async () => {
    const server = await memoryServer();
    const other = await server.client();
    for (let round = 0; round < 20; round++) {
      const client = await server.client();
      const batch: Buffer[] = [];
      for (let i = 0; i < 200; i++) {
        batch.push(framed(requestPayload(i + 1, createOf('/batch-', Buffer.alloc(50), 2))));
        batch.push(framed(requestPayload(i + 1, { op: OpCode.getData, path: '/', watch: true })));
      }
      client.write(Buffer.concat(batch));
      if (round % 2 === 0) await client.received(1000);
      client.reset();
      expect((await other.request({ op: OpCode.ping })).err).toBe(0);
    }
    await server.expectServed();
    expect(server.log.lines.filter((line) => line.level === 'error')).toEqual([]);
  });
});
