import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDraft } from '../../src/config/build-config.ts';
import { describeProblem, describeWarning, parseServerConfig } from '../../src/config/config.ts';
import { configKeys } from '../../src/config/config-keys.ts';
import { bad, good, goodWithWarnings, warningsOf } from './parse.ts';

describe('the defaults', () => {
  test("are those of Apache's server", () => {
    const config = good('');
    expect(config.network).toMatchObject({
      client: { host: undefined, port: 2181 },
      connectionCountPerAddressMax: 60,
      connectionCountMax: 0,
      sessionlessTimeoutMs: 10_000,
      frameBytesMax: 1_048_575,
    });
    expect(config.session).toEqual({ tickTimeMs: 3000, timeoutMsMin: 6000, timeoutMsMax: 60_000 });
    expect(config.storage).toMatchObject({
      dataDir: resolve('/data'),
      dataLogDir: resolve('/data'),
      preallocateBytes: 65_536 * 1024,
      snapshotTxnCount: 100_000,
      snapshotLogBytes: 4_294_967_296,
      logFileBytesMax: undefined,
      isSyncForced: true,
      syncWarningMs: 1000,
      snapshotCompression: 'none',
      purgeRetainCount: 3,
      purgeIntervalMs: 0,
    });
    expect(config.throttle.outstandingRequestCountMax).toBe(1000);
    expect(config.throttle.largeRequestThresholdBytes).toBeUndefined();
    expect(config.admin).toMatchObject({
      isOn: true,
      listen: { host: '0.0.0.0', port: 8080 },
      commandPath: '/commands',
      rateLimitIntervalMs: 300_000,
    });
    expect([...config.fourLetterWords]).toEqual(['srvr']);
    expect(config.metrics).toMatchObject({ isOn: true, prometheus: undefined });
    expect(config.isAuditOn).toBe(false);
  });

  test('give no warning', () => {
    expect(warningsOf('tickTime=2000\ninitLimit=10\nsyncLimit=5\n')).toEqual([]);
  });

  test('stand in the table in a form that its own reader takes without a word', () => {
    for (const key of configKeys) {
      if (key.default === undefined) continue;
      if (key.fate === 'honoured') {
        const line = key.form === 'property' ? '' : `${key.name}=${key.default}\n`;
        const properties: [string, string][] =
          key.form === 'property' ? [[key.name, key.default]] : [];
        expect([key.name, warningsOf(line, { properties })]).toEqual([key.name, []]);
      }
      if (key.fate === 'ensemble')
        expect([key.name, key.apply(createDraft(), key.default)]).toEqual([key.name, undefined]);
      if (key.fate === 'ensemble' && key.refusal !== undefined)
        expect([key.name, key.refusal.isHarmless(key.default)]).toEqual([key.name, true]);
      if (key.fate === 'refused')
        expect([key.name, key.isHarmless(key.default)]).toEqual([key.name, true]);
    }
  });
});

