import { CreateMode, ErrorCode, EventType, JuteWriter, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  checkRequest,
  containerRequest,
  create2Request,
  createRequest,
  deleteRequest,
  existsRequest,
  getChildrenRequest,
  getDataRequest,
  Harness,
  setDataRequest,
  ttlRequest,
} from '../harness.ts';

const failed = (err: number) => ({ op: OpCode.error, err });
const sequential = { flags: CreateMode.persistentSequential };

describe('multi', () => {
  it('answers each operation with a result of its own kind', () => {
    const client = new Harness().connect();
    client.create('/a');
    const results = client.multi(
      checkRequest('/a', 0),
      createRequest('/b'),
      create2Request('/c', { data: 'c' }),
      containerRequest('/d'),
      ttlRequest('/e', 1000),
      setDataRequest('/a', 'new', 0),
      deleteRequest('/b'),
    );
    expect(results).toMatchObject([
      { op: OpCode.check },
      { op: OpCode.create, path: '/b' },
      { op: OpCode.create2, path: '/c', stat: { dataLength: 1 } },
      { op: OpCode.create2, path: '/d', stat: { ephemeralOwner: 0n } },
      { op: OpCode.create2, path: '/e', stat: { ephemeralOwner: 0n } },
      { op: OpCode.setData, stat: { version: 1 } },
      { op: OpCode.delete },
    ]);
  });

  it('gives everything in it one zxid and one time', () => {
    const h = new Harness();
    const client = h.connect();
    const before = h.core.lastAppliedZxid;
    const { zxid } = client.call({
      op: OpCode.multi,
      ops: [createRequest('/a'), createRequest('/a/b'), setDataRequest('/a', 'x')],
    });
    expect(zxid).toBe(before + 1);
    expect(client.stat('/a')).toMatchObject({ czxid: zxid, mzxid: zxid, pzxid: zxid });
    expect(client.stat('/a/b')).toMatchObject({ czxid: zxid, ctime: h.wallMs });
  });

  it('lets later operations see earlier ones', () => {
    const client = new Harness().connect();
    const results = client.multi(
      createRequest('/a'),
      createRequest('/a/s', sequential),
      createRequest('/a/s', sequential),
      setDataRequest('/a', 'one', 0),
      setDataRequest('/a', 'two', 1),
      checkRequest('/a', 2),
      deleteRequest('/a/s0000000000'),
    );
    expect(results.map(({ op }) => op)).not.toContain(OpCode.error);
    expect(client.children('/a')).toEqual(['s0000000001']);
    expect(client.data('/a')).toBe('two');
  });

  it('may create, delete and create again the same znode', () => {
    const h = new Harness();
    const client = h.connect();
    const results = client.multi(
      createRequest('/a', { data: 'first' }),
      deleteRequest('/a', 0),
      create2Request('/a', { data: 'second' }),
    );
    expect(results).toMatchObject([
      { op: OpCode.create, path: '/a' },
      { op: OpCode.delete },
      { op: OpCode.create2, stat: { version: 0, dataLength: 6 } },
    ]);
    expect(client.data('/a')).toBe('second');
    expect(client.stat('/')).toMatchObject({ numChildren: 2 });
    expect(h.factsOf('digest-mismatch')).toEqual([]);
  });

  it('without operations is answered without results', () => {
    expect(new Harness().connect().multi()).toEqual([]);
  });

  it('fires the events of each operation before its answer, with its zxid', () => {
    const client = new Harness().connect();
    client.create('/a');
    client.call(getDataRequest('/a', true));
    client.call(getChildrenRequest('/', true));
    client.take();
    const { zxid } = client.call({
      op: OpCode.multi,
      ops: [setDataRequest('/a', 'x'), createRequest('/b')],
    });
    expect(client.take()).toEqual([
      { kind: 'event', zxid, type: EventType.nodeDataChanged, path: '/a' },
      { kind: 'event', zxid, type: EventType.nodeChildrenChanged, path: '/' },
    ]);
  });
});

