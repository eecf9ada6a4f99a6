import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../packages/client/src/index.ts';
import { checkLeaks, client } from '../../packages/client/test/support/leaks.ts';
import { freePort } from '../harness/free-port.ts';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { type ServerKind, TestServer } from '../harness/server.ts';

const CERTIFICATES = join(import.meta.dirname, '../../packages/client/test/certificates');

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
  let directory: string;
  let server: TestServer;
  let secureAddress: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'zooid-tls-'));
    const keyStore = join(directory, 'key.p12');
    const trustStore = join(directory, 'trust.p12');
    const at = (name: string) => join(CERTIFICATES, name);
    execFileSync('openssl', [
      ...['pkcs12', '-export', '-in', at('server.pem'), '-inkey', at('server-key.pem')],
      ...['-passout', 'pass:changeit', '-out', keyStore],
    ]);
    execFileSync('keytool', [
      ...['-importcert', '-noprompt', '-alias', 'ca', '-file', at('authority.pem')],
      ...['-keystore', trustStore, '-storetype', 'PKCS12', '-storepass', 'changeit'],
    ]);
    const port = await freePort();
    secureAddress = `localhost:${port}`;
    server = await TestServer.start('apache', {
      config: {
        secureClientPort: port,
        secureClientPortAddress: '127.0.0.1',
        serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
        'ssl.keyStore.location': keyStore,
        'ssl.keyStore.password': 'changeit',
        'ssl.keyStore.type': 'PKCS12',
        'ssl.trustStore.location': trustStore,
        'ssl.trustStore.password': 'changeit',
        'ssl.trustStore.type': 'PKCS12',
      },
    });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });
  checkLeaks();
  afterEach(() => expect(server.pid).toBeGreaterThan(0));

  const read = (name: string) => readFileSync(join(CERTIFICATES, name), 'utf8');
  const ca = read('authority.pem');

  test('works with the certificate of the client, which Apache wants, and not without', async () => {
    const identity = { cert: read('client.pem'), key: read('client-key.pem') };
    const zk = await client(secureAddress, { tls: { ca, ...identity } });
    const { changed } = await zk.exists('/secure', { watch: true });
    await zk.create('/secure', 'x');
    expect(await changed).toMatchObject({ type: 'created' });
    expect((await zk.whoAmI()).map(({ authScheme }) => authScheme)).toContain('x509');
    await expect(connect(secureAddress, { tls: { ca }, timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'CONNECT_TIMEOUT',
    });
  });
});
