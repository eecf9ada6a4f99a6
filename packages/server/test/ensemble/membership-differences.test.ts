import { parseMembership } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../../src/ensemble/membership-differences.ts';

const LIST = ['server.1=a:1:2', 'server.2=b:1:2', 'server.3=c:1:2:observer'];

function listOf(...lines: readonly string[]) {
  const reading = parseMembership(lines.join('\n'));
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.membership;
}

describe('two lists of servers', () => {
  test('are the same wherever clients connect, and by whatever address a server calls its own machine', () => {
    const other = listOf('server.1=0.0.0.0:1:2:participant;2181', ...LIST.slice(1));
    expect(differencesOf(listOf(...LIST), other)).toBeUndefined();
  });

  test('differ by ports, roles and entries', () => {
    const other = listOf('server.1=a:1:3', 'server.2=b:1:2', 'server.3=c:1:2', 'server.4=d:1:2');
    expect(differencesOf(listOf(...LIST), other)).toEqual({
      areHostsOnly: false,
      entries: [
        'server.1 is a:1:2:participant here and a:1:3:participant there',
        'server.3 is c:1:2:observer here and c:1:2:participant there',
        'server.4, d:1:2:participant, is only there',
      ],
    });
  });

  test('may differ by names of machines only', () => {
    const other = listOf('server.1=a.example.org:1:2', ...LIST.slice(1));
    expect(differencesOf(listOf(...LIST), other)).toEqual({
      areHostsOnly: true,
      entries: ['server.1 is a:1:2:participant here and a.example.org:1:2:participant there'],
    });
  });

  test('differ by groups and weights', () => {
    const grouped = ['server.1=a:1:2', 'server.2=b:1:2', 'group.1=1:2'];
    const other = listOf(...grouped, 'weight.1=2');
    expect(differencesOf(listOf(...grouped), other)).toEqual({
      areHostsOnly: false,
      entries: ['weights are 1=1, 2=1 here and 1=2, 2=1 there'],
    });
  });
});
