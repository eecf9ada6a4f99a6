// Sessions that one member alone knows. As in Apache's LocalSessionRequestTest, LocalSessionsOnlyTest, SessionUpgradeTest,
// DuplicateLocalSessionUpgradeTest and MultiOpSessionUpgradeTest, packet by packet.

import {
  CreateMode,
  decodeForwardedRequest,
  decodePingSessions,
  decodeTxnRecord,
  ErrorCode,
  encodeTxnRecord,
  JuteReader,
  OpCode,
  QuorumPacketType,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import {
  closeRequest,
  create2Request,
  createRequest,
  existsRequest,
  SESSION_MS,
  setDataRequest,
  type TestClient,
  TICK_MS,
} from '../harness.ts';
import { configText, dataOf, MemberHarness, pathOf, type TestLink, z } from './member-harness.ts';

type Mode = 'off' | 'without-ephemerals' | 'upgrading';

const { diff, newLeader, upToDate, leaderInfo, ping, request: requestType } = QuorumPacketType;
const ephemeral = { flags: CreateMode.ephemeral };

/** A follower of epoch 2 that serves; its log ends with 1:1. */
function following(localSessions: Mode): { h: MemberHarness; link: TestLink } {
  const h = new MemberHarness({ log: ['1:1'], current: 1, options: { localSessions } });
  const link = h.follow();
  h.hear(
    link,
    leaderInfo,
    z('2:0'),
    dataOf((out) => out.int(0x10000)),
  );
  h.hear(link, diff, z('1:1'));
  h.hear(link, newLeader, z('2:0'), configText);
  h.hear(link, upToDate, -1);
  link.take();
  return { h, link };
}

/** Server 1 leads epoch 2 with server 2. */
function leading(localSessions: Mode): { h: MemberHarness; two: TestLink } {
  const h = new MemberHarness({ log: ['1:1'], current: 1, options: { localSessions } }).lead();
  const two = h.hearLearner(2, 1);
  h.hearAckEpoch(two, '1:1', 1);
  h.hearAck(two, '2:0');
  two.take();
  return { h, two };
}

/** A client with a session that no other server has heard of. */
function connected(h: MemberHarness): TestClient {
  const client = h.connectClient();
  expect(client.take()).toMatchObject([{ kind: 'connected', timeoutMs: SESSION_MS }]);
  return client;
}

/** The requests that the leader got. */
function requests(link: TestLink) {
  return link.takePackets().map(({ data }) => {
    const { sessionId, cxid, type } = decodeForwardedRequest(new JuteReader(data!));
    return { sessionId, cxid, type };
  });
}

/** What the leader proposed. */
function headers(link: TestLink) {
  return link
    .takePackets()
    .filter(({ type }) => type === QuorumPacketType.proposal)
    .map(({ data }) => decodeTxnRecord(new JuteReader(data!)).header);
}

/** The leader makes this session's createSession the transaction `zxid`, and commits it. */
function hearSessionCreated(h: MemberHarness, link: TestLink, sessionId: bigint, zxid: string) {
  const type = OpCode.createSession;
  const txn = dataOf((out) =>
    encodeTxnRecord(out, {
      header: { sessionId, cxid: 0, zxid: z(zxid), timeMs: 1, type },
      txn: { type, timeoutMs: SESSION_MS },
      digest: null,
    }),
  );
  h.hear(link, QuorumPacketType.proposal, z(zxid), txn);
  h.sync();
  h.hearCommit(link, zxid);
}

function hearWritten(
  h: MemberHarness,
  link: TestLink,
  client: TestClient,
  zxid: string,
  xid: number,
) {
  h.hearProposal(link, zxid, { id: client.sessionId, xid });
  h.sync();
  h.hearCommit(link, zxid);
}

function resume(h: MemberHarness, before: TestClient): TestClient {
  const client = h.harness.accept();
  client.sendConnect({ sessionId: before.sessionId, password: before.password });
  return client;
}

describe('a local session of a follower', () => {
  test('begins, is used and ends without a word to the leader', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    client.send(existsRequest(pathOf(z('1:1'))));
    expect(client.take()).toMatchObject([{ kind: 'reply', err: ErrorCode.ok }]);
    client.send(closeRequest);
    expect(client.take()).toMatchObject([{ kind: 'reply', op: OpCode.closeSession }]);
    expect(client.isHungUp).toBe(true);
    expect(link.take()).toEqual([]);
    expect(h.logged).toEqual([]);
    expect(h.harness.core.localSessions?.size).toBe(0);
  });

  test('goes on where it began, also after its connection was lost', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    h.harness.closed(client);
    const again = resume(h, client);
    expect(again.take()).toMatchObject([{ kind: 'connected', sessionId: client.sessionId }]);
    expect(link.take()).toEqual([]);
  });

  test('of another server is asked for at the leader, as every session is that is unknown here', () => {
    const { h, link } = following('upgrading');
    const client = connected(following('upgrading').h);
    const other = h.harness.accept();
    other.sendConnect({ sessionId: client.sessionId, password: client.password });
    expect(link.take()).toEqual(['revalidate -1']);
  });

  test('writes what needs no owner: the leader decides, and nobody hears of the session', () => {
    const { h, link } = following('without-ephemerals');
    const client = connected(h);
    const xid = client.send(createRequest(pathOf(z('2:1'))));
    expect(requests(link)).toEqual([
      { sessionId: client.sessionId, cxid: xid, type: OpCode.create },
    ]);
    hearWritten(h, link, client, '2:1', xid);
    expect(client.take()).toMatchObject([{ kind: 'reply', xid, zxid: z('2:1'), err: 0 }]);
    expect(h.harness.core.globalSessions.has(client.sessionId)).toBe(false);
  });

  test('ends behind the answers to its writes', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    const xid = client.send(createRequest(pathOf(z('2:1'))));
    client.send(closeRequest);
    expect(client.take()).toEqual([]);
    hearWritten(h, link, client, '2:1', xid);
    expect(client.take()).toMatchObject([
      { kind: 'reply', op: OpCode.create, err: 0 },
      { kind: 'reply', op: OpCode.closeSession, err: 0 },
    ]);
  });

  test('expires here, and only here', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    h.pass(SESSION_MS + 2 * TICK_MS);
    h.tell(() => h.harness.core.onTick());
    expect(client.isHungUp).toBe(true);
    expect(link.take()).toEqual([]);
    expect(h.harness.core.localSessions?.size).toBe(0);
  });

  test('is over when the role of its server is', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    h.closed(link);
    expect(client.isHungUp).toBe(true);
    expect(h.harness.core.localSessions?.size).toBe(0);
  });

  test('may own nothing while sessions do not become global; the refusal has its place among the answers', () => {
    const { h, link } = following('without-ephemerals');
    const client = connected(h);
    client.send(createRequest('/e', ephemeral));
    const code = ErrorCode.ephemeralOnLocalSession;
    expect(client.take()).toMatchObject([{ kind: 'reply', err: code }]);
    const xid = client.send(createRequest(pathOf(z('2:1'))));
    const refused = client.send(create2Request('/e', ephemeral));
    expect(client.take()).toEqual([]);
    hearWritten(h, link, client, '2:1', xid);
    expect(client.take()).toMatchObject([
      { kind: 'reply', xid, err: ErrorCode.ok },
      { kind: 'reply', xid: refused, err: code },
    ]);
  });
});

