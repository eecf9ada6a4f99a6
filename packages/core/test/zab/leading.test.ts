// What a leader says and does, packet by packet. As in Apache's Zab1_0Test; phases as in the paper of Junqueira, Reed, Serafini.

import { decodeTxnRecord, JuteReader, OpCode, QuorumPacketType } from '@zooid/protocol';
import { describe, expect, test, vi } from 'vitest';
import { ProposalQueue } from '../../src/txn/proposal-queue.ts';
import { createRequest } from '../harness.ts';
import {
  dataOf,
  INIT_LIMIT_MS,
  MemberHarness,
  SYNC_LIMIT_MS,
  type TestLink,
  txnOf,
  z,
} from './member-harness.ts';

/** Server 1 leads epoch 2 with server 2, and both have 1:1 and 1:2. */
function serving(): { h: MemberHarness; two: TestLink } {
  const h = new MemberHarness({ log: ['1:1', '1:2'], current: 1 }).lead();
  const two = h.hearLearner(2, 1);
  h.hearAckEpoch(two, '1:2', 1);
  h.hearAck(two, '2:0');
  expect(h.member.isServing).toBe(true);
  two.take();
  return { h, two };
}

/** A client of the leader asks for a znode; its session is 2:1 and takes one acknowledgement. */
function writing(h: MemberHarness, two: TestLink) {
  const client = h.connectClient();
  h.sync();
  h.hearAck(two, '2:1');
  client.take();
  two.take();
  client.send(createRequest('/a'));
  return client;
}

describe('discovery', () => {
  test('a leader proposes no epoch before a quorum has said which ones it knows', () => {
    const h = new MemberHarness({ accepted: 4, current: 3 }).lead();
    expect(h.trace).toEqual([]);
    const observer = h.hearLearner(4, 3, 'observer');
    expect(observer.take()).toEqual([]);
    const two = h.hearLearner(2, 7);
    // Above all of them; on disk here before anybody hears of it.
    expect(h.trace.slice(0, 2)).toEqual(['accept 8', 'send leaderInfo 8:0']);
    expect([observer.take(), two.take()]).toEqual([['leaderInfo 8:0'], ['leaderInfo 8:0']]);
  });

  test('a learner that comes later hears the same epoch', () => {
    const h = new MemberHarness({ current: 3 }).lead();
    h.hearLearner(2, 3);
    expect(h.hearLearner(3, 3).take()).toEqual(['leaderInfo 4:0']);
  });

  test('an epoch is taken by those who say so for the first time: -1 is not counted', () => {
    const h = new MemberHarness({ current: 1, log: ['1:1'] }).lead();
    const [two, three] = [h.hearLearner(2, 1), h.hearLearner(3, 1)];
    [two, three].map((link) => link.take());
    h.hearAckEpoch(two, '1:1', -1);
    expect(two.take()).toEqual([]);
    expect(h.trace).not.toContain('adopt 2');
    h.hearAckEpoch(three, '1:1', 1);
    expect(h.trace).toContain('adopt 2');
    expect([two.take(), three.take()]).toEqual([
      ['diff 1:1', 'newLeader 2:0'],
      ['diff 1:1', 'newLeader 2:0'],
    ]);
  });

  test('observers do not make an epoch taken, nor established', () => {
    const h = new MemberHarness({ current: 1, log: ['1:1'] }).lead();
    const [two, observer] = [h.hearLearner(2, 1), h.hearLearner(4, 1, 'observer')];
    h.hearAckEpoch(observer, '1:1', 1);
    expect(h.trace).not.toContain('adopt 2');
    h.hearAckEpoch(two, '1:1', 1);
    h.hearAck(observer, '2:0');
    expect(h.member.isServing).toBe(false);
  });

  test.each([
    ['of a later epoch', '1:1', 2],
    ['with more transactions of the same epoch', '1:2', 1],
  ])('a follower with a history %s ends the role: it should lead', (_title, zxid, current) => {
    const h = new MemberHarness({ current: 1, log: ['1:1'] }).lead();
    const two = h.hearLearner(2, 2);
    h.hearAckEpoch(two, zxid, current);
    expect(h.lastReason).toBe('server 2 has a longer history');
    expect(two.closing).toBe('role-ended');
    expect(h.member.role).toBe('looking');
  });

  test('once a quorum has taken the epoch, one with more is brought back in place of ending the role', () => {
    const { h } = serving();
    const three = h.hearLearner(3, 1);
    h.hearAckEpoch(three, '1:9', 1);
    expect(h.member.isServing).toBe(true);
    expect(three.take()).toEqual(['leaderInfo 2:0', 'trunc 1:2', 'newLeader 2:0']);
  });

  test('no quorum in time ends the role', () => {
    const h = new MemberHarness().lead();
    h.pass(INIT_LIMIT_MS + 100);
    expect(h.lastReason).toBe('no quorum came in time (initLimit)');
  });

  test('a server that connects again takes the place of its older connection', () => {
    const { h, two } = serving();
    const again = h.hearLearner(2, 2);
    expect(two.closing).toBe('replaced');
    h.hearAckEpoch(again, '1:2', -1);
    expect(again.take()).toEqual(['leaderInfo 2:0', 'diff 1:2', 'newLeader 2:0']);
  });

  test('what makes no sense in a handshake closes that connection and nothing else', () => {
    const { h } = serving();
    const three = h.hearLearner(3, 1);
    h.hearAck(three, '2:0');
    expect(three.closing).toBe('unexpected-packet');
    expect(h.member.isServing).toBe(true);
  });
});

