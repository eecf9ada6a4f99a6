import { type Acl, CreateMode, ErrorCode, JuteWriter, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  createRequest,
  digestId,
  existsRequest,
  getChildrenRequest,
  getDataRequest,
  Harness,
  setAclRequest,
} from '../harness.ts';

const world = (perms: number): Acl[] => [{ perms, scheme: 'world', id: 'anyone' }];

describe('reads', () => {
  it('getData answers data and stat', () => {
    const client = new Harness().connect();
    client.create('/a', { data: 'x' });
    const { body } = client.call(getDataRequest('/a'));
    expect(body.data).toEqual(Uint8Array.of(0x78));
    expect(body.stat).toEqual(client.stat('/a'));
  });

  it('getChildren2 answers names and stat, getChildren names alone', () => {
    const client = new Harness().connect();
    client.create('/a');
    client.create('/a/x');
    client.create('/a/y');
    const { body } = client.call({ op: OpCode.getChildren2, path: '/a', watch: false });
    expect([...body.children].sort()).toEqual(['x', 'y']);
    expect(body.stat).toEqual(client.stat('/a'));
    expect(client.children('/a')).toEqual(['x', 'y']);
  });

  it('getAllChildrenNumber counts every descendant, and below the root /zookeeper too', () => {
    const client = new Harness().connect();
    for (const path of ['/a', '/a/b', '/a/b/c', '/ab']) client.create(path);
    const count = (path: string) =>
      client.call({ op: OpCode.getAllChildrenNumber, path }).body.totalNumber;
    expect(count('/a')).toBe(2);
    expect(count('/a/b/c')).toBe(0);
    expect(count('/')).toBe(7);
  });

  it('exists on the empty path finds the root', () => {
    const client = new Harness().connect();
    expect(client.stat('')).toEqual(client.stat('/'));
  });

  it('are not in the log', () => {
    const h = new Harness();
    const client = h.connect();
    const count = h.log.txns.length;
    client.call(existsRequest('/'));
    client.call(getDataRequest('/'));
    client.call({ op: OpCode.whoAmI });
    expect(h.log.txns.length).toBe(count);
  });

  it('carry the last zxid in their reply, also the refused ones', () => {
    const client = new Harness().connect();
    const { zxid } = client.call(createRequest('/a'));
    expect(client.call(existsRequest('/')).zxid).toBe(zxid);
    expect(client.call(existsRequest('/no'))).toMatchObject({ zxid, err: ErrorCode.noNode });
  });

  it.each([OpCode.getData, OpCode.getChildren, OpCode.getChildren2, OpCode.exists] as const)(
    'opcode %i answers NoNode where there is no znode',
    (op) => {
      const client = new Harness().connect();
      for (const path of ['/no', '/zookeeper/', 'zookeeper', '/zookeeper//quota', '//']) {
        expect([path, client.codeOf({ op, path, watch: false })]).toEqual([path, ErrorCode.noNode]);
      }
    },
  );

  it('exists refuses a NUL in the path', () => {
    const client = new Harness().connect();
    expect(client.codeOf(existsRequest('/a\0b', true))).toBe(ErrorCode.badArguments);
  });
});

describe('permission to read', () => {
  const ops = [OpCode.getData, OpCode.getChildren, OpCode.getChildren2, OpCode.exists] as const;

  it.each(ops)('opcode %i needs READ, and leaves no watch without it', (op) => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a', { acl: world(2 | 4 | 8 | 16) });
    expect(client.codeOf({ op, path: '/a', watch: true })).toBe(ErrorCode.noAuth);
    client.call(setAclRequest('/a', world(31)));
    client.setData('/a', 'x');
    client.create('/a/b');
    expect(client.takeEvents()).toEqual([]);
  });

  it('getAllChildrenNumber needs READ', () => {
    const client = new Harness().connect();
    client.create('/a', { acl: world(2) });
    const code = client.codeOf({ op: OpCode.getAllChildrenNumber, path: '/a' });
    expect(code).toBe(ErrorCode.noAuth);
  });

  it('skipACL lets everybody do everything', () => {
    const client = new Harness({ skipAcl: true }).connect();
    client.create('/a', { acl: world(0) });
    client.create('/a/b');
    expect(client.setData('/a', 'x').version).toBe(1);
    expect(client.children('/a')).toEqual(['b']);
  });

  it('super may do everything', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a', { acl: world(0) });
    expect(client.codeOf(getDataRequest('/a'))).toBe(ErrorCode.noAuth);
    expect(client.authenticate('super:secret')).toBe(0);
    expect(client.codeOf(getDataRequest('/a'))).toBe(0);
    expect(client.setData('/a', 'x').version).toBe(1);
  });

  it('ip entries are compared with the address of the connection', () => {
    const h = new Harness();
    const near = h.connect({ address: '10.1.2.3' });
    const far = h.connect({ address: '192.168.0.1' });
    near.create('/a', { acl: [{ perms: 31, scheme: 'ip', id: '10.1.0.0/16' }] });
    expect(near.codeOf(getDataRequest('/a'))).toBe(0);
    expect(far.codeOf(getDataRequest('/a'))).toBe(ErrorCode.noAuth);
  });
});

