import {
  type Acl,
  AddWatchMode,
  CreateMode,
  ErrorCode,
  EventType,
  OpCode,
  WatcherType,
} from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import {
  closeRequest,
  createRequest,
  deleteRequest,
  digestId,
  existsRequest,
  getChildrenRequest,
  getDataRequest,
  Harness,
  type HarnessOptions,
  setAclRequest,
  setDataRequest,
  type TestClient,
} from '../harness.ts';

const { nodeCreated, nodeDeleted, nodeDataChanged, nodeChildrenChanged } = EventType;
const created = (path: string) => `${nodeCreated} ${path}`;
const deleted = (path: string) => `${nodeDeleted} ${path}`;
const changed = (path: string) => `${nodeDataChanged} ${path}`;
const children = (path: string) => `${nodeChildrenChanged} ${path}`;

const addWatch = (path: string, mode: number) => ({ op: OpCode.addWatch, path, mode }) as const;
const { persistent, persistentRecursive } = AddWatchMode;

function watched(options?: HarnessOptions): { h: Harness; writer: TestClient; client: TestClient } {
  const h = new Harness(options);
  const [writer, client] = [h.connect(), h.connect()];
  client.take();
  return { h, writer, client };
}

describe('a watch', () => {
  it('of exists on an absent znode fires at its creation, once', () => {
    const { writer, client } = watched();
    expect(client.codeOf(existsRequest('/a', true))).toBe(ErrorCode.noNode);
    writer.create('/a');
    writer.setData('/a', 'x');
    expect(client.takeEvents()).toEqual([created('/a')]);
  });

  it.each([
    ['getData', getDataRequest('/a', true)],
    ['getChildren', getChildrenRequest('/a', true)],
  ])('of %s on an absent znode is none', (_name, request) => {
    const { writer, client } = watched();
    expect(client.codeOf(request)).toBe(ErrorCode.noNode);
    writer.create('/a');
    writer.create('/a/b');
    writer.setData('/a', 'x');
    expect(client.takeEvents()).toEqual([]);
  });

  it('of data fires at a change of data or at the deletion', () => {
    const { writer, client } = watched();
    writer.create('/a');
    client.call(getDataRequest('/a', true));
    writer.create('/a/b');
    expect(client.takeEvents()).toEqual([]);
    writer.setData('/a', 'x');
    expect(client.takeEvents()).toEqual([changed('/a')]);
    client.call(existsRequest('/a', true));
    writer.delete('/a/b');
    writer.delete('/a');
    expect(client.takeEvents()).toEqual([deleted('/a')]);
  });

  it('of children fires at creation and deletion below, and at the deletion of the znode', () => {
    const { writer, client } = watched();
    writer.create('/a');
    client.call(getChildrenRequest('/a', true));
    writer.setData('/a', 'x');
    writer.create('/a/b');
    writer.create('/a/c');
    expect(client.takeEvents()).toEqual([children('/a')]);
    client.call(getChildrenRequest('/a', true));
    writer.delete('/a/b');
    expect(client.takeEvents()).toEqual([children('/a')]);
    writer.delete('/a/c');
    client.call(getChildrenRequest('/a', true));
    writer.delete('/a');
    expect(client.takeEvents()).toEqual([deleted('/a')]);
  });

  it('of both kinds on one znode tells its deletion once', () => {
    const { writer, client } = watched();
    writer.create('/a');
    client.call(getDataRequest('/a', true));
    client.call(getChildrenRequest('/a', true));
    writer.delete('/a');
    expect(client.takeEvents()).toEqual([deleted('/a')]);
  });

  it('carries the zxid of the change', () => {
    const { writer, client } = watched();
    client.call(existsRequest('/a', true));
    const { zxid } = writer.call(createRequest('/a'));
    expect(client.take()).toEqual([{ kind: 'event', zxid, type: nodeCreated, path: '/a' }]);
  });

  it('comes before the reply of the write that fires it, and before a read that shows it', () => {
    const { h, writer, client } = watched();
    writer.create('/a');
    client.call(getDataRequest('/a', true));
    client.send(setDataRequest('/a', 'mine'), getDataRequest('/a', true));
    h.sync();
    expect(client.take()).toMatchObject([
      { kind: 'event', type: nodeDataChanged },
      { op: OpCode.setData },
      { op: OpCode.getData },
    ]);
    writer.send(setDataRequest('/a', 'theirs'));
    h.sync();
    client.send(getDataRequest('/a'));
    expect(client.take()).toMatchObject([{ kind: 'event' }, { op: OpCode.getData }]);
  });

  it('goes with its connection, not with its session', () => {
    const { h, writer, client } = watched();
    client.call(existsRequest('/a', true));
    const again = h.accept();
    again.sendConnect({ sessionId: client.sessionId, password: client.password });
    writer.create('/a');
    expect(client.takeEvents()).toEqual([]);
    expect(again.takeEvents()).toEqual([]);
  });

  it('costs nothing once its connection is gone', () => {
    const { h, client } = watched();
    client.call(existsRequest('/a', true));
    client.call(addWatch('/', persistentRecursive));
    client.close();
    expect(h.core.watches.isEmpty).toBe(true);
  });

  it('is not fired by a change of the ACL', () => {
    const { writer, client } = watched();
    writer.create('/a');
    client.call(addWatch('/a', persistent));
    writer.call(setAclRequest('/a'));
    expect(client.takeEvents()).toEqual([]);
  });
});

