import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerAddress } from 'zooid/load';
import type { Cleanup } from '../cleanup.ts';
import { askMode } from './ask-mode.ts';
import type { Probe } from './first-answer.ts';
import { freePorts } from './free-ports.ts';
import type { ServerKind } from './server-kind.ts';
import { ServerProcess } from './server-process.ts';
import { makeTemporaryDir } from './temporary-dir.ts';

/** Servers of an ensemble. */
const SIZE = 3;
const LEADER_MS_MAX = 30_000;
const LEADER_RETRY_MS = 50;

/** How an ensemble is started. */
export interface EnsembleOptions {
  /** Where the directories of its servers are made. */
  readonly parentDir: string;
  /** Loads the event loop probe into each server, if that runs on Node. */
  readonly withEventLoopProbe?: true;
}

interface Member {
  readonly dir: string;
  readonly process: ServerProcess;
}

/** Three servers of one kind on this machine, each a process with a data directory of its own. */
export class EnsembleProcess {
  readonly kind: ServerKind;
  readonly #options: EnsembleOptions;
  readonly #cleanup: Cleanup;
  readonly #removeDir: () => void;
  readonly #configLines: readonly string[];
  readonly #dirs: readonly string[];
  readonly #members: Member[] = [];

  private constructor(
    kind: ServerKind,
    options: EnsembleOptions,
    cleanup: Cleanup,
    ports: readonly number[],
  ) {
    this.kind = kind;
    this.#options = options;
    this.#cleanup = cleanup;
    const dir = makeTemporaryDir(options.parentDir, cleanup);
    this.#removeDir = dir.remove;
    const ids = Array.from({ length: SIZE }, (_, i) => i + 1);
    this.#dirs = ids.map((id) => join(dir.path, `server-${id}`));
    this.#configLines = [
      // Time for a million znodes on a busy machine; the limit of silence is that of Apache's example.
      'initLimit=30',
      'syncLimit=5',
      ...ids.map((id) => `server.${id}=127.0.0.1:${ports[2 * id - 2]}:${ports[2 * id - 1]}`),
    ];
  }

  /** Starts the servers, over empty directories, and waits until each answers. @throws as {@link ServerProcess.start}. */
  static async start(
    kind: ServerKind,
    options: EnsembleOptions,
    cleanup: Cleanup,
  ): Promise<EnsembleProcess> {
    const ensemble = new EnsembleProcess(kind, options, cleanup, await freePorts(2 * SIZE));
    const starts = await Promise.allSettled(ensemble.#dirs.map((dir) => ensemble.#launch(dir)));
    for (const start of starts) {
      if (start.status === 'fulfilled') ensemble.#members.push(start.value);
    }
    const failed = starts.find(({ status }) => status === 'rejected');
    if (failed === undefined) return ensemble;
    await ensemble.stop();
    throw (failed as PromiseRejectedResult).reason;
  }

  /** The processes, in the order of their ids. */
  get servers(): readonly ServerProcess[] {
    return this.#members.map(({ process }) => process);
  }

  /** Where each takes clients. */
  get addresses(): readonly ServerAddress[] {
    return this.servers.map(({ address }) => address);
  }

  get pids(): readonly number[] {
    return this.servers.map(({ pid }) => pid);
  }

  /** The server that leads. @throws when none says so for half a minute. */
  async leader(): Promise<ServerProcess> {
    const begin = performance.now();
    while (performance.now() - begin < LEADER_MS_MAX) {
      const modes = await Promise.all(this.addresses.map((address) => askMode(address)));
      const leader = this.servers[modes.indexOf('leader')];
      if (leader !== undefined) return leader;
      await delay(LEADER_RETRY_MS);
    }
    throw new Error(`${this.kind.title}: no server leads`);
  }

  /** The servers but for one. */
  others(server: ServerProcess): readonly ServerProcess[] {
    return this.servers.filter((one) => one !== server);
  }

  /**
   * Starts a server that was stopped, in its place, and waits for its answer.
   *
   * @param data - whether it finds what it had, or comes as one that is new.
   * @param probe - the first request; it has to succeed.
   */
  async restart(
    server: ServerProcess,
    data: 'kept' | 'lost',
    probe?: Probe,
  ): Promise<ServerProcess> {
    const index = this.#members.findIndex(({ process }) => process === server);
    const { dir } = this.#members[index]!;
    if (data === 'lost') rmSync(join(dir, 'data'), { recursive: true });
    const member = await this.#launch(dir, probe);
    this.#members[index] = member;
    return member.process;
  }

  /** The highest epoch that a server has on disk: each election that found a leader made it higher. */
  epoch(): number {
    return Math.max(
      ...this.#dirs.map((dir) =>
        Number(readFileSync(join(dir, 'data/version-2/currentEpoch'), 'utf8')),
      ),
    );
  }

  /** The error with what a server last said that has ended: then that is why. */
  async explain(error: unknown): Promise<Error> {
    const explained = await Promise.all(this.servers.map((server) => server.explain(error)));
    return explained.find((one) => one !== error) ?? (error as Error);
  }

  /** Ends what runs and removes the directories. */
  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
    this.#removeDir();
  }

  async #launch(dir: string, probe?: Probe): Promise<Member> {
    const id = this.#dirs.indexOf(dir) + 1;
    mkdirSync(join(dir, 'data'), { recursive: true });
    writeFileSync(join(dir, 'data', 'myid'), `${id}\n`);
    const { withEventLoopProbe } = this.#options;
    const options = {
      dir,
      configLines: this.#configLines,
      companionPids: this.servers.filter(({ isOver }) => !isOver).map(({ pid }) => pid),
      ...(withEventLoopProbe && { withEventLoopProbe }),
    };
    return { dir, process: await ServerProcess.start(this.kind, options, this.#cleanup, probe) };
  }
}
