/**
 * One real server for a test: Apache's or ours, in a temporary directory, on free ports. Ready means
 * that it answers `srvr`; nothing waits for a fixed time.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.ts';
import { APACHE_CLASSPATH } from './peers.ts';
import { type Finished, pollUntil, type Running, runProcess, startProcess } from './process.ts';

/** Whose server. */
export type ServerKind = 'apache' | 'zooid';

/** What `ZOOID_INTEROP_TARGET` chooses: the server that the one-sided suites run against. */
export const TARGET: ServerKind =
  process.env['ZOOID_INTEROP_TARGET'] === 'apache' ? 'apache' : 'zooid';

/** The command that starts our server; `ZOOID_INTEROP_BIN` names that of another checkout. */
export const ZOOID_BIN: string =
  process.env['ZOOID_INTEROP_BIN'] ??
  resolve(import.meta.dirname, '../../packages/cli/bin/zooid.mjs');
const MAIN_CLASS = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

/** user:password of {@link SUPER_DIGEST}. */
export const SUPER_CREDENTIALS = 'super:test';
/** Java's property that makes {@link SUPER_CREDENTIALS} the super user. */
export const SUPER_DIGEST: readonly [string, string] = [
  'zookeeper.DigestAuthenticationProvider.superDigest',
  'super:D/InIHSb7yEEbrWz8b9l71RjZJU=',
];

export interface ServerOptions {
  /** Lines of zoo.cfg besides the directories and the ports. */
  readonly config?: Readonly<Record<string, string | number>>;
  /** Java system properties, `-Dkey=value`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** A data directory to open; a new one by default. Never removed when given. */
  readonly dataDir?: string;
}

/** Runs a command of ours, as it was built, to its end: times are those of UTC, and there are no colours. */
export function runZooid(args: readonly string[], input = ''): Promise<Finished> {
  const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8', NO_COLOR: '1' };
  return runProcess(process.execPath, [ZOOID_BIN, ...args], { input, env });
}

/** The program and its arguments for a server of this kind. */
export function serverCommand(
  kind: ServerKind,
  configPath: string,
  properties: Readonly<Record<string, string>> = {},
): string[] {
  const options = Object.entries(properties).map(([key, value]) => `-D${key}=${value}`);
  return kind === 'apache'
    ? ['java', '-Xmx512m', '-cp', APACHE_CLASSPATH, ...options, MAIN_CLASS, configPath]
    : [process.execPath, ZOOID_BIN, 'server', ...options, configPath];
}

/** A server process, which can be stopped and started again on the same data and port. */
export class TestServer {
  readonly kind: ServerKind;
  readonly port: number;
  readonly adminPort: number;
  /** Where everything of it lives. */
  readonly directory: string;
  readonly dataDir: string;
  readonly #args: readonly string[];
  #running: Running | undefined;

  private constructor(
    kind: ServerKind,
    port: number,
    adminPort: number,
    directory: string,
    dataDir: string,
    args: readonly string[],
  ) {
    this.kind = kind;
    this.port = port;
    this.adminPort = adminPort;
    this.directory = directory;
    this.dataDir = dataDir;
    this.#args = args;
  }

  /** Starts a server and waits until it serves. */
  static async start(kind: ServerKind, options: ServerOptions = {}): Promise<TestServer> {
    const server = await TestServer.prepare(kind, options);
    try {
      await server.start();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** Writes the configuration of a server, starts nothing. */
  static async prepare(kind: ServerKind, options: ServerOptions = {}): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), `zooid-interop-${kind}-`));
    const dataDir = options.dataDir ?? join(directory, 'data');
    await mkdir(dataDir, { recursive: true });
    const port = await freePort();
    const adminPort = await freePort();
    const config = {
      tickTime: 2000,
      dataDir,
      clientPort: port,
      clientPortAddress: '127.0.0.1',
      maxClientCnxns: 0,
      'admin.enableServer': 'false',
      'admin.serverPort': adminPort,
      '4lw.commands.whitelist': '*',
      ...options.config,
    };
    const configPath = join(directory, 'zoo.cfg');
    await writeFile(
      configPath,
      Object.entries(config)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    const args = serverCommand(kind, configPath, options.properties);
    return new TestServer(kind, port, adminPort, directory, dataDir, args);
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.#running === undefined) throw new Error('the server does not run');
    return this.#running.pid;
  }

  /** Everything that the current or last process printed. */
  output(): string {
    return this.#running?.output() ?? '';
  }

  /** Starts the process and waits until it answers `srvr`. */
  async start(): Promise<void> {
    const [command, ...args] = this.#args;
    const running = startProcess(command!, args, { cwd: this.directory });
    this.#running = running;
    let ended: Finished | undefined;
    running.finished.then(
      (finished) => {
        ended = finished;
      },
      () => {},
    );
    await pollUntil(
      async () => {
        if (ended !== undefined) {
          throw new Error(
            `the ${this.kind} server ended with ${ended.code ?? ended.signal}:\n${running.output()}`,
          );
        }
        const answer = await fourLetterWord(this.port, 'srvr', 500).catch(() => '');
        return answer.includes('Mode:') ? answer : undefined;
      },
      30_000,
      () => `the ${this.kind} server answers srvr\n${running.output()}`,
    );
  }

  /** Ends the process by this signal and waits until it is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished | undefined> {
    const running = this.#running;
    if (running === undefined) return undefined;
    const killer = setTimeout(() => {
      running.stop('SIGKILL').catch(() => {});
    }, 20_000);
    const finished = await running.stop(signal);
    clearTimeout(killer);
    this.#running = undefined;
    return finished;
  }

  /** Stops it and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** The whole answer to a four-letter word. */
export function fourLetterWord(port: number, word: string, deadlineMs = 5_000): Promise<string> {
  return new Promise((resolveAnswer, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer to ${word} within ${deadlineMs} ms`));
    }, deadlineMs);
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(word));
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolveAnswer(answer);
    });
  });
}