describe('addWatch', () => {
  it('persistent: every change of the znode, again and again', () => {
    const { writer, client } = watched();
    expect(client.call(addWatch('/a', persistent)).body).toMatchObject({ err: 0 });
    writer.create('/a');
    writer.setData('/a', 'x');
    writer.create('/a/b');
    writer.setData('/a/b', 'not told');
    writer.delete('/a/b');
    writer.delete('/a');
    expect(client.takeEvents()).toEqual([
      created('/a'),
      changed('/a'),
      children('/a'),
      children('/a'),
      deleted('/a'),
    ]);
  });

  it('recursive: everything below, and never a change of children', () => {
    const { writer, client } = watched();
    client.call(addWatch('/a', persistentRecursive));
    writer.create('/a');
    writer.create('/a/b');
    writer.setData('/a/b', 'x');
    writer.create('/ab');
    writer.delete('/a/b');
    writer.delete('/a');
    expect(client.takeEvents()).toEqual([
      created('/a'),
      created('/a/b'),
      changed('/a/b'),
      deleted('/a/b'),
      deleted('/a'),
    ]);
  });

  it('adds to other watches on the same path', () => {
    const { writer, client } = watched();
    client.call(addWatch('/a', persistentRecursive));
    client.call(addWatch('/a', persistent));
    writer.create('/a');
    client.takeEvents();
    client.call(getDataRequest('/a', true));
    writer.setData('/a', 'x');
    writer.create('/a/b');
    expect(client.takeEvents()).toEqual([changed('/a'), created('/a/b'), children('/a')]);
  });

  it('tells the ephemerals of a session that ends', () => {
    const { h, writer, client } = watched();
    const leaving = h.connect();
    writer.create('/a');
    leaving.create('/a/e', { flags: CreateMode.ephemeral });
    client.call(addWatch('/', persistentRecursive));
    client.call(getChildrenRequest('/a', true));
    leaving.call(closeRequest);
    expect(client.takeEvents()).toEqual([deleted('/a/e'), children('/a')]);
  });
});

describe('checkWatches and removeWatches', () => {
  const check = (path: string, type: number) => ({ op: OpCode.checkWatches, path, type }) as const;
  const remove = (path: string, type: number) =>
    ({ op: OpCode.removeWatches, path, type }) as const;

  it('answer NoWatcher for what is not there', () => {
    const { client } = watched();
    client.call(existsRequest('/a', true));
    expect(client.codeOf(check('/a', WatcherType.data))).toBe(0);
    expect(client.codeOf(check('/a', WatcherType.any))).toBe(0);
    expect(client.codeOf(check('/a', WatcherType.children))).toBe(ErrorCode.noWatcher);
    expect(client.codeOf(remove('/a', WatcherType.children))).toBe(ErrorCode.noWatcher);
    expect(client.codeOf(remove('/b', WatcherType.any))).toBe(ErrorCode.noWatcher);
  });

  it('what is removed does not fire', () => {
    const { writer, client } = watched();
    client.call(existsRequest('/a', true));
    client.call(addWatch('/', persistentRecursive));
    expect(client.codeOf(remove('/a', WatcherType.data))).toBe(0);
    expect(client.codeOf(remove('/', WatcherType.any))).toBe(0);
    writer.create('/a');
    expect(client.takeEvents()).toEqual([]);
  });

  it("leave other clients' watches alone", () => {
    const { h, writer, client } = watched();
    const other = h.connect();
    other.take();
    client.call(existsRequest('/a', true));
    other.call(existsRequest('/a', true));
    client.call(remove('/a', WatcherType.any));
    writer.create('/a');
    expect([client.takeEvents(), other.takeEvents()]).toEqual([[], [created('/a')]]);
  });
});

