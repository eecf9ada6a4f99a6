import { OpCode, ReservedXid } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { connectPayload, createOf, framed, payloadOf, requestPayload } from '../raw-client.ts';
import { memoryServer } from './test-server.ts';

describe('the connect request', () => {
  test('is understood when it comes byte by byte', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    for (const byte of framed(connectPayload({ timeoutMs: 20_000 }))) {
      client.write(Uint8Array.of(byte));
    }
    expect((await client.connectResponse())?.timeoutMs).toBe(20_000);
  });

  test.each([0, 1, 4, 12, 16, 24, 27])('of only %i bytes ends the connection', async (length) => {
    const server = await memoryServer();
    const client = await server.stranger();
    client.sendFrame(connectPayload().subarray(0, length));
    expect(await client.closed()).toEqual([]);
    await server.expectServed();
  });

  test('whose password is longer than the frame ends the connection', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    const payload = Buffer.from(connectPayload());
    payload.writeInt32BE(0x7fff_ffff, 24);
    client.sendFrame(payload);
    expect(await client.closed()).toEqual([]);
    await server.expectServed();
  });

  test('of an old client, without the last byte, is answered without it', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    expect((await client.handshake({ readOnly: undefined }))?.readOnly).toBeUndefined();
    const modern = await server.stranger();
    expect((await modern.handshake())?.readOnly).toBe(false);
  });

  test('may have a null password, another protocol version and bytes behind it', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    const payload = connectPayload({ password: null, protocolVersion: 7 });
    client.sendFrame(Buffer.concat([payload, Buffer.alloc(10)]));
    expect((await client.connectResponse())?.sessionId).not.toBe(0n);
  });

  test('gets a timeout between two and twenty ticks', async () => {
    const server = await memoryServer({ session: { tickTimeMs: 1000 } });
    const timeouts: (number | undefined)[] = [];
    for (const timeoutMs of [-1, 0, 5000, 0x7fff_ffff]) {
      timeouts.push((await (await server.stranger()).handshake({ timeoutMs }))?.timeoutMs);
    }
    expect(timeouts).toEqual([2000, 2000, 5000, 20_000]);
  });

  test('that saw a later zxid than the server ends the connection, so that another server is tried', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    expect(await client.handshake({ lastZxidSeen: 2 ** 40 })).toBeUndefined();
    await server.log.until('connection closed', { reason: 'client-zxid-ahead' });
    await server.expectServed();
  });

  test('for a session that nobody knows is answered with session 0, then the end', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    const response = await client.handshake({ sessionId: 77n });
    expect(response).toEqual({
      protocolVersion: 0,
      timeoutMs: 0,
      sessionId: 0n,
      password: new Uint8Array(16),
      readOnly: false,
    });
    expect(await client.closed()).toEqual([]);
  });

  test('with a wrong password is answered as one for an unknown session, and costs the session nothing', async () => {
    const server = await memoryServer();
    const owner = await server.client();
    const { sessionId } = owner.session!;
    await owner.ok(createOf('/mine', null, 1));
    for (const password of [new Uint8Array(16), new Uint8Array(0), new Uint8Array(1000), null]) {
      const thief = await server.stranger();
      const response = await thief.handshake({ sessionId, password });
      expect(response).toMatchObject({ timeoutMs: 0, sessionId: 0n, password: new Uint8Array(16) });
      await thief.closed();
    }
    expect((await owner.request({ op: OpCode.ping })).xid).toBe(ReservedXid.ping);
    expect((await owner.request({ op: OpCode.exists, path: '/mine', watch: false })).err).toBe(0);
  });

  test('with the right password moves the session, and the connection before it ends', async () => {
    const server = await memoryServer();
    const first = await server.client();
    await first.ok(createOf('/mine', null, 1));
    const { sessionId, password } = first.session!;
    const second = await server.stranger();
    expect(await second.handshake({ sessionId, password })).toMatchObject({ sessionId });
    await first.closed();
    expect(await second.ok({ op: OpCode.getEphemerals, prefixPath: '/' })).toMatchObject({
      ephemerals: ['/mine'],
    });
  });

  test('may be followed by requests before its answer is there: they are answered after it, in order', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    client.write(
      Buffer.concat([
        framed(connectPayload()),
        framed(requestPayload(1, { op: OpCode.exists, path: '/a', watch: false })),
        framed(requestPayload(2, createOf('/a'))),
        framed(requestPayload(3, { op: OpCode.exists, path: '/a', watch: false })),
        framed(
          requestPayload(4, {
            op: OpCode.auth,
            type: 0,
            scheme: 'digest',
            auth: Buffer.from('u:p'),
          }),
        ),
        framed(payloadOf(ReservedXid.ping, OpCode.ping)),
      ]),
    );
    expect((await client.connectResponse())?.timeoutMs).toBe(30_000);
    const replies = new Map<number, number>();
    for (let i = 0; i < 5; i++) {
      const reply = await client.reply();
      replies.set(reply!.xid, reply!.err);
    }
    expect([...replies].sort()).toEqual(
      [
        [1, -101],
        [2, 0],
        [3, 0],
        [4, 0],
        [-2, 0],
      ].sort(),
    );
    expect([...replies.keys()].filter((xid) => xid > 0 && xid < 4)).toEqual([1, 2, 3]);
  });

  test('is waited for: a request that comes first is taken for one, and refused', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    client.sendFrame(requestPayload(1, { op: OpCode.exists, path: '/', watch: false }));
    expect(await client.closed()).toEqual([]);
    await server.expectServed();
  });

  test('comes once: a second one is an unknown request', async () => {
    const server = await memoryServer();
    const client = await server.client();
    client.sendFrame(connectPayload());
    expect((await client.reply())?.err).toBe(-6);
    expect(await client.reply()).toBeUndefined();
  });

  test('followed by an auth request that is cut short ends that connection only', async () => {
    const server = await memoryServer();
    const client = await server.stranger();
    const auth = payloadOf(ReservedXid.auth, OpCode.auth, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 90));
    client.write(Buffer.concat([framed(connectPayload()), framed(auth)]));
    await client.closed();
    await server.expectServed();
  });
});
