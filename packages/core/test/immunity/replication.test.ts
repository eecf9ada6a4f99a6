// What other systems lost when servers agreed. The whole of it, with all servers and their disks, is what the simulator is for; here each
// mistake has the one conversation that shows it.

import { QuorumPacketType } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CommittedLog } from '../../src/zab/committed-log.ts';
import { planSync, type SyncPlan } from '../../src/zab/sync-plan.ts';
import { createRequest, HarnessLog } from '../harness.ts';
import {
  configText,
  dataOf,
  MemberHarness,
  SYNC_LIMIT_MS,
  show,
  type TestLink,
  txnOf,
  z,
} from '../zab/member-harness.ts';

const { diff, trunc, leaderInfo, newLeader, upToDate } = QuorumPacketType;
const version = dataOf((out) => out.int(0x10000));

/** A disk that says "durable" one write before it is true. */
class LyingLog extends HarnessLog {
  #real = 0;

  override complete(): number {
    this.#real = this.durable;
    return super.complete();
  }

  override get onDisk(): number {
    return this.#real;
  }
}

function choosing(log: readonly string[], makeLog?: () => HarnessLog) {
  const h = new MemberHarness({ log, current: 1, ...(makeLog === undefined ? {} : { makeLog }) });
  const link = h.follow();
  h.hear(link, leaderInfo, z('2:0'), version);
  link.take();
  h.trace = [];
  return { h, link };
}

describe('immunity: ZK-4643, 4646, 4785, 3023: history durable, then its epoch, then the acknowledgement', () => {
  type Step = 'hear' | 'write';

  /** A follower is brought up while its disk works now and then. @returns what it promised and could not keep after a power cut. */
  function broken(steps: readonly Step[], makeLog?: () => HarnessLog): string[] {
    const { h, link } = choosing(['1:1'], makeLog);
    const script = [
      () => h.hear(link, diff, z('1:4')),
      ...['1:2', '1:3', '1:4'].flatMap((zxid) => [
        () => h.hearProposal(link, zxid),
        () => h.hearCommit(link, zxid),
      ]),
      () => h.hear(link, newLeader, z('2:0'), configText),
      () => h.hearProposal(link, '2:1'),
      () => h.hearProposal(link, '2:2'),
    ];
    const found: string[] = [];
    for (const step of steps) {
      if (step === 'hear') script.shift()?.();
      else h.syncOnce();
      const onDisk = h.logged.slice(0, h.harness.log.onDisk);
      const hasHistory = onDisk.includes('1:4');
      if (h.trace.includes('adopt 2') && !hasHistory) found.push('epoch ahead of its history');
      for (const ack of link.take()) {
        const zxid = ack.slice('ack '.length);
        if (zxid === '2:0' && !h.trace.includes('adopt 2'))
          found.push('acknowledged before the epoch');
        if (zxid === '2:0' ? !hasHistory : !onDisk.includes(zxid)) found.push(ack);
      }
      const applied = h.harness.core.lastAppliedZxid;
      if (applied > z('1:1') && !onDisk.includes(show(applied)))
        found.push('applied ahead of the disk');
      if (found.length > 0) break;
    }
    return found;
  }

  it('however its disk and its leader take turns', () => {
    const steps = fc.array(fc.constantFrom<Step>('hear', 'write'), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (plan) => {
        expect(broken(plan)).toEqual([]);
      }),
    );
  });

  it('and the same check finds a disk that says so too early', () => {
    const steps = [...Array<Step>(8).fill('hear'), ...Array<Step>(4).fill('write')];
    expect(broken(steps)).toEqual([]);
    expect(broken(steps, () => new LyingLog())).not.toEqual([]);
  });
});

describe('immunity: ZK-2845, 3911, 5094: nothing that was cut off stays in memory', () => {
  function cutBack(): { h: MemberHarness; link: TestLink } {
    const log = ['1:1', '1:2', '1:3'];
    const { h, link } = choosing(log);
    h.hear(link, trunc, z('1:2'));
    // Not even a packet that follows is looked at before the state is loaded anew.
    expect(link.isHeld).toBe(true);
    h.truncated('1:2', log);
    return { h, link };
  }

  it('neither in the tree, nor in what others are sent', () => {
    const { h, link } = cutBack();
    expect([h.has('1:3'), h.member.committedLog.maxZxid]).toEqual([false, z('1:2')]);
    h.hearProposal(link, '2:1');
    expect(h.logged).toEqual(['2:1']);
  });

  it('and a memory that is kept stops the server', () => {
    const spy = vi.spyOn(CommittedLog.prototype, 'clear').mockImplementation(() => {});
    try {
      expect(cutBack).toThrow('committed transactions have no gap');
    } finally {
      spy.mockRestore();
    }
  });
});

describe('immunity: ZK-4925: a hole is not passed on', () => {
  it('a learner takes no transaction that does not follow its log', () => {
    const { h, link } = choosing(['1:1']);
    h.hear(link, diff, z('1:4'));
    for (const zxid of ['1:2', '1:4']) {
      h.hearProposal(link, zxid);
      h.hearCommit(link, zxid);
    }
    h.hear(link, newLeader, z('2:0'), configText);
    h.sync();
    expect([h.logged, h.trace.includes('adopt 2')]).toEqual([['1:2'], false]);
    expect(link.closing).toBe('role-ended');
  });

  it('nor in a new epoch, which begins with its first transaction', () => {
    const { h, link } = choosing(['1:1']);
    h.hear(link, diff, z('1:1'));
    h.hearProposal(link, '2:2');
    expect(h.logged).toEqual([]);
  });
});

