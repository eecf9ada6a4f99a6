import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandError } from '../../src/exit.ts';
import { findClientPort } from '../../src/life/client-port.ts';
import {
  chooseConfigFile,
  findServer,
  missingDirectory,
  serverProperties,
} from '../../src/life/server-place.ts';
import { parseZooCfg } from '../../src/life/zoo-cfg.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-cfg-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function write(name: string, ...lines: readonly string[]): string {
  const path = join(directory, name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

describe('a zoo.cfg', () => {
  test('is read as Java reads properties', () => {
    const config = parseZooCfg(
      [
        '# dataDir=/no',
        ' ! tickTime=1',
        '  dataDir = /data  ',
        'clientPort:2181\r',
        'server.1=a:1:2;[::1]:3',
        'tickTime 2000',
        'long=one\\',
        '  two',
        'dataDir=/later',
        'empty=',
        '',
      ].join('\n'),
    );
    expect(Object.fromEntries(config)).toEqual({
      dataDir: '/later',
      clientPort: '2181',
      'server.1': 'a:1:2;[::1]:3',
      tickTime: '2000',
      long: 'onetwo',
      empty: '',
    });
  });

  test('is the one that was named, else that of the environment, else ./zoo.cfg', () => {
    const environment = { ZOOCFGDIR: '/etc/z', ZOOCFG: 'my.cfg' };
    expect(chooseConfigFile('a.cfg', environment)).toBe('a.cfg');
    expect(chooseConfigFile(undefined, environment)).toBe('/etc/z/my.cfg');
    expect(chooseConfigFile(undefined, { ZOOCFGDIR: '/etc/z' })).toBe('/etc/z/zoo.cfg');
    expect(chooseConfigFile(undefined, { ...environment, ZOOCFG: '/a/b.cfg' })).toBe('/a/b.cfg');
    expect(chooseConfigFile(undefined, {})).toBe('zoo.cfg');
  });
});

describe('the files of a server', () => {
  test('are in its data directory', () => {
    const place = findServer(write('zoo.cfg', 'dataDir=/data'), { USER: 'me' });
    expect(place.pidFile).toBe('/data/zookeeper_server.pid');
    expect(place.logFile).toMatch(/^\/data\/logs\/zookeeper-me-server-.+\.out$/);
  });

  test('are where the environment says', () => {
    const environment = { ZOOPIDFILE: '/run/z.pid', ZOO_LOG_DIR: '/var/log/z' };
    const place = findServer(write('zoo.cfg', 'dataDir=/data'), environment);
    expect(place.pidFile).toBe('/run/z.pid');
    expect(place.logFile).toMatch(/^\/var\/log\/z\/zookeeper-/);
  });

  test('cannot be found without a data directory, or without the configuration', () => {
    expect(() => findServer(write('zoo.cfg', 'clientPort=1'), {})).toThrow(/where the data is/);
    expect(() => findServer(join(directory, 'none'), {})).toThrow(CommandError);
  });

  test('must exist if the environment forbids to make them', () => {
    const place = findServer(
      write('zoo.cfg', `dataDir=${directory}/data`, `dataLogDir=${directory}/log`),
      {},
    );
    const forbidden = { ZOO_DATADIR_AUTOCREATE_DISABLE: '1' };
    expect(missingDirectory(place, {})).toBeUndefined();
    expect(missingDirectory(place, forbidden)).toContain(`missing at ${directory}/data fix`);
    mkdirSync(join(directory, 'data/version-2'), { recursive: true });
    expect(missingDirectory(place, forbidden)).toContain(
      `txnlog directory is missing at ${directory}/log fix`,
    );
    mkdirSync(join(directory, 'log/version-2'), { recursive: true });
    expect(missingDirectory(place, forbidden)).toBeUndefined();
  });
});

test('properties come from the flags for Java, then from the command line, and nothing else does', () => {
  const environment = {
    SERVER_JVMFLAGS: '-Xmx1g  -Da=1',
    JVMFLAGS: '-XX:+UseG1GC -Db=2 -D',
    ZOO_DATADIR_AUTOCREATE_DISABLE: 'true',
  };
  expect(serverProperties(['c=3'], environment)).toEqual([
    '-Dzookeeper.datadir.autocreate=false',
    '-Da=1',
    '-Db=2',
    '-Dc=3',
  ]);
});

describe('the client port', () => {
  function find(...lines: readonly string[]) {
    return findClientPort(parseZooCfg(lines.join('\n')));
  }

  test('is that of the configuration', () => {
    expect(find('clientPort=2181')).toEqual({
      remarks: [],
      found: { address: 'localhost', port: 2181, security: 'plain' },
    });
    expect(find('clientPort=2181', 'clientPortAddress=10.0.0.1').found?.address).toBe('10.0.0.1');
  });

  test.each([
    ['2182', 'localhost', 2182],
    ['0.0.0.0:2182', '0.0.0.0', 2182],
    ['[127::1]:2182', '127::1', 2182],
  ])('is that of the own server line, ;%s', (text, address, port) => {
    write('myid', '2');
    const search = find(`dataDir=${directory}`, 'server.1=a:1:2;1', `server.2=b:1:2;${text}`);
    expect(search).toEqual({ remarks: [], found: { address, port, security: 'plain' } });
  });

  test('is looked for in the dynamic configuration, and then among the secure ones', () => {
    write('myid', '2');
    const dynamic = write('dynamic', 'server.2=b:1:2:participant;2183');
    const line = `dataDir=${directory}`;
    expect(find(line, `dynamicConfigFile=${dynamic}`)).toEqual({
      remarks: ['Client port not found in static config file. Looking in dynamic config file.'],
      found: { address: 'localhost', port: 2183, security: 'plain' },
    });
    expect(find(line, 'secureClientPort=2281')).toEqual({
      remarks: [
        'Client port not found in static config file. Looking in dynamic config file.',
        'Client port not found in the server configs',
        'Client port not found. Looking for secureClientPort in the static config.',
      ],
      found: { address: 'localhost', port: 2281, security: 'tls' },
    });
  });

  test('may be nowhere', () => {
    const search = find('dataDir=/nowhere');
    expect(search.found).toBeUndefined();
    expect(search.remarks.at(-1)).toMatch(/^Unable to find either secure or unsecure client port/);
  });
});
