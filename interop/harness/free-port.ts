import { createServer } from 'node:net';

const given = new Set<number>();

/** A TCP port of 127.0.0.1 that nobody listens on now, and that was not given out before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() =>
          typeof address === 'object' && address !== null
            ? resolve(address.port)
            : reject(new Error('no address')),
        );
      });
    });
    if (!given.has(port)) {
      given.add(port);
      return port;
    }
  }
}