describe('synchronisation', () => {
  const log = ['1:1', '1:2', '1:3'];

  /** What server 3, whose log ends at this zxid, is sent by a leader with 1:1 to 1:3. */
  function synced(zxid: string, options = {}) {
    const h = new MemberHarness({ log, current: 1, ...options }).lead();
    const three = h.hearLearner(3, 1);
    three.take();
    h.hearAckEpoch(three, zxid, zxid === '0:0' ? 0 : 1);
    return { h, three };
  }

  test('a diff is each transaction with its commit, byte for byte as it was logged', () => {
    const { three } = synced('1:1');
    const packets = three.takePackets();
    expect(packets.map(({ type, zxid }) => [type, zxid])).toEqual([
      [QuorumPacketType.diff, z('1:3')],
      [QuorumPacketType.proposal, z('1:2')],
      [QuorumPacketType.commit, z('1:2')],
      [QuorumPacketType.proposal, z('1:3')],
      [QuorumPacketType.commit, z('1:3')],
      [QuorumPacketType.newLeader, z('2:0')],
    ]);
    expect(packets[1]!.data).toEqual(txnOf(z('1:2')));
    expect(packets[3]!.data).toEqual(txnOf(z('1:3')));
  });

  test('an empty server gets a snapshot, and NEWLEADER goes behind it', () => {
    const { h, three } = synced('0:0');
    expect(h.wants).toContain('snapshot 3');
    expect(three.take()).toEqual(['snap 1:3', 'newLeader 2:0']);
  });

  test('snapshots go out one at a time', () => {
    const { h, three } = synced('0:0');
    const two = h.hearLearner(2, 0);
    two.take();
    h.hearAckEpoch(two, '0:0', 0);
    expect(two.take()).toEqual([]);
    h.tell(() => h.member.onSnapshotSent(three));
    expect(two.take()).toEqual(['snap 1:3', 'newLeader 2:0']);
  });

  test('a snapshot whose learner has gone makes room for the next', () => {
    const { h, three } = synced('0:0');
    const two = h.hearLearner(2, 0);
    two.take();
    h.hearAckEpoch(two, '0:0', 0);
    h.closed(three);
    expect(two.take()).toEqual(['snap 1:3', 'newLeader 2:0']);
  });

  describe('what memory no longer holds', () => {
    const options = { options: { commitLogCount: 1 } };

    test('comes from the log on disk, and what was committed meanwhile from memory', () => {
      const { h, three } = synced('1:1', options);
      expect(h.wants).toContain('read 3 1:1 1:3');
      h.tell(() => {
        for (const zxid of ['1:2', '1:3']) {
          const txn = txnOf(z(zxid));
          h.member.onLogRead(three, z(zxid), txn, 0, txn.byteLength);
        }
        h.member.onLogReadEnd(three, 'complete');
      });
      expect(three.take()).toEqual([
        'diff 1:3',
        'proposal 1:2',
        'commit 1:2',
        'proposal 1:3',
        'commit 1:3',
        'newLeader 2:0',
      ]);
    });

    test('is a snapshot when the log on disk does not have it either', () => {
      const { h, three } = synced('1:1', options);
      h.tell(() => h.member.onLogReadEnd(three, 'unavailable'));
      expect(three.take()).toEqual(['snap 1:3', 'newLeader 2:0']);
    });

    test('is looked for once, also while another snapshot is on its way', () => {
      const { h, three } = synced('1:1', options);
      h.tell(() => h.member.onLogReadEnd(three, 'unavailable'));
      const two = h.hearLearner(2, 1);
      two.take();
      h.hearAckEpoch(two, '1:1', 1);
      expect(h.wants.at(-1)).toBe('read 2 1:1 1:3');
      h.tell(() => h.member.onLogReadEnd(two, 'unavailable'));
      expect(h.wants.filter((want) => want.startsWith('read 2'))).toHaveLength(1);
      h.tell(() => h.member.onSnapshotSent(three));
      expect(two.take()).toEqual(['snap 1:3', 'newLeader 2:0']);
    });
  });

  test('UPTODATE goes out when a quorum has acknowledged NEWLEADER, and to each only after its own', () => {
    const h = new MemberHarness({ log, current: 1 }).lead();
    const [two, three, observer] = [2, 3, 4].map((id) =>
      h.hearLearner(id, 1, id === 4 ? 'observer' : 'follower'),
    ) as [TestLink, TestLink, TestLink];
    for (const link of [two, three, observer]) h.hearAckEpoch(link, '1:3', 1);
    for (const link of [two, three, observer]) link.take();
    h.hearAck(observer, '2:0');
    expect(observer.take()).toEqual([]);
    h.hearAck(two, '2:0');
    expect([two.take(), observer.take()]).toEqual([['upToDate -1'], ['upToDate -1']]);
    expect(three.take()).toEqual([]);
    h.hearAck(three, '2:0');
    expect(three.take()).toEqual(['upToDate -1']);
  });

  test('the epoch of the history is on disk before anybody is told to take the history', () => {
    const { h } = synced('1:1');
    const adopted = h.trace.indexOf('adopt 2');
    expect(adopted).toBeGreaterThan(0);
    expect(h.trace.indexOf('send newLeader 2:0')).toBeGreaterThan(adopted);
  });

  test('an acknowledgement of another epoch’s NEWLEADER is not counted', () => {
    const { h, three } = synced('1:3');
    h.hearAck(three, '1:0');
    expect(h.member.isServing).toBe(false);
  });
});

