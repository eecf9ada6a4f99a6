import {
  ErrorCode,
  encodeRequest,
  encodeUtf8,
  JuteWriter,
  OpCode,
  type Request,
} from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  containerRequest,
  create2Request,
  createRequest,
  deleteRequest,
  existsRequest,
  getChildrenRequest,
  getDataRequest,
  Harness,
  setAclRequest,
  setDataRequest,
  ttlRequest,
} from '../harness.ts';

function bodyOf(request: Request): Uint8Array {
  const out = new JuteWriter();
  encodeRequest(out, request);
  return out.copy();
}

const watches = {
  relativeZxid: 0,
  dataWatches: ['/a'],
  existWatches: ['/b'],
  childWatches: ['/c'],
};

/** One request of every opcode that has a body. */
const everyRequest: readonly Request[] = [
  createRequest('/x', { data: 'data' }),
  create2Request('/x', { data: 'data' }),
  containerRequest('/x'),
  ttlRequest('/x', 1000),
  deleteRequest('/x'),
  setDataRequest('/x', 'data'),
  setAclRequest('/x'),
  { op: OpCode.multi, ops: [createRequest('/x'), deleteRequest('/x')] },
  { op: OpCode.multiRead, ops: [getDataRequest('/x')] },
  { op: OpCode.deleteContainer, path: '/x' },
  existsRequest('/x'),
  getDataRequest('/x'),
  getChildrenRequest('/x'),
  { op: OpCode.getChildren2, path: '/x', watch: false },
  { op: OpCode.getACL, path: '/x' },
  { op: OpCode.getAllChildrenNumber, path: '/x' },
  { op: OpCode.getEphemerals, prefixPath: '/x' },
  { op: OpCode.sync, path: '/x' },
  { op: OpCode.addWatch, path: '/x', mode: 0 },
  { op: OpCode.removeWatches, path: '/x', type: 3 },
  { op: OpCode.checkWatches, path: '/x', type: 3 },
  { op: OpCode.setWatches, ...watches },
  {
    op: OpCode.setWatches2,
    ...watches,
    persistentWatches: ['/d'],
    persistentRecursiveWatches: ['/e'],
  },
];

describe('a body that cannot be read', () => {
  it.each(everyRequest.map((request) => [request.op, request] as const))(
    'of opcode %i is answered with MarshallingError wherever it is cut, and the connection lives on',
    (op, request) => {
      const h = new Harness();
      const client = h.connect();
      client.take();
      const body = bodyOf(request);
      for (let length = 0; length < body.byteLength; length++) {
        client.sendRaw(op, body.slice(0, length));
        h.sync();
        expect([length, client.take()]).toMatchObject([
          length,
          [{ op, err: ErrorCode.marshallingError }],
        ]);
      }
      expect(h.tree.nodeCount).toBe(5);
      expect(h.core.outstandingChangeCount).toBe(0);
      expect(client.codeOf(existsRequest('/'))).toBe(0);
      client.create('/after');
      expect(h.factsOf('digest-mismatch')).toEqual([]);
    },
  );

  it.each([OpCode.addWatch, OpCode.removeWatches, OpCode.checkWatches] as const)(
    'nor is a number that means nothing: opcode %i',
    (op) => {
      const client = new Harness().connect();
      for (const number of [-1, 6, 99]) {
        const request =
          op === OpCode.addWatch
            ? ({ op, path: '/x', mode: number } as const)
            : ({ op, path: '/x', type: number } as const);
        expect(client.codeOf(request)).toBe(ErrorCode.marshallingError);
      }
    },
  );

  it.each([OpCode.getACL, OpCode.getAllChildrenNumber, OpCode.getData, OpCode.exists] as const)(
    'nor is a null path: opcode %i',
    (op) => {
      const client = new Harness().connect();
      client.take();
      client.sendRaw(op, Uint8Array.of(255, 255, 255, 255, 0));
      expect(client.take()).toMatchObject([{ err: ErrorCode.marshallingError }]);
    },
  );
});

describe('a header that cannot be read', () => {
  it.each([0, 1, 4, 7])('of %i bytes ends the connection without an answer', (length) => {
    const client = new Harness().connect();
    client.take();
    client.sendBytes(new Uint8Array(length));
    expect(client.take()).toEqual([]);
    expect(client.isHungUp).toBe(true);
  });
});

describe('an opcode that nobody knows', () => {
  it.each([0, -1, -10, 10, 23, 50, 99, 500, 2 ** 31 - 1, -(2 ** 31)])(
    '%i is answered with Unimplemented, then the connection is closed',
    (op) => {
      const h = new Harness();
      const client = h.connect();
      client.take();
      client.sendRaw(op, new Uint8Array(3));
      expect(client.take()).toMatchObject([{ zxid: -1, err: ErrorCode.unimplemented }]);
      expect(client.isHungUp).toBe(true);
    },
  );

  it('nothing that comes behind it is looked at', () => {
    const h = new Harness();
    const client = h.connect();
    const count = h.log.txns.length;
    const bad = new JuteWriter();
    bad.int(1);
    bad.int(99);
    h.deliver([
      [client, bad.copy()],
      [client, client.frameOf(createRequest('/late'))],
    ]);
    h.sync();
    expect(h.log.txns.length).toBe(count);
  });
});

describe('any bytes at all', () => {
  it('crash nothing, and leave nothing outstanding', () => {
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .tuple(fc.constantFrom(...everyRequest), fc.nat(), fc.nat(255))
        .map(([request, at, byte]) => {
          const out = new JuteWriter();
          out.int(7);
          out.int(request.op);
          encodeRequest(out, request);
          const bytes = out.copy();
          bytes[4 + (at % (bytes.byteLength - 4))] = byte;
          return bytes;
        }),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.boolean(), (frames, isConnected) => {
        const h = new Harness();
        const client = h.accept();
        client.onSent = () => {};
        if (isConnected) client.sendConnect();
        for (const bytes of frames) client.sendBytes(bytes);
        h.sync();
        expect(h.core.outstandingChangeCount).toBe(0);
        expect(h.factsOf('digest-mismatch')).toEqual([]);
        const other = h.connect();
        expect(other.codeOf(existsRequest('/'))).toBe(0);
      }),
    );
  });

  it('in an auth packet end the connection, also while the session is being made', () => {
    for (const isOpening of [true, false]) {
      const h = new Harness();
      const client = h.accept();
      client.sendConnect();
      if (!isOpening) h.sync();
      client.sendRaw(OpCode.auth, encodeUtf8('x'));
      h.sync();
      expect(client.isHungUp).toBe(true);
    }
  });
});
