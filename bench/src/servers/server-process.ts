import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessorClock, type ServerAddress } from 'zooid/load';
import type { Cleanup } from '../cleanup.ts';
import type { Sample } from '../suite/results.ts';
import { existsRoot, firstAnswer, type Probe } from './first-answer.ts';
import { freePorts } from './free-ports.ts';
import type { ServerKind } from './server-kind.ts';

const STOP_MS_MAX = 20_000;
/** From the last sign of a server that died to the news of its end. */
const END_MS_MAX = 500;

/** See event-loop-probe.ts. */
const eventLoopProbe = new URL('./event-loop-probe.js', import.meta.url).href;

/** How a server process is started. */
export interface StartOptions {
  /** Its files: configuration, log of its output, `data` below it. */
  readonly dir: string;
  /** Loads {@link eventLoopProbe} into the server, if that runs on Node. */
  readonly withEventLoopProbe?: true;
  /** Lines for its configuration file besides those that all servers have. */
  readonly configLines?: readonly string[];
  /** Processes of servers that work with it: none of those others that spoil the figures. */
  readonly companionPids?: readonly number[];
}

/** A server that the benchmark started. */
export class ServerProcess {
  readonly kind: ServerKind;
  readonly address: ServerAddress;
  readonly pid: number;
  /** From the spawn to the first answer on a new session, in milliseconds. */
  readonly startSample: Sample;

  readonly #child: ChildProcess;
  readonly #logPath: string;
  readonly #forget: () => void;

  private constructor(
    kind: ServerKind,
    address: ServerAddress,
    child: ChildProcess,
    startSample: Sample,
    logPath: string,
    forget: () => void,
  ) {
    this.kind = kind;
    this.address = address;
    this.pid = child.pid!;
    this.startSample = startSample;
    this.#child = child;
    this.#logPath = logPath;
    this.#forget = forget;
  }

  /**
   * Starts a server over `dir` and waits for its first answer. Data that lies there is used.
   *
   * @param probe - the first request; it has to succeed.
   * @throws when the process ends or does not answer; the message has the end of its output.
   */
  static async start(
    kind: ServerKind,
    options: StartOptions,
    cleanup: Cleanup,
    probe: Probe = existsRoot,
  ): Promise<ServerProcess> {
    const [port] = (await freePorts(1)) as [number];
    const address = { host: '127.0.0.1', port };
    const configPath = join(options.dir, 'zoo.cfg');
    const logPath = join(options.dir, 'output.log');
    const lines = options.configLines ?? [];
    writeFileSync(configPath, configuration(options.dir, address.port, lines));
    const isProbed = options.withEventLoopProbe === true && kind.name === 'zooid';
    const probeArgs = ['--import', eventLoopProbe];
    const { file, args } = kind.command(configPath, isProbed ? probeArgs : []);
    const log = openSync(logPath, 'w');
    const clock = new ProcessorClock(options.companionPids ?? []);
    const begin = performance.now();
    const child = spawn(file, args, {
      cwd: options.dir,
      stdio: isProbed ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    });
    closeSync(log);
    child.channel?.unref();
    const forget = cleanup.add(() => child.kill('SIGKILL'));
    const ended = failureOf(child);
    try {
      await Promise.race([firstAnswer(address, probe, () => isOver(child)), ended]);
    } catch (error) {
      forget();
      throw new Error(`${kind.title} did not start: ${messageOf(error)}\n${tailOf(logPath)}`);
    }
    const value = performance.now() - begin;
    const sample = { value, busyness: clock.read(child.pid) };
    return new ServerProcess(kind, address, child, sample, logPath, forget);
  }

  /** Memory of the process that is in RAM, in bytes; undefined where /proc does not tell. */
  residentBytes(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
      const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
    } catch {
      return undefined;
    }
  }

  /** Whether the process has ended. */
  get isOver(): boolean {
    return isOver(this.#child);
  }

  /** Sends a signal and does not wait for what it does. */
  kill(signal: 'SIGKILL' | 'SIGSTOP'): void {
    this.#child.kill(signal);
  }

  /** Asks the event loop probe, which must have been loaded. */
  async ask(message: string): Promise<unknown> {
    this.#child.send(message);
    const [answer] = await once(this.#child, 'message');
    return answer;
  }

  /** The error with what the server last said, if it has ended: then that is why. */
  async explain(error: unknown): Promise<Error> {
    // Connections break before the end of the process is known.
    if (!isOver(this.#child)) await Promise.race([once(this.#child, 'exit'), delay(END_MS_MAX)]);
    if (!isOver(this.#child)) return error as Error;
    const how = this.#child.signalCode ?? `code ${this.#child.exitCode}`;
    return new Error(`${messageOf(error)}: the server ended (${how})\n${tailOf(this.#logPath)}`);
  }

  /** Ends the process, with SIGTERM as an operator does by default; kills it when it does not obey. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (!isOver(this.#child)) {
      const ended = once(this.#child, 'exit');
      this.#child.kill(signal);
      const killer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS_MAX);
      await ended;
      clearTimeout(killer);
    }
    this.#forget();
  }
}

function messageOf(error: unknown): string {
  return (error as Error).message;
}

function tailOf(logPath: string): string {
  return readFileSync(logPath, 'utf8').slice(-2_000);
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function failureOf(child: ChildProcess): Promise<never> {
  const [code, signal] = await once(child, 'exit');
  throw new Error(`it ended with ${signal ?? `code ${code}`}`);
}

/** The same for every server: durable writes (the default), no limit on connections of one address. */
function configuration(dir: string, port: number, moreLines: readonly string[]): string {
  return [
    'tickTime=2000',
    `dataDir=${join(dir, 'data')}`,
    `clientPort=${port}`,
    'clientPortAddress=127.0.0.1',
    'maxClientCnxns=0',
    'admin.enableServer=false',
    ...moreLines,
    '',
  ].join('\n');
}
