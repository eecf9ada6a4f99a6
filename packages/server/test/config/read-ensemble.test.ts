import { resolve } from 'node:path';
import { formatMembership } from '@zooid/protocol';
import { describe, expect, test } from 'vitest';
import {
  type ConfigInput,
  describeProblem,
  type EnsembleConfig,
  parseServerConfig,
} from '../../src/config/config.ts';
import { bad, good, warningsOf } from './parse.ts';

describe('server lines of a standalone server', () => {
  const oneServer = 'server.1=zoo1:2888:3888;2191';

  test('one is a standalone server, as with Apache', () => {
    expect(good('server.1=zoo1:2888:3888').network.client.port).toBe(2181);
    expect(warningsOf('server.1=zoo1:2888:3888')).toEqual([]);
  });

  test('an observer alone, and one beside a single participant, are refused', () => {
    expect(bad('server.1=a:2888:3888:observer')).toHaveLength(1);
    expect(bad('server.1=a:2888:3888\nserver.2=b:2888:3888:observer')).toHaveLength(1);
  });

  test('the client address of the own line counts when myid names it', () => {
    const input = (myid: string | undefined): ConfigInput => ({
      file: 'zoo.cfg',
      text: `dataDir=/data\n${oneServer}`,
      readTextFile: (path) => (path === resolve('/data/myid') ? myid : undefined),
    });
    const parsed = parseServerConfig(input('1\n'));
    expect(parsed.ok && parsed.config.network.client).toEqual({ host: undefined, port: 2191 });
    const other = parseServerConfig(input('2\n'));
    expect(!other.ok && other.problems.map(({ key }) => key)).toEqual(['clientPort']);
    const broken = parseServerConfig(input('one'));
    expect(!broken.ok && broken.problems.map(({ reason }) => reason)).toContain('is not a number');
    expect(parseServerConfig(input(undefined)).ok).toBe(false);
  });

  test('an own line that contradicts clientPort is refused', () => {
    const readTextFile = () => '1';
    expect(bad(oneServer, { readTextFile }).map(({ key }) => key)).toEqual(['server.1']);
    expect(good('server.1=zoo1:2888:3888;2181', { readTextFile }).network.client.port).toBe(2181);
  });

  test('a dynamic file may hold them, and nothing else', () => {
    const read = (text: string | undefined) => ({
      readTextFile: (path: string) => (path.endsWith('dyn') ? text : undefined),
    });
    const line = 'dynamicConfigFile=/dyn';
    expect(good(line, read('server.1=a:1:2;2181')).network.client.port).toBe(2181);
    expect(bad(line, read('server.1=a:1:2\nserver.2=b:1:1')).map(describeProblem)).toEqual([
      expect.stringMatching(/^\/dyn:2: server\.2/),
    ]);
    expect(bad(line, read('version=5')).map(({ key }) => key)).toEqual(['version']);
    expect(bad(line, read(undefined)).map(({ key }) => key)).toEqual(['dynamicConfigFile']);
    expect(bad(`${line}\nserver.1=a:1:2`, read('')).map(({ key }) => key)).toEqual(['server.1']);
  });

  test.each([
    ['server.one=a:1:2', 'does not name the server by a number'],
    ['server.1=a', 'is not an address with two ports'],
    ['server.1=a:1', 'is not an address with two ports'],
    ['server.1=a:1:99999', 'is not an address with two ports'],
    ['server.1=[::1:1:2', 'is not an address with two ports'],
    ['server.1=a:1:2:leader', 'ends in neither participant nor observer'],
    ['server.1=a:1:2;x', 'has no client address after the semicolon'],
    ['server.1=a:1:2;2181;2281', 'asks for a port with TLS, which is not supported yet'],
  ])('%s is refused', (text, reason) => {
    expect(bad(text).map((problem) => problem.reason)).toEqual([reason]);
  });

  test('an IPv6 address stands in brackets', () => {
    const readTextFile = () => '1';
    const parsed = parseServerConfig({
      text: 'dataDir=/d\nserver.1=[fe80::1]:1:2:participant;[::1]:5',
      readTextFile,
    });
    expect(parsed.ok && parsed.config.network.client).toEqual({
      host: '0:0:0:0:0:0:0:1',
      port: 5,
    });
  });
});