describe('the configuration', () => {
  test('is frozen through and through', () => {
    const config = good('');
    expect(() => Object.assign(config.session, { tickTimeMs: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config.throttle.connection, { fillCount: 1 })).toThrow(TypeError);
    expect(() => Object.assign(config, { isAuditOn: true })).toThrow(TypeError);
  });

  test('of one file does not leak into the next', () => {
    expect(good('4lw.commands.whitelist=*\ntickTime=5').fourLetterWords.size).toBe(18);
    expect(good('').fourLetterWords.size).toBe(1);
    expect(good('').session.tickTimeMs).toBe(3000);
  });
});

describe('the problems', () => {
  test('are all reported at once, in the order of the lines, each with what to do', () => {
    const problems = bad(
      'tickTime=fast\nmaxClientCnxns=many\nmetricsProvider.className=x.Y\nquorumListenOnAllIPs=maybe\n',
    );
    expect(problems.map(describeProblem)).toEqual([
      'zoo.cfg:3: tickTime=fast is not a whole number. Write digits only, without a unit.',
      'zoo.cfg:4: maxClientCnxns=many is not a whole number. Write digits only, without a unit.',
      expect.stringMatching(
        /^zoo\.cfg:5: metricsProvider\.className=x\.Y is not known\. Write one of: org\.apache/,
      ),
      'zoo.cfg:6: quorumListenOnAllIPs=maybe is neither true nor false. Write true or false.',
    ]);
  });

  test('name the argument if the value was one', () => {
    const [problem] = bad('', { properties: [['jute.maxbuffer', '0']] });
    expect(describeProblem(problem!)).toMatch(
      /^-Djute\.maxbuffer=0 is not between 1 and 2147483647\./,
    );
  });

  test.each([
    ['clientPort', 'clientPort=65536'],
    ['clientPort', 'clientPort=-1'],
    ['tickTime', 'tickTime=0'],
    ['tickTime', 'tickTime=99999999999'],
    ['dataDir', 'dataDir='],
    ['minSessionTimeout', 'minSessionTimeout=1000\nmaxSessionTimeout=999'],
    ['maxSessionTimeout', 'maxSessionTimeout=5999'],
    ['minSessionTimeout', 'minSessionTimeout=60001'],
    ['electionAlg', 'electionAlg=1'],
    ['peerType', 'peerType=leader'],
    ['autopurge.purgeInterval', 'autopurge.purgeInterval=often'],
    ['audit.impl.class', 'audit.impl.class=my.Logger'],
    ['admin.commandURL', 'admin.commandURL=commands'],
    ['connection_throttle_drop_increase', 'connection_throttle_drop_increase=2'],
    ['quorum.auth.serverRequireSasl', 'quorum.auth.serverRequireSasl=true'],
  ])('%s is refused for %j', (key, text) => {
    expect(bad(text).map((problem) => problem.key)).toContain(key);
  });

  test('name every required key that is missing', () => {
    const parsed = parseServerConfig({ file: 'zoo.cfg', text: '' });
    expect(!parsed.ok && parsed.problems.map(describeProblem)).toEqual([
      'zoo.cfg: dataDir is not set. Add dataDir=/path/of/a/directory.',
      'zoo.cfg: clientPort is not set. Add clientPort=2181.',
    ]);
  });

  test('do not call a key missing whose value is wrong', () => {
    const parsed = parseServerConfig({ text: 'dataDir=\nclientPort=x' });
    expect(!parsed.ok && parsed.problems.map(({ key, line }) => [key, line])).toEqual([
      ['dataDir', 1],
      ['clientPort', 2],
    ]);
  });

  test('include a malformed escape', () => {
    expect(bad('zone=\\u12').map(({ key, line }) => [key, line])).toEqual([['zone', 3]]);
  });
});

describe('security', () => {
  test.each([
    ['secureClientPort', 'secureClientPort=2281'],
    ['client.portUnification', 'client.portUnification=true'],
    [
      'authProvider.1',
      'authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
    ],
    [
      'authProvider.x509',
      'authProvider.x509=org.apache.zookeeper.server.auth.X509AuthenticationProvider',
    ],
    ['sessionRequireClientSASLAuth', 'sessionRequireClientSASLAuth=true'],
    ['admin.forceHttps', 'admin.forceHttps=true'],
    ['admin.needClientAuth', 'admin.needClientAuth=true'],
    ['metricsProvider.httpsPort', 'metricsProvider.httpsPort=7001'],
    ['serverCnxnFactory', 'serverCnxnFactory=my.Factory'],
  ])(
    '%s is refused, for going on without it would be weaker than what was asked for',
    (key, text) => {
      expect(bad(text).map((problem) => problem.key)).toEqual([key]);
    },
  );

  test.each([
    'client.portUnification=false',
    'authProvider.1=org.apache.zookeeper.server.auth.DigestAuthenticationProvider',
    'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
    'sessionRequireClientSASLAuth=false',
    'admin.forceHttps=false',
    'audit.impl.class=org.apache.zookeeper.audit.Slf4jAuditLogger',
  ])('%s asks for nothing and is taken in silence', (text) => {
    expect(warningsOf(text)).toEqual([]);
  });

  test('a JAAS file, which switches SASL on, is refused', () => {
    const [problem] = bad('', { properties: [['java.security.auth.login.config', '/jaas.conf']] });
    expect(problem?.key).toBe('-Djava.security.auth.login.config');
  });

  test.each([
    'enforce.auth.enabled',
    'audit.enable',
    'admin.restore.enabled',
    'DigestAuthenticationProvider.enabled',
  ])('%s=yes is refused, where Apache would take it for false in silence', (key) => {
    expect(bad(`${key}=yes\nenforce.auth.schemes=ip`).map((problem) => problem.key)).toEqual([key]);
  });

  test('enforced schemes are those of the list, and only while they are enforced', () => {
    const both = 'enforce.auth.enabled=true\nenforce.auth.schemes= digest , ip';
    expect(good(both).security.enforcedSchemes).toEqual(['digest', 'ip']);
    expect(good('enforce.auth.schemes=digest').security.enforcedSchemes).toEqual([]);
    expect(warningsOf('enforce.auth.schemes=digest')).toEqual([
      'zoo.cfg:3: enforce.auth.schemes=digest has no effect without enforce.auth.enabled=true.',
    ]);
  });

  test.each([
    ['without a list', 'enforce.auth.enabled=true'],
    ['with an unknown scheme', 'enforce.auth.enabled=true\nenforce.auth.schemes=digest,sasl'],
    [
      'with digest switched off',
      'enforce.auth.enabled=true\nenforce.auth.schemes=digest\nDigestAuthenticationProvider.enabled=false',
    ],
  ])('enforcing authentication %s is one problem', (_, text) => {
    expect(bad(text)).toHaveLength(1);
  });

  test('the scheme ensemble needs its provider; without names it takes every one, and says so', () => {
    const provider =
      'authProvider.7=org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider';
    expect(good(`${provider}\nensembleAuthName=prod, test`).security.ensembleNames).toBe(
      'prod, test',
    );
    const open = goodWithWarnings(provider);
    expect(open.config.security.ensembleNames).toBe('');
    expect(open.warnings.map(({ key }) => key)).toEqual(['ensembleAuthName']);
    const { config, warnings } = goodWithWarnings('ensembleAuthName=prod');
    expect(config.security.ensembleNames).toBeUndefined();
    expect(warnings.map(({ key }) => key)).toEqual(['ensembleAuthName']);
  });

  test.each([
    [100, 100, 1],
    [1024, 1024, 0],
    [2 ** 30 - 1, 2 ** 30 - 1, 0],
    [2 ** 31 - 1, 2 ** 30 - 1, 1],
  ])(
    'jute.maxbuffer=%i is a longest request of %i bytes, with %i warnings',
    (text, bytes, count) => {
      const given = { properties: [['jute.maxbuffer', String(text)]] as const };
      const { config, warnings } = goodWithWarnings('', given);
      expect(config.network.frameBytesMax).toBe(bytes);
      expect(warnings.filter(({ key }) => key.endsWith('jute.maxbuffer'))).toHaveLength(count);
    },
  );

  test('skipACL and forceSync do what they say, and are mentioned', () => {
    const { config, warnings } = goodWithWarnings('skipACL=yes\nforceSync=no');
    expect(config.security.isAclSkipped).toBe(true);
    expect(config.storage.isSyncForced).toBe(false);
    expect(warnings.map(({ key }) => key)).toEqual(['skipACL', 'forceSync']);
  });

  test('skipACL is on for yes alone, forceSync off for no alone', () => {
    expect(good('skipACL=true').security.isAclSkipped).toBe(false);
    expect(good('forceSync=false').storage.isSyncForced).toBe(true);
    expect(warningsOf('skipACL=true\nforceSync=false')).toHaveLength(2);
  });

  test("a digest has the name that Node knows, whatever Java's spelling", () => {
    expect(good('DigestAuthenticationProvider.digestAlg=sha-512').security.digestAlgorithm).toBe(
      'sha512',
    );
    expect(bad('DigestAuthenticationProvider.digestAlg=CRC32')).toHaveLength(1);
  });
});

describe('values', () => {
  test('are read as Java reads the key: strictly, or with the default for what is no number', () => {
    expect(good('snapCount=0x10').storage.snapshotTxnCount).toBe(16);
    expect(good('snapCount=010').storage.snapshotTxnCount).toBe(8);
    expect(good('snapCount=ten').storage.snapshotTxnCount).toBe(100_000);
    expect(warningsOf('snapCount=ten')).toEqual([
      'zoo.cfg:3: snapCount=ten is not a whole number: the default is used.',
    ]);
    expect(bad('tickTime=0x10')).toHaveLength(1);
  });

  test('lose the white space around them', () => {
    expect(good('tickTime =  2000  \t').session.tickTimeMs).toBe(2000);
  });

  test('kilobytes become bytes and hours milliseconds', () => {
    const { storage } = good(
      'preAllocSize=64\nsnapSizeLimitInKb=2\ntxnLogSizeLimitInKb=3\nautopurge.purgeInterval=2',
    );
    expect(storage.preallocateBytes).toBe(65_536);
    expect(storage.snapshotLogBytes).toBe(2048);
    expect(storage.logFileBytesMax).toBe(3072);
    expect(storage.purgeIntervalMs).toBe(7_200_000);
    expect(good('autopurge.purgeInterval=90s').storage.purgeIntervalMs).toBe(90_000);
  });

  test('that switch something off leave no number behind', () => {
    const config = good(
      'snapSizeLimitInKb=0\ntxnLogSizeLimitInKb=-1\nlargeRequestThreshold=0\nclientPortListenBacklog=-1\nmaxCnxns=-5\nautopurge.purgeInterval=-1',
    );
    expect(config.storage.snapshotLogBytes).toBeUndefined();
    expect(config.storage.logFileBytesMax).toBeUndefined();
    expect(config.throttle.largeRequestThresholdBytes).toBeUndefined();
    expect(config.network.listenBacklog).toBeUndefined();
    expect(config.network.connectionCountMax).toBe(0);
    expect(config.storage.purgeIntervalMs).toBe(0);
  });

  test('below a floor are raised to it, with a warning', () => {
    const { config, warnings } = goodWithWarnings('snapCount=1\nautopurge.snapRetainCount=1');
    expect(config.storage.snapshotTxnCount).toBe(2);
    expect(config.storage.purgeRetainCount).toBe(3);
    expect(warnings).toHaveLength(2);
  });

  test('that were given are kept, those that follow from the tick follow it', () => {
    expect(good('tickTime=100').session).toEqual({
      tickTimeMs: 100,
      timeoutMsMin: 200,
      timeoutMsMax: 2000,
    });
    expect(good('tickTime=100\nminSessionTimeout=0\nmaxSessionTimeout=7').session).toEqual({
      tickTimeMs: 100,
      timeoutMsMin: 0,
      timeoutMsMax: 7,
    });
  });

  test('of the connection throttle are multiplied by the weight of a session if weights are on', () => {
    const text = 'connection_throttle_tokens=10\nconnection_throttle_fill_count=2\n';
    expect(good(text).throttle.connection).toMatchObject({ tokenCount: 10, fillCount: 2 });
    expect(
      good(`${text}connection_throttle_weight_enabled=true`).throttle.connection,
    ).toMatchObject({
      tokenCount: 30,
      fillCount: 6,
    });
  });

  test('of session weights are never below that of a local session', () => {
    const { config, warnings } = goodWithWarnings('connection_throttle_local_session_weight=9');
    expect(config.throttle.connection).toMatchObject({
      globalSessionWeight: 9,
      renewSessionWeight: 9,
    });
    expect(warnings).toHaveLength(2);
  });

  test('of the whitelist are the words that exist, all of them for a star, and srvr always', () => {
    expect([...good('4lw.commands.whitelist=ruok, mntr,').fourLetterWords]).toEqual([
      'ruok',
      'mntr',
      'srvr',
    ]);
    expect(good('4lw.commands.whitelist=ruok,*,nope').fourLetterWords.has('wchp')).toBe(true);
    expect(warningsOf('4lw.commands.whitelist=ruok,nope')).toEqual([
      expect.stringContaining('names words that do not exist: nope'),
    ]);
    expect(
      good('', { properties: [['readonlymode.enabled', 'true']] }).fourLetterWords.has('isro'),
    ).toBe(true);
  });

  test('of the metrics provider switch metrics off or give them a port', () => {
    expect(
      good('metricsProvider.className=org.apache.zookeeper.metrics.impl.NullMetricsProvider')
        .metrics.isOn,
    ).toBe(false);
    const prometheus =
      'metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider\n';
    expect(good(prometheus).metrics.prometheus).toEqual({ host: '0.0.0.0', port: 7000 });
    expect(
      good(`${prometheus}metricsProvider.httpPort=9\nmetricsProvider.httpHost=::1`).metrics
        .prometheus,
    ).toEqual({
      host: '::1',
      port: 9,
    });
  });

  test('of directories are absolute, and a bare relative one is mentioned', () => {
    const { config, warnings } = goodWithWarnings('dataDir=here\ndataLogDir=./there', {
      baseDir: '/base',
    });
    expect(config.storage.dataDir).toBe(resolve('/base/here'));
    expect(config.storage.dataLogDir).toBe(resolve('/base/there'));
    expect(warnings.map(({ key, message }) => [key, message])).toContainEqual([
      'dataDir',
      `is relative: it is ${resolve('/base/here')}`,
    ]);
    expect(warnings.some(({ key }) => key === 'dataLogDir')).toBe(false);
  });
});

describe('plain arguments instead of a file', () => {
  test('are port, directory, tick and connections per address, which are unlimited unless given', () => {
    const parsed = parseServerConfig({
      arguments: { clientPort: '2181', dataDir: '/d', tickTime: '10' },
    });
    expect(
      parsed.ok && [
        parsed.config.network.connectionCountPerAddressMax,
        parsed.config.session.tickTimeMs,
      ],
    ).toEqual([0, 10]);
    const limited = parseServerConfig({
      arguments: { clientPort: '0', dataDir: '/d', tickTime: '10', maxClientCnxns: '7' },
    });
    expect(limited.ok && limited.config.network.connectionCountPerAddressMax).toBe(7);
  });

  test('are checked like the lines of a file', () => {
    const parsed = parseServerConfig({ arguments: { clientPort: 'x', dataDir: '' } });
    expect(!parsed.ok && parsed.problems.map(({ key }) => key)).toEqual(['clientPort', 'dataDir']);
  });
});

describe('any text', () => {
  const names = configKeys.map((key) => key.name.replace('N', '1').replace('*', 'x'));
  const value = fc.oneof(
    fc.string(),
    fc.integer().map(String),
    fc.constantFrom(
      'true',
      'false',
      'yes',
      'no',
      '',
      '-1',
      '0',
      '1e9',
      '99999999999999999999',
      '*',
      'a:1:2;3',
      '\\u00',
    ),
  );
  const line = fc.oneof(
    fc.tuple(fc.constantFrom(...names), value).map(([name, text]) => `${name}=${text}`),
    fc.string(),
  );

  test('is either a configuration or a list of problems, never a crash', () => {
    fc.assert(
      fc.property(
        fc.array(line),
        fc.array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), value)),
        (lines, properties) => {
          const parsed = parseServerConfig({ file: 'zoo.cfg', text: lines.join('\n'), properties });
          for (const warning of parsed.warnings) expect(describeWarning(warning)).not.toBe('');
          if (parsed.ok) expect(Object.isFrozen(parsed.config)).toBe(true);
          else expect(parsed.problems.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
