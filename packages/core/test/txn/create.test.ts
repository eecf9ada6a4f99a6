import { type Acl, CreateMode, ErrorCode, OpCode, Permission, readAcl } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  containerRequest,
  create2Request,
  createRequest,
  digestId,
  Harness,
  setDataRequest,
  ttlRequest,
} from '../harness.ts';

const world = (perms: number): Acl[] => [{ perms, scheme: 'world', id: 'anyone' }];

describe('create', () => {
  it('answers the path, and the znode is as it was asked for', () => {
    const h = new Harness();
    const client = h.connect();
    const reply = client.call(createRequest('/a', { data: 'one' }));
    expect(reply.err).toBe(0);
    expect(reply.body.path).toBe('/a');
    expect(client.data('/a')).toBe('one');
    expect(client.stat('/a')).toEqual({
      czxid: reply.zxid,
      mzxid: reply.zxid,
      pzxid: reply.zxid,
      ctime: h.wallMs,
      mtime: h.wallMs,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      dataLength: 3,
      numChildren: 0,
    });
  });

  it('keeps null data apart from no bytes', () => {
    const client = new Harness().connect();
    client.create('/null', { data: null });
    client.create('/empty', { data: '' });
    expect(client.data('/null')).toBeNull();
    expect(client.data('/empty')).toBe('');
    expect(client.stat('/null')?.dataLength).toBe(0);
  });

  it('create2 answers the stat, too', () => {
    const client = new Harness().connect();
    const { body } = client.call(create2Request('/a', { data: 'xy' }));
    expect(body.path).toBe('/a');
    expect(body.stat).toEqual(client.stat('/a'));
  });

  it('makes ephemerals of the session, and shows their owner', () => {
    const client = new Harness().connect();
    client.create('/e', { flags: CreateMode.ephemeral });
    expect(client.stat('/e')?.ephemeralOwner).toBe(client.sessionId);
  });

  it('counts creations and deletions in the cversion that clients see', () => {
    const client = new Harness().connect();
    client.create('/p');
    client.create('/p/1');
    client.create('/p/2');
    client.delete('/p/1');
    expect(client.stat('/p')).toMatchObject({ cversion: 3, numChildren: 1, version: 0 });
  });

  it('opcode create with the container flag makes a plain persistent znode', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/c', { flags: CreateMode.container });
    expect(h.tree.containers.size).toBe(0);
  });
});

