/** Against what three members and an observer of Apache 3.8.0 printed. */
import { readFileSync } from 'node:fs';
import { formatMembership, parseMembership } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import {
  leaderFields,
  observerFields,
  votingViewFields,
  zabStateFields,
} from '../../src/admin/ensemble-text.ts';
import type { EnsembleView, LeadingView } from '../../src/admin/ensemble-view.ts';
import { FourLetterWords, tryFourLetterWord } from '../../src/admin/four-letter.ts';
import { type Json, jsonText } from '../../src/admin/json-text.ts';
import { mntrText } from '../../src/report/metric-walk.ts';
import { FakeAdminView } from './fake-admin-view.ts';

const captured = (file: string): string =>
  readFileSync(new URL(`apache-3.8.0/ensemble/${file}`, import.meta.url), 'utf8');

const reading = parseMembership(/^server\.(?:.|\n)+/m.exec(captured('leader-conf.txt'))?.[0] ?? '');
if (!reading.ok) throw new Error('the captured configuration cannot be read');
const { membership } = reading;

/** Sessions as Apache listed them. */
const sessionIds = [
  0x2000047fc4c0002n,
  0x2000047fc4c0003n,
  0x3000047fccf0000n,
  0x3000047fccf0001n,
  0x400004804630000n,
  0x400004804630001n,
];

const leading: LeadingView = {
  learnerCount: 3,
  syncedFollowerCount: 2,
  syncedNonVotingFollowerCount: 0,
  syncedObserverCount: 1,
  pendingSyncCount: 0,
  uptimeMs: 114_600,
  proposalSizes: { last: 36, min: 36, max: 300_091 },
  observers: () => [
    {
      address: '127.0.0.1',
      serverId: 4,
      establishedMs: 1_795_919_139_845,
      packetsReceived: 277,
      packetsSent: 383,
      requestCount: 50,
      lastZxid: 4_294_967_451,
    },
  ],
  resetObserverStats: () => {},
};

/** The server of the capture with this id. */
function member(serverId: number): FakeAdminView {
  const view = new FakeAdminView();
  view.state = serverId === 3 ? 'leader' : serverId === 4 ? 'observer' : 'follower';
  view.lastProcessedZxid = 4_294_967_451;
  view.nodeCount = 137;
  view.sessionCount = sessionIds.length;
  const conf = captured(serverId === 4 ? 'observer-conf.txt' : 'leader-conf.txt');
  view.config = { ...view.config, clientPort: Number(/clientPort=(\d+)/.exec(conf)?.[1]) };
  const ensemble: EnsembleView = {
    serverId,
    isInService: true,
    zabState: 'broadcast',
    leaderId: 3,
    role: membership.servers.get(serverId)?.role,
    voterCount: 3,
    membership,
    membershipText: formatMembership(membership),
    initLimitTicks: 20,
    syncLimitTicks: 10,
    leading: serverId === 3 ? leading : undefined,
    globalSessions: () => sessionIds.map((id) => ({ id, timeoutMs: 20_000 })),
  };
  view.ensemble = ensemble;
  return view;
}

function word(view: FakeAdminView, name: string): string {
  const words = new FourLetterWords({ enabled: new Set([name]) }, view);
  return words.answer(tryFourLetterWord(Buffer.from(name).readInt32BE())!);
}

const fromInitLimit = (text: string) => text.slice(text.indexOf('initLimit'));

describe('a member prints what one of Apache 3.8.0 printed', () => {
  test('conf', () => {
    for (const [id, file] of [
      [3, 'leader-conf.txt'],
      [4, 'observer-conf.txt'],
    ] as const) {
      expect(fromInitLimit(word(member(id), 'conf'))).toBe(fromInitLimit(captured(file)));
    }
  });

  test('srvr of a leader', () => {
    expect(word(member(3), 'srvr')).toMatch(new RegExp(`${captured('leader-srvr-end.txt')}$`));
  });

  test('dump of a follower', () => {
    const text = word(member(2), 'dump');
    expect(text.slice(0, text.indexOf('ephemeral'))).toBe(captured('follower-dump-start.txt'));
  });

  test('dump tells local sessions from global ones', () => {
    const [leader, follower] = [member(3), member(2)];
    for (const view of [leader, follower]) {
      view.buckets = [];
      view.localSessionCount = 1;
      view.localBuckets = [{ expiresMs: 0, sessions: [{ id: 0x3n, timeoutMs: 9000 }] }];
      expect(word(view, 'dump')).toMatch(
        /^SessionTracker dump:\nLocal Session Sets \(1\)\/\(1\):\n1 expire at .*:\n\t0x3\nGlobal Session/,
      );
    }
    expect(word(leader, 'dump')).toContain(`Global Session Sets (0)/(${sessionIds.length}):`);
    expect(word(follower, 'dump')).toContain(`Global Sessions(${sessionIds.length}):`);
  });

  const answer = (command: string, fields: Readonly<Record<string, Json>>) =>
    jsonText({ ...fields, command, error: null });

  test('leader, voting_view and zabstate', () => {
    const view = member(3);
    const { ensemble } = view;
    expect(answer('leader', leaderFields(view, ensemble!))).toBe(captured('leader-leader.json'));
    expect(answer('voting_view', votingViewFields(view, ensemble!))).toBe(
      captured('leader-voting_view.json'),
    );
    expect(answer('zabstate', zabStateFields(view, ensemble!))).toBe(
      captured('leader-zabstate.json'),
    );
    const observer = member(4);
    expect(answer('zabstate', zabStateFields(observer, observer.ensemble!))).toBe(
      captured('observer-zabstate.json'),
    );
  });

  test('observers, but for the port and the queue', () => {
    const wanted = captured('leader-observers.json')
      .replace('127.0.0.1:58732', '127.0.0.1')
      .replace('-234', '0');
    expect(answer('observers', observerFields(member(3).ensemble))).toBe(wanted);
  });

  test.each([
    [3, 'leader'],
    [2, 'follower'],
    [4, 'observer'],
  ] as const)('mntr of server %i, the %s: every name', (id, role) => {
    const got = new Set(
      mntrText(member(id))
        .split('\n')
        .map((line) => line.split('\t')[0]),
    );
    const isOther = (name: string) => name === '' || /learner_handler_qp|^zk_jvm_/.test(name);
    const missing = captured(`${role}-mntr-names.txt`)
      .split('\n')
      .filter((name) => !isOther(name) && !got.has(name) && !/_per_namespace$/.test(name));
    expect(missing).toEqual([]);
  });
});
