import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.ts';
import { TestServer } from './server.ts';

/** The certificates of the tests: `authority.pem`, and with `-key.pem` each `server` and `client`. */
export const CERTIFICATES: string = resolve(
  import.meta.dirname,
  '../../packages/client/test/certificates',
);

/** An Apache server that speaks TLS on a second port, and wants certificates of its clients. */
export interface SecureApache extends AsyncDisposable {
  readonly server: TestServer;
  /** `localhost:port`, where it speaks TLS. */
  readonly address: string;
}

/** Starts one; `openssl` and `keytool` make its stores. */
export async function startSecureApache(): Promise<SecureApache> {
  const directory = mkdtempSync(join(tmpdir(), 'zooid-tls-'));
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
  const server = await TestServer.start('apache', {
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
  return {
    server,
    address: `localhost:${port}`,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
