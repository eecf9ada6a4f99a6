import { ErrorCode, OpCode, openAcl, type Request, ReservedXid } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { createOf, isThere, payloadOf, requestPayload } from '../raw-client.ts';
import { memoryServer } from './test-server.ts';

const auth = { op: OpCode.auth, type: 0, scheme: 'digest', auth: Buffer.from('u:p') } as const;

/** One of each request that has a body. None of them succeeds in changing anything. */
const requests: readonly Request[] = [
  createOf('/missing/a', Buffer.from('x')),
  { op: OpCode.create2, path: '/missing/a', data: null, acl: openAcl, flags: 0 },
  { op: OpCode.createContainer, path: '/missing/a', data: null, acl: openAcl, flags: 4 },
  { op: OpCode.createTTL, path: '/missing/a', data: null, acl: openAcl, flags: 5, ttl: 1000n },
  { op: OpCode.delete, path: '/missing', version: -1 },
  { op: OpCode.setData, path: '/missing', data: null, version: -1 },
  { op: OpCode.setACL, path: '/missing', acl: openAcl, version: -1 },
  { op: OpCode.multi, ops: [{ op: OpCode.delete, path: '/missing', version: -1 }] },
  { op: OpCode.exists, path: '/', watch: false },
  { op: OpCode.getData, path: '/', watch: true },
  { op: OpCode.getChildren, path: '/', watch: false },
  { op: OpCode.getChildren2, path: '/', watch: false },
  { op: OpCode.getACL, path: '/' },
  { op: OpCode.multiRead, ops: [{ op: OpCode.getData, path: '/', watch: false }] },
  { op: OpCode.checkWatches, path: '/', type: 3 },
  { op: OpCode.removeWatches, path: '/', type: 3 },
  { op: OpCode.addWatch, path: '/', mode: 0 },
  {
    op: OpCode.setWatches,
    relativeZxid: 0,
    dataWatches: ['/'],
    existWatches: [],
    childWatches: [],
  },
  {
    op: OpCode.setWatches2,
    relativeZxid: 0,
    dataWatches: [],
    existWatches: ['/x'],
    childWatches: [],
    persistentWatches: [],
    persistentRecursiveWatches: ['/'],
  },
  { op: OpCode.getEphemerals, prefixPath: '/' },
  { op: OpCode.getAllChildrenNumber, path: '/' },
];

describe('a request', () => {
  test.each(requests)(
    'of opcode $op that is cut short anywhere is answered as such, and the next one is answered too',
    async (request) => {
      const server = await memoryServer({ tree: { isExtendedTypesOn: true } });
      const client = await server.client();
      const payload = requestPayload(9, request);
      for (let end = 8; end < payload.byteLength; end++) {
        client.sendFrame(payload.subarray(0, end));
        client.sendFrame(payloadOf(ReservedXid.ping, OpCode.ping));
        const reply = await client.reply();
        expect(reply, `cut at ${end} of ${payload.byteLength}`).toMatchObject({
          xid: 9,
          err: ErrorCode.marshallingError,
        });
        expect((await client.reply())?.xid).toBe(ReservedXid.ping);
      }
    },
  );

  test.each(requests)('of opcode $op may have bytes behind it', async (request) => {
    const server = await memoryServer({ tree: { isExtendedTypesOn: true } });
    const client = await server.client();
    client.sendFrame(Buffer.concat([requestPayload(9, request), Buffer.alloc(20, 0xff)]));
    const reply = await client.reply();
    expect(reply?.xid).toBe(9);
    expect(reply?.err).not.toBe(ErrorCode.marshallingError);
  });

  test('to authenticate that is cut short ends the connection, as there is no answer to it', async () => {
    const server = await memoryServer();
    const payload = requestPayload(ReservedXid.auth, auth);
    for (let end = 8; end < payload.byteLength; end++) {
      const client = await server.client();
      client.sendFrame(payload.subarray(0, end));
      expect(await client.closed()).toEqual([]);
    }
    await server.expectServed();
  });

  test.each([-11, 11, 107].map((op) => [op, OpCode.closeSession === op || OpCode.ping === op]))(
    'of opcode %i has no body, and whatever is in its place is not looked at',
    async (op) => {
      const server = await memoryServer();
      const client = await server.client();
      client.sendFrame(payloadOf(3, op as number, Buffer.alloc(100, 0xff)));
      expect((await client.reply())?.err).toBe(0);
    },
  );

  test.each([0, 10, 13, 24, 99, 108, 1000, -1, -2, -10, -12, 0x7fff_ffff, -0x8000_0000])(
    'of the opcode %i, which no client may send, is answered with Unimplemented, then the end',
    async (op) => {
      const server = await memoryServer();
      const client = await server.client();
      client.sendFrame(payloadOf(5, op, Buffer.alloc(30)));
      expect(await client.reply()).toMatchObject({ xid: 5, err: ErrorCode.unimplemented });
      expect(await client.reply()).toBeUndefined();
      await server.expectServed();
    },
  );

  test('immunity: ZK-2623 a check outside of a multi changes nothing', async () => {
    const server = await memoryServer();
    const client = await server.client();
    client.send({ op: OpCode.check, path: '/', version: 0 });
    expect((await client.reply())?.err).toBe(ErrorCode.unimplemented);
    await client.closed();
    await server.expectServed();
  });

  test('after an unknown opcode is not answered any more', async () => {
    const server = await memoryServer();
    const client = await server.client();
    client.sendFrame(payloadOf(1, 1000));
    client.send(createOf('/after'));
    expect((await client.reply())?.err).toBe(ErrorCode.unimplemented);
    expect(await client.reply()).toBeUndefined();
    expect(await isThere(await server.client(), '/after')).toBe(false);
  });

  test('with a vector of two thousand million elements is refused without an allocation', async () => {
    const server = await memoryServer();
    const client = await server.client();
    const body = Buffer.alloc(8 + 4 + 4 + 4);
    body.writeInt32BE(0x7fff_ffff, 8);
    client.sendFrame(payloadOf(5, OpCode.setWatches, body));
    expect((await client.reply())?.err).toBe(ErrorCode.marshallingError);
  });

  test('a multi that never ends, or is a hundred thousand deep, is an error for its client only', async () => {
    const server = await memoryServer();
    const client = await server.client();
    const header = Buffer.from('0000000e00ffffffff', 'hex'); // a multi inside of a multi
    client.sendFrame(payloadOf(5, OpCode.multi, Buffer.concat(new Array(100_000).fill(header))));
    expect((await client.reply())?.err).toBe(ErrorCode.marshallingError);
    const read = Buffer.concat([Buffer.from('0000000400ffffffff', 'hex'), Buffer.alloc(5)]);
    client.sendFrame(payloadOf(6, OpCode.multi, Buffer.concat(new Array(1000).fill(read))));
    expect((await client.reply())?.err).not.toBe(0);
    await server.expectServed();
  });
});