describe('broadcast', () => {
  test('a proposal goes out before its commit, and is committed by a quorum only', () => {
    const { h, two } = serving();
    const client = writing(h, two);
    expect(two.take()).toEqual(['proposal 2:2']);
    h.sync();
    // Durable here, and nowhere else.
    expect([h.harness.tree.findPath('/a'), client.take(), two.take()]).toEqual([-1, [], []]);
    h.hearAck(two, '2:2');
    expect(two.take()).toEqual(['commit 2:2']);
    expect(client.take()).toHaveLength(1);
  });

  test('what others have is not applied here before it is durable here', () => {
    const { h, two } = serving();
    const client = writing(h, two);
    h.hearAck(two, '2:2');
    expect([h.harness.tree.findPath('/a'), client.take()]).toEqual([-1, []]);
    h.sync();
    expect(client.take()).toHaveLength(1);
  });

  test('a later acknowledgement says the same of all before, and commits go out in order', () => {
    const { h, two } = serving();
    const client = writing(h, two);
    client.send(createRequest('/b'), createRequest('/c'));
    h.sync();
    two.take();
    h.hearAck(two, '2:4');
    expect(two.take()).toEqual(['commit 2:2', 'commit 2:3', 'commit 2:4']);
  });

  test('acknowledgements of observers do not count', () => {
    const { h, two } = serving();
    const observer = h.join(4, '1:2', 'observer');
    const client = writing(h, two);
    h.sync();
    observer.take();
    h.hearAck(observer, '2:2');
    expect(client.take()).toEqual([]);
    // They hear what is committed, with the transaction in it.
    h.hearAck(two, '2:2');
    const [inform] = observer.takePackets();
    expect([inform!.type, inform!.zxid]).toEqual([QuorumPacketType.inform, z('2:2')]);
    expect(decodeTxnRecord(new JuteReader(inform!.data!)).txn).toMatchObject({ path: '/a' });
  });

  test('nor do those of a voter that came as an observer', () => {
    const { h, two } = serving();
    const three = h.join(3, '1:2', 'observer');
    const client = writing(h, two);
    h.sync();
    h.hearAck(three, '2:2');
    expect(client.take()).toEqual([]);
  });

  test('an acknowledgement of what was never proposed closes the connection', () => {
    const { h, two } = serving();
    h.hearAck(two, '2:9');
    expect(two.closing).toBe('unexpected-packet');
  });

  test('a follower that joins under load gets what is committed, what is proposed, then NEWLEADER, and commits behind it', () => {
    const { h, two } = serving();
    const client = writing(h, two);
    h.sync();
    h.hearAck(two, '2:2');
    client.send(createRequest('/b'));
    const three = h.hearLearner(3, 1);
    h.hearAckEpoch(three, '1:2', 1);
    expect(three.take()).toEqual([
      'leaderInfo 2:0',
      'diff 2:2',
      'proposal 2:1',
      'commit 2:1',
      'proposal 2:2',
      'commit 2:2',
      'proposal 2:3',
      'newLeader 2:0',
    ]);
    // What it acknowledges is not counted before it has acknowledged the history.
    h.sync();
    client.take();
    h.hearAck(three, '2:0');
    expect([client.take(), three.take()]).toEqual([[], ['upToDate -1']]);
    h.hearAck(three, '2:3');
    expect(client.take()).toHaveLength(1);
    expect(three.take()).toEqual(['commit 2:3']);
  });

  test('a proposal of after the snapshot goes behind NEWLEADER', () => {
    const { h, two } = serving();
    const three = h.hearLearner(3, 0);
    h.hearAckEpoch(three, '0:0', 0);
    writing(h, two);
    expect(three.take().slice(1)).toEqual([
      'snap 1:2',
      'newLeader 2:0',
      'proposal 2:1',
      'commit 2:1',
      'proposal 2:2',
    ]);
  });
});