const LIMITS = 'initLimit=10\nsyncLimit=5\n';
const THREE = 'server.1=zoo1:2888:3888\nserver.2=zoo2:2888:3888\nserver.3=zoo3:2888:3888\n';

/** A directory that holds a `myid`, and perhaps other files. */
function input(
  myid: string | undefined,
  files: Readonly<Record<string, string>> = {},
): ConfigInput {
  return {
    file: '/conf/zoo.cfg',
    readTextFile: (path) => (path === resolve('/data/myid') ? myid : files[path]),
  };
}

function member(text: string, given: ConfigInput = input('1')): EnsembleConfig {
  const { ensemble } = good(LIMITS + text, given);
  if (ensemble === undefined) throw new Error('is standalone');
  return ensemble;
}

function problemsOf(text: string, given: ConfigInput = input('1')): readonly string[] {
  return bad(text, given).map(describeProblem);
}

describe('a member of an ensemble', () => {
  test('is whom myid names, with everyone from the server lines', () => {
    const { serverId, role, membership, staticFile, dynamicFile } = member(THREE, input('2\n'));
    expect({ serverId, role, staticFile, dynamicFile }).toEqual({
      serverId: 2,
      role: 'participant',
      staticFile: '/conf/zoo.cfg',
      dynamicFile: undefined,
    });
    expect(formatMembership(membership)).toBe(
      'server.1=zoo1:2888:3888:participant\nserver.2=zoo2:2888:3888:participant\nserver.3=zoo3:2888:3888:participant\nversion=0',
    );
  });

  test('has the defaults of Apache', () => {
    expect(member(THREE)).toMatchObject({
      isStandaloneAllowed: true,
      initLimitTicks: 10,
      syncLimitTicks: 5,
      connectLimitTicks: undefined,
      connectRetryDelayMs: 20,
      isListeningOnAllAddresses: false,
      isReadOnlyModeOn: false,
      localSessions: 'off',
      isEmptyDatabaseTrusted: true,
      election: {
        connectTimeoutMs: 5000,
        greetingTimeoutMs: 15_000,
        notificationIntervalMsMin: 200,
        notificationIntervalMsMax: 60_000,
        bindAttemptCountMax: 3,
      },
      leader: {
        isServingClients: true,
        epochWaitMsMax: undefined,
        commitLogCount: 500,
        logShareMax: 0.33,
        isSnapshotForced: false,
      },
    });
  });

  test.each([
    ['localSessionsEnabled=true', 'without-ephemerals'],
    ['localSessionsEnabled=true\nlocalSessionsUpgradingEnabled=true', 'upgrading'],
    ['localSessionsUpgradingEnabled=true', 'off'],
  ])('with %s', (lines, mode) => {
    expect(member(`${lines}\n${THREE}`).localSessions).toBe(mode);
  });

  test('obeys the keys that a single server passes over', () => {
    const keys = `connectToLearnerMasterLimit=4
leaderServes=no
cnxTimeout=900
quorumCnxnTimeoutMs=1234
electionPortBindRetry=0
quorumListenOnAllIPs=true
fastleader.minNotificationInterval=20
fastleader.maxNotificationInterval=40
leader.maxTimeToWaitForEpoch=77
leaderConnectDelayDuringRetryMs=5
db.autocreate=false
commitLogCount=501
snapshotSizeFactor=-1
forceSnapshotSync=true
`;
    const properties: [string, string][] = [['readonlymode.enabled', 'true']];
    const config = member(keys + THREE, { ...input('1'), properties });
    expect(config).toMatchObject({
      connectLimitTicks: 4,
      connectRetryDelayMs: 5,
      isListeningOnAllAddresses: true,
      isReadOnlyModeOn: true,
      isEmptyDatabaseTrusted: false,
      election: {
        connectTimeoutMs: 900,
        greetingTimeoutMs: 1234,
        notificationIntervalMsMin: 20,
        notificationIntervalMsMax: 40,
        bindAttemptCountMax: 0,
      },
      leader: {
        isServingClients: false,
        epochWaitMsMax: 77,
        commitLogCount: 501,
        logShareMax: undefined,
        isSnapshotForced: true,
      },
    });
    expect(good(keys, { properties }).ensemble).toBeUndefined();
  });

  test('may be alone if standaloneEnabled is false', () => {
    expect(good('server.1=a:1:2', input('1')).ensemble).toBeUndefined();
    expect(member('standaloneEnabled=false\nserver.1=a:1:2').isStandaloneAllowed).toBe(false);
    expect(problemsOf('standaloneEnabled=false')).toEqual([
      '/conf/zoo.cfg:3: standaloneEnabled=false asks for an ensemble, and there is no participant. Add a server line for each server, or remove the key.',
    ]);
  });

  test('serves clients where its own line says, or else at clientPort', () => {
    const own = (line: string) =>
      good(`${LIMITS}server.1=${line}\nserver.2=b:1:2\nserver.3=c:1:2`, input('1')).network.client;
    expect(own('a:1:2')).toEqual({ host: undefined, port: 2181 });
    expect(own('a:1:2;10.0.0.1:2181')).toEqual({ host: '10.0.0.1', port: 2181 });
    expect(own('a:1:2;2181')).toEqual({ host: undefined, port: 2181 });
  });

  test('observes if its line says so, whatever peerType says', () => {
    const observed = `${THREE}server.4=zoo4:2888:3888:observer\n`;
    expect(member(observed, input('4')).role).toBe('observer');
    expect(warningsOf(LIMITS + observed, input('4'))).toEqual([]);
    expect(warningsOf(`${LIMITS}peerType=observer\n${THREE}`, input('1'))).toEqual([
      '/conf/zoo.cfg:5: peerType=observer differs from the line server.1: the server is a participant.',
    ]);
    expect(warningsOf(`${LIMITS}peerType=participant\n${observed}`, input('4'))).toEqual([
      '/conf/zoo.cfg:5: peerType=participant differs from the line server.4: the server is an observer.',
    ]);
  });

  test('knows groups and weights', () => {
    const { groups, weights } = member(`${THREE}group.1=1:2\ngroup.2=3\nweight.3=2`).membership;
    expect([...groups]).toEqual([
      [1, [1, 2]],
      [2, [3]],
    ]);
    expect([...weights]).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
    ]);
  });

  test('takes the version from the name of its dynamic file, and what was proposed last from the file beside it', () => {
    const files = {
      '/conf/zoo.cfg.dynamic.1000000a3': THREE,
      '/conf/zoo.cfg.dynamic.next': `${THREE}server.4=zoo4:2888:3888\nversion=1000000b0`,
    };
    const config = member('dynamicConfigFile=/conf/zoo.cfg.dynamic.1000000a3', input('1', files));
    expect(config.membership.version).toBe(0x1_0000_00a3);
    expect(config.dynamicFile).toBe('/conf/zoo.cfg.dynamic.1000000a3');
    expect(config.lastSeenMembership?.version).toBe(0x1_0000_00b0);
    expect([...(config.lastSeenMembership?.servers.keys() ?? [])]).toEqual([1, 2, 3, 4]);
    const beside = {
      '/conf/servers': THREE,
      '/conf/zoo.cfg.dynamic.next': 'server.1=x',
    };
    const plain = { '/conf/servers': THREE };
    expect(member('dynamicConfigFile=/conf/servers', input('1', plain)).membership.version).toBe(0);
    expect(problemsOf(`${LIMITS}dynamicConfigFile=/conf/servers`, input('1', beside))).toEqual([
      '/conf/zoo.cfg.dynamic.next: server.1 is not an address with two ports. Copy the file from another member, or remove it if no reconfiguration was under way.',
    ]);
  });
});