describe('a multi that fails', () => {
  it('tells 0 before the culprit, its code, and RuntimeInconsistency after it', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a');
    const { digest } = h.tree;
    const reply = client.call({
      op: OpCode.multi,
      ops: [
        createRequest('/b'),
        setDataRequest('/a', 'x', 5),
        createRequest('/c'),
        checkRequest('/no'),
      ],
    });
    expect(reply.err).toBe(ErrorCode.ok);
    expect(reply.body.results).toEqual([
      failed(ErrorCode.ok),
      failed(ErrorCode.badVersion),
      failed(ErrorCode.runtimeInconsistency),
      failed(ErrorCode.runtimeInconsistency),
    ]);
    expect(h.tree.digest).toBe(digest);
    expect(client.children('/')).toEqual(['a', 'zookeeper']);
  });

  it('fires nothing', () => {
    const client = new Harness().connect();
    client.call(existsRequest('/a', true));
    client.multi(createRequest('/a'), checkRequest('/no'));
    expect(client.takeEvents()).toEqual([]);
  });

  it('takes a zxid all the same', () => {
    const client = new Harness().connect();
    const { zxid } = client.call({ op: OpCode.multi, ops: [checkRequest('/no')] });
    expect(client.call({ op: OpCode.multi, ops: [checkRequest('/no')] }).zxid).toBe(zxid + 1);
  });

  it('gives sequence numbers back', () => {
    const client = new Harness().connect();
    client.create('/p');
    client.multi(createRequest('/p/s', sequential), checkRequest('/no'));
    expect(client.create('/p/s', sequential)).toBe('/p/s0000000000');
  });

  it('leaves what older requests in flight say of the same paths', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/p');
    client.create('/p/x');
    client.take();
    client.send(
      createRequest('/p/s', sequential),
      setDataRequest('/p/x', 'one', 0),
      deleteRequest('/p/x', 1),
      {
        op: OpCode.multi,
        ops: [
          createRequest('/p/s', sequential),
          createRequest('/p/x'),
          setDataRequest('/p', 'lost'),
          checkRequest('/no'),
        ],
      },
      createRequest('/p/s', sequential),
      setDataRequest('/p/x', 'two', 1),
      setDataRequest('/p', 'kept', 0),
    );
    h.sync();
    expect(client.take()).toMatchObject([
      { body: { path: '/p/s0000000001' } },
      { err: 0, body: { stat: { version: 1 } } },
      { err: 0 },
      { err: 0, body: { results: [failed(0), failed(0), failed(0), failed(ErrorCode.noNode)] } },
      { body: { path: '/p/s0000000002' } },
      { err: ErrorCode.noNode },
      { err: 0, body: { stat: { version: 1 } } },
    ]);
    expect(client.data('/p')).toBe('kept');
    expect(h.factsOf('digest-mismatch')).toEqual([]);
  });

  it('is undone also for the digest: the next transaction foretells the right one', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a');
    client.multi(createRequest('/b'), deleteRequest('/a'), createRequest('/b'));
    client.create('/c');
    expect(h.factsOf('digest-mismatch')).toEqual([]);
  });
});

describe('a multi that cannot be read', () => {
  const bodyWith = (write: (out: JuteWriter) => void): Uint8Array => {
    const out = new JuteWriter();
    write(out);
    return out.copy();
  };
  const header = (out: JuteWriter, op: number) => {
    out.int(op);
    out.boolean(false);
    out.int(-1);
  };
  const deletion = (out: JuteWriter) => {
    header(out, OpCode.delete);
    out.ustring('/a');
    out.int(-1);
  };
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['it has no end', bodyWith(deletion)],
    ['it is empty of bytes', new Uint8Array(0)],
    [
      'it holds an operation that no multi may hold',
      bodyWith((out) => {
        deletion(out);
        header(out, OpCode.closeSession);
      }),
    ],
    [
      'it holds a read beside a write',
      bodyWith((out) => {
        deletion(out);
        header(out, OpCode.getData);
        out.ustring('/a');
        out.boolean(false);
        out.int(-1);
        out.boolean(true);
        out.int(-1);
      }),
    ],
    [
      'a create mode does not exist',
      bodyWith((out) => {
        deletion(out);
        header(out, OpCode.create);
        out.ustring('/b');
        out.int(-1);
        out.int(0);
        out.int(77);
        out.int(-1);
        out.boolean(true);
        out.int(-1);
      }),
    ],
    [
      'a length in it is longer than it',
      bodyWith((out) => {
        deletion(out);
        header(out, OpCode.delete);
        out.int(2 ** 31 - 1);
      }),
    ],
  ];

  it.each(cases)(
    'is answered with MarshallingError and changes nothing when %s',
    (_title, body) => {
      const h = new Harness();
      const client = h.connect();
      client.create('/a');
      client.take();
      client.sendRaw(OpCode.multi, body);
      h.sync();
      expect(client.take()).toMatchObject([{ err: ErrorCode.marshallingError }]);
      expect(client.isHungUp).toBe(false);
      expect(client.exists('/a')).toBe(true);
      expect(h.core.outstandingChangeCount).toBe(0);
      client.create('/b');
      expect(h.factsOf('digest-mismatch')).toEqual([]);
    },
  );
});

describe('multiRead', () => {
  const read = (op: typeof OpCode.getData | typeof OpCode.getChildren, path: string) =>
    ({ op, path, watch: true }) as const;

  it('answers each read with its own code, and leaves no watch', () => {
    const client = new Harness().connect();
    client.create('/a', { data: 'x' });
    client.create('/a/b');
    const reply = client.call({
      op: OpCode.multiRead,
      ops: [
        read(OpCode.getData, '/a'),
        read(OpCode.getData, '/no'),
        read(OpCode.getChildren, '/a'),
        read(OpCode.getChildren, '/no'),
      ],
    });
    expect(reply.err).toBe(0);
    expect(reply.body.results).toMatchObject([
      { op: OpCode.getData, data: Uint8Array.of(0x78), stat: { numChildren: 1 } },
      failed(ErrorCode.noNode),
      { op: OpCode.getChildren, children: ['b'] },
      failed(ErrorCode.noNode),
    ]);
    client.setData('/a', 'y');
    client.create('/a/c');
    expect(client.takeEvents()).toEqual([]);
  });

  it('asks for the permission to read each znode', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a', { acl: [{ perms: 2, scheme: 'world', id: 'anyone' }] });
    const { results } = client.call({
      op: OpCode.multiRead,
      ops: [read(OpCode.getData, '/a'), read(OpCode.getData, '/')],
    }).body;
    expect(results).toMatchObject([failed(ErrorCode.noAuth), { op: OpCode.getData }]);
  });

  it('with a write in it is answered with MarshallingError', () => {
    const client = new Harness().connect();
    const reply = client.call({ op: OpCode.multiRead, ops: [deleteRequest('/a')] });
    expect(reply.err).toBe(ErrorCode.marshallingError);
  });
});
