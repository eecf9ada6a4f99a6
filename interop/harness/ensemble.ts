/**
 * A real ensemble for a test: Apache's servers, ours, or both, each a process with a temporary directory, on free ports of 127.0.0.1.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CutNetwork } from './cut-network.ts';
import { freePort } from './free-port.ts';
import { allOf, type Finished, pollUntil, type Running, startProcess } from './process.ts';
import { fourLetterWord, type ServerKind, SUPER_DIGEST, serverCommand } from './server.ts';

/** What a server says that it is. */
export type Mode = 'leader' | 'follower' | 'observer';

export interface MemberPlan {
  readonly kind: ServerKind;
  readonly role?: 'participant' | 'observer';
}

export interface EnsembleOptions {
  /** Where the servers listen for each other; 127.0.0.1 by default. */
  readonly peerHost?: string;
  /** Whether the network between them can fail ({@link Ensemble.cutOff}); only on 127.0.0.1. */
  readonly canBeCut?: boolean;
}

const TICK_MS = 500;
const START_MS_MAX = 60_000;

/** The value of a line `server.N`, without a client port, on ports that nobody has. */
export async function freePeerLine(
  host = '127.0.0.1',
  role: NonNullable<MemberPlan['role']> = 'participant',
): Promise<string> {
  const ports = [await freePort(host), await freePort(host)];
  return `${host.includes(':') ? `[${host}]` : host}:${ports.join(':')}:${role}`;
}

/** One server, up or down. Its data stays whoever serves it. */
export class Member {
  readonly id: number;
  /** Where it serves clients. */
  port: number;
  readonly directory: string;
  readonly configPath: string;
  /** Whose server it is when it is started the next time. */
  kind: ServerKind;
  #running: Running | undefined;
  #end: Finished | undefined;
  /** Of the processes before. */
  #printed = '';

