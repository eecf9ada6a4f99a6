/**
 * Ports to choose from: below those that Linux, macOS and Windows give to outgoing connections. A server under test goes down and
 * must find its port free when it comes up again. Nor may a client that tries to reach it meanwhile be given that very
 * port for its own end: it would connect to itself.
 */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;
const ATTEMPT_COUNT_MAX = 100;

/** Ports that this process will open later: nothing else of it may take them meanwhile. */
const reserved = new Set<number>();

/** Keeps ports, which are free, for whoever opens them by their number. @returns what gives them back. */
export function reservePorts(ports: readonly number[]): () => void {
  for (const port of ports) reserved.add(port);
  return () => {
    for (const port of ports) reserved.delete(port);
  };
}

/**
 * Opens something on a port that is free.
 *
 * @param open - tries one port; rejects with code EADDRINUSE when somebody has it.
 * @throws what `open` says otherwise, or at the last attempt.
 */
export async function openOnFreePort<T>(open: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (reserved.has(port)) continue;
    try {
      return await open(port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (attempt === ATTEMPT_COUNT_MAX) throw error;
    }
  }
}
