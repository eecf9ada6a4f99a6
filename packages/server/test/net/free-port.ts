import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports to choose from: below those that the system gives to outgoing connections and to whoever asks for any, for a port that was free must
 * still be when a server listens on it later; and not those that `@zooid/testing` and the tests with real peers choose from.
 */
const FIRST_PORT = 5000;
const PORT_COUNT = 5000;

const given = new Set<number>();

/** A TCP port of 127.0.0.1 that nobody listens on now, and that was not given out before in this process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
