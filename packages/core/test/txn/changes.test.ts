import {
  CreateMode,
  ErrorCode,
  OpCode,
  type Request,
  readAcl,
  type StatPersisted,
} from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  checkRequest,
  createRequest,
  deleteRequest,
  getDataRequest,
  Harness,
  setAclRequest,
  setDataRequest,
  type TestClient,
} from '../harness.ts';
import { treeWith } from '../loaded-tree.ts';

function prepared(h: Harness): TestClient {
  const client = h.connect();
  client.create('/open');
  client.create('/open/child');
  client.create('/closed');
  client.create('/closed/child');
  client.create('/closed/child/x');
  client.call(setAclRequest('/closed', readAcl));
  client.call(setAclRequest('/closed/child', readAcl));
  return client;
}

/** Refusals and the error that wins, with the tree unchanged. */
function refusals(cases: readonly (readonly [title: string, request: Request, code: number])[]) {
  it.each(cases)('%s', (_title, request, code) => {
    const h = new Harness();
    const client = prepared(h);
    const { nodeCount, digest } = h.tree;
    expect(client.codeOf(request)).toBe(code);
    expect([h.tree.nodeCount, h.tree.digest]).toEqual([nodeCount, digest]);
  });
}

describe('delete', () => {
  it('removes the znode when the version is right or -1', () => {
    const client = new Harness().connect();
    client.create('/a');
    client.create('/b');
    client.setData('/b', 'x');
    expect(client.codeOf(deleteRequest('/a', 0))).toBe(ErrorCode.ok);
    expect(client.codeOf(deleteRequest('/b', -1))).toBe(ErrorCode.ok);
    expect(client.children('/')).toEqual(['zookeeper']);
  });

  it('raises the pzxid of the parent and no mzxid', () => {
    const client = new Harness().connect();
    client.create('/a');
    client.create('/a/b');
    const before = client.stat('/a');
    const { zxid } = client.call(deleteRequest('/a/b'));
    expect(client.stat('/a')).toEqual({ ...before, pzxid: zxid, cversion: 2, numChildren: 0 });
  });
});

describe('delete: which error wins', () => {
  refusals([
    ['no slash', deleteRequest('open'), ErrorCode.badArguments],
    ['a NUL', deleteRequest('/no/par\0ent'), ErrorCode.badArguments],
    ['the root', deleteRequest('/'), ErrorCode.badArguments],
    ['/zookeeper', deleteRequest('/zookeeper', 5), ErrorCode.badArguments],
    ['/zookeeper/quota', deleteRequest('/zookeeper/quota'), ErrorCode.badArguments],
    ['/zookeeper/config', deleteRequest('/zookeeper/config'), ErrorCode.badArguments],
    ['a missing parent', deleteRequest('/no/child'), ErrorCode.noNode],
    ['no permission before a missing znode', deleteRequest('/closed/no'), ErrorCode.noAuth],
    ['no permission before a version', deleteRequest('/closed/child', 7), ErrorCode.noAuth],
    ['a missing znode', deleteRequest('/open/no', 7), ErrorCode.noNode],
    ['a version before children', deleteRequest('/open', 7), ErrorCode.badVersion],
    ['children', deleteRequest('/open', 0), ErrorCode.notEmpty],
    ['a path that ends in a slash is no znode', deleteRequest('/open/'), ErrorCode.noNode],
  ]);
});

describe('setData', () => {
  it('answers the stat after the change', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a', { data: 'one' });
    h.wallMs += 5000;
    const reply = client.call(setDataRequest('/a', 'three', 0));
    expect(reply.body.stat).toMatchObject({
      version: 1,
      mzxid: reply.zxid,
      mtime: h.wallMs,
      dataLength: 5,
      cversion: 0,
    });
    expect(reply.body.stat).toEqual(client.stat('/a'));
  });

  it('may make data null, and the root is a znode like others', () => {
    const client = new Harness().connect();
    client.call(setDataRequest('/', 'of the root'));
    expect(client.data('/')).toBe('of the root');
    client.call(setDataRequest('/', null));
    expect(client.data('/')).toBeNull();
  });
});

describe('setData: which error wins', () => {
  refusals([
    ['no path', setDataRequest(''), ErrorCode.badArguments],
    ['a path that ends in a slash', setDataRequest('/open/'), ErrorCode.badArguments],
    ['a component that is empty', setDataRequest('/no//x'), ErrorCode.badArguments],
    ['a missing znode', setDataRequest('/no', 'x', 7), ErrorCode.noNode],
    ['no permission before a version', setDataRequest('/closed', 'x', 7), ErrorCode.noAuth],
    ['a version', setDataRequest('/open', 'x', 7), ErrorCode.badVersion],
    ['a version below -1', setDataRequest('/open', 'x', -2), ErrorCode.badVersion],
  ]);

  it('a hard quota comes before the version', () => {
    const client = new Harness({ core: { enforceQuota: true } }).connect();
    client.create('/q');
    client.create('/zookeeper/quota/q');
    client.create('/zookeeper/quota/q/zookeeper_limits', {
      data: 'count=-1,bytes=-1=;byteHardLimit=3;countHardLimit=-1',
    });
    client.create('/zookeeper/quota/q/zookeeper_stats', { data: 'count=0,bytes=0' });
    expect(client.codeOf(setDataRequest('/q', 'four', 7))).toBe(ErrorCode.quotaExceeded);
    expect(client.codeOf(setDataRequest('/q', 'abc', 7))).toBe(ErrorCode.badVersion);
    expect(client.codeOf(setDataRequest('/q', 'abc', 0))).toBe(ErrorCode.ok);
  });

  it('without enforceQuota a hard limit refuses nothing', () => {
    const client = new Harness().connect();
    client.create('/q');
    client.create('/zookeeper/quota/q');
    client.create('/zookeeper/quota/q/zookeeper_limits', {
      data: 'count=-1,bytes=-1=;byteHardLimit=3;countHardLimit=-1',
    });
    client.create('/zookeeper/quota/q/zookeeper_stats', { data: 'count=0,bytes=0' });
    expect(client.codeOf(setDataRequest('/q', 'four'))).toBe(ErrorCode.ok);
    expect(client.data('/zookeeper/quota/q/zookeeper_stats')).toContain('bytes=4');
  });
});

