import { CreateMode, ErrorCode, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { sessionPassword } from '../../src/session/session-password.ts';
import {
  closeRequest,
  createRequest,
  deleteRequest,
  existsRequest,
  getDataRequest,
  Harness,
  pingRequest,
  SESSION_MS,
  setDataRequest,
  TICK_MS,
} from '../harness.ts';

const ephemeral = { flags: CreateMode.ephemeral };

describe('connecting', () => {
  it('gives a session with the password that its id has, once it is durable', () => {
    const h = new Harness();
    const client = h.accept();
    client.sendConnect();
    expect(client.take()).toEqual([]);
    h.sync();
    expect(client.take()).toEqual([
      {
        kind: 'connected',
        sessionId: client.sessionId,
        timeoutMs: SESSION_MS,
        password: sessionPassword(client.sessionId),
        readOnly: false,
      },
    ]);
    expect(client.sessionId >> 56n).toBe(1n);
  });

  it.each([
    [1, 2 * TICK_MS],
    [-5, 2 * TICK_MS],
    [2 * TICK_MS + 1, 2 * TICK_MS + 1],
    [1_000_000, 20 * TICK_MS],
  ])('grants a timeout of %i ms as %i ms', (asked, granted) => {
    const client = new Harness().connect({ timeoutMs: asked });
    expect(client.take()).toMatchObject([{ kind: 'connected', timeoutMs: granted }]);
  });

  it('answers with the read-only byte only if the request had it', () => {
    const h = new Harness();
    const client = h.accept();
    client.sendConnect({ readOnly: undefined });
    h.sync();
    expect(client.take()).toMatchObject([{ kind: 'connected', readOnly: undefined }]);
  });

  it('serves what came right behind the connect request', () => {
    const h = new Harness();
    const client = h.accept();
    client.sendConnect();
    client.send(existsRequest('/'), createRequest('/a'), existsRequest('/a'), pingRequest);
    expect(client.received).toEqual([]);
    h.sync();
    expect(client.take()).toMatchObject([
      { kind: 'connected' },
      { op: OpCode.exists, err: 0 },
      { op: OpCode.create, err: 0 },
      { op: OpCode.exists, err: 0 },
      { op: OpCode.ping, err: 0 },
    ]);
  });

  it('gives each session another id', () => {
    const h = new Harness();
    const ids = new Set(Array.from({ length: 100 }, () => h.connect().sessionId));
    expect(ids.size).toBe(100);
  });

  it('never gives an id that somebody has, though the wall clock went back', () => {
    const h = new Harness();
    const before = Array.from({ length: 3 }, () => h.connect().sessionId);
    const again = h.restart({ wallMs: h.wallMs });
    const after = Array.from({ length: 3 }, () => again.connect().sessionId);
    expect(new Set([...before, ...after]).size).toBe(6);
  });

  it('refuses a client that has seen more than this server, without an answer', () => {
    const h = new Harness();
    h.connect().create('/a');
    const client = h.accept();
    client.sendConnect({ lastZxidSeen: h.core.lastAppliedZxid + 1 });
    expect(client.isHungUp).toBe(true);
    expect(client.take()).toEqual([]);
    const early = h.accept();
    h.connect().send(createRequest('/b'));
    early.sendConnect({ lastZxidSeen: h.core.lastProposedZxid });
    expect(early.isHungUp).toBe(true);
    const other = h.accept();
    other.sendConnect({ lastZxidSeen: h.core.lastAppliedZxid });
    h.sync();
    expect(other.take()).toMatchObject([{ kind: 'connected' }]);
  });

  it.each([
    ['no bytes', new Uint8Array(0)],
    ['half of it', new Uint8Array(20)],
    ['a password longer than the frame', Uint8Array.of(...new Uint8Array(24), 0x7f, 255, 255, 255)],
  ])('hangs up on a connect request that is %s', (_title, bytes) => {
    const h = new Harness();
    const client = h.accept();
    client.sendBytes(bytes);
    expect(client.isHungUp).toBe(true);
    expect(client.take()).toEqual([]);
    expect(h.core.sessions.size).toBe(0);
  });
});

describe('coming back', () => {
  it('with the password resumes the session on the new connection, and closes the old one', () => {
    const h = new Harness();
    const old = h.connect();
    old.create('/e', ephemeral);
    const client = h.accept();
    client.sendConnect({ sessionId: old.sessionId, password: old.password, timeoutMs: 7000 });
    expect(client.take()).toEqual([
      {
        kind: 'connected',
        sessionId: old.sessionId,
        timeoutMs: 7000,
        password: old.password,
        readOnly: false,
      },
    ]);
    expect(old.isHungUp).toBe(true);
    expect(client.codeOf(deleteRequest('/e'))).toBe(ErrorCode.ok);
  });

  it('finds a session that nobody holds once its connection is gone', () => {
    const h = new Harness();
    const old = h.connect();
    expect(h.core.sessions.get(old.sessionId)?.client).toBe(old);
    old.close();
    expect(h.core.sessions.get(old.sessionId)?.client).toBeUndefined();
    const client = h.accept();
    client.sendConnect({ sessionId: old.sessionId, password: old.password });
    expect(h.core.sessions.get(old.sessionId)?.client).toBe(client);
  });

  it('needs no write', () => {
    const h = new Harness();
    const old = h.connect();
    const count = h.log.txns.length;
    const client = h.accept();
    client.sendConnect({ sessionId: old.sessionId, password: old.password });
    expect(h.log.txns.length).toBe(count);
  });

  it.each(['wrong password', 'no password', 'unknown session', 'short password'] as const)(
    'is refused with a session of zeros: %s',
    (what) => {
      const h = new Harness();
      const old = h.connect();
      const client = h.accept();
      const passwords = {
        'wrong password': new Uint8Array(16),
        'no password': null,
        'unknown session': old.password,
        'short password': old.password.slice(0, 15),
      };
      client.sendConnect({
        sessionId: what === 'unknown session' ? old.sessionId + 99n : old.sessionId,
        password: passwords[what],
      });
      expect(client.take()).toEqual([
        {
          kind: 'connected',
          sessionId: 0n,
          timeoutMs: 0,
          password: new Uint8Array(16),
          readOnly: false,
        },
      ]);
      expect(client.isHungUp).toBe(true);
      expect(old.isHungUp).toBe(false);
      expect(old.codeOf(existsRequest('/'))).toBe(0);
    },
  );

  it('the replies of the old connection are never sent, but its writes are done', () => {
    const h = new Harness();
    const old = h.connect();
    old.take();
    old.send(createRequest('/a'));
    const client = h.accept();
    client.sendConnect({ sessionId: old.sessionId, password: old.password });
    h.sync();
    expect(old.take()).toEqual([]);
    expect(client.exists('/a')).toBe(true);
  });

  it('after a restart finds the session, with a fresh timeout, and its ephemerals', () => {
    const h = new Harness();
    const old = h.connect();
    old.create('/e', ephemeral);
    const again = h.restart();
    again.advance(SESSION_MS - TICK_MS);
    const client = again.accept();
    client.sendConnect({ sessionId: old.sessionId, password: old.password });
    again.advance(SESSION_MS - TICK_MS);
    expect(client.exists('/e')).toBe(true);
    again.advance(2 * SESSION_MS);
    expect(again.tree.findPath('/e')).toBe(-1);
  });
});

describe('a session ends', () => {
  it('when it is closed: the reply comes, then the server hangs up, and its ephemerals are gone', () => {
    const h = new Harness();
    const other = h.connect();
    const client = h.connect();
    client.create('/e1', ephemeral);
    client.create('/e2', ephemeral);
    client.take();
    client.send(closeRequest);
    expect(client.isHungUp).toBe(false);
    h.sync();
    expect(client.take()).toMatchObject([{ op: OpCode.closeSession, err: 0 }]);
    expect(client.isHungUp).toBe(true);
    expect(other.children('/')).toEqual(['zookeeper']);
    expect(h.core.sessions.size).toBe(1);
  });

  it('answers what came before the close, also when that waits behind a write', () => {
    const h = new Harness();
    const client = h.connect();
    client.take();
    client.send(createRequest('/a'), existsRequest('/a'), closeRequest);
    h.sync();
    expect(client.take()).toMatchObject([
      { op: OpCode.create, err: 0 },
      { op: OpCode.exists, err: 0 },
      { op: OpCode.closeSession, err: 0 },
    ]);
  });

  it('together with ephemerals that are still being created, and not with those being deleted', () => {
    const h = new Harness();
    const other = h.connect();
    const client = h.connect();
    client.create('/gone', ephemeral);
    client.take();
    client.send(
      createRequest('/pending', ephemeral),
      deleteRequest('/gone'),
      createRequest('/gone'),
      closeRequest,
    );
    h.sync();
    expect(other.children('/')).toEqual(['gone', 'zookeeper']);
    expect(other.stat('/')).toMatchObject({ pzxid: h.core.lastAppliedZxid });
    expect(h.factsOf('digest-mismatch')).toEqual([]);
  });

  it('also when the connection is gone before the close is durable', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/e', ephemeral);
    client.take();
    client.send(closeRequest);
    client.close();
    h.sync();
    expect(client.take()).toEqual([]);
    expect(h.core.sessions.size).toBe(0);
    expect(h.tree.findPath('/e')).toBe(-1);
  });

  it.each(['closed', 'expired'] as const)('for good: %s, it is unknown after a restart', (how) => {
    const h = new Harness();
    const client = h.connect();
    if (how === 'closed') client.call(closeRequest);
    else h.advance(3 * SESSION_MS);
    expect(h.core.snapshotHead().sessions).toEqual([]);
    const again = h.restart();
    expect(again.core.sessions.size).toBe(0);
    const back = again.accept();
    back.sendConnect({ sessionId: client.sessionId, password: client.password });
    expect(back.take()).toMatchObject([{ kind: 'connected', sessionId: 0n }]);
  });

  it('writes behind the close are refused, and change nothing', () => {
    const h = new Harness();
    const other = h.connect();
    const client = h.connect();
    client.send(closeRequest, createRequest('/late'), createRequest('/late-e', ephemeral));
    h.sync();
    expect(other.children('/')).toEqual(['zookeeper']);
    expect(h.log.txns.length).toBe(5);
  });

  it('when nobody was heard for its timeout, rounded up to a tick', () => {
    const h = new Harness();
    const client = h.connect({ timeoutMs: 4000 });
    client.create('/e', ephemeral);
    client.close();
    h.advance(4000);
    expect(h.tree.findPath('/e')).toBeGreaterThan(0);
    h.advance(TICK_MS);
    expect(h.tree.findPath('/e')).toBe(-1);
    expect(h.factsOf('session-expired')).toMatchObject([{ sessionId: client.sessionId }]);
  });

  it('and an idle client is hung up on without a word', () => {
    const h = new Harness();
    const client = h.connect({ timeoutMs: 4000 });
    client.take();
    h.advance(3 * TICK_MS);
    expect(client.isHungUp).toBe(true);
    expect(client.take()).toEqual([]);
  });

  it.each([
    ['a ping', pingRequest],
    ['a read', existsRequest('/')],
    ['a write', setDataRequest('/', 'x')],
    ['a refused request', getDataRequest('/no')],
  ])('not while %s comes now and then', (_title, request) => {
    const h = new Harness();
    const client = h.connect({ timeoutMs: 4000 });
    for (let i = 0; i < 5; i++) {
      h.advance(3000);
      client.call(request);
    }
    expect(client.isHungUp).toBe(false);
  });

  it('when an operator says so', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/e', ephemeral);
    expect(h.core.expireSession(client.sessionId)).toBe(true);
    expect(h.core.expireSession(client.sessionId)).toBe(false);
    expect(h.core.expireSession(1n)).toBe(false);
    client.send(existsRequest('/e'));
    h.sync();
    expect(client.isHungUp).toBe(true);
    expect(h.tree.findPath('/e')).toBe(-1);
  });

  it('once: a client that comes back while it ends is refused', () => {
    const h = new Harness();
    const old = h.connect();
    h.core.expireSession(old.sessionId);
    const client = h.accept();
    client.sendConnect({ sessionId: old.sessionId, password: old.password });
    expect(client.take()).toMatchObject([{ kind: 'connected', sessionId: 0n }]);
  });

  it('is told to those who watch its ephemerals, with the zxid of the end', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/e', ephemeral);
    const watcher = h.connect();
    watcher.call(existsRequest('/e', true));
    watcher.take();
    client.call(closeRequest);
    expect(watcher.take()).toEqual([
      { kind: 'event', zxid: h.core.lastAppliedZxid, type: 2, path: '/e' },
    ]);
  });
});

describe('ping', () => {
  it('is answered with its own xid and the last zxid, and without a body', () => {
    const h = new Harness();
    const client = h.connect();
    const { zxid } = client.call(createRequest('/a'));
    expect(client.call(pingRequest)).toMatchObject({ xid: -2, zxid, err: 0 });
  });
});

describe('getEphemerals', () => {
  it('finds those of the own session whose path begins with the prefix, also in mid-name', () => {
    const h = new Harness();
    const other = h.connect();
    const client = h.connect();
    other.create('/a-other', ephemeral);
    for (const path of ['/a', '/ab', '/b']) client.create(path, ephemeral);
    client.create('/a-persistent');
    const find = (prefixPath: string | null) =>
      [...client.call({ op: OpCode.getEphemerals, prefixPath }).body.ephemerals].sort();
    expect(find('/a')).toEqual(['/a', '/ab']);
    for (const all of [null, '', ' ', '/']) expect(find(all)).toEqual(['/a', '/ab', '/b']);
    expect(find('/nope')).toEqual([]);
  });
});
