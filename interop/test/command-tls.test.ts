/** The commands that talk to servers, over TLS to Apache's server, which wants a certificate. Ours speaks no TLS yet. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { missingPeer, suiteTitle } from '../harness/peers.ts';
import { CERTIFICATES, type SecureApache, startSecureApache } from '../harness/secure-apache.ts';
import { runZooid } from '../harness/server.ts';

const missing = missingPeer('apache');
const file = (name: string) => join(CERTIFICATES, name);
const trust = ['--ca', file('authority.pem')];
const identity = ['--cert', file('client.pem'), '--key', file('client-key.pem')];

describe.skipIf(missing !== undefined)(suiteTitle("commands over TLS to Apache's", missing), () => {
  let apache: SecureApache;

  beforeAll(async () => {
    apache = await startSecureApache();
  });

  afterAll(() => apache?.[Symbol.asyncDispose]());

  test('4lw, top and doctor are answered', async () => {
    const asked = await runZooid(['4lw', 'srvr', apache.address, ...trust, ...identity]);
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('Mode: standalone') });
    const top = await runZooid(['top', '--json', apache.address, ...trust, ...identity]);
    expect(JSON.parse(top.stdout)).toMatchObject([{ role: 'standalone' }]);
    const doctor = await runZooid(['doctor', '--json', apache.address, ...trust, ...identity]);
    expect(JSON.parse(doctor.stdout).facts.join()).toContain('standalone');
    expect((await runZooid(['4lw', 'srvr', apache.address, ...trust])).code).toBe(1);
    // It refuses us and we refuse it: who is first is told.
    expect((await runZooid(['4lw', 'srvr', apache.address, '--tls'])).stderr).toMatch(
      /has a certificate that is not trusted|alert bad certificate/,
    );
    expect((await runZooid(['4lw', 'srvr', apache.address])).code).toBe(1);
  });

  test('the shell holds a session, and status finds the port', async () => {
    const args = ['shell', ...trust, ...identity, apache.address];
    expect((await runZooid([...args, 'create', '/tls', 'x'])).code).toBe(0);
    expect((await runZooid([...args, 'get', '/tls'])).stdout).toBe('x\n');
    const directory = mkdtempSync(join(tmpdir(), 'zooid-status-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const config = join(directory, 'zoo.cfg');
    writeFileSync(
      config,
      `dataDir=${directory}\nsecureClientPort=${apache.address.split(':')[1]}\n`,
    );
    const status = await runZooid(['status', config, ...trust, ...identity]);
    expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining('Mode: standalone') });
  });
});
