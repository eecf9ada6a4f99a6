import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommittedLog } from '../../src/zab/committed-log.ts';
import { planSync, type SyncPlan } from '../../src/zab/sync-plan.ts';
import { epochOf, firstZxidOf } from '../../src/zab/zxid.ts';

const z = (epoch: number, counter: number): number => firstZxidOf(epoch) + counter;
const noBytes = new Uint8Array(0);

function logOf(zxids: readonly number[]): CommittedLog {
  const log = new CommittedLog(Math.max(zxids.length, 1), 1024);
  for (const zxid of zxids) log.add(zxid, noBytes, 0, 0);
  return log;
}

describe('how a learner is brought up: each row of the table', () => {
  const history = [z(1, 4), z(1, 5), z(3, 1), z(3, 2)];
  const log = logOf(history);
  const plan = (peerZxid: number, leaderEpochs = [4, 3]): SyncPlan =>
    planSync(peerZxid, log, z(3, 2), leaderEpochs);

  it.each<[string, number, SyncPlan]>([
    ['who has everything gets an empty diff', z(3, 2), { kind: 'diff', from: z(3, 2) }],
    ['who has nothing gets a snapshot', 0, { kind: 'snap' }],
    ['who has more cuts it off', z(3, 9), { kind: 'trunc', to: z(3, 2) }],
    ['who has a part gets the rest', z(1, 5), { kind: 'diff', from: z(1, 5) }],
    ['who has the oldest in memory gets the rest', z(1, 4), { kind: 'diff', from: z(1, 4) }],
    ['a tail of an epoch in memory is cut', z(1, 7), { kind: 'trunc', to: z(1, 5) }],
    ['a tail of an epoch that left nothing is not cut', z(2, 3), { kind: 'snap' }],
    [
      'who lacks what is no longer in memory is looked up on disk',
      z(1, 2),
      { kind: 'disk', from: z(1, 2) },
    ],
    ['who took an epoch with transactions lacks those', z(3, 0), { kind: 'diff', from: z(3, 0) }],
    ['who took this epoch, which is idle, lacks nothing', z(4, 0), { kind: 'diff', from: z(3, 2) }],
    ['who took a later epoch than the leader gets a snapshot', z(5, 0), { kind: 'snap' }],
    ['who took an epoch that left nothing here gets a snapshot', z(2, 0), { kind: 'snap' }],
  ])('%s', (_title, peerZxid, expected) => {
    expect(plan(peerZxid)).toEqual(expected);
  });

  it('memory without any transaction knows only its last zxid', () => {
    const empty = logOf([]);
    expect(planSync(z(1, 5), empty, z(1, 5), [2, 1])).toEqual({ kind: 'diff', from: z(1, 5) });
    expect(planSync(z(1, 4), empty, z(1, 5), [2, 1])).toEqual({ kind: 'disk', from: z(1, 4) });
    expect(planSync(z(1, 6), empty, z(1, 5), [2, 1])).toEqual({ kind: 'trunc', to: z(1, 5) });
  });
});

/** An epoch of a made-up past: how many transactions everybody kept of it, and how many only one server logged. */
const epochs = fc.array(fc.record({ kept: fc.nat({ max: 4 }), lost: fc.nat({ max: 3 }) }), {
  minLength: 1,
  maxLength: 5,
});

/** What the learner's log is after it has done what it was sent; undefined for a snapshot. */
function follow(plan: SyncPlan, own: readonly number[], leader: readonly number[]) {
  switch (plan.kind) {
    case 'diff':
      return [...own, ...leader.filter((zxid) => zxid > plan.from)];
    case 'trunc': {
      // Nobody can cut a log back to what it does not have.
      expect([0, ...own]).toContain(plan.to);
      const kept = own.filter((zxid) => zxid <= plan.to);
      return [...kept, ...leader.filter((zxid) => zxid > plan.to)];
    }
    case 'disk':
      // The log on disk says no, unless it has the zxid itself.
      return leader.includes(plan.from)
        ? [...own, ...leader.filter((zxid) => zxid > plan.from)]
        : undefined;
    case 'snap':
      return undefined;
  }
}

describe('a learner that follows the plan', () => {
  it('has the leader’s history, whatever it had and however little memory holds', () => {
    const learner = fc.record({ at: fc.nat({ max: 4 }), count: fc.nat({ max: 6 }) });
    fc.assert(
      fc.property(epochs, learner, fc.nat({ max: 12 }), (past, { at, count }, inMemory) => {
        const leader = past.flatMap(({ kept }, i) => range(i + 1, 1, kept));
        // The learner has all up to some epoch, and of that one perhaps more than was kept.
        const i = at % past.length;
        const { kept, lost } = past[i]!;
        const before = leader.filter((zxid) => epochOf(zxid) <= i);
        // Whatever a later epoch kept was proposed on top of all that was kept: a lost tail was logged by nobody who went on.
        const own = [...before, ...range(i + 1, 1, Math.min(count, kept + lost))];
        const last = own.at(-1) ?? 0;
        const log = logOf(leader.slice(Math.max(0, leader.length - inMemory)));
        const ownEpoch = past.length;
        const plan = planSync(last, log, leader.at(-1) ?? 0, [ownEpoch + 1, ownEpoch]);
        const after = follow(plan, own, leader);
        if (after !== undefined) expect(after).toEqual(leader);
      }),
    );
  });

  it('also one of Apache’s, which names an epoch that it took and has no transaction of', () => {
    const learner = fc.record({ at: fc.nat({ max: 4 }), missing: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(epochs, learner, fc.nat({ max: 12 }), (past, { at, missing }, inMemory) => {
        const leader = past.flatMap(({ kept }, i) => range(i + 1, 1, kept));
        const i = at % past.length;
        const before = leader.filter((zxid) => epochOf(zxid) <= i);
        // An epoch that left nothing may have had a leader with less: then the learner has less, too.
        const isLost = past[i]!.kept === 0 && i < past.length - 1;
        const own = isLost ? before.slice(0, Math.max(0, before.length - missing)) : before;
        const log = logOf(leader.slice(Math.max(0, leader.length - inMemory)));
        const plan = planSync(z(i + 1, 0), log, leader.at(-1) ?? 0, [past.length + 1, past.length]);
        const after = follow(plan, own, leader);
        if (after !== undefined) expect(after).toEqual(leader);
      }),
    );
  });
});

function range(epoch: number, first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => z(epoch, first + i));
}
