import type { ConfigOverrides, ServerConfig, ServerOptions } from '@zooid/server';
import { ServerUnderTest } from './server-under-test.ts';
import type { TestServer } from './test-server.ts';

/**
 * Fields of the server's configuration, by section; what is not given is as `defaultConfig` of `@zooid/server` has it. Where
 * clients connect and where the data is are not among them: {@link TestServerOptions} has these.
 */
export type TestConfig = Omit<ConfigOverrides, 'storage' | 'network' | 'ensemble'> & {
  readonly network?: Partial<Omit<ServerConfig['network'], 'client'>> | undefined;
  readonly storage?: Partial<Omit<ServerConfig['storage'], 'dataDir' | 'dataLogDir'>> | undefined;
};

/** What differs from a server in memory, on a free port, behind a proxy. */
export interface TestServerOptions {
  /**
   * `memory` unless given: no file is touched. Else a directory: `temporary` is a new one, removed at the end; any other is
   * a path, and stays.
   */
  readonly storage?: 'memory' | { readonly dataDir: string } | undefined;
  /** Port for clients; a free one unless given. */
  readonly port?: number | undefined;
  /** False: clients connect to the server itself, and the network cannot be made to fail. */
  readonly proxy?: boolean | undefined;
  /** The unit in which sessions expire, in ms; 100 unless given. */
  readonly tickTimeMs?: number | undefined;
  /** What clients may ask for, in ms; two ticks unless given. */
  readonly minSessionTimeoutMs?: number | undefined;
  /** Likewise; 40,000 unless given, so that a debugger's break is no reason to lose a session. */
  readonly maxSessionTimeoutMs?: number | undefined;
  readonly config?: TestConfig | undefined;
  /** Where the server's log goes; nowhere unless given. */
  readonly logger?: ServerOptions['logger'];
}

/**
 * Starts a real server in this process, on a free port of 127.0.0.1, behind a proxy through which the network can be made to
 * fail. When this resolves, clients can connect.
 *
 *     await using server = await startTestServer();
 *     await using zk = await connect(server.connectString);
 *
 * @throws RangeError for options that contradict each other, what the system says of the port, or what `startServer` says of the
 *   data directory. Nothing is left running then.
 */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await ServerUnderTest.create(options);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}