describe('an ephemeral znode of a local session', () => {
  test.each([
    ['create', createRequest('/e', ephemeral)],
    ['create2', create2Request('/e', { flags: CreateMode.ephemeralSequential })],
  ])('makes it global first: %s', (_title, wanted) => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    const xid = client.send(wanted);
    const { sessionId } = client;
    expect(requests(link)).toEqual([
      { sessionId, cxid: 0, type: OpCode.createSession },
      { sessionId, cxid: xid, type: wanted.op },
    ]);
    hearSessionCreated(h, link, sessionId, '2:1');
    expect(client.take()).toEqual([]);
    hearWritten(h, link, client, '2:2', xid);
    expect(client.take()).toMatchObject([{ kind: 'reply', xid, zxid: z('2:2') }]);
    expect(h.harness.core.localSessions?.size).toBe(0);
    expect(h.harness.core.globalSessions.get(sessionId)).toBe(SESSION_MS);
  });

  test('makes it global first, inside of a multi, too', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    client.send({ op: OpCode.multi, ops: [setDataRequest('/a'), createRequest('/p')] });
    client.send({ op: OpCode.multi, ops: [setDataRequest('/a'), createRequest('/e', ephemeral)] });
    expect(requests(link).map(({ type }) => type)).toEqual([
      OpCode.multi,
      OpCode.createSession,
      OpCode.multi,
    ]);
  });

  test('makes it global once', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    client.send(createRequest('/e', ephemeral), createRequest('/f', ephemeral));
    expect(requests(link).map(({ type }) => type)).toEqual([
      OpCode.createSession,
      OpCode.create,
      OpCode.create,
    ]);
  });

  test('lets the leader hear of the session from then on, and end it', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    client.send(createRequest('/e', ephemeral));
    client.send(existsRequest('/e'));
    link.take();
    h.hear(link, ping, z('2:0'));
    const [told] = link.received;
    expect(decodePingSessions(new JuteReader(told!.data!))).toEqual([
      { sessionId: client.sessionId, timeoutMs: SESSION_MS },
    ]);
    link.takePackets();
    const xid = client.send(closeRequest);
    expect(requests(link)).toEqual([
      { sessionId: client.sessionId, cxid: xid, type: OpCode.closeSession },
    ]);
  });

  test('of a client that comes back before that is decided: the leader is asked, behind the upgrade', () => {
    const { h, link } = following('upgrading');
    const client = connected(h);
    client.send(createRequest('/e', ephemeral));
    h.harness.closed(client);
    link.take();
    resume(h, client);
    expect(link.take()).toEqual(['revalidate -1']);
  });
});

