// What a follower and an observer say and do, packet by packet. As in Apache's Zab1_0Test.

import {
  decodeAckEpoch,
  decodeForwardedRequest,
  decodeLearnerInfo,
  decodePingSessions,
  decodeRevalidateRequest,
  ErrorCode,
  encodeTxnRecord,
  encodeUtf8,
  JuteReader,
  OpCode,
  QuorumPacketType,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { NewState } from '../../src/new-state.ts';
import { createRequest, existsRequest, type TestClient } from '../harness.ts';
import {
  configText,
  dataOf,
  INIT_LIMIT_MS,
  MemberHarness,
  type MemberHarnessOptions,
  pathOf,
  SYNC_LIMIT_MS,
  type TestLink,
  txnOf,
  z,
} from './member-harness.ts';

const { diff, trunc, snap, newLeader, upToDate, leaderInfo, ping } = QuorumPacketType;
const version = dataOf((out) => out.int(0x10000));

/** A follower that was told of epoch 2 and has taken it. */
function choosing(options: MemberHarnessOptions = { log: ['1:1', '1:2'], current: 1 }) {
  const h = new MemberHarness(options);
  const link = h.follow();
  h.hear(link, leaderInfo, z('2:0'), version);
  return { h, link };
}

function hearNewLeader(h: MemberHarness, link: TestLink, zxid = '2:0'): void {
  h.hear(link, newLeader, z(zxid), configText);
}

/** A follower of epoch 2 that serves. */
function serving(options?: MemberHarnessOptions) {
  const { h, link } = choosing(options);
  h.hear(link, diff, h.harness.core.lastAppliedZxid);
  hearNewLeader(h, link);
  h.hear(link, upToDate, -1);
  expect(h.member.isServing).toBe(true);
  link.take();
  return { h, link };
}

describe('the handshake', () => {
  test('a follower says who it is and which epoch it has accepted', () => {
    const h = new MemberHarness({ accepted: 5, current: 3 });
    const link = h.follow();
    const [info] = link.takePackets();
    expect([info!.type, info!.zxid]).toEqual([QuorumPacketType.followerInfo, z('5:0')]);
    expect(decodeLearnerInfo(new JuteReader(info!.data!))).toEqual({
      serverId: 1n,
      protocolVersion: 0x10000,
      configVersion: 0n,
    });
  });

  test('an observer says that it is one', () => {
    const h = new MemberHarness({ serverId: 4 });
    expect(h.follow().take()).toEqual(['observerInfo 0:0']);
    expect(h.member.role).toBe('observing');
  });

  test('an epoch is on disk before it is acknowledged, with that of the history', () => {
    const h = new MemberHarness({ log: ['1:1', '1:2'], accepted: 1, current: 1 });
    const link = h.follow();
    h.trace = [];
    link.take();
    h.hear(link, leaderInfo, z('2:0'), version);
    expect(h.trace).toEqual(['accept 2', 'send ackEpoch 1:2']);
    expect(decodeAckEpoch(new JuteReader(link.takePackets()[0]!.data!)).currentEpoch).toBe(1);
  });

  test('one that has taken the epoch before says so, in order not to be counted twice', () => {
    const h = new MemberHarness({ log: ['1:1'], accepted: 2, current: 1 });
    const link = h.follow();
    link.take();
    h.hear(link, leaderInfo, z('2:0'), version);
    expect(decodeAckEpoch(new JuteReader(link.takePackets()[0]!.data!)).currentEpoch).toBe(-1);
    expect(h.trace).not.toContain('accept 2');
  });

  test('a leader of an older epoch is not followed', () => {
    const h = new MemberHarness({ accepted: 5, current: 3 });
    const link = h.follow();
    h.hear(link, leaderInfo, z('4:0'), version);
    expect([link.closing, h.member.role]).toEqual(['role-ended', 'looking']);
    expect(h.member.acceptedEpoch).toBe(5);
  });

  test.each([
    ['NEWLEADER', newLeader],
    ['PROPOSAL', QuorumPacketType.proposal],
    ['UPTODATE', upToDate],
  ])('%s in place of the plan ends the role', (_name, type) => {
    const { h, link } = choosing();
    h.hear(link, type, z('2:0'), configText);
    expect([link.closing, h.member.role]).toEqual(['role-ended', 'looking']);
  });

  test('a leader that says nothing is left after initLimit', () => {
    const { h } = choosing();
    h.pass(INIT_LIMIT_MS + 100);
    expect(h.lastReason).toBe('the leader did not bring this server up in time (initLimit)');
  });
});

describe('the order on disk', () => {
  test('history durable, then its epoch, then the acknowledgement; then what came behind it', () => {
    const { h, link } = choosing();
    h.trace = [];
    h.hear(link, diff, z('1:4'));
    for (const zxid of ['1:3', '1:4']) {
      h.hearProposal(link, zxid);
      h.hearCommit(link, zxid);
    }
    h.hearProposal(link, '2:1');
    hearNewLeader(h, link);
    // The first write holds 1:3 only: the others gathered meanwhile.
    h.syncOnce();
    expect(h.trace).toEqual(['durable']);
    h.syncOnce();
    expect(h.trace).toEqual(['durable', 'durable', 'adopt 2', 'send ack 2:0', 'send ack 2:1']);
  });

  test('what comes behind NEWLEADER need not be durable for its acknowledgement', () => {
    const { h, link } = choosing();
    h.hear(link, diff, z('1:3'));
    h.hearProposal(link, '1:3');
    hearNewLeader(h, link);
    h.hearProposal(link, '2:1');
    link.take();
    h.syncOnce();
    expect(link.take()).toEqual(['ack 2:0']);
    h.syncOnce();
    expect(link.take()).toEqual(['ack 2:1']);
  });

  test('each proposal is acknowledged singly, and none before it is durable', () => {
    const { h, link } = serving();
    for (const zxid of ['2:1', '2:2', '2:3']) h.hearProposal(link, zxid);
    expect(link.take()).toEqual([]);
    h.syncOnce();
    expect(link.take()).toEqual(['ack 2:1']);
    h.syncOnce();
    expect(link.take()).toEqual(['ack 2:2', 'ack 2:3']);
  });

  test('what is committed is not applied before it is durable here', () => {
    const { h, link } = serving();
    h.hearProposal(link, '2:1');
    h.hearCommit(link, '2:1');
    expect(h.has('2:1')).toBe(false);
    h.sync();
    expect(h.has('2:1')).toBe(true);
  });

  test('what is durable is not applied before it is committed', () => {
    const { h, link } = serving();
    h.hearProposal(link, '2:1');
    h.sync();
    expect(h.has('2:1')).toBe(false);
    h.hearCommit(link, '2:1');
    expect(h.has('2:1')).toBe(true);
  });

  test('an observer logs what it is told and acknowledges none of it', () => {
    const { h, link } = serving({ serverId: 4, log: ['1:1'], current: 1 });
    h.hear(link, QuorumPacketType.inform, z('2:1'), txnOf(z('2:1')));
    h.sync();
    expect([h.has('2:1'), link.take()]).toEqual([true, []]);
  });

  test('UPTODATE before the history is acknowledged ends the role', () => {
    const { h, link } = choosing();
    h.hear(link, diff, z('1:3'));
    h.hearProposal(link, '1:3');
    hearNewLeader(h, link);
    h.hear(link, upToDate, -1);
    expect([h.member.role, h.lastReason]).toEqual(['settling', 'an unexpected UPTODATE']);
    expect(h.trace).not.toContain('adopt 2');
  });

  test('NEWLEADER of another epoch than was taken ends the role', () => {
    const { h, link } = choosing();
    h.hear(link, diff, z('1:2'));
    hearNewLeader(h, link, '3:0');
    expect(h.lastReason).toBe('an unexpected NEWLEADER 0x300000000');
    expect(h.trace).not.toContain('adopt 2');
  });
});

describe('a stream that cannot be right', () => {
  test('a gap between proposals ends the role, and nothing of it is logged', () => {
    const { h, link } = serving();
    h.hearProposal(link, '2:1');
    h.hearProposal(link, '2:3');
    expect(h.lastReason).toBe("the leader's transaction 0x200000003 does not follow 0x200000001");
    expect(h.logged).toEqual(['2:1']);
    h.sync();
    expect(h.member.role).toBe('looking');
  });

  test('a proposal that comes again ends the role', () => {
    const { h, link } = serving();
    h.hearProposal(link, '2:1');
    h.hearProposal(link, '2:1');
    expect(h.logged).toEqual(['2:1']);
    expect(link.closing).toBe('role-ended');
  });

  test('a commit of what was not proposed ends the role', () => {
    const { h, link } = serving();
    h.hearCommit(link, '2:1');
    expect(h.lastReason).toBe('the leader commits 0x200000001, which it has not proposed');
  });

  test('a commit of what is applied already says nothing new', () => {
    const { h, link } = serving();
    h.hearCommit(link, '1:2');
    expect(h.member.isServing).toBe(true);
  });

  test('a proposal without a whole header is malformed', () => {
    const { h, link } = serving();
    h.hear(link, QuorumPacketType.proposal, z('2:1'), new Uint8Array(31));
    expect(link.closing).toBe('malformed');
    h.closed(link);
    expect(h.member.role).toBe('looking');
  });
});

describe('a log that is cut back', () => {
  const log = ['1:1', '1:2', '1:3'];

  test('is cut and loaded again before anything else is taken in', () => {
    const { h, link } = choosing({ log, current: 1 });
    h.hear(link, trunc, z('1:2'));
    expect(h.wants).toContain('truncate 1:2');
    expect(link.isHeld).toBe(true);
    h.truncated('1:2', log);
    expect([link.isHeld, h.wants.at(-1)]).toEqual([false, 'resume']);
    expect([h.has('1:3'), h.harness.core.lastAppliedZxid]).toEqual([false, z('1:2')]);
    h.hearProposal(link, '2:1');
    hearNewLeader(h, link);
    link.take();
    h.sync();
    expect(link.take()).toEqual(['ack 2:0', 'ack 2:1']);
  });

  test('is no longer in memory either: it cannot be passed on', () => {
    const { h, link } = choosing({ log, current: 1 });
    h.hear(link, trunc, z('1:2'));
    h.truncated('1:2', log);
    expect(h.member.committedLog.maxZxid).toBe(z('1:2'));
  });

  test('stays when it ends there already', () => {
    const { h, link } = choosing({ log, current: 1 });
    h.hear(link, trunc, z('1:3'));
    expect([link.isHeld, h.wants.filter((want) => want.startsWith('trunc'))]).toEqual([false, []]);
  });

  test('that no snapshot on disk leads back to is replaced by the whole state of the leader', () => {
    const { h, link } = choosing({ log, current: 1 });
    h.hear(link, trunc, z('1:2'));
    h.tell(() => h.member.onLogNotTruncated());
    expect([h.member.role, h.has('1:3')]).toEqual(['looking', true]);
    h.closed(link);
    // It is asked for from the same leader, who does not count this server any more.
    const again = h.follow(3, 2);
    again.take();
    h.hear(again, leaderInfo, z('2:0'), version);
    const [ack] = again.takePackets();
    expect([ack!.type, ack!.zxid]).toEqual([QuorumPacketType.ackEpoch, 0]);
    expect(decodeAckEpoch(new JuteReader(ack!.data!)).currentEpoch).toBe(-1);
    h.hear(again, snap, z('1:2'));
    expect(again.incoming).toBe('snapshot');
  });

  test('that could not be cut back once is told truly to the leader of another epoch', () => {
    const { h, link } = choosing({ log, current: 1 });
    h.hear(link, trunc, z('1:2'));
    h.tell(() => h.member.onLogNotTruncated());
    h.closed(link);
    const other = h.follow(3, 2);
    other.take();
    h.hear(other, leaderInfo, z('3:0'), version);
    expect(other.take()).toEqual(['ackEpoch 1:3']);
  });

  test('is what the next election is about, when the leader is lost meanwhile', () => {
    const { h, link } = choosing({ log, current: 1 });
    h.hear(link, trunc, z('1:2'));
    h.closed(link);
    expect(h.member.role).toBe('settling');
    h.truncated('1:2', log);
    expect(h.member.role).toBe('looking');
    expect(h.facts.findLast(({ kind }) => kind === 'looking')).toMatchObject({ zxid: z('1:2') });
  });

  test('waits as long as the disk takes', () => {
    const { h, link } = choosing({ log, current: 1 });
    h.hear(link, trunc, z('1:2'));
    h.pass(2 * INIT_LIMIT_MS);
    expect(link.closing).toBeUndefined();
  });
});

describe('a snapshot', () => {
  function stateOf(h: MemberHarness, zxid: string): NewState {
    return new NewState(h.harness.core.newTree(), z(zxid), new Map());
  }

  test('counts when it is installed, and what follows goes on from it', () => {
    const { h, link } = choosing();
    h.hear(link, snap, z('1:9'));
    expect(link.incoming).toBe('snapshot');
    h.tell(() => h.member.onSnapshotReceived(link, stateOf(h, '1:9')));
    expect([link.incoming, link.isHeld, h.states.length]).toEqual(['packets', true, 1]);
    expect(h.harness.core.lastAppliedZxid).toBe(z('1:2'));
    h.installed(h.states[0]!);
    expect([link.isHeld, h.has('1:2')]).toEqual([false, false]);
    h.hearProposal(link, '1:10');
    h.hearCommit(link, '1:10');
    hearNewLeader(h, link);
    link.take();
    h.sync();
    expect(link.take()).toEqual(['ack 2:0']);
    expect(h.has('1:10')).toBe(true);
  });

  test('that is installed after the role has ended is what the next election is about', () => {
    const { h, link } = choosing();
    h.hear(link, snap, z('1:9'));
    h.tell(() => h.member.onSnapshotReceived(link, stateOf(h, '1:9')));
    h.closed(link);
    expect(h.member.role).toBe('settling');
    h.installed(h.states[0]!);
    expect(h.facts.findLast(({ kind }) => kind === 'looking')).toMatchObject({
      zxid: z('1:9'),
      epoch: 1,
    });
  });

  test('that never came leaves the state as it was', () => {
    const { h, link } = choosing();
    h.hear(link, snap, z('1:9'));
    h.closed(link);
    expect([h.member.role, h.has('1:2')]).toEqual(['looking', true]);
  });

  test('may take long, as long as it comes', () => {
    const { h, link } = choosing();
    h.hear(link, snap, z('1:9'));
    for (let i = 0; i < 5; i++) {
      h.pass(INIT_LIMIT_MS - 1000);
      h.tell(() => h.member.onSnapshotProgress(link));
    }
    expect(link.closing).toBeUndefined();
    h.pass(INIT_LIMIT_MS + 100);
    expect(link.closing).toBe('role-ended');
  });
});

describe('clients of a follower', () => {
  function request(link: TestLink) {
    const [packet] = link.takePackets();
    const { sessionId, cxid, type } = decodeForwardedRequest(new JuteReader(packet!.data!));
    return { id: sessionId, xid: cxid, type };
  }

  /** A client whose session is transaction 2:1. */
  function connected(h: MemberHarness, link: TestLink): TestClient {
    const client = h.connectClient();
    const { id, type } = request(link);
    expect(type).toBe(OpCode.createSession);
    const txn = dataOf((out) =>
      encodeTxnRecord(out, {
        header: { sessionId: id, cxid: 0, zxid: z('2:1'), timeMs: 1, type: OpCode.createSession },
        txn: { type: OpCode.createSession, timeoutMs: 10_000 },
        digest: null,
      }),
    );
    h.hear(link, QuorumPacketType.proposal, z('2:1'), txn);
    h.sync();
    expect(client.take()).toEqual([]);
    h.hearCommit(link, '2:1');
    link.take();
    expect(client.take()).toMatchObject([{ kind: 'connected', sessionId: id }]);
    return client;
  }

  test('are answered what they reconfigured before the role ends by that', () => {
    const { h, link } = serving({ log: ['1:1'], current: 1, options: { isReconfigOn: true } });
    const client = connected(h, link);
    client.send({
      op: OpCode.reconfig,
      joiningServers: null,
      leavingServers: '3',
      newMembers: null,
      curConfigId: -1n,
    });
    const { id, xid } = request(link);
    const text = [1, 2]
      .map((server) => `server.${server}=10.0.0.${server}:2888:3888:participant`)
      .concat(`version=${z('2:2').toString(16)}`)
      .join('\n');
    const txn = dataOf((out) =>
      encodeTxnRecord(out, {
        header: { sessionId: id, cxid: xid, zxid: z('2:2'), timeMs: 1, type: OpCode.reconfig },
        txn: {
          type: OpCode.reconfig,
          path: '/zookeeper/config',
          data: encodeUtf8(text),
          version: -1,
        },
        digest: null,
      }),
    );
    h.hear(link, QuorumPacketType.proposal, z('2:2'), txn);
    // Server 2 leads from now on. The transaction is not durable here yet.
    const next = dataOf((out) => out.long(2n));
    h.hear(link, QuorumPacketType.commitAndActivate, z('2:2'), next);
    expect([client.take(), h.member.role]).toEqual([[], 'following']);
    h.sync();
    expect(client.take()).toMatchObject([{ op: OpCode.reconfig, err: 0 }]);
    h.pass(1);
    expect(h.lastReason).toBe('the configuration has another place for this server');
    expect([h.member.role, client.isHungUp]).toEqual(['looking', true]);
  });

  test('are answered by the commit that carries their session and number, and by no other', () => {
    const { h, link } = serving();
    const client = connected(h, link);
    client.send(createRequest(pathOf(z('2:3'))));
    const { id, xid } = request(link);
    // Of somebody else, who uses the same number.
    h.hearProposal(link, '2:2', { id: 77n, xid });
    h.hearProposal(link, '2:3', { id, xid });
    h.sync();
    h.hearCommit(link, '2:2');
    expect(client.take()).toEqual([]);
    h.hearCommit(link, '2:3');
    expect(client.take()).toMatchObject([{ kind: 'reply', xid, zxid: z('2:3'), err: 0 }]);
  });

  test('read what is applied here, behind their own writes', () => {
    const { h, link } = serving();
    const client = connected(h, link);
    client.send(createRequest(pathOf(z('2:2'))));
    const { id, xid } = request(link);
    client.send(existsRequest(pathOf(z('2:2'))));
    expect(client.take()).toEqual([]);
    h.hearProposal(link, '2:2', { id, xid });
    h.sync();
    h.hearCommit(link, '2:2');
    expect(client.take()).toMatchObject([
      { op: OpCode.create, err: 0 },
      { op: OpCode.exists, err: 0 },
    ]);
  });

  test('get the answer to a sync behind what was committed before it, and before what is committed later', () => {
    const { h, link } = serving();
    const client = connected(h, link);
    client.send({ op: OpCode.sync, path: '/' });
    link.take();
    h.hearProposal(link, '2:2');
    h.hearCommit(link, '2:2');
    h.hear(link, QuorumPacketType.sync, 0);
    // Committed, and not applied, for it is not durable here yet.
    expect(client.take()).toEqual([]);
    h.sync();
    expect(client.take()).toMatchObject([{ op: OpCode.sync, zxid: z('2:2') }]);
  });

  test('go on with a session of elsewhere when the leader knows it', () => {
    const { h, link } = serving();
    const before = connected(h, link);
    const { sessionId, password } = before;
    before.close();
    const client = h.harness.accept();
    client.sendConnect({ sessionId, password });
    const [ask] = link.takePackets();
    expect(decodeRevalidateRequest(new JuteReader(ask!.data!)).sessionId).toBe(sessionId);
    expect(client.take()).toEqual([]);
    const answer = (valid: boolean) =>
      dataOf((out) => {
        out.long(sessionId);
        out.boolean(valid);
      });
    h.hear(link, QuorumPacketType.revalidate, -1, answer(true));
    expect(client.take()).toMatchObject([{ kind: 'connected', sessionId }]);
    const other = h.harness.accept();
    other.sendConnect({ sessionId, password });
    h.hear(link, QuorumPacketType.revalidate, -1, answer(false));
    expect(other.take()).toMatchObject([{ kind: 'connected', sessionId: 0n }]);
    expect(other.isHungUp).toBe(true);
  });

  test('are named in the answer to a ping when they were heard of, once', () => {
    const { h, link } = serving();
    const client = connected(h, link);
    const touched = () => {
      link.received = [];
      h.hear(link, ping, z('2:1'));
      return decodePingSessions(new JuteReader(link.received[0]!.data!));
    };
    touched();
    expect(touched()).toEqual([]);
    client.send({ op: OpCode.ping });
    client.send({ op: OpCode.ping });
    expect(touched()).toEqual([{ sessionId: client.sessionId, timeoutMs: 10_000 }]);
    expect(touched()).toEqual([]);
  });

  test('are sent away without an answer when the leader is lost, though what they asked for is applied', () => {
    const { h, link } = serving();
    const client = connected(h, link);
    client.send(existsRequest(pathOf(z('2:2')), true), createRequest(pathOf(z('2:2'))));
    expect(client.take()).toMatchObject([{ op: OpCode.exists, err: ErrorCode.noNode }]);
    const { id, xid } = request(link);
    h.hearProposal(link, '2:2', { id, xid });
    h.closed(link);
    h.sync();
    // Nobody knows whether it is committed: no reply, no event.
    expect([client.take(), client.isHungUp, h.has('2:2')]).toEqual([[], true, true]);
    expect(h.member.role).toBe('looking');
  });
});

test('what a lost leader did not answer takes up no room of the budget for large requests', () => {
  const { h, link } = serving({
    log: ['1:1', '1:2'],
    current: 1,
    core: { largeRequests: { thresholdBytes: 100, bytesMax: 1000 } },
  });
  const large = createRequest('/large', { data: new Uint8Array(800) });
  /** Whether another client may send a large request, which is handed on. */
  const isTaken = (): boolean => {
    const client = h.connectClient();
    client.send(large);
    return !client.isHungUp;
  };
  expect([isTaken(), isTaken()]).toEqual([true, false]);
  h.closed(link);
  const next = h.follow(3, 2);
  h.hear(next, leaderInfo, z('3:0'), version);
  h.hear(next, diff, z('1:2'));
  hearNewLeader(h, next, '3:0');
  h.hear(next, upToDate, -1);
  expect(h.member.isServing).toBe(true);
  expect(isTaken()).toBe(true);
});

describe('a leader that is silent', () => {
  test('is left after syncLimit', () => {
    const { h } = serving();
    h.pass(SYNC_LIMIT_MS - 500);
    expect(h.member.isServing).toBe(true);
    h.pass(1000);
    expect(h.lastReason).toMatch(/^nothing was heard of the leader for /);
  });

  test('is left sooner when it was heard of often', () => {
    const { h, link } = serving();
    for (let i = 0; i < 10; i++) {
      h.hear(link, ping, z('2:0'));
      h.pass(200);
    }
    h.pass(1500);
    expect(h.member.isServing).toBe(true);
    h.pass(1000);
    expect(h.member.role).toBe('looking');
  });

  test('is not left for the time that this server stood still itself', () => {
    const { h, link } = serving();
    h.pass(500);
    h.standStill(2 * SYNC_LIMIT_MS);
    expect(link.closing).toBeUndefined();
    h.pass(SYNC_LIMIT_MS + 500);
    expect(link.closing).toBe('role-ended');
  });
});

describe('between roles', () => {
  test('what is logged becomes durable and is applied, committed or not, before the election', () => {
    const { h, link } = serving();
    for (const zxid of ['2:1', '2:2']) h.hearProposal(link, zxid);
    h.closed(link);
    expect([h.member.role, h.has('2:1')]).toEqual(['settling', false]);
    h.sync();
    expect([h.has('2:1'), h.has('2:2')]).toEqual([true, true]);
    expect(h.facts.findLast(({ kind }) => kind === 'looking')).toMatchObject({
      zxid: z('2:2'),
      epoch: 2,
    });
  });

  test('packets of a connection that has ended change nothing', () => {
    const { h, link } = serving();
    h.tell(() => h.member.resign('for the test'));
    h.hearProposal(link, '2:1');
    expect([h.logged, h.member.role]).toEqual([[], 'looking']);
  });

  test('a member that stops takes no other role', () => {
    const { h } = serving();
    h.tell(() => h.member.stop());
    h.hearVote(2, 3, z('900:1'), 900);
    h.pass(1000);
    expect([h.member.role, h.member.isServing]).toEqual(['stopped', false]);
  });
});

describe('read-only mode', () => {
  const options = { log: ['1:1'], current: 1, options: { isReadOnlyModeOn: true } };

  test('begins when no leader was found for a while, and only for clients that are content to read', () => {
    const h = new MemberHarness(options);
    h.pass(1900);
    expect(h.member.isReadOnly).toBe(false);
    h.pass(200);
    const [reader, writer] = [h.harness.accept(), h.harness.accept()];
    h.clients.push(reader, writer);
    writer.sendConnect();
    reader.sendConnect({ readOnly: true });
    expect([writer.isHungUp, reader.take()]).toMatchObject([true, [{ readOnly: true }]]);
    expect(reader.codeOf(existsRequest(pathOf(z('1:1'))))).toBe(0);
    expect(reader.codeOf(createRequest('/x'))).toBe(ErrorCode.notReadOnly);
    // A leader is found: they begin anew, with sessions of the ensemble.
    h.follow();
    expect([h.member.isReadOnly, reader.isHungUp]).toEqual([false, true]);
  });

  test('is off unless the configuration asks for it', () => {
    const h = new MemberHarness({ ...options, options: {} });
    h.pass(10_000);
    expect(h.member.isServing).toBe(false);
  });
});
