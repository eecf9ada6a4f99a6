import { describe, expect, test } from 'vitest';
import {
  formatMembership,
  type Membership,
  parseMembership,
  participantsOf,
  readServerLine,
} from '../src/index.ts';

function read(text: string): Membership {
  const reading = parseMembership(text);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.membership;
}

function faultsOf(text: string): readonly string[] {
  const reading = parseMembership(text);
  if (reading.ok) throw new Error('was accepted');
  return reading.faults.map(({ key, reason }) => `${key} ${reason}`);
}

/** What was given to QuorumMaj or QuorumHierarchical of ZooKeeper 3.8.0, and what their toString made of it. */
const vectors: readonly (readonly [given: string, written: string])[] = [
  [
    'server.1=localhost:2888:3888\nserver.2=localhost:2889:3889\nserver.3=localhost:2890:3890',
    'server.1=localhost:2888:3888:participant\nserver.2=localhost:2889:3889:participant\nserver.3=localhost:2890:3890:participant\nversion=0',
  ],
  [
    'server.1=zoo1:2888:3888;2181\nserver.2=zoo2:2888:3888:participant;zoo2:2181\nserver.3=10.0.0.3:2888:3888:observer;0.0.0.0:2181\nversion=100000002',
    'server.1=zoo1:2888:3888:participant;0.0.0.0:2181\nserver.2=zoo2:2888:3888:participant;zoo2:2181\nserver.3=10.0.0.3:2888:3888:observer;0.0.0.0:2181\nversion=100000002',
  ],
  [
    'server.1=[::1]:2888:3888;[fe80::1]:2181\nserver.2=[2001:db8::0:7]:2888:3888;[::]:2181\nserver.3=[::ffff:10.0.0.1]:1:2',
    'server.1=[0:0:0:0:0:0:0:1]:2888:3888:participant;[fe80:0:0:0:0:0:0:1]:2181\nserver.2=[2001:db8:0:0:0:0:0:7]:2888:3888:participant;[0:0:0:0:0:0:0:0]:2181\nserver.3=10.0.0.1:1:2:participant\nversion=0',
  ],
  [
    'server.1=[fe80::1%eth0]:1:2\nserver.2=A.Example:1:2',
    'server.1=[fe80:0:0:0:0:0:0:1%eth0]:1:2:participant\nserver.2=A.Example:1:2:participant\nversion=0',
  ],
  [
    'server.1=a:1:2|b:3:4;5\nserver.2=z:1:2|y:3:4:observer;5\nserver.3=c:1:2|a:9:8',
    'server.1=a:1:2|b:3:4:participant;0.0.0.0:5\nserver.2=y:3:4|z:1:2:observer;0.0.0.0:5\nserver.3=a:9:8|c:1:2:participant\nversion=0',
  ],
  [
    'server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nserver.4=d:1:2:observer\ngroup.1=1:2\ngroup.2=3\nweight.1=2\nweight.9=0\nversion=ff',
    'server.1=a:1:2:participant\nserver.2=b:1:2:participant\nserver.3=c:1:2:participant\nserver.4=d:1:2:observer\ngroup.1=1:2\ngroup.2=3\nweight.1=2\nweight.2=1\nweight.3=1\nweight.9=0\nversion=ff',
  ],
  [
    'server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\ngroup.1=3:2\ngroup.7=1',
    'server.1=a:1:2:participant\nserver.2=b:1:2:participant\nserver.3=c:1:2:participant\ngroup.1=2:3\ngroup.7=1\nweight.1=1\nweight.2=1\nweight.3=1\nversion=0',
  ],
  [
    'server.1=a:1:2:Observer\nserver.2=b:1:2: PARTICIPANT \nserver.3=c:2:3',
    'server.1=a:1:2:observer\nserver.2=b:1:2:participant\nserver.3=c:2:3:participant\nversion=0',
  ],
  [
    'server.1=a:1:2;\nserver.2=b:1:2;;\nserver.3=c:3:4;5;',
    'server.1=a:1:2:participant\nserver.2=b:1:2:participant\nserver.3=c:3:4:participant;0.0.0.0:5\nversion=0',
  ],
  [
    'server.01=a:1:2\nserver.+2=b:1:2\nserver.1=b:1:2',
    'server.1=b:1:2:participant\nserver.2=b:1:2:participant\nversion=0',
  ],
];