describe('a leader', () => {
  const ID = 0x200_0000_0000_0001n;
  /** A number that this leader would have given. */
  const OWN = 0x100_0000_0000_0001n;

  function codeOf(
    h: MemberHarness,
    two: TestLink,
    sessionId: bigint,
    wanted = createRequest('/p'),
  ) {
    const body = dataOf((out) => {
      out.long(sessionId);
      out.int(1);
      out.int(wanted.op);
      out.ustring(wanted.path);
      out.buffer(wanted.data);
      out.int(0);
      out.int(wanted.flags);
    });
    h.hear(two, requestType, -1, body, []);
    const [packet] = two.takePackets();
    const { txn } = decodeTxnRecord(new JuteReader(packet!.data!));
    return txn?.type === OpCode.error ? txn.err : ErrorCode.ok;
  }

  test('with local sessions does what a session writes that only a learner knows', () => {
    const { h, two } = leading('without-ephemerals');
    // Without any ACL it is looked at, and refused for that.
    expect(codeOf(h, two, ID)).toBe(ErrorCode.invalidACL);
  });

  test('never lets one own a znode, nor one that it would have made itself write', () => {
    const { h, two } = leading('upgrading');
    expect(codeOf(h, two, ID, createRequest('/p', ephemeral))).toBe(ErrorCode.sessionExpired);
    expect(codeOf(h, two, OWN)).toBe(ErrorCode.sessionExpired);
  });

  test('without local sessions refuses it', () => {
    const { h, two } = leading('off');
    expect(codeOf(h, two, ID)).toBe(ErrorCode.sessionExpired);
  });

  test('does not confirm a local session of its own to a learner', () => {
    const { h, two } = leading('upgrading');
    const client = connected(h);
    const wanted = dataOf((out) => {
      out.long(client.sessionId);
      out.int(SESSION_MS);
    });
    h.hear(two, QuorumPacketType.revalidate, -1, wanted);
    const [answer] = two.takePackets();
    expect(new Uint8Array(answer!.data!).at(-1)).toBe(0);
  });

  test('makes a session of its own global in order', () => {
    const { h, two } = leading('upgrading');
    const client = connected(h);
    const xid = client.send(createRequest('/e', ephemeral));
    const { sessionId } = client;
    expect(headers(two)).toMatchObject([
      { sessionId, cxid: 0, type: OpCode.createSession, zxid: z('2:1') },
      { sessionId, cxid: xid, type: OpCode.create, zxid: z('2:2') },
    ]);
    h.sync();
    h.hearAck(two, '2:1');
    expect(client.take()).toEqual([]);
    h.hearAck(two, '2:2');
    expect(client.take()).toMatchObject([{ kind: 'reply', xid, err: ErrorCode.ok }]);
    expect(Array.from(h.harness.tree.ephemeralSessions(), ([owner]) => owner)).toEqual([sessionId]);
  });

  test('proposes nothing for the beginning and the end of a local session', () => {
    const { h, two } = leading('without-ephemerals');
    const client = connected(h);
    client.send(closeRequest);
    expect(client.take()).toMatchObject([{ kind: 'reply', op: OpCode.closeSession }]);
    expect(two.take()).toEqual([]);
  });
});
