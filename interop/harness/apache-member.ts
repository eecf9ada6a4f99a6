/** One of Apache's servers as a member of an ensemble of three, whose other members a test plays itself. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { APACHE_CLASSPATH } from './peers.ts';
import { type Running, startProcess } from './process.ts';

const MAIN_CLASS = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
const HOST = '127.0.0.1';

/** Where a member listens for the others. */
export interface MemberPorts {
  readonly host: string;
  readonly quorumPort: number;
  readonly electionPort: number;
}

/** Ids and ports of three members. */
export async function threeMembers(): Promise<ReadonlyMap<number, MemberPorts>> {
  const members = new Map<number, MemberPorts>();
  for (const id of [1, 2, 3]) {
    const [quorumPort, electionPort] = [await freePort(), await freePort()];
    members.set(id, { host: HOST, quorumPort, electionPort });
  }
  return members;
}

export interface ApacheMemberOptions {
  readonly id: number;
  readonly members: ReadonlyMap<number, MemberPorts>;
  /** Java system properties, `-Dkey=value`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** A data directory to open, in which `myid` is written; a new one by default. Never removed when given. */
  readonly dataDir?: string;
}

/** The process, which looks for a leader. */
export class ApacheMember implements AsyncDisposable {
  readonly dataDir: string;
  readonly #directory: string;
  readonly #running: Running;

  private constructor(directory: string, dataDir: string, running: Running) {
    this.#directory = directory;
    this.dataDir = dataDir;
    this.#running = running;
  }

  static async start(options: ApacheMemberOptions): Promise<ApacheMember> {
    const directory = await mkdtemp(join(tmpdir(), 'zooid-interop-member-'));
    const dataDir = options.dataDir ?? join(directory, 'data');
    await mkdir(dataDir, { recursive: true });
    await writeFile(join(dataDir, 'myid'), `${options.id}\n`);
    const lines = [
      'tickTime=1000',
      'initLimit=20',
      'syncLimit=10',
      `dataDir=${dataDir}`,
      `clientPort=${await freePort()}`,
      `clientPortAddress=${HOST}`,
      'admin.enableServer=false',
    ];
    for (const [id, { host, quorumPort, electionPort }] of options.members) {
      lines.push(`server.${id}=${host}:${quorumPort}:${electionPort}`);
    }
    const config = join(directory, 'zoo.cfg');
    await writeFile(config, `${lines.join('\n')}\n`);
    const properties = Object.entries(options.properties ?? {}).map(
      ([key, value]) => `-D${key}=${value}`,
    );
    const java = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', APACHE_CLASSPATH, ...properties];
    const running = startProcess('java', [...java, MAIN_CLASS, config], { cwd: directory });
    return new ApacheMember(directory, dataDir, running);
  }

  /** Everything that it printed. */
  output(): string {
    return this.#running.output();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }
}