/** What `get /zookeeper/config` answered in an ensemble of ZooKeeper 3.8.0, after an observer was added. */
const apacheConfig = `server.1=127.0.0.1:53663:58187:participant;127.0.0.1:48911
server.2=127.0.0.1:37519:49319:participant;127.0.0.1:39843
server.3=127.0.0.1:38689:43329:participant;127.0.0.1:53967
server.4=127.0.0.1:55353:50223:observer;127.0.0.1:51927
version=100000003`;

describe('the text of a membership', () => {
  test.each(vectors)('%j is written back as Apache writes it', (given, written) => {
    expect(formatMembership(read(given))).toBe(written);
    expect(formatMembership(read(written))).toBe(written);
  });

  test('an ensemble of Apache servers shows its members in it', () => {
    const membership = read(apacheConfig);
    expect(formatMembership(membership)).toBe(apacheConfig);
    expect(membership.version).toBe(0x1_0000_0003);
    expect(participantsOf(membership).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(membership.servers.get(4)).toEqual({
      id: 4,
      role: 'observer',
      addresses: [{ host: '127.0.0.1', quorumPort: 55353, electionPort: 50223 }],
      client: { host: '127.0.0.1', port: 51927 },
    });
  });

  test('servers are written by rising id, whatever the order of the lines', () => {
    const text = 'server.12=a:1:2\nserver.2=b:1:2\nserver.255=c:1:2\nserver.17=d:1:2';
    expect([...read(text).servers.keys()]).toEqual([2, 12, 17, 255]);
    expect(formatMembership(read(text)).match(/server\.\d+/g)).toEqual([
      'server.2',
      'server.12',
      'server.17',
      'server.255',
    ]);
  });

  test('the first address of a line stays the first', () => {
    expect(read('server.1=z:1:2|a:3:4').servers.get(1)?.addresses[0].host).toBe('z');
  });

  test('blank lines, comments and spaces say nothing', () => {
    expect(formatMembership(read('\n# x\r\n server.1 = a:1:2 \n\n version = a\n'))).toBe(
      'server.1=a:1:2:participant\nversion=a',
    );
  });

  test.each([
    ['server.1=a:1:2\nserver.2=b:1:2\ngroup.1=1', ['server.2 is in no group']],
    [
      'server.1=a:1:2\nserver.2=b:1:2\ngroup.1=1:2\ngroup.2=2',
      ['group.2 has server 2, which group.1 has already'],
    ],
    ['server.1=a:1:2\nweight.1=1', ['server.1 is in no group']],
    ['server.1=a:1:2\ngroup.1=1:5', ['group.1 has server 5, which is no participant']],
    ['server.1=a:1:2\ngroup.1=1:5\nweight.5=3', ['group.1 has server 5, which is no participant']],
    ['server.1=a:1:2\ngroup.1=1\nweight.1=0', [' no server has any vote']],
    ['server.1=a:1:2\ngroup.1=1\nweight.1=-4', ['weight.1 is not a number of votes']],
    ['server.1=a:1:2\ngroup.1=1:x', ['group.1 is not a list of servers, such as 1:2:3']],
    ['group.x=1', ['group.x does not name the group by a number']],
    ['weightx=1', ['weightx does not name the server by a number']],
    ['server.1=a:1:1', ['server.1 has port 1 twice: the second is for elections and must differ']],
    [
      'foo=1\nbar',
      ['bar has no value', 'foo is neither a server nor a group, a weight or the version'],
    ],
    ['version=g', ['version is not the hexadecimal zxid of a configuration']],
    ['version=8000000000000000', ['version is not the hexadecimal zxid of a configuration']],
    ['server.1=a:1:2|b:1:2:observer|c:1:2:participant', ['server.1 has two different roles']],
    ['server.-3=a:1:2', ['server.-3 does not name the server by a number']],
  ])('%j is refused', (text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  test.each([
    ['a', 'is not an address with two ports'],
    [':1:2', 'is not an address with two ports'],
    ['::1:1:2', 'is not an address with two ports'],
    ['[::1:1:2', 'is not an address with two ports'],
    ['a:1:99999', 'is not an address with two ports'],
    ['a:1:2:leader', 'ends in neither participant nor observer'],
    ['a:1:2;1:2:3', 'has no client address after the semicolon'],
    ['a:1:2;:5', 'has no client address after the semicolon'],
    ['a:1:2;1;2', 'asks for a port with TLS, which is not supported yet'],
    ['a:1:2;1;;2', 'has too many parts'],
  ])('the line %j is refused', (value, reason) => {
    expect(readServerLine('server.1', value)).toEqual({ reason });
  });
});
