// Words over TLS: what is asked of an Apache server at its secureClientPort.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { runCommandLine } from '../../src/program.ts';
import { FakeParts } from '../support/fake-parts.ts';
import { WordServer } from '../support/word-server.ts';

const certificates = resolve(import.meta.dirname, '../../../client/test/certificates');
const file = (name: string) => join(certificates, name);
const server = {
  cert: readFileSync(file('server.pem')),
  key: readFileSync(file('server-key.pem')),
};
const trust = ['--ca', file('authority.pem')];
const identity = ['--cert', file('client.pem'), '--key', file('client-key.pem')];
const srvr = 'Zookeeper version: 3.9.4, built on x\nMode: standalone\nNode count: 5\n';

let parts: FakeParts;

beforeEach(() => {
  parts = new FakeParts();
});

function run(...args: readonly string[]): Promise<number> {
  return runCommandLine(args, parts);
}

function nameOf({ port }: WordServer): string {
  return `localhost:${port}`;
}

describe('over TLS', () => {
  test('4lw, top and doctor ask a server that they trust', async () => {
    const secure = await WordServer.start((word) => (word === 'ruok' ? 'imok' : srvr), server);
    expect(await run('4lw', 'srvr', nameOf(secure), ...trust)).toBe(0);
    expect(parts.out).toBe(srvr);
    parts.out = '';
    expect(await run('top', '--once', nameOf(secure), ...trust)).toBe(0);
    expect(parts.out).toMatch(/localhost:\d+ +standalone +3\.9\.4/);
    await run('doctor', nameOf(secure), ...trust);
    expect(parts.out).toContain('standalone');
    expect(secure.words).toContain('mntr');
  });

  test('a certificate of ours is shown where one is wanted', async () => {
    const ca = readFileSync(file('authority.pem'));
    const wanting = { ...server, ca, requestCert: true, rejectUnauthorized: true };
    const secure = await WordServer.start(() => srvr, wanting);
    expect(await run('4lw', 'srvr', nameOf(secure), ...trust, ...identity)).toBe(0);
    expect(await run('4lw', 'srvr', nameOf(secure), ...trust)).toBe(1);
    expect(parts.errors).toContain('It may want a certificate of ours: --cert and --key.');
  });

  test('status asks the secureClientPort of a configuration that has no other', async () => {
    const secure = await WordServer.start(() => srvr, server);
    const directory = mkdtempSync(join(tmpdir(), 'zooid-status-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const config = join(directory, 'zoo.cfg');
    writeFileSync(config, `dataDir=${directory}\nsecureClientPort=${secure.port}\n`);
    expect(await run('status', config, ...trust)).toBe(0);
    expect(parts.out).toMatch(/Client SSL: true\.\nMode: standalone\n$/);
    // As Apache's script has it.
    parts.environment['CLIENT_JVMFLAGS'] =
      `-Dzookeeper.ssl.trustStore.location=${file('authority.pem')}`;
    expect(await run('status', config)).toBe(0);
    parts.environment = {};
    parts.out = '';
    expect(await run('status', config)).toBe(1);
    expect(parts.out).toMatch(/Error contacting service/);
    expect(parts.errors).toContain('has a certificate that is not trusted');
  });

  test('a server that cannot be trusted is told apart from one that speaks no TLS', async () => {
    const secure = await WordServer.start(() => srvr, server);
    expect(await run('4lw', 'srvr', nameOf(secure), '--tls')).toBe(1);
    expect(parts.errors).toContain('has a certificate that is not trusted');
    expect(parts.errors).toContain('--ca FILE names who may have signed it.');
    expect(await run('4lw', 'srvr', secure.host, ...trust)).toBe(1);
    expect(parts.errors).toContain('has a certificate of another name');
    const plain = await WordServer.start(() => srvr);
    expect(await run('4lw', 'srvr', nameOf(plain), ...trust)).toBe(1);
    expect(parts.errors).toContain('does not speak TLS on this port');
  });

  test.each([
    [['--cert', file('client.pem')], 'a certificate needs its key'],
    [['--ca', '/nonexistent'], '/nonexistent cannot be read (ENOENT)'],
    [['--cert', file('client.pem'), '--key', file('server-key.pem')], 'TLS cannot be set up'],
  ])('%j are refused with 2', async (args, message) => {
    expect(await run('4lw', 'srvr', 'localhost:1', ...args)).toBe(2);
    expect(parts.errors).toContain(message);
  });
});