describe('immunity: ZK-2832, 3526, 4352, 2846: what a learner lacks and what it has too much', () => {
  const history = ['1:1', '1:2', '1:3'].map(z);

  /** What the learner has when it did as it was told. */
  function after(plan: SyncPlan, own: readonly number[]): readonly number[] {
    if (plan.kind === 'snap' || plan.kind === 'disk') return history;
    const from = plan.kind === 'trunc' ? plan.to : plan.from;
    const kept = plan.kind === 'trunc' ? own.filter((zxid) => zxid <= from) : own;
    return [...kept, ...history.filter((zxid) => zxid > from)];
  }

  const cases: readonly (readonly [own: string[], inMemory: number])[] = [
    [['1:1'], 0],
    [['1:1'], 3],
    [['1:1', '1:2', '1:3'], 0],
    [['1:1', '1:2', '1:3', '1:4', '1:5'], 0],
    [['1:1', '1:2', '1:3', '1:4', '1:5'], 3],
  ];

  function wrong(plan: typeof planSync): number {
    return cases.filter(([own, inMemory]) => {
      const log = new CommittedLog(5, 1000);
      for (const zxid of history.slice(history.length - inMemory)) {
        log.add(zxid, new Uint8Array(0), 0, 0);
      }
      const zxids = own.map(z);
      const done = after(plan(zxids.at(-1)!, log, z('1:3'), [2, 1]), zxids);
      return done.join() !== history.join();
    }).length;
  }

  it('both are settled, with a committed log and without', () => {
    expect(wrong(planSync)).toBe(0);
  });

  it('and the same check finds a leader that only adds', () => {
    // The mistake: what is above the leader's last zxid is left where it is.
    expect(
      wrong((peer, log, last, epochs) =>
        peer > last ? { kind: 'diff', from: peer } : planSync(peer, log, last, epochs),
      ),
    ).toBe(2);
    // The mistake: an empty committed log means that there is nothing to send.
    expect(
      wrong((peer, log, last, epochs) =>
        log.minZxid === undefined && peer < last
          ? { kind: 'diff', from: last }
          : planSync(peer, log, last, epochs),
      ),
    ).toBe(1);
  });
});

describe('immunity: ZK-4394: a commit without its proposal', () => {
  it('ends the role while the learner is brought up, and changes nothing', () => {
    const { h, link } = choosing(['1:1']);
    h.hear(link, diff, z('1:2'));
    h.hearCommit(link, '1:2');
    expect([h.member.role, h.harness.core.lastAppliedZxid]).toEqual(['looking', z('1:1')]);
  });

  it('says nothing new when it is of what the learner has', () => {
    const { h, link } = choosing(['1:1', '1:2']);
    h.hear(link, diff, z('1:2'));
    h.hearCommit(link, '1:2');
    h.hear(link, newLeader, z('2:0'), configText);
    h.hear(link, upToDate, -1);
    expect(h.member.isServing).toBe(true);
  });
});

describe('immunity: ZK-3104, 4685: what a leader may say when', () => {
  it('NEWLEADER goes behind the whole history, and UPTODATE behind a quorum that has it', () => {
    const h = new MemberHarness({ log: ['1:1', '1:2'], current: 1 }).lead();
    const [two, three] = [h.hearLearner(2, 1), h.hearLearner(3, 1)];
    h.hearAckEpoch(two, '0:0', 0);
    h.hearAckEpoch(three, '1:1', 1);
    expect(two.take()).toEqual(['leaderInfo 2:0', 'snap 1:2', 'newLeader 2:0']);
    expect(three.take()).toEqual([
      'leaderInfo 2:0',
      'diff 1:2',
      'proposal 1:2',
      'commit 1:2',
      'newLeader 2:0',
    ]);
    expect(h.member.isServing).toBe(false);
    h.hearAck(two, '2:0');
    expect([two.take(), three.take()]).toEqual([['upToDate -1'], []]);
  });
});

describe('immunity: ZK-2247, 2201: leading needs a disk that works', () => {
  it('a leader whose log stands still steps down, although its followers answer', () => {
    const h = new MemberHarness({ log: ['1:1'], current: 1 }).lead();
    const two = h.hearLearner(2, 1);
    h.hearAckEpoch(two, '1:1', 1);
    h.hearAck(two, '2:0');
    const client = h.connectClient();
    for (let ms = 0; ms < SYNC_LIMIT_MS + 4000 && h.member.role === 'leading'; ms += 500) {
      h.hearAck(two, '2:1');
      h.pass(500);
    }
    // Its client never was told that it has a session.
    expect([h.member.role, client.take(), client.isHungUp]).toEqual(['settling', [], true]);
  });
});

describe('immunity: ZK-4712, 4541: a role that has ended does nothing more', () => {
  it('what comes late changes nothing, and nobody is served', () => {
    const h = new MemberHarness({ log: ['1:1'], current: 1 }).lead();
    const two = h.hearLearner(2, 1);
    h.hearAckEpoch(two, '1:1', 1);
    h.hearAck(two, '2:0');
    const client = h.connectClient();
    h.sync();
    h.hearAck(two, '2:1');
    client.take();
    h.tell(() => h.member.resign('for the test'));
    client.send(createRequest('/late'));
    h.hear(two, QuorumPacketType.proposal, z('2:2'), txnOf(z('2:2')));
    h.sync();
    expect(h.logged).toEqual(['2:1']);
    expect([client.take(), client.isHungUp]).toEqual([[], true]);
  });
});
