// Against PrepRequestProcessor, case reconfig.

import { ErrorCode, formatMembership, type Membership } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { planReconfig } from '../../src/zab/plan-reconfig.ts';
import { membershipOf } from './member-harness.ts';

const line = (id: number, role = 'participant', host = `10.0.0.${id}`): string =>
  `server.${id}=${host}:2888:3888:${role};${host}:2181`;

const ensemble = (ids: readonly number[], version = '100000000'): Membership =>
  membershipOf([...ids.map((id) => line(id)), `version=${version}`].join('\n'));

const three = ensemble([1, 2, 3]);

function plan(
  request: { joining?: string; leaving?: string; members?: string; from?: bigint },
  facts: { active?: Membership; lastSeen?: Membership; isStandaloneAllowed?: boolean } = {},
): string[] | ErrorCode {
  const { joining = null, leaving = null, members = null, from = -1n } = request;
  const { active = three, isStandaloneAllowed = true } = facts;
  const planned = planReconfig(
    { joiningServers: joining, leavingServers: leaving, newMembers: members, curConfigId: from },
    { active, lastSeen: facts.lastSeen ?? active, zxid: 0x1_0000_0009, isStandaloneAllowed },
  );
  return typeof planned === 'number' ? planned : formatMembership(planned).split('\n');
}

const result = (...lines: string[]): string[] => [...lines, 'version=100000009'];

describe('some join, some leave', () => {
  test('the version is the zxid of the transaction', () => {
    expect(plan({})).toEqual(result(line(1), line(2), line(3)));
  });

  test('those who leave go first, so that one may come in the place of another', () => {
    const four = line(4, 'participant', '10.0.0.3');
    expect(plan({ leaving: '3', joining: four })).toEqual(result(line(1), line(2), four));
  });

  test('who joins under a number that is taken replaces that one', () => {
    expect(plan({ joining: line(2, 'observer') })).toEqual(
      result(line(1), line(2, 'observer'), line(3)),
    );
  });

  test('several are parted by commas, with spaces or without', () => {
    expect(plan({ joining: `${line(4)} , ${line(5)}`, leaving: ' 1 ,2' })).toEqual(
      result(line(3), line(4), line(5)),
    );
  });

  test('who leaves without having been there changes nothing', () => {
    expect(plan({ leaving: '9' })).toEqual(result(line(1), line(2), line(3)));
  });

  test.each([
    ['a number that is none leaves', { leaving: 'two' }],
    ['a server joins without an address', { joining: 'server.4' }],
    ['a server joins without a port for clients', { joining: 'server.4=10.0.0.4:2888:3888' }],
    ['a server joins twice in one entry', { joining: 'server.4=10.0.0.4:2888:3888;2181=5' }],
    ['a server joins where another one is', { joining: line(4, 'participant', '10.0.0.1') }],
  ])('refused: %s', (_title, request) => {
    expect(plan(request)).toBe(ErrorCode.badArguments);
  });

  test('with groups it is open to which one who joins belongs: only all members anew', () => {
    const groups = membershipOf(
      [1, 2, 3]
        .map((id) => line(id))
        .concat('group.1=1:2:3', 'version=100000000')
        .join('\n'),
    );
    expect(plan({ leaving: '3' }, { active: groups })).toBe(ErrorCode.badArguments);
    const members = [line(1), line(2), 'group.1=1:2'].join(',');
    expect(plan({ members }, { active: groups })).toEqual(
      result(line(1), line(2), 'group.1=1:2', 'weight.1=1', 'weight.2=1'),
    );
  });
});

describe('all members anew', () => {
  test('the entries are parted by commas or lines', () => {
    for (const separator of [',', '\n', ' ,\n ']) {
      expect(plan({ members: [line(1), line(4)].join(separator) })).toEqual(
        result(line(1), line(4)),
      );
    }
  });

  test('what joins or leaves besides is passed over', () => {
    expect(plan({ members: `${line(1)},${line(2)}`, leaving: '1' })).toEqual(
      result(line(1), line(2)),
    );
  });

  test('refused when it is no configuration', () => {
    expect(plan({ members: 'server.1=nonsense' })).toBe(ErrorCode.badArguments);
    expect(plan({ members: '' })).toBe(ErrorCode.badArguments);
  });
});

describe('when it is refused', () => {
  test('another reconfiguration is under way', () => {
    const lastSeen = ensemble([1, 2], '100000005');
    expect(plan({ leaving: '3' }, { lastSeen })).toBe(ErrorCode.reconfigInProgress);
  });

  test('the configuration is not the one that was asked for', () => {
    expect(plan({ leaving: '3', from: 0x1_0000_0001n })).toBe(ErrorCode.badVersion);
    expect(plan({ leaving: '3', from: 0x1_0000_0000n })).toEqual(result(line(1), line(2)));
  });

  test('fewer than two voters would be left, or none where one is enough', () => {
    expect(plan({ leaving: '2,3' })).toBe(ErrorCode.badArguments);
    expect(plan({ leaving: '2,3' }, { isStandaloneAllowed: false })).toEqual(result(line(1)));
    expect(plan({ leaving: '1,2,3' }, { isStandaloneAllowed: false })).toBe(ErrorCode.badArguments);
  });

  test('observers are no voters', () => {
    const joining = [line(2, 'observer'), line(3, 'observer')].join(',');
    expect(plan({ joining })).toBe(ErrorCode.badArguments);
  });
});
