import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';

/** TLS in front of a server that does not speak it. */
export interface TlsFront extends AsyncDisposable {
  /** What the example wants to know. */
  readonly environment: Readonly<Record<string, string>>;
}

const certificates = new URL('../packages/client/test/certificates/', import.meta.url);

/** Takes connections of clients with a certificate, and hands their bytes to a port of this machine. */
export async function startTlsFront(targetPort: number): Promise<TlsFront> {
  const file = (name: string) => readFileSync(new URL(name, certificates));
  const server = createServer(
    {
      ca: file('authority.pem'),
      cert: file('server.pem'),
      key: file('server-key.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (socket) => {
      const target = connect(targetPort, '127.0.0.1');
      // When one side has ended, so has the other, and nobody else asks why.
      pipeline(socket, target, socket, () => undefined);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    environment: {
      ZK_TLS: `localhost:${port}`,
      ZK_CERTIFICATES: fileURLToPath(certificates),
    },
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}
