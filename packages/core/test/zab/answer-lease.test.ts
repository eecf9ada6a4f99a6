// Until when clients are answered, and that no session ends before: packet by packet.

import { JuteReader, OpCode, QuorumPacketType } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { sessionPassword } from '../../src/session/session-password.ts';
import { AnswerLease, leaseMsOf, writeLease } from '../../src/zab/answer-lease.ts';
import { PingAnswers } from '../../src/zab/ping-answers.ts';
import { existsRequest, type TestClient } from '../harness.ts';
import { configText, dataOf, MemberHarness, type TestLink, z } from './member-harness.ts';

const { leaderInfo, diff, newLeader, upToDate, ping, request } = QuorumPacketType;
const LEASE_MS = leaseMsOf(2000);
const SESSION_ID = 0x200000000000001n;
const SESSION_MS = 10_000;

const lease = (count: number) => dataOf((out) => writeLease(out, count, LEASE_MS));

test('a lease lasts for four pings, which are a quarter of a second apart, or half a tick', () => {
  expect([leaseMsOf(2000), leaseMsOf(500), leaseMsOf(100)]).toEqual([1000, 1000, 200]);
});

describe('the lease of a learner', () => {
  const heard = (count: number) => new JuteReader(lease(count));

  test('is not asked for under a leader that gives none', () => {
    const held = new AnswerLease();
    held.onReport(0);
    held.onPing(new JuteReader(new Uint8Array(0)));
    expect(held.isHeld(1_000_000)).toBe(true);
  });

  test('lasts from the sending of the last report that has come', () => {
    const held = new AnswerLease();
    for (const sentMs of [0, 250, 500]) held.onReport(sentMs);
    held.onPing(heard(2));
    expect([held.isHeld(250 + LEASE_MS - 1), held.isHeld(250 + LEASE_MS)]).toEqual([true, false]);
    held.onPing(heard(2));
    expect(held.isHeld(250 + LEASE_MS)).toBe(false);
    held.onPing(heard(3));
    expect([held.isHeld(500 + LEASE_MS - 1), held.isHeld(500 + LEASE_MS)]).toEqual([true, false]);
  });

  test('is not there before the leader has heard anything', () => {
    const held = new AnswerLease();
    held.onReport(0);
    held.onPing(heard(0));
    expect(held.isHeld(0)).toBe(false);
  });

  test('cannot come of a report that was not sent', () => {
    const held = new AnswerLease();
    held.onReport(0);
    expect(() => held.onPing(heard(2))).toThrow('confirms reports that were not sent');
  });
});

test('an answer to a ping proves what was so when the ping was sent; one that nobody asked for proves nothing', () => {
  const pings = new PingAnswers();
  pings.onAnswered(5);
  expect([pings.count, pings.provenMs]).toEqual([0, Number.NEGATIVE_INFINITY]);
  pings.onAsked(10);
  pings.onAsked(20);
  pings.onAnswered(35);
  expect([pings.count, pings.provenMs, pings.answeredMs]).toEqual([1, 10, 35]);
});

/** Something to read, of which the answer tells that this server speaks. */
function ask(client: TestClient): void {
  client.send(existsRequest('/', false));
}

describe('a follower', () => {
  /** Server 1 follows server 3, which has heard of its acknowledgement of NEWLEADER; a client is connected. */
  function serving() {
    const h = new MemberHarness({ log: ['1:1'], current: 1 });
    const link = h.follow();
    h.hear(link, leaderInfo, z('2:0'), new Uint8Array([0, 1, 0, 0]));
    h.hear(link, diff, z('1:1'));
    h.hear(link, newLeader, z('2:0'), configText);
    h.hear(link, upToDate, -1);
    h.hear(link, ping, z('2:0'), lease(1));
    const client = h.harness.accept();
    h.clients.push(client);
    client.sendConnect({ sessionId: SESSION_ID, password: sessionPassword(SESSION_ID) });
    h.hear(
      link,
      QuorumPacketType.revalidate,
      -1,
      dataOf((out) => {
        out.long(SESSION_ID);
        out.boolean(true);
      }),
    );
    expect(client.take()).toMatchObject([{ kind: 'connected', sessionId: SESSION_ID }]);
    return { h, link, client };
  }

  test('answers as long as its lease lasts; then answers wait for the next', () => {
    const { h, link, client } = serving();
    h.pass(LEASE_MS - 100);
    ask(client);
    expect(client.take()).toHaveLength(1);
    h.pass(100);
    ask(client);
    ask(client);
    expect(client.take()).toEqual([]);
    // Heard of, but it has not heard: its pings confirm nothing new.
    h.hear(link, ping, z('2:0'), lease(1));
    expect(client.take()).toEqual([]);
    h.hear(link, ping, z('2:0'), lease(3));
    expect(client.take().map(({ kind }) => kind)).toEqual(['reply', 'reply']);
  });

  test('never says what has waited for its lease when the role ends', () => {
    const { h, link, client } = serving();
    h.pass(LEASE_MS);
    ask(client);
    h.closed(link);
    expect([client.take(), client.isHungUp]).toEqual([[], true]);
  });

  test('leaves a leader that does not hear of it for two seconds', () => {
    const { h, link } = serving();
    for (let ms = 0; ms < LEASE_MS + 2500 && h.member.role === 'following'; ms += 250) {
      h.pass(250);
      h.hear(link, ping, z('2:0'), lease(1));
    }
    expect(h.lastReason).toBe('the leader does not hear of this server, or has no quorum itself');
  });

  test('does not count the time in which it stood still itself', () => {
    const { h, link, client } = serving();
    h.standStill(8000);
    expect(h.member.role).toBe('following');
    ask(client);
    expect(client.take()).toEqual([]);
    h.hear(link, ping, z('2:0'), lease(2));
    h.hear(link, ping, z('2:0'), lease(3));
    expect(client.take()).toHaveLength(1);
  });

  test('answers whatever happens to the leader if that is one of Apache', () => {
    const { h, link, client } = serving();
    h.hear(link, ping, z('2:0'));
    h.pass(LEASE_MS + 500);
    ask(client);
    expect(client.take()).toHaveLength(1);
  });
});

