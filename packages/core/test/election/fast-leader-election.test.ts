import { ServerState } from '@zooid/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FastLeaderElection,
  type OwnNotification,
} from '../../src/election/fast-leader-election.ts';
import { isBetter, type Vote } from '../../src/election/vote.ts';
import { GroupQuorum, MajorityQuorum } from '../../src/quorum/quorum.ts';
import { ElectionWorld } from './election-world.ts';

const three = new MajorityQuorum([1, 2, 3]);
const epoch = (number: number, counter: number) => number * 2 ** 32 + counter;

function vote(leader: number, zxid = 0, peerEpoch = 0): Vote {
  return { leader, zxid, peerEpoch };
}

describe('an election', () => {
  test('of equal histories is won by the highest id', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    for (const id of [1, 2, 3]) world.start(id, vote(id));
    world.run(10_000);
    for (const id of [1, 2, 3]) expect(world.resultOf(id)).toMatchObject({ leader: 3 });
  });

  test('is won by the server whose history goes further, whatever its id', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    world.start(1, vote(1, epoch(2, 7), 2));
    world.start(2, vote(2, epoch(2, 6), 2));
    world.start(3, vote(3, epoch(2, 6), 2));
    world.run(10_000);
    for (const id of [1, 2, 3]) expect(world.resultOf(id)).toMatchObject({ leader: 1 });
  });

  test('is won by the later epoch against the longer log: what was logged in an older epoch may never have been committed', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    world.start(1, vote(1, epoch(3, 0), 3));
    world.start(2, vote(2, epoch(3, 0), 3));
    world.start(3, vote(3, epoch(2, 900), 2));
    world.run(10_000);
    for (const id of [1, 2, 3]) expect(world.resultOf(id)).toMatchObject({ leader: 2 });
  });

  test('waits for a quorum: one of three decides nothing, and asks for connections', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    world.start(1, vote(1));
    world.run(100_000);
    expect(world.resultOf(1)).toBeUndefined();
    expect(world.connects.length).toBeGreaterThan(3);
  });

  test('asks again and again, also while nothing is heard: what was told before may be lost', () => {
    const told: number[] = [];
    const election = new FastLeaderElection(
      {
        serverId: 1,
        quorums: () => [three],
        isReachable: () => true,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      { notify: (to) => told.push(to), connectAll: () => {} },
    );
    election.start(vote(1), 0);
    for (let i = 0; i < 3; i++) election.onTime(election.nextDueMs);
    expect(told).toEqual([2, 3, 2, 3, 2, 3, 2, 3]);
  });

  test('asks again soon in a round that it has joined, however long it was to wait in the one before', () => {
    let told = 0;
    const election = new FastLeaderElection(
      {
        serverId: 1,
        quorums: () => [new MajorityQuorum([1, 2, 3, 4, 5])],
        isReachable: () => true,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      { notify: () => told++, connectAll: () => {} },
    );
    election.start(vote(1), 0);
    for (let i = 0; i < 12; i++) election.onTime(election.nextDueMs);
    // Others begin a round every six seconds, and it hears one of them each time.
    const nowMs = 1_000_000;
    const heard = { from: 3, state: ServerState.looking, ...vote(3), round: 9 };
    election.onNotification(heard, nowMs);
    told = 0;
    expect(election.nextDueMs).toBe(nowMs + 200);
    election.onTime(election.nextDueMs);
    expect(told).toBe(4);
  });

  test('answers a worse vote at once: who cast it began to look later, and has not heard the better one', () => {
    const told: OwnNotification[] = [];
    const election = new FastLeaderElection(
      {
        serverId: 2,
        quorums: () => [three],
        isReachable: (server) => server === 1,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      { notify: (to, notification) => to === 1 && told.push(notification), connectAll: () => {} },
    );
    election.start(vote(2), 0);
    const fromOne = { from: 1, state: ServerState.looking, round: 1 };
    expect(election.onNotification({ ...fromOne, ...vote(1) }, 1)).toBeUndefined();
    expect(told.map(({ vote }) => vote?.leader)).toEqual([2, 2]);
    election.onNotification({ ...fromOne, ...vote(2) }, 2);
    expect(told).toHaveLength(2);
    expect(election.onTime(2)).toMatchObject({ leader: 2 });
  });

  test('does not go on for ever between two that answer each other: whoever has no say is told once for each interval', () => {
    const told: number[] = [];
    const election = new FastLeaderElection(
      {
        serverId: 4,
        quorums: () => [three],
        isReachable: () => true,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      { notify: (to) => told.push(to), connectAll: () => {} },
    );
    const hearFive = (atMs: number) => {
      const notification = { from: 5, state: ServerState.looking, ...vote(3), round: 1 };
      election.onNotification(notification, atMs);
      return told.splice(0);
    };
    election.start(undefined, 0);
    told.length = 0;
    expect([hearFive(0), hearFive(1), hearFive(199), hearFive(200)]).toEqual([[5], [], [], [5]]);
    // There is news.
    election.settle(ServerState.following, vote(3), 1);
    expect([hearFive(201), hearFive(202)]).toEqual([[5], []]);
  });

  test('takes its time after some rounds that followed each other fast: who does not hear all may end each of them too early', () => {
    const election = new FastLeaderElection(
      {
        serverId: 1,
        quorums: () => [three],
        isReachable: (server) => server === 2,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      { notify: () => {}, connectAll: () => {} },
    );
    const waitOf = (round: number, nowMs: number): number => {
      election.start(vote(1), nowMs);
      const notification = { from: 2, state: ServerState.looking, ...vote(2), round };
      election.onNotification(notification, nowMs);
      return election.nextDueMs - nowMs;
    };
    const hasty = [1, 2, 3, 4].map((round) => waitOf(round, round));
    expect(hasty).toEqual([0, 0, 0, 0]);
    expect([waitOf(5, 5), waitOf(6, 205)]).toEqual([200, 200]);
    expect(waitOf(7, 2000)).toBe(0);
  });

  test('goes on at the round of a server that is to have a say and has no vote yet: with it no earlier one counts', () => {
    const told: OwnNotification[] = [];
    const election = new FastLeaderElection(
      {
        serverId: 1,
        quorums: () => [new MajorityQuorum([1]), three],
        isReachable: () => true,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      { notify: (to, notification) => to === 2 && told.push(notification), connectAll: () => {} },
    );
    election.start(vote(1), 0);
    const none = { leader: Number.NaN, zxid: 0, peerEpoch: 0 };
    election.onNotification({ from: 2, state: ServerState.looking, ...none, round: 4 }, 1);
    expect(told.map(({ vote, round }) => [vote?.leader, round])).toEqual([
      [1, 1],
      [1, 4],
    ]);
    election.onNotification({ from: 2, state: ServerState.looking, ...vote(1), round: 4 }, 2);
    expect(election.onTime(202)).toMatchObject({ leader: 1, round: 4 });
  });

  test('is over for a server that is to have a say when somebody leads whose next quorum lacks only its word', () => {
    const election = new FastLeaderElection(
      {
        serverId: 2,
        quorums: () => [new MajorityQuorum([1]), three],
        isReachable: () => true,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      { notify: () => {}, connectAll: () => {} },
    );
    election.start(undefined, 0);
    const leads = { from: 1, state: ServerState.leading, ...vote(1), round: 7 };
    expect(election.onNotification(leads, 1)).toMatchObject({ leader: 1 });
  });

  test('counts the word of a server that is to have a say: without it the quorum of the next configuration is not reached', () => {
    const next = new MajorityQuorum([1, 4]);
    const election = new FastLeaderElection(
      {
        serverId: 4,
        quorums: () => [three, next],
        isReachable: () => true,
        finalizeWaitMs: 200,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
      },
      { notify: () => {}, connectAll: () => {} },
    );
    // It has none yet, and cannot offer itself.
    election.start(undefined, 0);
    for (const from of [1, 2, 3]) {
      election.onNotification({ from, state: ServerState.looking, ...vote(1, 5), round: 1 }, 1);
    }
    expect(election.onTime(1)).toMatchObject({ leader: 1 });
  });

  test('gives a better vote a moment to come before it ends', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    world.start(1, vote(1));
    world.start(2, vote(2));
    world.run(150);
    expect(world.resultOf(2)).toBeUndefined();
    world.start(3, vote(3));
    world.run(10_000);
    for (const id of [1, 2, 3]) expect(world.resultOf(id)).toMatchObject({ leader: 3 });
  });

  test('is not held up by the dead: two of three find a leader', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    world.start(1, vote(1));
    world.start(2, vote(2));
    world.run(10_000);
    expect(world.resultOf(1)).toMatchObject({ leader: 2 });
    expect(world.resultOf(2)).toMatchObject({ leader: 2 });
  });

  test('of one server ends by itself', () => {
    const world = new ElectionWorld({ quorum: new MajorityQuorum([1]), delayMs: () => 5 });
    world.start(1, vote(1));
    world.run(1_000);
    expect(world.resultOf(1)).toMatchObject({ leader: 1 });
  });

  test('never elects a server without weight, whose history goes furthest', () => {
    const quorum = new GroupQuorum([{ members: [1, 2, 3, 4] }], new Map([[4, 0]]));
    const world = new ElectionWorld({ quorum, delayMs: () => 5 });
    for (const id of [1, 2, 3]) world.start(id, vote(id));
    world.start(4, vote(4, 99));
    world.run(10_000);
    for (const id of [1, 2, 3, 4]) expect(world.resultOf(id)).toMatchObject({ leader: 3 });
  });
});

describe('a server that comes late', () => {
  test('joins the leader that a quorum has, though it is better itself', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    world.start(1, vote(1));
    world.start(2, vote(2));
    world.run(5_000);
    world.start(3, vote(3, 77));
    world.run(20_000);
    expect(world.resultOf(3)).toMatchObject({ leader: 2 });
  });

  test('takes over the number of the round that found the leader', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    world.start(1, vote(1));
    world.start(2, vote(2));
    world.run(5_000);
    world.start(3, vote(3));
    world.run(20_000);
    expect(world.roundOf(3)).toBe(world.roundOf(2));
  });

  test('does not join a leader that others believe in and that is gone', () => {
    const world = new ElectionWorld({ quorum: new MajorityQuorum([1, 2, 3, 4]), delayMs: () => 5 });
    for (const id of [1, 2, 4]) world.start(id, vote(id));
    world.run(5_000);
    expect(world.resultOf(1)).toMatchObject({ leader: 4 });
    world.stop(4);
    world.start(3, vote(3));
    world.run(20_000);
    expect(world.resultOf(3)).toBeUndefined();
  });

  test('as an observer follows whom the voters follow, and is told though it has no say', () => {
    const world = new ElectionWorld({ quorum: three, delayMs: () => 5 });
    for (const id of [1, 2, 3]) world.start(id, vote(id));
    world.run(5_000);
    world.start(9, undefined);
    world.run(200_000);
    expect(world.resultOf(9)).toMatchObject({ leader: 3 });
  });
});

describe('whatever the network does', () => {
  test('servers that hear each other within the last wait agree on the best of them', () => {
    const histories = fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 5 })), {
      minLength: 1,
      maxLength: 7,
    });
    fc.assert(
      fc.property(histories, fc.infiniteStream(fc.nat({ max: 90 })), (known, delays) => {
        const votes = known.map(([peerEpoch, counter], index) =>
          vote(index + 1, epoch(peerEpoch, counter), peerEpoch),
        );
        const world = new ElectionWorld({
          quorum: new MajorityQuorum(votes.map(({ leader }) => leader)),
          delayMs: () => delays.next().value,
        });
        for (const own of votes) world.start(own.leader, own);
        world.run(100_000);
        const best = votes.reduce((a, b) => (isBetter(b, a) ? b : a));
        for (const { leader } of votes) {
          expect(world.resultOf(leader)).toMatchObject({ leader: best.leader });
        }
      }),
    );
  });

  test('lost messages only delay it: who follows somebody that does not lead looks again, and soon all agree', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat({ max: 99 })), (dice) => {
        const world = new ElectionWorld({
          quorum: three,
          // Lost at first; later the network is well, and what is told again arrives.
          delayMs: () => {
            const cast = dice.next().value;
            return world.nowMs < 3_000 && cast < 40 ? undefined : cast;
          },
        });
        for (const id of [1, 2, 3]) world.start(id, vote(id));
        for (let untilMs = 100_000; untilMs <= 1_000_000; untilMs += 100_000) {
          world.run(untilMs);
          for (const id of [1, 2, 3]) if (!isLed(world, id)) world.start(id, vote(id));
        }
        world.run(2_000_000);
        const leaders = [1, 2, 3].map((id) => world.resultOf(id)?.leader);
        expect(leaders[0]).toBeDefined();
        expect(new Set(leaders).size).toBe(1);
      }),
    );
  });
});

/** Whether the server that this one follows leads, and has a quorum that follows it. */
function isLed(world: ElectionWorld, id: number): boolean {
  const leader = world.resultOf(id)?.leader;
  if (leader === undefined || world.resultOf(leader)?.leader !== leader) return false;
  const followers = [1, 2, 3].filter((other) => world.resultOf(other)?.leader === leader);
  return world.quorum.isReachedBy(new Set(followers));
}