describe('who is no longer there', () => {
  test('a silent learner is given up after syncLimit, and without a quorum the role ends', () => {
    const { h, two } = serving();
    h.pass(SYNC_LIMIT_MS + 2100);
    expect(two.closing).toBe('silent');
    expect(h.lastReason).toBe('only servers 1 are left, and they are no quorum');
    expect(h.member.role).toBe('looking');
  });

  test('a learner that answers pings but writes nothing down is given up', () => {
    const { h, two } = serving();
    writing(h, two);
    h.sync();
    for (let ms = 0; ms < SYNC_LIMIT_MS + 2100 && two.closing === undefined; ms += 500) {
      h.pass(500);
      if (two.closing === undefined)
        h.hear(two, QuorumPacketType.ping, z('2:2'), new Uint8Array(0));
    }
    expect(two.closing).toBe('acks-too-late');
  });

  test('a leader whose disk stands still steps down, though all others answer', () => {
    const { h, two } = serving();
    writing(h, two);
    for (let ms = 0; ms < SYNC_LIMIT_MS + 4000 && h.member.role === 'leading'; ms += 500) {
      h.hearAck(two, '2:2');
      h.pass(500);
    }
    expect(h.lastReason).toBe('the disk of this server has not written for longer than syncLimit');
  });

  test('a leader that stood still for longer than syncLimit does not go on', () => {
    const { h } = serving();
    h.pass(500);
    h.standStill(SYNC_LIMIT_MS + 1000);
    expect(h.lastReason).toMatch(/^this process stood still for /);
  });

  test('a shorter standstill is not taken for the silence of others', () => {
    const { h, two } = serving();
    h.pass(500);
    h.hear(two, QuorumPacketType.ping, z('2:0'), new Uint8Array(0));
    h.standStill(SYNC_LIMIT_MS - 500);
    h.pass(2500);
    expect(two.closing).toBeUndefined();
  });

  test('a learner that does not finish its handshake is given up', () => {
    const { h, two } = serving();
    const three = h.hearLearner(3, 1);
    for (let ms = 0; ms < INIT_LIMIT_MS + 2100; ms += 500) {
      h.pass(500);
      h.hear(two, QuorumPacketType.ping, z('2:0'), new Uint8Array(0));
    }
    expect([two.closing, three.closing]).toEqual([undefined, 'not-in-time']);
  });

  test('when the role ends, clients are sent away and learners hung up on, and nothing is answered', () => {
    const { h, two } = serving();
    const client = writing(h, two);
    h.tell(() => h.member.resign('for the test'));
    expect([client.isHungUp, client.take(), two.closing]).toEqual([true, [], 'role-ended']);
    // What is logged becomes durable first; then it looks, with all of it.
    expect(h.member.role).toBe('settling');
    h.sync();
    expect(h.member.role).toBe('looking');
    expect(h.harness.tree.findPath('/a')).toBeGreaterThan(0);
    expect(client.take()).toEqual([]);
  });
});