describe('create: which error wins', () => {
  const cases: readonly {
    readonly title: string;
    readonly code: number;
    readonly request: Parameters<ReturnType<Harness['connect']>['codeOf']>[0];
  }[] = [
    {
      title: 'a flag that does not exist before an ACL that is empty',
      code: ErrorCode.badArguments,
      request: createRequest('/x', { flags: 9, acl: [] }),
    },
    {
      title: 'a TTL mode without a TTL before everything',
      code: ErrorCode.badArguments,
      request: createRequest('/no/parent', { flags: CreateMode.persistentWithTtl, acl: [] }),
    },
    {
      title: 'a TTL of zero',
      code: ErrorCode.badArguments,
      request: ttlRequest('/no/parent', 0, { acl: [] }),
    },
    {
      title: 'a TTL of more than 40 bits',
      code: ErrorCode.badArguments,
      request: ttlRequest('/x', 2n ** 40n),
    },
    {
      title: 'a TTL that is larger than any number is exact',
      code: ErrorCode.badArguments,
      request: ttlRequest('/x', 2n ** 62n),
    },
    {
      title: 'a path without a slash before an empty ACL',
      code: ErrorCode.badArguments,
      request: createRequest('x', { acl: [] }),
    },
    {
      title: 'a path with a NUL before an empty ACL',
      code: ErrorCode.badArguments,
      request: createRequest('/x\0', { acl: [] }),
    },
    {
      title: 'an empty ACL before a parent that is missing',
      code: ErrorCode.invalidACL,
      request: createRequest('/no/parent', { acl: [] }),
    },
    {
      title: 'an unknown scheme before a parent that is missing',
      code: ErrorCode.invalidACL,
      request: createRequest('/no/parent', { acl: [{ perms: 31, scheme: 'nope', id: 'x' }] }),
    },
    {
      title: 'auth without any identity',
      code: ErrorCode.invalidACL,
      request: createRequest('/x', { acl: [{ perms: 31, scheme: 'auth', id: '' }] }),
    },
    {
      title: 'a missing parent before the syntax of the path',
      code: ErrorCode.noNode,
      request: createRequest('/no/par\u0001ent'),
    },
    {
      title: 'an empty component is a missing parent',
      code: ErrorCode.noNode,
      request: createRequest('/open//b'),
    },
    {
      title: 'a path that begins without a slash has a missing parent',
      code: ErrorCode.noNode,
      request: createRequest('open/b'),
    },
    {
      title: 'no permission before a znode that exists',
      code: ErrorCode.noAuth,
      request: createRequest('/closed/child'),
    },
    {
      title: 'no permission before the syntax of the path',
      code: ErrorCode.noAuth,
      request: createRequest('/closed/..'),
    },
    {
      title: 'two slashes at the beginning are below the root, and no path',
      code: ErrorCode.badArguments,
      request: createRequest('//x'),
    },
    {
      title: 'a path that ends in a slash',
      code: ErrorCode.badArguments,
      request: createRequest('/open/'),
    },
    {
      title: 'a dot as the name',
      code: ErrorCode.badArguments,
      request: createRequest('/open/.'),
    },
    {
      title: 'a control character',
      code: ErrorCode.badArguments,
      request: createRequest('/open/a\u007fb'),
    },
    {
      title: 'an existing znode before an ephemeral parent',
      code: ErrorCode.nodeExists,
      request: createRequest('/open'),
    },
    { title: 'the root exists', code: ErrorCode.nodeExists, request: createRequest('/') },
    {
      title: 'a child of an ephemeral',
      code: ErrorCode.noChildrenForEphemerals,
      request: createRequest('/eph/child'),
    },
  ];

  it.each(cases)('$title', ({ code, request }) => {
    const h = new Harness();
    const client = h.connect();
    client.create('/open');
    client.create('/eph', { flags: CreateMode.ephemeral });
    client.create('/closed');
    client.create('/closed/child');
    expect(client.codeOf({ op: OpCode.setACL, path: '/closed', acl: readAcl, version: -1 })).toBe(
      0,
    );
    const { nodeCount, digest } = h.tree;
    expect(client.codeOf(request)).toBe(code);
    expect([h.tree.nodeCount, h.tree.digest]).toEqual([nodeCount, digest]);
  });

  it('a TTL znode is unimplemented while extended types are off, whatever else is wrong', () => {
    const client = new Harness({ core: { extendedTypes: 'off' } }).connect();
    expect(client.codeOf(ttlRequest('x', 0, { acl: [] }))).toBe(ErrorCode.unimplemented);
  });

  it('a hard quota comes last', () => {
    const h = new Harness({ core: { enforceQuota: true } });
    const client = h.connect();
    client.create('/q');
    client.create('/q/there');
    client.create('/zookeeper/quota/q');
    client.create('/zookeeper/quota/q/zookeeper_limits', {
      data: 'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2',
    });
    client.create('/zookeeper/quota/q/zookeeper_stats', { data: 'count=0,bytes=0' });
    expect(client.data('/zookeeper/quota/q/zookeeper_stats')).toContain('count=2,bytes=0');
    expect(client.codeOf(createRequest('/q/there'))).toBe(ErrorCode.nodeExists);
    expect(client.codeOf(createRequest('/q/new'))).toBe(ErrorCode.quotaExceeded);
    client.delete('/q/there');
    expect(client.codeOf(createRequest('/q/new'))).toBe(ErrorCode.ok);
  });

  it('a path of any length that is no UTF-8 is refused as a path', () => {
    const h = new Harness();
    const client = h.connect();
    const body = Uint8Array.of(0, 0, 0, 3, 0x2f, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1);
    const acl = Uint8Array.of(
      ...[0, 0, 0, 31, 0, 0, 0, 5, 0x77, 0x6f, 0x72, 0x6c, 0x64],
      ...[0, 0, 0, 6, 0x61, 0x6e, 0x79, 0x6f, 0x6e, 0x65, 0, 0, 0, 0],
    );
    client.sendRaw(OpCode.create, Uint8Array.of(...body, ...acl));
    h.sync();
    expect(client.take()).toMatchObject([{ kind: 'connected' }, { err: ErrorCode.badArguments }]);
  });
});

