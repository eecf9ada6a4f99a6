import {
  decodeUtf8,
  encodeUtf8,
  formatMembership,
  OpCode,
  QuorumPacketType,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { NewState } from '../../src/new-state.ts';
import { Memberships } from '../../src/zab/memberships.ts';
import { createRequest } from '../harness.ts';
import { dataOf, MemberHarness, membershipOf, SYNC_LIMIT_MS, show, z } from './member-harness.ts';

const line = (id: number, role = 'participant', port = 2888): string =>
  `server.${id}=10.0.0.${id}:${port}:3888:${role};10.0.0.${id}:2181`;

function ensemble(version: number, ...lines: string[]) {
  return membershipOf([...lines, `version=${version.toString(16)}`].join('\n'));
}

const threeAt = (version: number) => ensemble(version, line(1), line(2), line(3));

function known(lastSeen = threeAt(5)) {
  const saved: string[] = [];
  const memberships = new Memberships(1, threeAt(5), lastSeen, {
    saveSeenMembership: ({ version }) => saved.push(`seen ${version}`),
    activateMembership: ({ version }) => saved.push(`active ${version}`),
  });
  return { memberships, saved };
}

describe('what counts', () => {
  test('no configuration that the log here does not reach: it is as if this server had never heard of it', () => {
    const { memberships, saved } = known();
    memberships.see(ensemble(9, line(1), line(4), line(5)));
    memberships.forgetAfter(9);
    expect(memberships.quorums).toHaveLength(2);
    memberships.forgetAfter(8);
    memberships.forgetAfter(8);
    expect(memberships.quorums).toHaveLength(1);
    expect(saved).toEqual(['seen 9', 'seen 5']);
  });

  test('one configuration, and two while it changes: a quorum of each must agree', () => {
    const { memberships, saved } = known();
    expect(memberships.quorums).toHaveLength(1);
    memberships.see(ensemble(9, line(1), line(4), line(5)));
    const isEnough = (...ids: number[]) =>
      memberships.quorums.every((quorum) => quorum.isReachedBy(new Set(ids)));
    expect([isEnough(1, 2), isEnough(1, 4), isEnough(1, 2, 4)]).toEqual([false, false, true]);
    memberships.activate(memberships.lastSeen.membership, 1, 1);
    expect([isEnough(1, 2), isEnough(1, 4)]).toEqual([false, true]);
    expect(saved).toEqual(['seen 9', 'active 9']);
  });

  test('what was proposed before a restart still counts after it', () => {
    const { memberships } = known(ensemble(9, line(1), line(4), line(5)));
    expect(memberships.quorums).toHaveLength(2);
  });

  test('an older one is passed over, whoever brings it', () => {
    const { memberships, saved } = known();
    memberships.see(threeAt(5));
    memberships.see(threeAt(3));
    expect(memberships.activate(threeAt(4), 1, 1)).toBe('role-goes-on');
    expect([memberships.active.version, saved]).toEqual([5, []]);
  });

  test('one that is in force is not put back by another that is only proposed', () => {
    const { memberships } = known(threeAt(9));
    memberships.activate(threeAt(7), undefined, undefined);
    expect([memberships.active.version, memberships.lastSeen.version]).toEqual([7, 9]);
  });
});

describe('the role of a server', () => {
  const { memberships: asVoter } = known();

  test('a voter has a say, an observer not; who is in no configuration follows without one', () => {
    expect([asVoter.isVoter, asVoter.isObserver]).toEqual([true, false]);
    asVoter.activate(ensemble(6, line(2), line(3)), undefined, undefined);
    expect([asVoter.isVoter, asVoter.isObserver]).toEqual([false, false]);
    asVoter.activate(ensemble(7, line(1, 'observer'), line(2), line(3)), undefined, undefined);
    expect([asVoter.isVoter, asVoter.isObserver]).toEqual([false, true]);
  });

  test.each([
    ['goes on when its leader stays where it is', [line(1), line(2)], 2, undefined, 'role-goes-on'],
    [
      'ends when it becomes an observer',
      [line(1, 'observer'), line(2), line(3)],
      2,
      2,
      'role-ends',
    ],
    ['ends when its leader is no member any more', [line(1), line(3)], 2, undefined, 'role-ends'],
    [
      'ends when its leader only observes from now on',
      [line(1), line(2, 'observer'), line(3)],
      2,
      undefined,
      'role-ends',
    ],
    [
      'ends when its leader is reached elsewhere',
      [line(1), line(2, 'participant', 2999), line(3)],
      2,
      undefined,
      'role-ends',
    ],
    ['ends when another one is to lead', [line(1), line(2), line(3)], 2, 3, 'role-ends'],
    [
      'goes on when its leader is to lead, wherever it is',
      [line(1), line(2, 'participant', 2999)],
      2,
      2,
      'role-goes-on',
    ],
  ] as const)('%s', (_title, lines, leader, next, effect) => {
    const { memberships } = known();
    expect(memberships.activate(ensemble(9, ...lines), leader, next)).toBe(effect);
  });
});

describe('a reconfiguration in broadcast', () => {
  /** Server 1 leads with server 2, and reconfigurations are on. */
  function leading() {
    const h = new MemberHarness({
      log: ['1:1'],
      current: 1,
      options: { isReconfigOn: true, isStandaloneAllowed: false },
    }).lead();
    const two = h.hearLearner(2, 1);
    h.hearAckEpoch(two, '1:1', 1);
    h.hearAck(two, '2:0');
    const client = h.connectClient();
    h.sync();
    h.hearAck(two, '2:1');
    client.take();
    two.take();
    return { h, two, client };
  }

  const alone = {
    op: OpCode.reconfig,
    joiningServers: null,
    leavingServers: '2,3,4',
    newMembers: null,
    curConfigId: -1n,
  } as const;

  test('is committed by a quorum of both, and only then in force', () => {
    const { h, two, client } = leading();
    client.send(alone);
    expect(h.trace).toContain('seen 2:2');
    h.sync();
    // Alone it would be a quorum of the next configuration, and is none of this one.
    expect([client.take(), show(h.member.memberships.active.version)]).toEqual([[], '2:0']);
    h.hearAck(two, '2:2');
    expect(client.take()).toMatchObject([{ op: OpCode.reconfig, err: 0 }]);
    expect(two.take()).toEqual(['proposal 2:2', 'commitAndActivate 2:2']);
    expect(h.trace).toContain('active 2:2');
  });

  test('what was proposed behind it is committed by the new quorum, without another acknowledgement', () => {
    const { h, two, client } = leading();
    client.send(alone);
    client.send(createRequest('/b'));
    h.sync();
    h.hearAck(two, '2:2');
    h.closed(two);
    h.pass(300);
    expect(client.take()).toMatchObject([{ op: OpCode.reconfig }, { op: OpCode.create, err: 0 }]);
  });

  test('a learner that comes meanwhile is told of the configuration in force, and of the next one by its proposal', () => {
    const { h, client } = leading();
    client.send(alone);
    const three = h.join(3, '1:1');
    const packets = three.takePackets();
    const [newLeader] = packets.filter(({ type }) => type === QuorumPacketType.newLeader);
    expect(decodeUtf8(newLeader!.data!, 0, newLeader!.data!.byteLength)).toContain(
      'version=200000000',
    );
    const proposals = packets.filter(({ type }) => type === QuorumPacketType.proposal);
    expect(proposals.map(({ zxid }) => show(zxid))).toContain('2:2');
  });
});

describe('a server that is only to have a say, and has the longest history', () => {
  const one = [line(1), 'version=0'].join('\n');
  const three = threeAt(z('1:2'));
  const changing = { membership: one, lastSeenMembership: three, current: 1 };
  const options = { isReconfigOn: true };

  /** Server 1 is the only one with a say, was elected, and server 2 has more. */
  function overtaken(next = three) {
    const h = new MemberHarness({
      ...changing,
      lastSeenMembership: next,
      log: ['1:1', '1:2'],
      options,
    });
    for (const from of [2, 3]) h.hearVote(from, 1, z('1:2'), 1);
    h.pass(200);
    h.hearLearner(3, 1);
    const two = h.hearLearner(2, 1);
    h.hearAckEpoch(two, '1:5', 1);
    expect(h.lastReason).toBe('server 2 has a longer history');
    return h;
  }

  const voteOf = (h: MemberHarness) => h.told.get(2)?.vote;

  test('is voted for by the one that it has kept from leading, and followed by it', () => {
    const h = overtaken();
    expect(h.member.role).toBe('looking');
    expect(voteOf(h)).toEqual({ leader: 2, zxid: z('1:5'), peerEpoch: 1 });
    h.hearVote(2, 2, z('1:5'), 1, 2);
    h.pass(200);
    expect(h.wants.at(-1)).toBe('connect 2');
    expect(h.member.role).toBe('following');
  });

  test('is voted for no longer than syncLimit, for it may be gone', () => {
    const h = overtaken();
    h.pass(SYNC_LIMIT_MS - 100);
    expect(voteOf(h)?.leader).toBe(2);
    h.pass(200);
    expect(voteOf(h)).toEqual({ leader: 1, zxid: z('1:2'), peerEpoch: 1 });
  });

  test('is not voted for if the next configuration gives it no say', () => {
    const h = overtaken(ensemble(z('1:2'), line(1), line(2, 'observer'), line(3)));
    expect(voteOf(h)?.leader).toBe(1);
  });

  test('leads when a quorum of both follows it, and goes on when the change is in force by that', () => {
    const log = ['1:1', '1:2', '1:3', '1:4', '1:5'];
    const h = new MemberHarness({ ...changing, serverId: 2, log, options });
    h.hearVote(1, 2, z('1:5'), 1);
    h.pass(200);
    expect(h.member.role).toBe('leading');
    // Server 3 alone makes a quorum of the next configuration with it, and is none of the one in force.
    const other = h.hearLearner(3, 1);
    h.hearAckEpoch(other, '1:5', 1);
    expect(h.trace).not.toContain('adopt 2');
    const voter = h.hearLearner(1, 1);
    h.hearAckEpoch(voter, '1:2', 1);
    h.hearAck(other, '2:0');
    expect(h.member.isServing).toBe(false);
    h.hearAck(voter, '2:0');
    expect(h.trace).toContain(`active ${show(three.version)}`);
    expect([h.member.role, h.member.isServing]).toEqual(['leading', true]);
  });

  test('goes on being followed when the change is in force', () => {
    const { memberships } = known(ensemble(9, line(1), line(4), line(5)));
    const next = memberships.lastSeen.membership;
    expect(memberships.activate(next, 4, undefined)).toBe('role-goes-on');
  });
});

test('UPTODATE puts in force what the leader names, unless its epoch has only proposed it', () => {
  const upToDateWith = (version: string) => {
    const h = new MemberHarness({ log: ['1:1'], current: 1, options: { isReconfigOn: true } });
    const link = h.follow();
    h.hear(
      link,
      QuorumPacketType.leaderInfo,
      z('2:0'),
      dataOf((out) => out.int(0x10000)),
    );
    h.hear(link, QuorumPacketType.diff, z('1:1'));
    const text = formatMembership(ensemble(z(version), line(1), line(2), line(3)));
    h.hear(link, QuorumPacketType.newLeader, z('2:0'), encodeUtf8(text));
    h.hear(link, QuorumPacketType.upToDate, -1);
    expect(h.member.isServing).toBe(true);
    const { active, lastSeen } = h.member.memberships;
    return [show(active.version), show(lastSeen.version)];
  };
  expect(upToDateWith('2:0')).toEqual(['2:0', '2:0']);
  expect(upToDateWith('2:7')).toEqual(['0:0', '2:7']);
});

test('the configuration in a state that a leader sends counts before that is on disk, and after a crash on the way', () => {
  const h = new MemberHarness({ log: ['1:1'], current: 1, options: { isReconfigOn: true } });
  const link = h.follow();
  h.hear(
    link,
    QuorumPacketType.leaderInfo,
    z('2:0'),
    dataOf((out) => out.int(0x10000)),
  );
  h.hear(link, QuorumPacketType.snap, z('1:9'));
  const tree = h.harness.core.newTree();
  const text = encodeUtf8(formatMembership(ensemble(z('1:5'), line(1), line(4), line(5))));
  const row = tree.findPath('/zookeeper/config');
  tree.setData(row, text, 0, text.byteLength, -1, z('1:5'), 0);
  h.trace = [];
  h.tell(() => h.member.onSnapshotReceived(link, new NewState(tree, z('1:9'), new Map())));
  expect(h.trace).toEqual(['seen 1:5', 'install 1:9']);
  // The leader is lost before NEWLEADER.
  h.closed(link);
  h.installed(h.states[0]!);
  expect(h.member.role).toBe('looking');
  // Of the old configuration these would do, and the history here is the newest.
  for (const from of [2, 3]) h.hearVote(from, 1, z('1:9'), 1, 2);
  h.pass(5000);
  expect(h.member.role).toBe('looking');
  h.hearVote(4, 1, z('1:9'), 1, 2);
  h.pass(5000);
  expect(h.member.role).toBe('leading');
});