const badPaths = [
  '',
  'a',
  'a/b',
  '//',
  '//a',
  '/a//b',
  '/a/',
  '/.',
  '/..',
  '/a/./b',
  '/a/../b',
  '/a/.',
  '/a/..',
  '/\0',
  '/a\0b',
  '/\x01',
  '/\x1f',
  '/\x7f',
  '/\x9f',
  '/\ue000',
  '/\uf8ff',
  '/\ufff0',
  '/\uffff',
  '/\u{1f600}',
];

/** Where a znode of such a name is looked for first, as the parent: Apache's server answers the same. */
const codes = new Map<string, ErrorCode>([
  ['a/b', ErrorCode.noNode],
  ['/a//b', ErrorCode.noNode],
  ['/a/./b', ErrorCode.noNode],
  ['/a/../b', ErrorCode.noNode],
]);

describe('a forbidden path', () => {
  test.each(badPaths)('%j cannot be created', async (path) => {
    const server = await memoryServer();
    const client = await server.client();
    await client.ok(createOf('/a'));
    const err = codes.get(path) ?? ErrorCode.badArguments;
    for (const op of [OpCode.create, OpCode.create2, OpCode.createContainer] as const) {
      const flags = op === OpCode.createContainer ? 4 : 0;
      const reply = await client.request({ op, path, data: null, acl: openAcl, flags });
      expect(reply.err).toBe(err);
    }
    const ops = [{ op: OpCode.create, path, data: null, acl: openAcl, flags: 0 }] as const;
    const multi = await client.ok({ op: OpCode.multi, ops });
    expect(multi).toMatchObject({ results: [{ err }] });
    expect(await client.ok({ op: OpCode.getChildren, path: '/', watch: false })).toMatchObject({
      children: ['zookeeper', 'a'],
    });
    expect(await client.ok({ op: OpCode.getChildren, path: '/a', watch: false })).toMatchObject({
      children: [],
    });
  });

  test.each(badPaths)('%j is not found by any read, and no read breaks', async (path) => {
    const server = await memoryServer();
    const client = await server.client();
    // Apache's tree has the root under both names.
    const err = path === '' ? 0 : ErrorCode.noNode;
    for (const op of [OpCode.exists, OpCode.getData, OpCode.getChildren, OpCode.getACL] as const) {
      const reply = await client.request({ op, path, watch: false });
      // Of all reads only exists looks for this one.
      const isSeen = op === OpCode.exists && path.includes('\0');
      expect(reply.err).toBe(isSeen ? ErrorCode.badArguments : err);
    }
  });

  test('that is no UTF-8 is refused', async () => {
    const server = await memoryServer();
    const client = await server.client();
    for (const bytes of [
      '2fff',
      '2fc080',
      '2feda080',
      '2fe28282',
      '2ff09f98',
      '2f80',
      '2ff8808080',
    ]) {
      const path = Buffer.from(bytes, 'hex');
      const payload = Buffer.from(requestPayload(4, createOf('x'.repeat(path.byteLength))));
      payload.set(path, 12);
      client.sendFrame(payload);
      const reply = await client.reply();
      expect(reply?.xid, bytes).toBe(4);
    }
    await server.expectServed();
  });

  test('of a megabyte, all slashes or all names, takes no noticeable time', async () => {
    const server = await memoryServer();
    const client = await server.client();
    for (const path of ['/'.repeat(1_000_000), '/a'.repeat(500_000), `/${'a'.repeat(1_000_000)}`]) {
      expect((await client.request({ op: OpCode.exists, path, watch: true })).err).toBe(-101);
      const created = (await client.request(createOf(path))).err;
      expect([ErrorCode.ok, ErrorCode.badArguments, ErrorCode.noNode]).toContain(created);
    }
    await server.expectServed();
  });
});

test.each(['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'])(
  'the znode %s cannot be deleted',
  async (path) => {
    const server = await memoryServer();
    const client = await server.client();
    expect((await client.request({ op: OpCode.delete, path, version: -1 })).err).toBe(
      ErrorCode.badArguments,
    );
    expect(await isThere(client, path)).toBe(true);
  },
);
