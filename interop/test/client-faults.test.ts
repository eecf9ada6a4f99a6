import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../packages/client/src/index.ts';
import { checkLeaks, client } from '../../packages/client/test/support/leaks.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { CERTIFICATES, type SecureApache, startSecureApache } from '../harness/secure-apache.ts';
import { type ServerKind, TestServer } from '../harness/server.ts';

const missing = missingPeer('apache');

describe.each([
  { kind: 'zooid', reason: undefined },
  { kind: 'apache', reason: missing },
] satisfies { kind: ServerKind; reason: string | undefined }[])('$kind', ({ kind, reason }) => {
  describe.skipIf(reason !== undefined)(
    suiteTitle('a server process that is killed', reason),
    () => {
      let server: TestServer;
      beforeAll(async () => {
        server = await TestServer.start(kind);
      });
      afterAll(async () => {
        await server?.[Symbol.asyncDispose]();
      });
      checkLeaks();

      test('and started again keeps sessions, ephemerals, watches and all that was acknowledged', async () => {
        const zk = await client(server.address, { maxReconnectDelayMs: 50 });
        const { id } = zk.session;
        await zk.create('/mine', '', { mode: 'ephemeral' });
        await zk.create('/parent');
        const { changed } = await zk.get('/mine', { watch: true });
        const events = zk.watch('/parent', { recursive: true });
        await events.ready;
        const acknowledged: string[] = [];
        const writes = Array.from({ length: 200 }, (_, i) =>
          zk.create(`/parent/${i}`).then(
            ({ path }) => acknowledged.push(path),
            (error: unknown) => expect(error).toMatchObject({ code: 'CONNECTION_LOSS' }),
          ),
        );
        await writes[50];
        await server.stop('SIGKILL');
        await Promise.all(writes.slice(0, 50));
        const suspended = zk.untilState('suspended');
        await suspended;
        const waiting = zk.exists('/mine');
        await server.start();
        expect(await waiting).toBeDefined();
        expect(zk.session.id).toBe(id);
        await Promise.all(writes);
        const { names } = await zk.children('/parent');
        for (const path of acknowledged) expect(names).toContain(path.slice('/parent/'.length));
        await zk.set('/mine', 'x');
        expect(await changed).toMatchObject({ type: 'data-changed' });
        await zk.create('/parent/last');
        const created = new Set<string>();
        let isGap = false;
        for await (const { type, path } of events) {
          if (type === 'gap') isGap = true;
          else created.add(path.slice('/parent/'.length));
          if (path === '/parent/last') break;
        }
        // Whatever no event tells of is behind a gap.
        const untold = names.filter((name) => !created.has(name));
        if (!isGap) expect(untold).toEqual([]);
      });
    },
  );
});

describe.skipIf(missing !== undefined)(suiteTitle("TLS to Apache's server", missing), () => {
  let apache: SecureApache;
  beforeAll(async () => {
    apache = await startSecureApache();
  });
  afterAll(() => apache?.[Symbol.asyncDispose]());
  checkLeaks();
  afterEach(() => expect(apache.server.pid).toBeGreaterThan(0));

  const read = (name: string) => readFileSync(join(CERTIFICATES, name), 'utf8');
  const ca = read('authority.pem');

  test('works with the certificate of the client, which Apache wants, and not without', async () => {
    const identity = { cert: read('client.pem'), key: read('client-key.pem') };
    const zk = await client(apache.address, { tls: { ca, ...identity } });
    const { changed } = await zk.exists('/secure', { watch: true });
    await zk.create('/secure', 'x');
    expect(await changed).toMatchObject({ type: 'created' });
    expect((await zk.whoAmI()).map(({ authScheme }) => authScheme)).toContain('x509');
    await expect(connect(apache.address, { tls: { ca }, timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'CONNECT_TIMEOUT',
    });
  });
});
