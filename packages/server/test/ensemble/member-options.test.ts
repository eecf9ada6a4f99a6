import type { MemberOptions } from '@zooid/core';
import { describe, expect, test } from 'vitest';
import { memberOptionsOf } from '../../src/ensemble/member-options.ts';
import { good } from '../config/parse.ts';

/** What the core is told of a zoo.cfg with these lines, of server 1 of three. */
function optionsOf(lines: string): MemberOptions {
  const servers = [1, 2, 3].map((id) => `server.${id}=zoo${id}:2888:3888\n`).join('');
  const { ensemble } = good(`tickTime=1000\ninitLimit=10\nsyncLimit=5\n${lines}\n${servers}`, {
    readTextFile: (path) => (path.endsWith('myid') ? '1' : undefined),
  });
  if (ensemble === undefined) throw new Error('three servers are an ensemble');
  const { isEmptyDatabaseTrusted } = ensemble;
  const settings = { tickTimeMs: 1000, isReconfigOn: false, isEmptyDatabaseTrusted };
  return memberOptionsOf(ensemble, settings, () => 1000);
}

describe('what a member is told of its configuration', () => {
  test('by default', () => {
    expect(optionsOf('')).toMatchObject({
      serverId: 1,
      initLimitMs: 10_000,
      syncLimitMs: 5000,
      connectLimitMs: 1500,
      epochWaitMsMax: undefined,
      isSnapshotForced: false,
      isLeaderServing: true,
      isEmptyDatabaseTrusted: true,
    });
  });

  test.each<[string, Partial<MemberOptions>]>([
    ['connectToLearnerMasterLimit=3', { connectLimitMs: 3000 }],
    ['leader.maxTimeToWaitForEpoch=400', { epochWaitMsMax: 400 }],
    ['forceSnapshotSync=true', { isSnapshotForced: true }],
    ['leaderServes=no', { isLeaderServing: false }],
    ['db.autocreate=false', { isEmptyDatabaseTrusted: false }],
  ])('with %s', (line, expected) => {
    expect(optionsOf(line)).toMatchObject(expected);
  });
});
