import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ConfigInput, describeProblem, parseServerConfig } from '../../src/config/config.ts';
import { bad, good, warningsOf } from './parse.ts';

describe('server lines', () => {
  const oneServer = 'server.1=zoo1:2888:3888;2191';

  test('one is a standalone server, as with Apache', () => {
    expect(good('server.1=zoo1:2888:3888').network.client.port).toBe(2181);
    expect(warningsOf('server.1=zoo1:2888:3888')).toEqual([]);
  });

  test('two are an ensemble, which is refused once and plainly', () => {
    const problems = bad(
      'server.1=a:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888:observer',
    );
    expect(problems.map(describeProblem)).toEqual([
      'zoo.cfg:5: server.3=c:2888:3888:observer is one of 3 servers, and ensembles are not supported yet. Leave one server line, or none.',
    ]);
  });

  test('an observer alone, and one beside a single participant, are refused', () => {
    expect(bad('server.1=a:2888:3888:observer')).toHaveLength(1);
    expect(bad('server.1=a:2888:3888\nserver.2=b:2888:3888:observer')).toHaveLength(1);
  });

  test('a quorum of one is an ensemble, too', () => {
    expect(bad('standaloneEnabled=false').map(({ key }) => key)).toEqual(['standaloneEnabled']);
    expect(bad('standaloneEnabled=false\nserver.1=a:1:2').map(({ key }) => key)).toEqual([
      'standaloneEnabled',
    ]);
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
    expect(bad(line, read('server.1=a:1:2\nserver.2=b:1:2')).map(describeProblem)).toEqual([
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
    ['server.1=a:1:2;', 'has no client address after the semicolon'],
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
    expect(parsed.ok && parsed.config.network.client).toEqual({ host: '::1', port: 5 });
  });
});