describe('getACL', () => {
  const anna = { perms: 2, scheme: 'digest', id: digestId('anna:1') };

  it('needs READ or ADMIN', () => {
    const client = new Harness().connect();
    client.create('/none', { acl: world(2 | 4 | 8) });
    client.create('/read', { acl: world(1) });
    client.create('/admin', { acl: world(16) });
    const codes = ['/none', '/read', '/admin', '/no'].map((path) =>
      client.codeOf({ op: OpCode.getACL, path }),
    );
    expect(codes).toEqual([ErrorCode.noAuth, 0, 0, ErrorCode.noNode]);
  });

  it('shows hashes to those who may change the ACL only', () => {
    const client = new Harness().connect();
    client.create('/read', { acl: [...world(1), anna] });
    client.create('/admin', { acl: [...world(16), anna] });
    const acl = (path: string) => client.call({ op: OpCode.getACL, path }).body.acl;
    expect(acl('/read')).toEqual([...world(1), { ...anna, id: 'anna:x' }]);
    expect(acl('/admin')).toEqual([...world(16), anna]);
  });

  it('of the configuration is readable by the world', () => {
    const client = new Harness().connect();
    const { acl, stat } = client.call({ op: OpCode.getACL, path: '/zookeeper/config' }).body;
    expect(acl).toEqual(world(1));
    expect(stat.aversion).toBe(-1);
  });
});

describe('whoAmI', () => {
  it('tells schemes and names, and no secret', () => {
    const client = new Harness().connect({ address: '10.0.0.7' });
    client.authenticate('anna:1');
    client.authenticate('super:secret');
    expect(client.call({ op: OpCode.whoAmI }).body.clientInfo).toEqual([
      { authScheme: 'ip', user: '10.0.0.7' },
      { authScheme: 'digest', user: 'anna' },
      { authScheme: 'super', user: '' },
      { authScheme: 'digest', user: 'super' },
    ]);
  });
});

describe('the order of one connection', () => {
  it('a read behind a write waits for it and shows it', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(
      createRequest('/a'),
      existsRequest('/a'),
      getChildrenRequest('/'),
      createRequest('/b'),
      getChildrenRequest('/'),
    );
    expect(client.take()).toEqual([]);
    h.sync();
    const replies = client.take();
    expect(replies.map((one) => (one.kind === 'reply' ? one.xid : 0))).toEqual([1, 2, 3, 4, 5]);
    expect(replies).toMatchObject([
      { err: 0 },
      { err: 0 },
      { body: { children: { length: 2 } } },
      { err: 0 },
      { body: { children: { length: 3 } } },
    ]);
  });

  it('a read waits also behind a write that is refused, and behind a ping nothing waits', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(createRequest('/'), existsRequest('/'));
    expect(client.take()).toEqual([]);
    h.sync();
    expect(client.take()).toMatchObject([{ err: ErrorCode.nodeExists }, { err: 0 }]);
    client.send({ op: OpCode.ping }, existsRequest('/'));
    expect(client.take()).toMatchObject([{ op: OpCode.ping }, { op: OpCode.exists }]);
  });

  it('a read of somebody else waits for nothing, and does not see what is not durable', () => {
    const h = new Harness();
    const [writer, reader] = [h.connect(), h.connect()];
    writer.take();
    reader.take();
    writer.send(createRequest('/a', { flags: CreateMode.ephemeral }));
    reader.send(existsRequest('/a'));
    expect(reader.take()).toMatchObject([{ err: ErrorCode.noNode }]);
    h.sync();
    reader.send(existsRequest('/a'));
    expect(reader.take()).toMatchObject([{ err: 0 }]);
  });

  it('what waits for the first of two writes does not wait for the second', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(createRequest('/a'));
    client.send(existsRequest('/a'), existsRequest('/b'));
    client.send(createRequest('/b'), existsRequest('/b'));
    h.syncOnce();
    expect(client.take()).toMatchObject([
      { op: OpCode.create },
      { op: OpCode.exists, err: 0 },
      { op: OpCode.exists, err: ErrorCode.noNode },
    ]);
    h.sync();
    expect(client.take()).toMatchObject([{ op: OpCode.create }, { op: OpCode.exists, err: 0 }]);
  });
});

describe('sync', () => {
  const sync = (path = '/x') => ({ op: OpCode.sync, path }) as const;

  it('answers its path at once when nothing is outstanding', () => {
    const client = new Harness().connect();
    client.take();
    client.send(sync('/a/b'));
    expect(client.take()).toMatchObject([{ op: OpCode.sync, err: 0, body: { path: '/a/b' } }]);
  });

  it('waits for everything that anybody has outstanding, and for nothing later', () => {
    const h = new Harness();
    const [writer, client] = [h.connect(), h.connect()];
    client.take();
    writer.send(createRequest('/a'));
    client.send(sync(), existsRequest('/a'));
    writer.send(createRequest('/b'));
    expect(client.take()).toEqual([]);
    h.syncOnce();
    expect(client.take()).toMatchObject([{ op: OpCode.sync }, { op: OpCode.exists, err: 0 }]);
  });

  it('takes no zxid, and has no place in the log', () => {
    const h = new Harness();
    const client = h.connect();
    const count = h.log.txns.length;
    client.call(sync());
    expect(h.log.txns.length).toBe(count);
    expect(h.core.outstandingCount).toBe(0);
  });

  it('with a body cut short is answered with MarshallingError, in its place', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(createRequest('/a'));
    client.sendRaw(OpCode.sync, Uint8Array.of(0, 0, 0, 9, 1));
    client.send(existsRequest('/a'));
    h.sync();
    expect(client.take()).toMatchObject([
      { op: OpCode.create, err: 0 },
      { op: OpCode.sync, err: ErrorCode.marshallingError },
      { op: OpCode.exists, err: 0 },
    ]);
  });

  it('of a null path answers a null path', () => {
    const client = new Harness().connect();
    client.take();
    const body = new JuteWriter();
    body.int(-1);
    client.sendRaw(OpCode.sync, body.copy());
    expect(client.take()).toMatchObject([{ op: OpCode.sync, err: 0 }]);
  });
});
