import {
  encodeLearnerInfo,
  JuteWriter,
  QUORUM_PROTOCOL_VERSION,
  QuorumPacketType,
} from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { writePacketOf } from '../../src/zab/packets.ts';
import { PeerLink } from '../../src/zab/peer-link.ts';
import { LoneMember } from './lone-member.ts';

describe('a leader', () => {
  test('gives up after leader.maxTimeToWaitForEpoch when no quorum has come', () => {
    const lone = new LoneMember(3, { epochWaitMsMax: 700 });
    lone.hearLooking(2, 3, 1);
    lone.pass(200);
    expect(lone.member.role).toBe('leading');
    lone.pass(699);
    expect(lone.member.role).toBe('leading');
    lone.pass(1);
    expect(lone.member.role).toBe('looking');
  });

  test('takes clients, unless leaderServes says no; it is established in either case', () => {
    const serving = new LoneMember(1, {}, 1);
    serving.pass(200);
    expect(serving.member).toMatchObject({ role: 'leading', isServing: true, isEstablished: true });
    expect(serving.harness.connect().sessionId).not.toBe(0n);

    const silent = new LoneMember(1, { isLeaderServing: false }, 1);
    silent.pass(200);
    expect(silent.member).toMatchObject({ role: 'leading', isServing: false, isEstablished: true });
    const client = silent.harness.connect();
    expect(client.isHungUp).toBe(true);
    expect(client.received).toEqual([]);
  });

  test.each([
    [false, 'diff'],
    [true, 'snap'],
  ] as const)(
    'with forceSnapshotSync=%s sends a learner that lacks nothing a %s',
    (isSnapshotForced, plan) => {
      const lone = new LoneMember(1, { isSnapshotForced }, 1);
      lone.pass(200);
      const link = new PeerLink('10.0.0.2');
      const out = new JuteWriter();
      writePacketOf(out, QuorumPacketType.observerInfo, 0, (body) =>
        encodeLearnerInfo(body, {
          serverId: 2n,
          protocolVersion: QUORUM_PROTOCOL_VERSION,
          configVersion: 0n,
        }),
      );
      const infoEnd = out.length;
      writePacketOf(out, QuorumPacketType.ackEpoch, 0, (body) => body.int(0));
      lone.tell(() => {
        lone.member.onLearnerConnected(link);
        lone.member.onPeerPacket(link, out.bytes, 0, infoEnd);
        lone.member.onPeerPacket(link, out.bytes, infoEnd, out.length);
      });
      expect(lone.facts).toContainEqual({ kind: 'learner-sync', server: 2, plan, from: 0, to: 0 });
    },
  );
});

describe('a learner', () => {
  test('connects for as long as connectToLearnerMasterLimit', () => {
    const lone = new LoneMember(1, { connectLimitMs: 4000 });
    lone.hearLooking(3, 3, 1);
    lone.hearLooking(2, 3, 1);
    lone.pass(200);
    lone.pass(3999);
    expect(lone.member.role).toBe('following');
    lone.pass(1);
    expect(lone.member.role).toBe('looking');
  });
});

describe('a server without history, which db.autocreate=false distrusts', () => {
  const distrusted = { isEmptyDatabaseTrusted: false };

  test('offers none, and elects nobody together with another', () => {
    const lone = new LoneMember(3, distrusted);
    expect(lone.facts).toContainEqual({ kind: 'looking', round: 1, zxid: 0, epoch: 0 });
    expect(lone.notified.map(({ vote }) => vote?.zxid)).toEqual([-1, -1]);
    lone.hearLooking(2, 3, 1);
    lone.hearLooking(1, 3, 1);
    lone.pass(200);
    expect(lone.member.role).toBe('looking');
  });

  test('does not elect itself when it is alone', () => {
    const lone = new LoneMember(1, distrusted, 1);
    lone.pass(200);
    expect(lone.member.role).toBe('looking');
  });

  test('follows a leader that others have elected', () => {
    const lone = new LoneMember(3, distrusted);
    lone.hearSettled(1, 'following', 2);
    expect(lone.member.role).toBe('looking');
    lone.hearSettled(2, 'leading', 2);
    expect(lone.member.role).toBe('following');
  });

  test('votes once it has taken the history of an epoch, empty as that may be', () => {
    const lone = new LoneMember(1, distrusted, 1, { accepted: 1, current: 1 });
    lone.pass(200);
    expect(lone.member.role).toBe('leading');
  });
});
