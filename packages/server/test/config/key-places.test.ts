import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeWarning } from '../../src/config/config.ts';
import { bad, good, goodWithWarnings, warningsOf } from './parse.ts';

describe('where a key stands', () => {
  test('of two lines with the same key the last counts, and that is mentioned', () => {
    const { config, warnings } = goodWithWarnings('tickTime=1\ntickTime=2');
    expect(config.session.tickTimeMs).toBe(2);
    expect(warnings.map(describeWarning)).toEqual([
      'zoo.cfg:4: tickTime=2 stands in line 3, too: the last counts.',
    ]);
  });

  test('a property can be set in the file and as an argument, and the file wins', () => {
    const properties: [string, string][] = [['zookeeper.snapCount', '50']];
    expect(good('', { properties }).storage.snapshotTxnCount).toBe(50);
    expect(good('snapCount=60', { properties }).storage.snapshotTxnCount).toBe(60);
  });

  test('a threshold for slow syncs has two property names, of which the longer wins', () => {
    const short = ['fsync.warningthresholdms', '5'] as const;
    const long = ['zookeeper.fsync.warningthresholdms', '7'] as const;
    expect(good('', { properties: [short] }).storage.syncWarningMs).toBe(5);
    expect(good('', { properties: [short, long] }).storage.syncWarningMs).toBe(7);
    expect(good('', { properties: [long, short] }).storage.syncWarningMs).toBe(7);
  });

  test('jute.maxbuffer is a property without a prefix; in the file it does nothing, and that is said', () => {
    expect(good('', { properties: [['jute.maxbuffer', '2000000']] }).network.frameBytesMax).toBe(
      2_000_000,
    );
    const { config, warnings } = goodWithWarnings('jute.maxbuffer=2000000');
    expect(config.network.frameBytesMax).toBe(1_048_575);
    expect(warnings.map(describeWarning)).toEqual([
      expect.stringContaining('give -Djute.maxbuffer=...'),
    ]);
  });

  test.each([
    ['zookeeper.tickTime', 'is read from zoo.cfg only'],
    ['snapCount', 'write -Dzookeeper.snapCount=...'],
    ['zookeeper.jute.maxbuffer', 'write -Djute.maxbuffer=...'],
    ['zookeeper.snapCuont', 'Was zookeeper.snapCount meant?'],
    ['com.sun.management.jmxremote', 'is not known, and nothing reads it'],
  ])('the argument -D%s is said to have no effect', (name, words) => {
    const warnings = warningsOf('', { properties: [[name, '1']] });
    expect(warnings).toEqual([expect.stringContaining(words)]);
    expect(warnings[0]).toMatch(/^-D/);
  });

  test.each([
    ['snapcount=5', 'Was snapCount meant?'],
    ['tickTme=5', 'Was tickTime meant?'],
    ['zookeeper.snapCount=5', 'without the prefix it is snapCount'],
    ['something.else=5', 'it becomes the property zookeeper.something.else, which nothing reads.'],
  ])('the unknown line %j becomes a property and the nearest key is suggested', (text, words) => {
    const { config, warnings } = goodWithWarnings(text);
    expect(warnings.map(describeWarning)).toEqual([expect.stringContaining(words)]);
    const [key, value] = text.split('=');
    expect(config.origin.properties.get(`zookeeper.${key}`)).toBe(value);
  });

  test('every property that the server would have is listed, sorted', () => {
    const { config } = goodWithWarnings('snapCount=5\nenforceQuota=true', {
      properties: [['a.b', 'c']],
    });
    expect([...config.origin.properties]).toEqual([
      ['a.b', 'c'],
      ['zookeeper.enforceQuota', 'true'],
      ['zookeeper.snapCount', '5'],
    ]);
  });

  test('characters outside of ASCII are read byte by byte, as Java does, and that is said', () => {
    const text = `dataDir=/donn\u00c3\u00a9es`;
    expect(good(text).storage.dataDir).toBe(resolve('/donn\u00c3\u00a9es'));
    expect(warningsOf(text).join()).toContain('ISO-8859-1');
  });

  test('keys that only Java needs are accepted, each with one warning that says what stands in its place', () => {
    expect(warningsOf('nio.numWorkerThreads=4\nmaxResponseCacheSize=0')).toEqual([
      'zoo.cfg:3: nio.numWorkerThreads=4 has no effect. One thread does all the work of a server; there is no pool to size.',
      'zoo.cfg:4: maxResponseCacheSize=0 has no effect. Replies are encoded straight from the tree, so there is no cache to size.',
    ]);
  });

  test('keys of ensembles are checked, and mentioned together in one warning', () => {
    expect(warningsOf('leaderServes=no\ncnxTimeout=5')).toEqual([
      'leaderServes, cnxTimeout has a meaning only in an ensemble; this is a single server.',
    ]);
    expect(bad('reconfigEnabled=1')).toHaveLength(1);
  });
});