describe('a leader', () => {
  /** Server 1 leads epoch 2 with server 2; a client of its own is connected. */
  function leading() {
    const h = new MemberHarness({ log: ['1:1'], current: 1 }).lead();
    const two = h.hearLearner(2, 1);
    h.hearAckEpoch(two, '1:1', 1);
    h.hearAck(two, '2:0');
    expect(h.member.isServing).toBe(true);
    const client = h.connectClient();
    h.sync();
    h.hearAck(two, '2:1');
    client.take();
    return { h, two, client };
  }

  const confirmed = (link: TestLink) =>
    link.pings.map(({ data }) => {
      const reader = new JuteReader(data!);
      return [reader.longAsNumber(), reader.int()];
    });

  test('answers as long as a quorum has followed lately; then answers wait', () => {
    const { h, two, client } = leading();
    h.pass(LEASE_MS);
    ask(client);
    expect(client.take()).toEqual([]);
    h.answerPings(two);
    expect(client.take()).toHaveLength(1);
  });

  test('tells each learner which reports have come, at once when it may serve', () => {
    const { two } = leading();
    expect(confirmed(two)[0]).toEqual([1, LEASE_MS]);
  });

  test('confirms nothing while no quorum is heard of', () => {
    const { h, two } = leading();
    const four = h.join(4, '1:1', 'observer');
    two.pings = [];
    h.pass(LEASE_MS);
    h.answerPings(four);
    h.pass(300);
    const last = confirmed(four).at(-1)![0]!;
    h.answerPings(four);
    h.pass(300);
    expect(confirmed(four).at(-1)).toEqual([last, LEASE_MS]);
    h.pass(100);
    h.answerPings(two);
    h.pass(300);
    expect(confirmed(four).at(-1)![0]).toBeGreaterThan(last);
  });

  test('that is the only voter needs nobody', () => {
    const membership = 'server.1=10.0.0.1:2888:3888:participant;10.0.0.1:2181\nversion=0';
    const h = new MemberHarness({ current: 1, membership });
    h.pass(200);
    expect(h.member.isServing).toBe(true);
    const client = h.connectClient();
    h.sync();
    h.pass(5000);
    client.take();
    ask(client);
    expect(client.take()).toHaveLength(1);
  });
});

describe('a session', () => {
  /** Server 1 leads with 2 and 3; a client of server 3 has a session. */
  function withSession() {
    const h = new MemberHarness({ log: ['1:1'], current: 1 }).lead();
    const [two, three] = [2, 3].map((id) => {
      const link = h.hearLearner(id, 1);
      h.hearAckEpoch(link, '1:1', 1);
      return link;
    }) as [TestLink, TestLink];
    for (const link of [two, three]) h.hearAck(link, '2:0');
    const body = dataOf((out) => {
      out.long(SESSION_ID);
      out.int(0);
      out.int(OpCode.createSession);
      out.int(SESSION_MS);
    });
    h.hear(three, request, -1, body, []);
    h.sync();
    h.hearAck(two, '2:1');
    two.take();
    return { h, two, three, startMs: h.harness.nowMs };
  }

  /** How long it lives from `startMs` on, in ms. */
  function life(
    { h, two, three, startMs }: ReturnType<typeof withSession>,
    isHeard: (ms: number) => boolean,
  ): number {
    for (let ms = 0; ms < 60_000; ms += 100) {
      h.pass(100);
      h.answerPings(two);
      if (isHeard(h.harness.nowMs - startMs)) h.answerPings(three);
      h.harness.tick();
      const isOver = two.take().some((text) => text.startsWith('proposal'));
      if (isOver) return h.harness.nowMs - startMs;
    }
    throw new Error('it never ended');
  }

  test('of a client that a learner has told nothing of ends after its timeout', () => {
    const lived = life(withSession(), () => true);
    expect(lived).toBeGreaterThanOrEqual(SESSION_MS + 500);
    expect(lived).toBeLessThanOrEqual(SESSION_MS + 500 + 2000 + 100);
  });

  test('of a learner that falls silent outlasts what that may have promised until its lease was over', () => {
    // Its client may be answered up to a lease after its last report.
    const silentFromMs = SESSION_MS - 500;
    const lived = life(withSession(), (ms) => ms < silentFromMs);
    expect(lived).toBeGreaterThan(silentFromMs - 250 + LEASE_MS + SESSION_MS);
    expect(lived).toBeLessThan(silentFromMs + LEASE_MS + SESSION_MS + 4000);
  });

  test('that a new leader finds outlasts the leases of the epoch before', () => {
    const { h, two } = withSession();
    h.tell(() => h.member.resign('for the test'));
    h.sync();
    h.hearVote(2, 1, h.harness.core.lastAppliedZxid, h.member.epoch, 2);
    h.pass(200);
    const again = h.hearLearner(2, 2);
    h.hearAckEpoch(again, '2:1', 2);
    h.hearAck(again, '3:0');
    expect([h.member.isServing, two.closing]).toEqual([true, 'role-ended']);
    again.take();
    const lived = life({ h, two: again, three: again, startMs: h.harness.nowMs }, () => true);
    expect(lived).toBeGreaterThanOrEqual(SESSION_MS + 2 * LEASE_MS);
    expect(lived).toBeLessThanOrEqual(SESSION_MS + 2 * LEASE_MS + 2000 + 100);
  });
});