describe('setACL', () => {
  it('counts in aversion, and fires no watch', () => {
    const client = new Harness().connect();
    client.create('/a');
    client.call(getDataRequest('/a', true));
    const reply = client.call(setAclRequest('/a', readAcl, 0));
    expect(reply.body.stat).toMatchObject({ aversion: 1, version: 0 });
    expect(reply.body.stat.mzxid).toBeLessThan(reply.zxid);
    expect(client.takeEvents()).toEqual([]);
  });
});

describe('setACL: which error wins', () => {
  refusals([
    ['the path', setAclRequest('open', []), ErrorCode.badArguments],
    ['an empty ACL before a missing znode', setAclRequest('/no', []), ErrorCode.invalidACL],
    [
      'world with another id',
      setAclRequest('/open', [{ perms: 31, scheme: 'world', id: 'everybody' }]),
      ErrorCode.invalidACL,
    ],
    ['a missing znode', setAclRequest('/no', readAcl, 7), ErrorCode.noNode],
    ['no permission before a version', setAclRequest('/closed', readAcl, 7), ErrorCode.noAuth],
    ['a version', setAclRequest('/open', readAcl, 7), ErrorCode.badVersion],
  ]);
});

describe('deleteContainer, which a client may send', () => {
  const remove = (path: string) => ({ op: OpCode.deleteContainer, path }) as const;

  it('removes an empty container, and nothing that is in use or of another kind', () => {
    const client = new Harness().connect();
    client.call({ ...createRequest('/c', { flags: 4 }), op: OpCode.createContainer });
    client.create('/c/x');
    client.create('/p');
    client.create('/e', { flags: CreateMode.ephemeral });
    expect(client.codeOf(remove('/c'))).toBe(ErrorCode.notEmpty);
    expect(client.codeOf(remove('/p'))).toBe(ErrorCode.badVersion);
    expect(client.codeOf(remove('/e'))).toBe(ErrorCode.badVersion);
    expect(client.codeOf(remove('/no'))).toBe(ErrorCode.noNode);
    expect(client.codeOf(remove('c'))).toBe(ErrorCode.badArguments);
    expect(client.codeOf(remove('/zookeeper'))).toBe(ErrorCode.badArguments);
    client.delete('/c/x');
    expect(client.codeOf(remove('/c'))).toBe(ErrorCode.ok);
    expect(client.children('/')).toEqual(['e', 'p', 'zookeeper']);
  });
});

describe('numbers at their end', () => {
  const withStat = (stat: Partial<StatPersisted>) => {
    const h = new Harness();
    treeWith(h.core, [{ path: '/a', stat }]);
    return { h, client: h.connect() };
  };

  it('versions skip -1, which stands for any version (ZOOKEEPER-4743)', () => {
    const { client } = withStat({ version: -2, aversion: -2 });
    expect(client.setData('/a', 'x').version).toBe(0);
    expect(client.call(setAclRequest('/a', readAcl)).body.stat.aversion).toBe(0);
  });

  it('versions go from 2^31 - 1 to -2^31', () => {
    const { client } = withStat({ version: 2 ** 31 - 1 });
    expect(client.setData('/a', 'x').version).toBe(-(2 ** 31));
    expect(client.codeOf(setDataRequest('/a', 'y', -(2 ** 31)))).toBe(ErrorCode.ok);
  });

  it('a negative sequence number has its sign in front (ten characters, or eleven)', () => {
    const flags = CreateMode.persistentSequential;
    expect(withStat({ cversion: -5 }).client.create('/a/', { flags })).toBe('/a/-000000005');
    const { client } = withStat({ cversion: -(2 ** 31) });
    expect(client.create('/a/', { flags })).toBe('/a/-2147483648');
    expect(client.create('/a/', { flags })).toBe('/a/-2147483647');
  });

  it('the sequence number stays at 2^31 - 1: then a name may be taken (ZOOKEEPER-4706)', () => {
    const { h, client } = withStat({ cversion: 2 ** 31 - 1, pzxid: 0 });
    const flags = CreateMode.persistentSequential;
    expect(client.create('/a/s', { flags })).toBe('/a/s2147483647');
    expect(client.codeOf(createRequest('/a/s', { flags }))).toBe(ErrorCode.nodeExists);
    client.take();
    client.send(createRequest('/a/t', { flags }), createRequest('/a/t', { flags }));
    h.sync();
    expect(client.take()).toMatchObject([
      { body: { path: '/a/t2147483647' } },
      { err: ErrorCode.nodeExists },
    ]);
    expect(h.factsOf('digest-mismatch')).toEqual([]);
  });
});

describe('top-level check', () => {
  it('does not exist: it is answered with Unimplemented, and the connection is closed', () => {
    const client = new Harness().connect();
    client.create('/a');
    client.take();
    client.send(checkRequest('/a'));
    expect(client.take()).toMatchObject([{ err: ErrorCode.unimplemented, zxid: -1 }]);
    expect(client.isHungUp).toBe(true);
  });
});
