import { describe } from 'vitest';
import { describeClient } from '../../packages/client/test/integration/describe-client.ts';
import { SUPER_DIGEST } from '../../packages/client/test/integration/suite-server.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { TestServer } from '../harness/server.ts';

const missing = missingPeer('apache');

describe.skipIf(missing !== undefined)(suiteTitle('@zooid/client', missing), () => {
  describeClient("the client and Apache's server", async () => {
    const server = await TestServer.start('apache', {
      config: { extendedTypesEnabled: 'true', enforceQuota: 'true' },
      properties: {
        'zookeeper.extendedTypesEnabled': 'true',
        'zookeeper.DigestAuthenticationProvider.superDigest': SUPER_DIGEST,
      },
    });
    return {
      port: server.port,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  });
});
