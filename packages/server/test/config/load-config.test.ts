import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadServerConfig } from '../../src/config/config.ts';

describe('a configuration file', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'zooid-config-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  test('is read with the files that it names', () => {
    const file = join(directory, 'zoo.cfg');
    writeFileSync(
      file,
      `dataDir=${directory}\ndynamicConfigFile=${join(directory, 'zoo.cfg.dynamic')}\n`,
    );
    writeFileSync(
      join(directory, 'zoo.cfg.dynamic'),
      'server.1=localhost:2888:3888:participant;127.0.0.1:2191\n',
    );
    writeFileSync(join(directory, 'myid'), '1\n');
    const parsed = loadServerConfig(file, [['zookeeper.snapCount', '9']]);
    expect(parsed.ok && parsed.config.network.client).toEqual({ host: '127.0.0.1', port: 2191 });
    expect(parsed.ok && parsed.config.storage.snapshotTxnCount).toBe(9);
    expect(parsed.ok && parsed.config.origin.file).toBe(file);
  });

  test('that is not there, or is a directory, is a problem', () => {
    for (const path of [join(directory, 'nothing.cfg'), directory]) {
      const parsed = loadServerConfig(path);
      expect(!parsed.ok && parsed.problems.map(({ key }) => key)).toEqual([path]);
    }
  });
});
