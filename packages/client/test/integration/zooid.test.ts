import { Secret } from '@zooid/server';
import { startTestServer } from '@zooid/testing';
import { describeClient } from './describe-client.ts';
import { SUPER_DIGEST } from './suite-server.ts';

describeClient('the client and our server', async () => {
  const server = await startTestServer({
    tickTimeMs: 2_000,
    config: {
      tree: { isExtendedTypesOn: true, isQuotaEnforced: true },
      security: { superDigest: new Secret(SUPER_DIGEST) },
      fourLetterWords: new Set(['wchs']),
    },
  });
  return {
    port: server.port,
    [Symbol.asyncDispose]: () => server.close(),
  };
});
