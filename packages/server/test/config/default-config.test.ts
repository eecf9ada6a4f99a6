import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultConfig } from '../../src/config/config.ts';

describe('the configuration of a server inside another program', () => {
  const storage = { dataDir: 'somewhere' };

  test('listens on a free port of this machine, without an admin server', () => {
    const config = defaultConfig({ storage });
    expect(config.network.client).toEqual({ host: '127.0.0.1', port: 0 });
    expect(config.admin.isOn).toBe(false);
    expect(config.storage.dataDir).toBe(resolve('somewhere'));
    expect(config.storage.dataLogDir).toBe(resolve('somewhere'));
    expect(config.storage.isSyncForced).toBe(true);
  });

  test('takes any field of any section', () => {
    const config = defaultConfig({
      storage: { ...storage, snapshotTxnCount: 7 },
      session: { tickTimeMs: 10, timeoutMsMax: 5000 },
      fourLetterWords: new Set(['ruok']),
      isAuditOn: true,
    });
    expect(config.storage.snapshotTxnCount).toBe(7);
    expect(config.session).toEqual({ tickTimeMs: 10, timeoutMsMin: 20, timeoutMsMax: 5000 });
    expect(config.fourLetterWords.has('ruok')).toBe(true);
    expect(config.isAuditOn).toBe(true);
    expect(Object.isFrozen(config.session)).toBe(true);
  });

  test('refuses a tick of nothing, and timeouts the wrong way round', () => {
    expect(() => defaultConfig({ storage, session: { tickTimeMs: 0 } })).toThrow(RangeError);
    expect(() => defaultConfig({ storage, session: { timeoutMsMin: 2, timeoutMsMax: 1 } })).toThrow(
      RangeError,
    );
  });
});
