import { describe, expect, test } from 'vitest';
import { INIT_LIMIT_MS, LoneMember } from './lone-member.ts';

describe('a leader that no quorum has come to yet', () => {
  /** Server 3, elected by server 2 in the first round. */
  function elected(): LoneMember {
    const lone = new LoneMember(3);
    lone.hearLooking(2, 3, 1);
    lone.pass(200);
    expect(lone.member.role).toBe('leading');
    return lone;
  }

  test('looks again with a voter that is in a later election, in place of waiting for it until initLimit', () => {
    const lone = elected();
    lone.hearLooking(2, 2, 2);
    expect(lone.member.role).toBe('looking');
    expect(lone.facts).toContainEqual({
      kind: 'role-ended',
      role: 'leading',
      reason: 'server 2 looks for a leader again',
    });
  });

  test('stays when the voter is only late in its own', () => {
    const lone = elected();
    lone.hearLooking(2, 2, 1);
    lone.hearLooking(1, 3, 1);
    expect(lone.member.role).toBe('leading');
  });

  test('stays when there are enough without that one', () => {
    const lone = elected();
    lone.hearFollower(1);
    lone.hearLooking(2, 2, 2);
    expect(lone.member.role).toBe('leading');
  });

  test('looks again when the one that had come is the one that has left', () => {
    const lone = elected();
    const link = lone.hearFollower(2);
    lone.tell(() => lone.member.onPeerClosed(link));
    expect(lone.member.role).toBe('leading');
    lone.hearLooking(2, 2, 2);
    expect(lone.member.role).toBe('looking');
  });
});

describe('a learner whose connection to the leader ends', () => {
  /** Server 1, which follows server 3. */
  function following(): LoneMember {
    const lone = new LoneMember(1);
    lone.hearLooking(3, 3, 1);
    lone.hearLooking(2, 3, 1);
    lone.pass(200);
    expect(lone.member.role).toBe('following');
    expect(lone.calls).toEqual([3]);
    return lone;
  }

  test('connects again when that was at once: a forwarder took it before the leader listened', () => {
    const lone = following();
    for (let i = 0; i < 3; i++) {
      const link = lone.connected();
      lone.harness.nowMs += 20;
      lone.tell(() => lone.member.onPeerClosed(link));
    }
    expect(lone.member.role).toBe('following');
    expect(lone.calls).toEqual([3, 3, 3, 3]);
  });

  test('gives up all the same when the time to connect is over', () => {
    const lone = following();
    const link = lone.connected();
    lone.tell(() => lone.member.onPeerClosed(link));
    lone.pass(1500);
    expect(lone.member.role).toBe('looking');
  });

  test('looks for another leader when it had stood for some time', () => {
    const lone = following();
    const link = lone.connected();
    lone.harness.nowMs += 500;
    lone.tell(() => lone.member.onPeerClosed(link));
    expect(lone.member.role).toBe('looking');
    expect(lone.calls).toEqual([3]);
  });

  test('is not impatient meanwhile: a leader that has connected has initLimit for its answer', () => {
    const lone = following();
    lone.connected();
    lone.pass(INIT_LIMIT_MS - 1);
    expect(lone.member.role).toBe('following');
    lone.pass(1);
    expect(lone.member.role).toBe('looking');
  });
});

describe('a learner whose leader has heard of a better one', () => {
  test('looks again at once, in place of waiting for the port of that one', () => {
    const lone = new LoneMember(1);
    lone.hearLooking(2, 2, 1);
    lone.pass(200);
    expect(lone.member.role).toBe('following');
    lone.hearLooking(3, 3, 1);
    expect(lone.member.role).toBe('following');
    lone.hearLooking(2, 3, 1);
    expect(lone.member.role).toBe('looking');
  });
});