describe('a mistake in an ensemble is told with its remedy:', () => {
  test.each([
    [undefined, "is missing. Write the number of this server's own line into it: 1, 2 or 3."],
    ['one', "is not a number. Write the number of this server's own line into it: 1, 2 or 3."],
    ['', "is not a number. Write the number of this server's own line into it: 1, 2 or 3."],
    [
      '7',
      'says 7, and there is no line server.7. Add that line, or correct the number: 1, 2 or 3.',
    ],
  ])('myid %j', (myid, words) => {
    expect(problemsOf(LIMITS + THREE, input(myid))).toEqual([`${resolve('/data/myid')} ${words}`]);
  });

  test('no limits, limits of 0', () => {
    expect(problemsOf(THREE)).toEqual([
      '/conf/zoo.cfg: initLimit is not set, and an ensemble needs it. Add initLimit=10: that many ticks are usual.',
      '/conf/zoo.cfg: syncLimit is not set, and an ensemble needs it. Add syncLimit=5: that many ticks are usual.',
    ]);
    expect(problemsOf(`initLimit=0\nsyncLimit=x\n${THREE}`)).toEqual([
      '/conf/zoo.cfg:3: initLimit=0 is not a number of ticks. Add initLimit=10: that many ticks are usual.',
      '/conf/zoo.cfg:4: syncLimit=x is not a whole number. Write digits only, without a unit.',
    ]);
  });

  test.each([
    [
      'server.1=a:1:2\nserver.2=A:1:3',
      'server.2=A:1:3 has port 1 of A for the quorum, which server.1 has for the quorum. Give each server a host or ports of its own.',
    ],
    [
      'server.1=a:1:2\nserver.2=a:2:3',
      'server.2=a:2:3 has port 2 of a for the quorum, which server.1 has for elections. Give each server a host or ports of its own.',
    ],
    [
      'server.1=a:1:2;2\nserver.2=b:1:2',
      'server.1=a:1:2;2 uses port 2 of a twice. Choose another port.',
    ],
    [
      'server.1=a:1:1\nserver.2=b:1:2',
      'server.1=a:1:1 has port 1 twice: the second is for elections and must differ. Write host:quorumPort:electionPort[:participant|observer][;[host:]clientPort].',
    ],
    [
      'server.1=a:1:2|b:1:2\nserver.2=c:1:2',
      'server.1=a:1:2|b:1:2 has several addresses, and multiAddress.enabled is not true. Leave one address, or add multiAddress.enabled=true.',
    ],
    [
      'server.1=a:1:2\nserver.2=b:1:2\ngroup.1=1',
      'server.2=b:1:2 is in no group. Put each participant into exactly one group.N=1:2:3, and write a whole number into weight.N.',
    ],
    [
      'server.1=a:1:2\nserver.2=b:1:2\nsslQuorum=true',
      'sslQuorum=true asks for TLS between servers, which is not supported yet. Remove the key in all servers, and keep their ports in a network of their own.',
    ],
    [
      'server.1=a:1:2\nserver.2=b:1:2\nquorum.auth.enableSasl=true',
      'quorum.auth.enableSasl=true asks for SASL between servers, which is not supported yet. Remove the key in all servers, and keep their ports in a network of their own.',
    ],
  ])('%j', (text, words) => {
    const [problem, ...others] = problemsOf(LIMITS + text, {
      ...input('1'),
      text: `dataDir=/data\nclientPort=9\n${LIMITS}${text}`,
    }).filter((line) => !line.includes('another client address'));
    expect(problem?.replace(/^\S+: /, '')).toBe(words);
    expect(others).toEqual([]);
  });

  test.each([
    [
      'server.1=a:1:2\nserver.2=b:1:2',
      'server.2=b:1:2 makes two participants: none may fail. Three bear one failure.',
    ],
    [
      `${THREE}server.4=zoo4:2888:3888`,
      'server.4=zoo4:2888:3888 makes 4 participants, which bear no more failures than 3; an odd number is better.',
    ],
    [
      'server.1=a:1:2\nserver.2=b:1:2\nserver.300=c:1:2',
      'server.300=c:1:2 has a number above 255; sessions of two such servers can get the same id.',
    ],
    [
      'server.1=a:1:2;2181\nserver.2=a:3:4;2181\nserver.3=a:5:6',
      'server.2=a:3:4;2181 has port 2181 of a for clients, as server.1 has; on one machine only one of them can.',
    ],
    [`commitLogCount=20\n${THREE}`, 'commitLogCount=20 is less than 500: 500 is used.'],
    [`snapshotSizeFactor=3\n${THREE}`, 'snapshotSizeFactor=3 is more than 1: the default is used.'],
  ])('%j is only warned of', (text, words) => {
    const warnings = warningsOf(LIMITS + text, input('1'));
    expect(warnings.map((line) => line.replace(/^\S+: /, ''))).toEqual([words]);
  });
});

test('what only a member could not keep does not stop a single server', () => {
  expect(warningsOf('sslQuorum=true\noraclePath=/x')).toEqual([
    'sslQuorum, oraclePath has a meaning only in an ensemble; this is a single server.',
  ]);
});
