import { ErrorCode, encodeUtf8, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { EnsembleProvider } from '../../src/auth/ensemble-provider.ts';
import { ipProvider } from '../../src/auth/ip-provider.ts';
import {
  closeRequest,
  createRequest,
  existsRequest,
  getDataRequest,
  Harness,
  pingRequest,
} from '../harness.ts';

const auth = (text: string, scheme = 'digest') =>
  ({ op: OpCode.auth, type: 0, scheme, auth: encodeUtf8(text) }) as const;

describe('an auth packet', () => {
  it('is answered at once, with zxid 0, ahead of writes in flight', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(createRequest('/a'), auth('anna:1'));
    expect(client.take()).toMatchObject([{ op: OpCode.auth, zxid: 0, err: 0 }]);
    h.sync();
    expect(client.take()).toMatchObject([{ op: OpCode.create }]);
  });

  it('counts for the requests behind it, also right behind the connect request', () => {
    const h = new Harness();
    const client = h.accept();
    client.sendConnect();
    client.send(
      auth('anna:1'),
      createRequest('/a', { acl: [{ perms: 31, scheme: 'auth', id: '' }] }),
      getDataRequest('/a'),
    );
    h.sync();
    expect(client.take()).toMatchObject([
      { kind: 'connected' },
      { op: OpCode.auth, err: 0 },
      { op: OpCode.create, err: 0 },
      { op: OpCode.getData, err: 0 },
    ]);
  });

  it('adds identities, each once', () => {
    const client = new Harness().connect();
    for (const text of ['anna:1', 'bob:2', 'anna:1']) client.authenticate(text);
    expect(client.ids.map(({ scheme }) => scheme)).toEqual(['ip', 'digest', 'digest']);
  });

  it.each([
    ['of an unknown scheme', auth('x', 'kerberos')],
    ['without anything in it', { op: OpCode.auth, type: 0, scheme: 'digest', auth: null } as const],
  ])('%s is answered with AuthFailed, and the connection is closed', (_title, request) => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(request, createRequest('/late'));
    expect(client.take()).toMatchObject([{ zxid: 0, err: ErrorCode.authFailed }]);
    expect(client.isHungUp).toBe(true);
    h.sync();
    expect(h.tree.findPath('/late')).toBe(-1);
    expect(h.core.sessions.size).toBe(1);
  });

  it('for another ensemble is not answered at all', () => {
    const h = new Harness({ providers: [ipProvider, new EnsembleProvider('ours, also')] });
    const client = h.connect();
    expect(client.codeOf(auth('ours', 'ensemble'))).toBe(0);
    client.take();
    client.send(auth('theirs', 'ensemble'));
    expect(client.take()).toEqual([]);
    expect(client.isHungUp).toBe(true);
  });
});

describe('sasl', () => {
  it('without a configuration gets a null token, and the connection lives on', () => {
    const client = new Harness().connect();
    const reply = client.call({ op: OpCode.sasl, token: Uint8Array.of(1, 2) });
    expect(reply).toMatchObject({ zxid: 0, err: 0, body: { token: null } });
    expect(client.codeOf(existsRequest('/'))).toBe(0);
  });
});

describe('where authentication is enforced', () => {
  const enforced = () => new Harness({ enforcedSchemes: ['digest'] });

  it.each([
    ['a write', createRequest('/a')],
    ['a read', existsRequest('/')],
    ['a ping', pingRequest],
    ['a sync', { op: OpCode.sync, path: '/' } as const],
    ['a close', closeRequest],
  ])('%s of a stranger is refused, and the connection closed', (_title, request) => {
    const h = enforced();
    const client = h.connect();
    client.take();
    const count = h.log.txns.length;
    const frame = client.frameOf(request);
    // Apache answers with the xid that was sent, also a ping.
    h.deliver([[client, frame]]);
    expect(client.take()).toMatchObject([{ zxid: 0, err: ErrorCode.sessionClosedRequireSaslAuth }]);
    expect(client.isHungUp).toBe(true);
    expect(h.log.txns.length).toBe(count);
  });

  it('also a read that waited for the session to be made', () => {
    const h = enforced();
    const client = h.accept();
    client.sendConnect();
    client.send(getDataRequest('/'));
    h.sync();
    expect(client.take()).toMatchObject([
      { kind: 'connected' },
      { err: ErrorCode.sessionClosedRequireSaslAuth },
    ]);
    expect(client.isHungUp).toBe(true);
  });

  it('whoever authenticates is served, from the first request on', () => {
    const h = enforced();
    const client = h.accept();
    client.sendConnect();
    client.send(auth('anna:1'), createRequest('/a'), existsRequest('/a'), pingRequest);
    h.sync();
    expect(client.take()).toMatchObject([
      { kind: 'connected' },
      { op: OpCode.auth, err: 0 },
      { op: OpCode.create, err: 0 },
      { op: OpCode.exists, err: 0 },
      { op: OpCode.ping, err: 0 },
    ]);
  });

  it('sasl may be tried', () => {
    const client = enforced().connect();
    expect(client.codeOf({ op: OpCode.sasl, token: new Uint8Array(0) })).toBe(0);
    expect(client.isHungUp).toBe(false);
  });
});

describe('reconfig on a standalone server', () => {
  const reconfig = {
    op: OpCode.reconfig,
    joiningServers: null,
    leavingServers: '1',
    newMembers: null,
    curConfigId: -1n,
  } as const;

  it('is disabled, or unimplemented when it is enabled', () => {
    expect(new Harness().connect().codeOf(reconfig)).toBe(ErrorCode.reconfigDisabled);
    const h = new Harness({ core: { reconfigEnabled: true } });
    expect(h.connect().codeOf(reconfig)).toBe(ErrorCode.unimplemented);
  });
});
