import { describe, expect, test } from 'vitest';
import { tryPlainServer } from '../src/plain-server.ts';
import { runCommandLine } from '../src/program.ts';
import { FakeParts } from './support/fake-parts.ts';

describe('a plain command line of the server', () => {
  test.each([
    [['server'], [], []],
    [['server', 'zoo.cfg'], ['zoo.cfg'], []],
    [
      ['server', '-Da.b=c=d', '2181', './data', '-De='],
      ['2181', './data'],
      [
        ['a.b', 'c=d'],
        ['e', ''],
      ],
    ],
    [['server', '1', '2', '3', '4'], ['1', '2', '3', '4'], []],
  ])('%j is read', (args, config, properties) => {
    expect(tryPlainServer(args)).toEqual({ config, properties });
  });

  test.each([
    [[]],
    [['serve']],
    [['start', 'zoo.cfg']],
    [['--version']],
    [['server', '--help']],
    [['server', '-h']],
    [['server', '-D', 'a=b']],
    [['server', '-Da']],
    [['server', '-D=b']],
    [['server', '--', 'zoo.cfg']],
    [['server', '-']],
    [['server', '']],
    [['server', '1', '2', '3', '4', '5']],
  ])('%j is left to the program', (args) => {
    expect(tryPlainServer(args)).toBeUndefined();
  });

  test('means to the program what was read', async () => {
    const args = [
      'server',
      '-Dzookeeper.snapCount=7',
      '0',
      '/nowhere',
      '-Djute.maxbuffer=2048',
      '500',
    ];
    const parts = new FakeParts();
    parts.onServing = () => parts.signal('SIGTERM');
    expect(await runCommandLine(args, parts)).toBe(0);
    expect(tryPlainServer(args)).toEqual({
      config: ['0', '/nowhere', '500'],
      properties: [
        ['zookeeper.snapCount', '7'],
        ['jute.maxbuffer', '2048'],
      ],
    });
    const [config] = parts.started;
    expect(config?.storage.snapshotTxnCount).toBe(7);
    expect(config?.network.frameBytesMax).toBe(2048);
    expect(config?.session.tickTimeMs).toBe(500);
  });
});
