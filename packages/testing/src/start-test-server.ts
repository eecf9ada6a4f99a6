import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ConfigOverrides,
  createLogger,
  defaultConfig,
  MemoryDisk,
  type RunningServer,
  type ServerConfig,
  type ServerOptions,
  type SessionState,
  startServer,
} from '@zooid/server';
import { openOnFreePort } from './free-port.ts';
import type { CutPoint, Ending, FaultOptions, PendingCut, Traffic } from './network-faults.ts';
import { LOCAL_HOST, TcpProxy } from './tcp-proxy.ts';
import type { SessionOf, StopOptions, TestServer } from './test-server.ts';

/**
 * Fields of the server's configuration, by section; what is not given is as `defaultConfig` of `@zooid/server` has it. Where
 * clients connect and where the data is are not among them: {@link TestServerOptions} has these.
 */
export type TestConfig = Omit<ConfigOverrides, 'storage' | 'network'> & {
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

const TICK_TIME_MS = 100;
const SESSION_TIMEOUT_MS_MAX = 40_000;
/** The log of a test is short: files need not grow by 64 MB. */
const PREALLOCATE_BYTES = 256 * 1024;

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

class ServerUnderTest implements TestServer {
  readonly host: string = LOCAL_HOST;
  readonly dataDir: string | undefined;
  readonly #options: TestServerOptions;
  readonly #memory = new MemoryDisk();
  readonly #logger: NonNullable<ServerOptions['logger']>;
  /** The clients' port; undefined until the first start. */
  #port: number | undefined;
  #proxy: TcpProxy | undefined;
  #running: RunningServer | undefined;
  /** Starts and stops, one after the other. */
  #lastChange: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: TestServerOptions, dataDir: string | undefined) {
    this.#options = options;
    this.dataDir = dataDir;
    this.#logger = options.logger ?? createLogger({ level: 'silent' });
    this.#port = options.port;
  }

  static async create(options: TestServerOptions): Promise<ServerUnderTest> {
    const { storage = 'memory' } = options;
    if (storage === 'memory') return new ServerUnderTest(options, undefined);
    const isTemporary = storage.dataDir === 'temporary';
    const dataDir = isTemporary ? await mkdtemp(join(tmpdir(), 'zooid-test-')) : storage.dataDir;
    return new ServerUnderTest(options, dataDir);
  }

  get port(): number {
    return this.#port!;
  }

  get connectString(): string {
    return `${this.host}:${this.port}`;
  }

  get adminPort(): number | undefined {
    return this.#running?.adminPort;
  }

  sessions(): SessionState[] {
    return this.#running?.sessions() ?? [];
  }

  async expireSession(session: SessionOf): Promise<void> {
    const id = typeof session === 'bigint' ? session : session.session.id;
    if (this.#running === undefined) throw new Error('the server is down');
    const isKnown = () => this.sessions().some((one) => one.id === id);
    if (!isKnown()) {
      const name = `0x${BigInt.asUintN(64, id).toString(16)}`;
      throw new Error(`the server knows no session ${name}: it has ended, or is another server's`);
    }
    this.#running.expireSession(id);
    // Its end is a transaction: applied when it is durable.
    while (isKnown()) await nextTurn();
  }

  // ── Up and down ───────────────────────────────────────────────────────────────────────────────────

  start(): Promise<void> {
    return this.#change(() => this.#start());
  }

  stop(options: StopOptions = {}): Promise<void> {
    return this.#change(() => this.#stop(options.ending ?? 'end'));
  }

  restart(options: StopOptions = {}): Promise<void> {
    return this.#change(async () => {
      await this.#stop(options.ending ?? 'end');
      await this.#start();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#lastChange.then(() => this.#close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #change(change: () => Promise<void>): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(new Error('the server is closed'));
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => {});
    return done;
  }

  async #start(): Promise<void> {
    if (this.#running !== undefined) return;
    if (this.#options.proxy === false) {
      const running = await this.#startOn(this.#port);
      this.#port = running.clientPort;
      this.#running = running;
      return;
    }
    const running = await this.#startServer(0);
    try {
      await this.#open(running.clientPort);
    } catch (error) {
      await running.close();
      throw error;
    }
    this.#running = running;
  }

  /** Lets clients in, by the proxy, to the server on this port. */
  async #open(serverPort: number): Promise<void> {
    if (this.#proxy === undefined) {
      this.#proxy = await TcpProxy.start({ port: serverPort }, this.#port);
      this.#port = this.#proxy.port;
    } else {
      await this.#proxy.bringUp(serverPort);
    }
  }

  async #stop(ending: Ending): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    if (ending === 'reset') this.#network.dropConnections({ ending });
    this.#proxy?.takeDown();
    this.#running = undefined;
    await running.close();
  }

  async #close(): Promise<void> {
    await this.#stop('end');
    await this.#proxy?.close();
    const { storage = 'memory' } = this.#options;
    if (storage !== 'memory' && storage.dataDir === 'temporary') {
      await rm(this.dataDir!, { recursive: true, force: true });
    }
  }

  #startOn(port: number | undefined): Promise<RunningServer> {
    if (port !== undefined) return this.#startServer(port);
    return openOnFreePort((free) => this.#startServer(free));
  }

  #startServer(port: number): Promise<RunningServer> {
    const storage = this.dataDir === undefined ? this.#memory : 'disk';
    return startServer(this.#configFor(port), { logger: this.#logger, storage });
  }

  #configFor(port: number): ServerConfig {
    const { config = {}, tickTimeMs = TICK_TIME_MS } = this.#options;
    const { minSessionTimeoutMs = 2 * tickTimeMs } = this.#options;
    const { maxSessionTimeoutMs = Math.max(SESSION_TIMEOUT_MS_MAX, minSessionTimeoutMs) } =
      this.#options;
    return defaultConfig({
      ...config,
      network: {
        // All clients of a test come from one address.
        connectionCountPerAddressMax: 0,
        ...config.network,
        client: { host: LOCAL_HOST, port },
      },
      session: {
        tickTimeMs,
        timeoutMsMin: minSessionTimeoutMs,
        timeoutMsMax: maxSessionTimeoutMs,
        ...config.session,
      },
      storage: {
        preallocateBytes: PREALLOCATE_BYTES,
        ...config.storage,
        dataDir: this.dataDir ?? 'in-memory',
      },
    });
  }

  // ── The network ───────────────────────────────────────────────────────────────────────────────────

  get traffic(): Traffic {
    return this.#network.traffic;
  }

  dropConnections(options?: { readonly ending?: Ending | undefined }): number {
    return this.#network.dropConnections(options);
  }

  delay(ms: number, options?: FaultOptions): void {
    this.#network.delay(ms, options);
  }

  partition(options?: FaultOptions): void {
    this.#network.partition(options);
  }

  refuse(): void {
    this.#network.refuse();
  }

  cutAfter(point: CutPoint): PendingCut {
    return this.#network.cutAfter(point);
  }

  heal(): Promise<void> {
    return this.#network.heal();
  }

  get #network(): TcpProxy {
    if (this.#proxy === undefined) {
      throw new Error('the server was started without a proxy: its network cannot fail');
    }
    return this.#proxy;
  }
}
