import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ConfigOverrides,
  createLogger,
  defaultConfig,
  type MemberState,
  MemoryDisk,
  type RunningServer,
  type ServerConfig,
  type ServerOptions,
  type SessionState,
  startServer,
} from '@zooid/server';
import { openOnFreePort } from './free-port.ts';
import type { CutPoint, Ending, FaultOptions, PendingCut, Traffic } from './network-faults.ts';
import type { TestServerOptions } from './start-test-server.ts';
import { LOCAL_HOST, TcpProxy } from './tcp-proxy.ts';
import type { SessionOf, StopOptions, TestServer } from './test-server.ts';

const TICK_TIME_MS = 100;
const SESSION_TIMEOUT_MS_MAX = 40_000;
/** The log of a test is short: files need not grow by 64 MB. */
const PREALLOCATE_BYTES = 256 * 1024;

/** What makes a server under test a member of an ensemble. */
export interface Membership {
  readonly ensemble: NonNullable<ConfigOverrides['ensemble']>;
  readonly peerRoute: ServerOptions['peerRoute'];
  /** Other members can reach it from now on: it is about to start. */
  readonly onStart: () => Promise<void>;
  /** It is about to stop, or to die. */
  readonly onStop: (ending: Ending) => void;
}

/** The session's id. */
export function sessionIdOf(session: SessionOf): bigint {
  return typeof session === 'bigint' ? session : session.session.id;
}

/** An id as the logs of servers have it. */
export function hexId(sessionId: bigint): string {
  return `0x${BigInt.asUintN(64, sessionId).toString(16)}`;
}

/** One server, up or down, behind its proxy. */
export class ServerUnderTest implements TestServer {
  readonly host: string = LOCAL_HOST;
  readonly dataDir: string | undefined;
  readonly #options: TestServerOptions;
  readonly #membership: Membership | undefined;
  readonly #memory = new MemoryDisk();
  readonly #logger: NonNullable<ServerOptions['logger']>;
  /** The clients' port; undefined until the first start. */
  #port: number | undefined;
  #proxy: TcpProxy | undefined;
  #running: RunningServer | undefined;
  /** Starts and stops, one after the other. */
  #lastChange: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  /** @param dataDir - undefined: in memory. */
  constructor(
    options: TestServerOptions,
    dataDir: string | undefined,
    membership?: Membership | undefined,
  ) {
    this.#options = options;
    this.#membership = membership;
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

  /** What it does in its ensemble; undefined when it is alone, or down. */
  get member(): MemberState | undefined {
    return this.#running?.member;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  sessions(): SessionState[] {
    return this.#running?.sessions() ?? [];
  }

  async expireSession(session: SessionOf): Promise<void> {
    const id = sessionIdOf(session);
    if (this.#running === undefined) throw new Error('the server is down');
    const isKnown = () => this.sessions().some((one) => one.id === id);
    if (!isKnown()) {
      throw new Error(
        `the server knows no session ${hexId(id)}: it has ended, or is another server's`,
      );
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
    await this.#membership?.onStart();
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
    this.#membership?.onStop(ending);
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
    const peerRoute = this.#membership?.peerRoute;
    return startServer(this.#configFor(port), { logger: this.#logger, storage, peerRoute });
  }

  #configFor(port: number): ServerConfig {
    const { config = {}, tickTimeMs = TICK_TIME_MS } = this.#options;
    const { minSessionTimeoutMs = 2 * tickTimeMs } = this.#options;
    const { maxSessionTimeoutMs = Math.max(SESSION_TIMEOUT_MS_MAX, minSessionTimeoutMs) } =
      this.#options;
    return defaultConfig({
      ...config,
      ...(this.#membership === undefined ? {} : { ensemble: this.#membership.ensemble }),
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
