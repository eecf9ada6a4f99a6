import { type ConnectOptions, connect, NoNodeError, type ZooKeeper } from '@zooid/client';
import { startTestServer, type TestServer, type TestServerOptions } from '@zooid/testing';

/** A server and its clients, ended together. */
export interface Setup extends AsyncDisposable {
  readonly server: TestServer;
  /** One more client, which connects again at once when its connection is lost. */
  connect(options?: ConnectOptions & { readonly servers?: string }): Promise<ZooKeeper>;
  connectMany(count: number): Promise<ZooKeeper[]>;
}

/** Starts a server in memory. */
export async function startSetup(options?: TestServerOptions): Promise<Setup> {
  const server = await startTestServer(options);
  const clients: ZooKeeper[] = [];
  const setup: Setup = {
    server,
    async connect({ servers = server.connectString, ...more } = {}) {
      const zk = await connect(servers, { maxReconnectDelayMs: 30, ...more });
      clients.push(zk);
      return zk;
    },
    connectMany(count) {
      return Promise.all(Array.from({ length: count }, () => setup.connect()));
    },
    async [Symbol.asyncDispose]() {
      if (options?.proxy !== false) await server.heal();
      await Promise.all(clients.map((zk) => zk.close()));
      await server.close();
    },
  };
  return setup;
}

/** Names of the children, in order; none when the znode is not there. */
export async function childrenOf(zk: ZooKeeper, path: string): Promise<string[]> {
  try {
    return [...(await zk.children(path)).names].sort();
  } catch (error) {
    if (error instanceof NoNodeError) return [];
    throw error;
  }
}

/** Resolves with the children of `path` when there are so many. */
export async function untilChildren(
  zk: ZooKeeper,
  path: string,
  count: number,
): Promise<readonly string[]> {
  await zk.waitFor(path);
  for (;;) {
    const { names, changed, unwatch } = await zk.children(path, { watch: true });
    if (names.length === count) {
      await unwatch();
      return names;
    }
    await changed;
  }
}

/** Resolves when the session of `zk` has a watch on `path`; each look is one question to the server. */
export async function untilWatched(zk: ZooKeeper, path: string): Promise<void> {
  while (!(await zk.hasWatch(path, 'any')));
}

/** Resolves when a signal fires. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