describe('requests that learners hand on', () => {
  const ID = 0x2_0000_0000_0001n;

  function request(h: MemberHarness, link: TestLink, op: number, xid: number, body: Uint8Array) {
    const data = dataOf((out) => {
      out.long(ID);
      out.int(xid);
      out.int(op);
      out.raw(body, 0, body.byteLength);
    });
    h.hear(link, QuorumPacketType.request, -1, data, []);
  }

  const timeout = dataOf((out) => out.int(10_000));

  test('a session and its end become transactions that name them', () => {
    const { h, two } = serving();
    request(h, two, OpCode.createSession, 0, timeout);
    request(h, two, OpCode.closeSession, 7, new Uint8Array(0));
    const headers = two
      .takePackets()
      .map(({ data }) => decodeTxnRecord(new JuteReader(data!)).header);
    expect(headers).toMatchObject([
      { sessionId: ID, cxid: 0, type: OpCode.createSession, zxid: z('2:1') },
      { sessionId: ID, cxid: 7, type: OpCode.closeSession, zxid: z('2:2') },
    ]);
  });

  test('a sync is answered when everything proposed before it is committed, and not before', () => {
    const { h, two } = serving();
    request(h, two, OpCode.createSession, 0, timeout);
    request(h, two, OpCode.sync, 1, new Uint8Array(0));
    h.sync();
    two.take();
    h.hearAck(two, '2:1');
    expect(two.take()).toEqual(['commit 2:1', 'sync 0:0']);
    request(h, two, OpCode.sync, 2, new Uint8Array(0));
    expect(two.take()).toEqual(['sync 0:0']);
  });

  test('a write of a session that nobody knows is refused by a transaction', () => {
    const { h, two } = serving();
    request(
      h,
      two,
      OpCode.delete,
      5,
      dataOf((out) => out.ustring('/x')),
    );
    const [packet] = two.takePackets();
    expect(decodeTxnRecord(new JuteReader(packet!.data!))).toMatchObject({
      header: { sessionId: ID, cxid: 5, type: OpCode.error },
      txn: { err: -112 },
    });
  });

  test('a session is valid wherever its client comes, until it is closed', () => {
    const { h, two } = serving();
    const ask = dataOf((out) => {
      out.long(ID);
      out.int(10_000);
    });
    const answers = () => two.takePackets().map(({ data }) => data!.at(-1));
    h.hear(two, QuorumPacketType.revalidate, -1, ask);
    expect(answers()).toEqual([0]);
    request(h, two, OpCode.createSession, 0, timeout);
    two.take();
    h.hear(two, QuorumPacketType.revalidate, -1, ask);
    expect(answers()).toEqual([1]);
    request(h, two, OpCode.closeSession, 1, new Uint8Array(0));
    two.take();
    h.hear(two, QuorumPacketType.revalidate, -1, ask);
    expect(answers()).toEqual([0]);
  });

  test('a leader that has heard of no quorum for a second tells nobody that a session is over: another leader may know it', () => {
    const { h, two } = serving();
    const client = h.connectClient();
    h.sync();
    h.hearAck(two, '2:1');
    client.take();
    const { sessionId, password } = client;
    client.send({ op: OpCode.closeSession });
    h.sync();
    h.hearAck(two, '2:2');

    const comeBack = () => {
      const again = h.harness.accept();
      again.sendConnect({ sessionId, password });
      return again;
    };
    h.standStill(1100);
    const early = comeBack();
    h.answerPings(two);
    expect([early.take().length, early.isHungUp]).toEqual([0, true]);
    const late = comeBack();
    expect([late.take().length, late.isHungUp]).toEqual([1, true]);
    expect(late.sessionId).toBe(0n);
  });

  test('sessions named in pings live on; others expire by a transaction', () => {
    const { h, two } = serving();
    request(h, two, OpCode.createSession, 0, timeout);
    h.sync();
    h.hearAck(two, '2:1');
    const ping = dataOf((out) => {
      out.long(ID);
      out.int(10_000);
    });
    const wait = (data: Uint8Array, ms: number) => {
      for (let at = 0; at < ms; at += 500) {
        h.pass(500);
        h.answerPings(two, data);
        h.harness.tick();
      }
    };
    two.take();
    wait(ping, 20_000);
    expect(two.take()).toEqual([]);
    wait(new Uint8Array(0), 14_000);
    expect(two.take()).toEqual(['proposal 2:2']);
  });

  test('a leader that stood still ends no session before it has heard what its learners tell of it', () => {
    const { h, two } = serving();
    request(h, two, OpCode.createSession, 0, timeout);
    h.sync();
    h.hearAck(two, '2:1');
    two.take();
    h.pass(100);
    const stoodMs = SYNC_LIMIT_MS - 500;
    for (let stillMs = 0; stillMs < 12_000; stillMs += stoodMs) {
      h.harness.nowMs += stoodMs;
      h.harness.tick();
    }
    expect(two.take()).toEqual([]);
    expect(h.member.isServing).toBe(true);
    for (let ms = 0; ms < 14_000; ms += 500) {
      h.pass(500);
      h.answerPings(two);
      h.harness.tick();
    }
    expect(two.take()).toEqual(['proposal 2:2']);
  });

  test('a packet that is cut short closes the connection of who sent it', () => {
    const { h, two } = serving();
    h.hear(two, QuorumPacketType.revalidate, -1, new Uint8Array(3));
    expect(two.closing).toBe('malformed');
    expect(h.member.isServing).toBe(true);
  });
});

