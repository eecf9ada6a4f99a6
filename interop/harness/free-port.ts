import { createServer } from 'node:net';

/**
 * Ports to choose from: below those that the system gives to outgoing connections, for a port that was free must still be when a
 * server comes up on it later, or again; and not those that `@zooid/testing` chooses from.
 */
const FIRST_PORT = 10_000;
const PORT_COUNT = 10_000;

const given = new Set<number>();

/** A TCP port of this address that nobody listens on now, and that was not given out before. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (given.has(port) || !(await isFree(host, port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
