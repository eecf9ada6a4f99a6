import { CreateMode, ErrorCode, encodeUtf8, JuteReader, JuteWriter, OpCode } from '@zooid/protocol';
import { describe, expect, it } from 'vitest';
import { AssertionError } from '../src/assert.ts';
import { NewState } from '../src/new-state.ts';
import {
  createRequest,
  digestId,
  existsRequest,
  getChildrenRequest,
  getDataRequest,
  Harness,
  SESSION_MS,
  TICK_MS,
} from './harness.ts';

/** The state of one server as another would read it from a snapshot. */
function stateOf(from: Harness, to: Harness): NewState {
  const out = new JuteWriter();
  const image = from.core.beginImage(out);
  while (!image.writeSlice(1024));
  const { zxid, sessions, acls } = from.core.snapshotHead();
  const tree = to.core.newTree();
  tree.clearForLoad();
  for (const [id, list] of acls) tree.acls.load(id, list);
  const reader = new JuteReader(out.copy());
  tree.loadNodes(reader);
  tree.finishLoad();
  return new NewState(tree, zxid, new Map(sessions.map(({ id, timeoutMs }) => [id, timeoutMs])));
}

describe('replacing the state', () => {
  it('shows the znodes, ACLs, digest and zxid of the new one, and goes on from there', () => {
    const source = new Harness();
    const author = source.connect();
    author.create('/new', { data: 'n' });
    const acl = [{ perms: 31, scheme: 'digest', id: digestId('u:p') }];
    author.create('/locked', { acl });
    const h = new Harness();
    const client = h.connect();
    for (let i = 0; i < 10; i++) client.create(`/old${i}`, { data: 'o' });
    const digest = source.tree.digest;
    h.replaceState(stateOf(source, h));

    expect(h.tree.digest).toBe(digest);
    expect(h.tree.nodeCount).toBe(source.tree.nodeCount);
    expect(h.tree.dataBytes).toBe(source.tree.dataBytes);
    expect(h.core.lastAppliedZxid).toBe(3);
    expect(h.core.lastProposedZxid).toBe(3);
    const next = h.connect();
    expect(next.data('/new')).toBe('n');
    expect(next.exists('/old0')).toBe(false);
    expect(next.codeOf(getDataRequest('/locked'))).toBe(ErrorCode.noAuth);
    next.create('/after');
    expect(h.core.lastAppliedZxid).toBe(5);
    expect(h.factsOf('digest-mismatch')).toEqual([]);
  });

  it('keeps the connections whose session the new state knows, and hangs up on the others', () => {
    const h = new Harness();
    const kept = h.connect();
    kept.create('/mine', { flags: CreateMode.ephemeral });
    const state = stateOf(h, h);
    const unknown = h.connect();
    unknown.create('/yours', { flags: CreateMode.ephemeral });
    h.replaceState(state);

    expect(unknown.isHungUp).toBe(true);
    expect(kept.isHungUp).toBe(false);
    expect(kept.exists('/mine')).toBe(true);
    expect(kept.exists('/yours')).toBe(false);
    const late = h.accept();
    const { sessionId, password } = unknown;
    late.sendConnect({ sessionId, password });
    expect(late.take()).toMatchObject([{ kind: 'connected', timeoutMs: 0 }]);
  });

  it('lets a session that only the new state has expire, and its ephemerals with it', () => {
    const source = new Harness();
    source.connect().create('/theirs', { flags: CreateMode.ephemeral });
    const h = new Harness({ wallMs: source.wallMs + 1_000_000 });
    h.replaceState(stateOf(source, h));
    const observer = h.connect({ timeoutMs: 20 * TICK_MS });
    expect(observer.exists('/theirs')).toBe(true);
    h.advance(SESSION_MS + 2 * TICK_MS);
    expect(observer.exists('/theirs')).toBe(false);
  });

  it('forgets the watches, which do not fire', () => {
    const h = new Harness();
    const client = h.connect();
    client.create('/a');
    const state = stateOf(h, h);
    client.call(getDataRequest('/a', true));
    client.call(getChildrenRequest('/', true));
    client.call(existsRequest('/b', true));
    client.call({ op: OpCode.addWatch, path: '/', mode: 1 });
    h.replaceState(state);
    expect(h.core.watches.watchCount).toBe(0);
    client.setData('/a', 'x');
    client.create('/b');
    expect(client.takeEvents()).toEqual([]);
    // New ones do.
    client.call(getDataRequest('/a', true));
    client.setData('/a', 'y');
    expect(client.takeEvents()).toEqual(['3 /a']);
  });

  it('has the quotas of the new state and no others', () => {
    const limits = 'count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=2';
    const quota = (h: Harness, subtree: string) => {
      const client = h.connect();
      client.create(`/${subtree}`);
      client.create(`/zookeeper/quota/${subtree}`);
      client.create(`/zookeeper/quota/${subtree}/zookeeper_limits`, { data: encodeUtf8(limits) });
      client.create(`/zookeeper/quota/${subtree}/zookeeper_stats`, { data: 'count=1,bytes=0' });
    };
    const core = { enforceQuota: true };
    const source = new Harness({ core });
    quota(source, 'limited');
    source.connect().create('/free');
    const h = new Harness({ core });
    quota(h, 'free');
    h.replaceState(stateOf(source, h));
    const client = h.connect();
    expect(client.codeOf(createRequest('/limited/1'))).toBe(0);
    expect(client.codeOf(createRequest('/limited/2'))).toBe(ErrorCode.quotaExceeded);
    for (let i = 0; i < 5; i++) expect(client.codeOf(createRequest(`/free/${i}`))).toBe(0);
  });

  it('is refused while a write is in flight', () => {
    const h = new Harness();
    const client = h.connect();
    const state = stateOf(h, h);
    client.send(createRequest('/inflight'));
    expect(() => h.replaceState(state)).toThrow(AssertionError);
    h.sync();
    expect(client.exists('/inflight')).toBe(true);
  });
});

describe('a state to be taken over', () => {
  it('loses the ephemerals of sessions that it does not know', () => {
    const h = new Harness();
    h.connect().create('/kept', { flags: CreateMode.ephemeral });
    const other = h.connect();
    for (let i = 0; i < 3; i++) other.create(`/gone${i}`, { flags: CreateMode.ephemeral });
    const whole = stateOf(h, h);
    const sessions = new Map([...whole.sessions].filter(([id]) => id !== other.sessionId));
    const state = new NewState(whole.tree, whole.zxid, sessions);
    expect(state.removeOrphans()).toBe(3);
    expect(state.removeOrphans()).toBe(0);
    expect(state.tree.ephemeralCount).toBe(1);
    expect(state.tree.findPath('/kept')).toBeGreaterThan(0);
  });
});