describe('ACLs at creation', () => {
  it('auth becomes every identity that says who the client is, with the permissions asked for', () => {
    const client = new Harness().connect();
    client.authenticate('anna:1');
    client.authenticate('bob:2');
    client.create('/a', { acl: [{ perms: Permission.all, scheme: 'auth', id: 'ignored' }] });
    expect(client.call({ op: OpCode.getACL, path: '/a' }).body.acl).toEqual([
      { perms: 31, scheme: 'digest', id: digestId('anna:1') },
      { perms: 31, scheme: 'digest', id: digestId('bob:2') },
    ]);
  });

  it('entries that stand twice are stored once', () => {
    const client = new Harness().connect();
    client.create('/a', { acl: [...world(31), ...world(1), ...world(31)] });
    const { acl } = client.call({ op: OpCode.getACL, path: '/a' }).body;
    expect(acl).toEqual([...world(31), ...world(1)]);
  });

  it('are shared by znodes that have the same', () => {
    const h = new Harness();
    const client = h.connect();
    for (const path of ['/a', '/b', '/c']) client.create(path, { acl: world(1 | 2) });
    const ids = ['/a', '/b', '/c'].map((path) => h.tree.aclId(h.tree.findPath(path)));
    expect(new Set(ids).size).toBe(1);
  });
});

describe('sequential znodes', () => {
  it('get the number of creations below the parent, deletions and other modes included', () => {
    const client = new Harness().connect();
    const sequential = { flags: CreateMode.persistentSequential };
    client.create('/p');
    expect(client.create('/p/s-', sequential)).toBe('/p/s-0000000000');
    client.create('/p/other');
    client.delete('/p/other');
    expect(client.create('/p/s-', sequential)).toBe('/p/s-0000000002');
    expect(client.create('/p/', sequential)).toBe('/p/0000000003');
    expect(client.create('/p/e', { flags: CreateMode.ephemeralSequential })).toBe('/p/e0000000004');
  });

  it('count what is still on its way', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    const request = createRequest('/s', { flags: CreateMode.persistentSequential });
    client.send(request, request, request);
    h.sync();
    const paths = client.take().map((reply) => (reply.kind === 'reply' ? reply.body : undefined));
    expect(paths).toMatchObject([
      { path: '/s0000000000' },
      { path: '/s0000000001' },
      { path: '/s0000000002' },
    ]);
  });

  it('do not take a number when they are refused', () => {
    const client = new Harness().connect();
    const flags = CreateMode.persistentSequential;
    client.create('/p');
    expect(client.codeOf(createRequest('/p/s', { flags, acl: [] }))).toBe(ErrorCode.invalidACL);
    expect(client.create('/p/s', { flags })).toBe('/p/s0000000000');
  });

  it('exist for containers and TTL znodes, too', () => {
    const client = new Harness().connect();
    const { body } = client.call(ttlRequest('/t', 5000, { flags: 6 }));
    expect(body.path).toBe('/t0000000000');
  });
});

describe('containers and TTL znodes', () => {
  it('show no owner to clients, and keep their kind in the tree', () => {
    const h = new Harness();
    const client = h.connect();
    const container = client.call(containerRequest('/c'));
    const ttl = client.call(ttlRequest('/t', 5000));
    expect(container.body).toMatchObject({ path: '/c', stat: { ephemeralOwner: 0n } });
    expect(ttl.body).toMatchObject({ path: '/t', stat: { ephemeralOwner: 0n } });
    expect(h.tree.ttlMs(h.tree.findPath('/t'))).toBe(5000);
    expect([...h.tree.containers]).toEqual([h.tree.findPath('/c')]);
  });

  it('may have children', () => {
    const client = new Harness().connect();
    client.call(containerRequest('/c'));
    client.call(ttlRequest('/t', 5000));
    expect(client.create('/c/x')).toBe('/c/x');
    expect(client.create('/t/x')).toBe('/t/x');
  });

  it('a container is one by its opcode, whatever the flag says', () => {
    const h = new Harness();
    const client = h.connect();
    expect(client.codeOf(containerRequest('/c', { flags: 0 }))).toBe(ErrorCode.ok);
    expect(h.tree.containers.size).toBe(1);
  });
});

describe('what is outstanding', () => {
  it('is what the next request of anybody is checked against', () => {
    const h = new Harness();
    const [anna, bob] = [h.connect(), h.connect()];
    anna.take();
    bob.take();
    anna.send(createRequest('/a'));
    bob.send(createRequest('/a'), createRequest('/a/b'), setDataRequest('/a', 'x', 0));
    bob.send(setDataRequest('/a', 'y', 0));
    h.sync();
    expect(anna.take()).toMatchObject([{ err: 0 }]);
    expect(bob.take()).toMatchObject([
      { err: ErrorCode.nodeExists },
      { err: ErrorCode.ok },
      { err: ErrorCode.ok },
      { err: ErrorCode.badVersion },
    ]);
  });

  it('holds nothing once everything is applied', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a');
    client.multi(createRequest('/b'), createRequest('/b'));
    expect(h.core.outstandingChangeCount).toBe(0);
    expect(h.core.outstandingCount).toBe(0);
  });
});