  constructor(id: number, kind: ServerKind, port: number, directory: string) {
    this.id = id;
    this.kind = kind;
    this.port = port;
    this.directory = directory;
    this.configPath = join(directory, 'zoo.cfg');
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  get pid(): number {
    if (this.#running === undefined) throw new Error(`server ${this.id} is down`);
    return this.#running.pid;
  }

  /** Everything that its processes printed. */
  output(): string {
    return this.#printed + (this.#running?.output() ?? '');
  }

  /** Starts the process; it may not serve for some time. */
  start(): void {
    if (this.#running !== undefined) throw new Error(`server ${this.id} is up`);
    const properties = { [SUPER_DIGEST[0]]: SUPER_DIGEST[1] };
    const [command, ...args] = serverCommand(this.kind, this.configPath, properties);
    const running = startProcess(command!, args, { cwd: this.directory });
    this.#running = running;
    this.#end = undefined;
    running.finished.then(
      (end) => {
        if (this.#running === running) this.#end = end;
      },
      () => {},
    );
  }

  /** Ends the process by this signal and waits until it is gone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const killer = setTimeout(() => void running.stop('SIGKILL').catch(() => {}), 20_000);
    await running.stop(signal);
    clearTimeout(killer);
    this.#printed += running.output();
    this.#running = undefined;
  }

  /** Stands still, as a machine that swaps does, until {@link goOn}. Resolves when every thread does. */
  async pause(): Promise<void> {
    process.kill(this.pid, 'SIGSTOP');
    const threads = `/proc/${this.pid}/task`;
    await pollUntil(
      async () => {
        const stats = await allOf(
          (await readdir(threads)).map((id) => readFile(join(threads, id, 'stat'), 'utf8')),
        );
        // The state stands behind the name, which may have any characters.
        return stats.every((stat) => /^.*\) T /.test(stat)) ? true : undefined;
      },
      20_000,
      () => `server ${this.id} stands still`,
    );
  }

  goOn(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** What it says that it is; undefined while it serves nobody. @throws when the process has ended by itself. */
  async mode(): Promise<Mode | undefined> {
    if (this.#end !== undefined) {
      throw new Error(`server ${this.id} (${this.kind}) has ended:\n${this.output()}`);
    }
    const answer = await fourLetterWord(this.port, 'srvr', 2_000).catch(() => '');
    const mode = /^Mode: (\w+)/m.exec(answer)?.[1];
    return mode === 'leader' || mode === 'follower' || mode === 'observer' ? mode : undefined;
  }

  /** A value that the word `mntr` tells; undefined when it does not. */
  async metric(name: string): Promise<string | undefined> {
    const answer = await fourLetterWord(this.port, 'mntr');
    return new RegExp(`^zk_${name}\t(.*)$`, 'm').exec(answer)?.[1];
  }
}

export class Ensemble implements AsyncDisposable {
  readonly members: readonly Member[];
  readonly #directory: string;
  readonly #network: CutNetwork | undefined;

  private constructor(
    members: readonly Member[],
    directory: string,
    network: CutNetwork | undefined,
  ) {
    this.members = members;
    this.#directory = directory;
    this.#network = network;
  }

  /** Writes the configurations; starts nothing. @param config - lines of every zoo.cfg besides. */
  static async prepare(
    plan: readonly MemberPlan[],
    config: Readonly<Record<string, string | number>> = {},
    { peerHost = '127.0.0.1', canBeCut = false }: EnsembleOptions = {},
  ): Promise<Ensemble> {
    const base = await mkdtemp(join(tmpdir(), 'zooid-interop-ensemble-'));
    const members: Member[] = [];
    const lines = new Map<number, string>();
    for (const [i, { kind, role = 'participant' }] of plan.entries()) {
      const id = i + 1;
      members.push(new Member(id, kind, await freePort(), join(base, String(id))));
      lines.set(id, await freePeerLine(peerHost, role));
    }
    const network = canBeCut ? await CutNetwork.start(lines) : undefined;
    for (const [i, member] of members.entries()) {
      const dataDir = join(member.directory, 'data');
      await mkdir(dataDir, { recursive: true });
      await writeFile(join(dataDir, 'myid'), `${member.id}\n`);
      const own = {
        tickTime: TICK_MS,
        initLimit: 20,
        syncLimit: 10,
        maxSessionTimeout: 60_000,
        dataDir,
        clientPort: member.port,
        clientPortAddress: '127.0.0.1',
        maxClientCnxns: 0,
        'admin.enableServer': 'false',
        '4lw.commands.whitelist': '*',
        standaloneEnabled: 'false',
        ...(plan[i]!.role === 'observer' ? { peerType: 'observer' } : {}),
        ...(network === undefined ? {} : CutNetwork.settings),
        ...config,
      };
      const entries = Object.entries(own).map(([key, value]) => `${key}=${value}`);
      for (const [id, line] of lines) {
        entries.push(`server.${id}=${network?.lineOf(member.id, id) ?? line}`);
      }
      await writeFile(member.configPath, `${entries.join('\n')}\n`);
    }
    return new Ensemble(members, base, network);
  }

  /** Starts all of them and waits until they serve. */
  static async start(
    plan: readonly MemberPlan[],
    config: Readonly<Record<string, string | number>> = {},
    options: EnsembleOptions = {},
  ): Promise<Ensemble> {
    const ensemble = await Ensemble.prepare(plan, config, options);
    try {
      for (const member of ensemble.members) member.start();
      await ensemble.untilServing();
    } catch (error) {
      await ensemble[Symbol.asyncDispose]();
      throw error;
    }
    return ensemble;
  }

  /** All addresses, as clients take them. */
  get connectString(): string {
    return this.members.map(({ address }) => address).join(',');
  }

  /**
   * Stops leaders, and starts them again when another one leads, until one of this kind does.
   *
   * @returns that one; all of them serve.
   */
  async leadBy(kind: ServerKind): Promise<Member> {
    for (let leader = await this.untilServing(); ; ) {
      if (leader.kind === kind) return leader;
      await leader.stop('SIGTERM');
      const next = await this.untilServing();
      leader.start();
      await this.untilServing();
      leader = next;
    }
  }

  /** Resolves when all of these serve and one of them leads. @returns that one. */
  async untilServing(
    members: readonly Member[] = this.members.filter(({ isUp }) => isUp),
  ): Promise<Member> {
    let modes: (Mode | undefined)[] = [];
    return await pollUntil(
      async () => {
        modes = await Promise.all(members.map((member) => member.mode()));
        if (modes.includes(undefined)) return undefined;
        return modes.filter((mode) => mode === 'leader').length === 1
          ? members[modes.indexOf('leader')]
          : undefined;
      },
      START_MS_MAX,
      () =>
        members
          .map(({ id, kind, output }, i) => `${id} ${kind} ${modes[i]}\n${output.call(members[i])}`)
          .join('\n'),
    );
  }

  /** Nothing passes any more between this member and the others, and nobody is told; clients reach all of them. */
  cutOff({ id }: Member): void {
    if (this.#network === undefined) throw new Error('the network of this ensemble cannot be cut');
    this.#network.cutOff(id);
  }

  /** Everything passes again, what has waited first. */
  async heal(): Promise<void> {
    await this.#network?.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await allOf(this.members.map((member) => member.stop('SIGKILL')));
    await this.#network?.[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