test('a new epoch begins before the counter of the zxid runs out, also when one turn brings many writes', () => {
  const goOnFrom = ProposalQueue.prototype.goOnFrom;
  const spy = vi.spyOn(ProposalQueue.prototype, 'goOnFrom').mockImplementation(function (
    this: ProposalQueue,
    zxid: number,
  ) {
    // The epoch has gone on for 11.9 hours at 100,000 writes a second.
    goOnFrom.call(this, zxid === z('2:0') ? z('2:0') + 0xfeff_fffe : zxid);
  });
  try {
    const { h } = serving();
    // What lies between was never proposed.
    h.member.committedLog.clear();
    const client = h.connectClient();
    const before = h.logged.length;
    const requests = Array.from({ length: 2000 }, (_, i) => createRequest(`/r${i}`));
    client.send(...requests);
    expect(h.lastReason).toBe('the zxids of this epoch are used up');
    expect(h.logged.length - before).toBeGreaterThan(1000);
    expect(h.logged.every((zxid) => zxid.startsWith('2:'))).toBe(true);
    h.sync();
    expect(h.member.role).toBe('looking');
  } finally {
    spy.mockRestore();
  }
});

test('a proposal that a follower acknowledges ahead of NEWLEADER is no mistake (ZOOKEEPER-4685)', () => {
  const { h, two } = serving();
  const client = writing(h, two);
  h.sync();
  const three = h.hearLearner(3, 1);
  h.hearAckEpoch(three, '1:2', 1);
  three.take();
  // Servers before 3.9.1 log what came with the history in the background.
  h.hearAck(three, '2:1');
  h.hearAck(three, '2:2');
  expect([three.closing, client.take()]).toEqual([undefined, []]);
  h.hearAck(three, '2:0');
  expect(client.take()).toHaveLength(1);
  expect(three.take()).toEqual(['upToDate -1', 'commit 2:2']);
});