describe('setWatches', () => {
  function lists(relativeZxid: number) {
    return {
      relativeZxid,
      dataWatches: ['/same', '/changed', '/gone'],
      existWatches: ['/appeared', '/absent'],
      childWatches: ['/same', '/grown', '/gone2'],
    };
  }

  function changes() {
    const { h, writer, client } = watched();
    for (const path of ['/same', '/changed', '/gone', '/grown', '/gone2']) writer.create(path);
    const { zxid } = client.call(existsRequest('/'));
    writer.setData('/changed', 'x');
    writer.delete('/gone');
    writer.delete('/gone2');
    writer.create('/appeared');
    writer.create('/grown/child');
    return { h, writer, client, zxid };
  }

  it('tells what was missed, before its reply, without a zxid', () => {
    const { client, zxid } = changes();
    client.send({ op: OpCode.setWatches, ...lists(zxid) });
    expect(client.take()).toMatchObject([
      { type: nodeDataChanged, path: '/changed', zxid: -1 },
      { type: nodeDeleted, path: '/gone', zxid: -1 },
      { type: nodeCreated, path: '/appeared', zxid: -1 },
      { type: nodeChildrenChanged, path: '/grown', zxid: -1 },
      { type: nodeDeleted, path: '/gone2', zxid: -1 },
      { kind: 'reply', op: OpCode.setWatches, err: 0 },
    ]);
  });

  it('registers the rest, and only the rest', () => {
    const { writer, client, zxid } = changes();
    client.call({ op: OpCode.setWatches, ...lists(zxid) });
    client.take();
    writer.setData('/changed', 'y');
    writer.create('/grown/other');
    writer.create('/gone');
    writer.setData('/same', 'x');
    writer.create('/same/child');
    writer.create('/absent');
    expect(client.takeEvents()).toEqual([changed('/same'), children('/same'), created('/absent')]);
  });

  it('setWatches2 registers persistent ones, too, and tells nothing for them', () => {
    const { writer, client, zxid } = changes();
    client.send({
      op: OpCode.setWatches2,
      ...lists(zxid),
      dataWatches: [],
      existWatches: [],
      childWatches: [],
      persistentWatches: ['/changed', '/gone'],
      persistentRecursiveWatches: ['/grown'],
    });
    expect(client.take()).toMatchObject([{ op: OpCode.setWatches2, err: 0 }]);
    writer.setData('/changed', 'y');
    writer.setData('/changed', 'z');
    writer.create('/gone');
    writer.setData('/grown/child', 'x');
    expect(client.takeEvents()).toEqual([
      changed('/changed'),
      changed('/changed'),
      created('/gone'),
      changed('/grown/child'),
    ]);
  });

  it('echoes whatever xid it has', () => {
    const { client } = watched();
    const body = new Uint8Array(8 + 12);
    client.sendRaw(OpCode.setWatches, body, -8);
    expect(client.take()).toMatchObject([{ xid: -8, err: 0 }]);
  });
});

describe('an event is delivered', () => {
  const owner: Acl = { perms: 31, scheme: 'digest', id: digestId('anna:1') };

  it('only to those who may read the znode', () => {
    const { h, writer, client } = watched();
    const anna = h.connect();
    anna.authenticate('anna:1');
    anna.take();
    writer.create('/a', { acl: [owner, { perms: 2 | 4 | 8, scheme: 'world', id: 'anyone' }] });
    for (const one of [client, anna]) one.call(addWatch('/a', persistentRecursive));
    client.call(existsRequest('/a/b', true));
    anna.create('/a/b', { acl: [owner] });
    anna.setData('/a/b', 'x');
    anna.delete('/a/b');
    writer.setData('/a', 'x');
    expect(client.takeEvents()).toEqual([]);
    expect(anna.takeEvents()).toEqual([
      created('/a/b'),
      changed('/a/b'),
      deleted('/a/b'),
      changed('/a'),
    ]);
  });

  it('of a change of children to those who may read the parent', () => {
    const { h, writer, client } = watched();
    const anna = h.connect();
    anna.authenticate('anna:1');
    anna.take();
    writer.create('/open');
    client.call(getChildrenRequest('/open', true));
    client.call(existsRequest('/open/secret', true));
    anna.create('/open/secret', { acl: [owner] });
    expect(client.takeEvents()).toEqual([children('/open')]);
    writer.create('/closed', { acl: [owner] });
    client.call(addWatch('/closed', persistent));
    anna.create('/closed/x');
    expect(client.takeEvents()).toEqual([]);
  });

  it('judged by who the client is when it happens, not when it began to watch', () => {
    const { writer, client } = watched();
    writer.create('/a', { acl: [owner, { perms: 2, scheme: 'world', id: 'anyone' }] });
    client.call(addWatch('/a', persistent));
    writer.setData('/a', 'x');
    expect(client.takeEvents()).toEqual([]);
    client.authenticate('anna:1');
    writer.setData('/a', 'y');
    expect(client.takeEvents()).toEqual([changed('/a')]);
  });

  it('to everybody by setWatches: a client tells what it knows itself', () => {
    const { writer, client } = watched();
    writer.create('/a', { acl: [owner] });
    client.send({
      op: OpCode.setWatches,
      relativeZxid: 0,
      dataWatches: ['/a'],
      existWatches: [],
      childWatches: [],
    });
    expect(client.take()).toMatchObject([{ type: nodeDataChanged, path: '/a' }, { err: 0 }]);
  });

  it('to nobody for a refused write', () => {
    const { writer, client } = watched();
    writer.create('/a');
    client.call(getDataRequest('/a', true));
    writer.call(setDataRequest('/a', 'x', 7));
    writer.call(deleteRequest('/a', 7));
    expect(client.takeEvents()).toEqual([]);
  });
});
