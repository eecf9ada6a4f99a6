import { encodeUtf8, OpCode, type Request } from '@zooid/protocol';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { accessRulesOf } from '../src/access.ts';
import { defaultConfig } from '../src/config/default-config.ts';
import { startServer } from '../src/server.ts';
import { memoryServer } from './integration/test-server.ts';
import { askWord } from './raw-client.ts';

const fourLetterWords = new Set(['mntr']);
const logger = pino({ level: 'silent' });

const naming = (name: string): Request => {
  return { op: OpCode.auth, type: 0, scheme: 'ensemble', auth: encodeUtf8(name) };
};

describe('access rules', () => {
  test('that enforce a scheme nobody can prove are refused, before anything is started', async () => {
    const storage = { dataDir: '/nowhere' };
    for (const security of [
      { enforcedSchemes: ['digest'], isDigestSchemeOn: false },
      { enforcedSchemes: ['ip', 'sasl'] },
    ]) {
      const config = defaultConfig({ storage, security });
      expect(() => accessRulesOf(config.security)).toThrow(RangeError);
      await expect(startServer(config, { storage: 'memory', logger })).rejects.toThrow(
        'enforcedSchemes',
      );
    }
    const fine = defaultConfig({ storage, security: { enforcedSchemes: ['ip', 'digest'] } });
    expect(accessRulesOf(fine.security).missingSchemes).toEqual([]);
  });

  test('with names of the ensemble hang up on who means another, and count', async () => {
    const security = { ensembleNames: 'prod, test' };
    const server = await memoryServer({ security, fourLetterWords });
    const client = await server.client();
    expect((await client.request(naming('prod'))).err).toBe(0);
    expect((await client.request(naming('test'))).err).toBe(0);
    expect((await client.request(naming(''))).err).toBe(0);
    client.send(naming('prod,test'));
    expect(await client.closed()).toEqual([]);
    const metrics = await askWord(server.port, 'mntr');
    expect(metrics).toContain('zk_ensemble_auth_success\t2\n');
    expect(metrics).toContain('zk_ensemble_auth_fail\t1\n');
    expect(metrics).toContain('zk_ensemble_auth_skip\t1\n');
  });

  test('without names of the ensemble do not know the scheme', async () => {
    const server = await memoryServer();
    const client = await server.client();
    expect((await client.request(naming('prod'))).err).toBe(-115);
    await client.closed();
  });
});
