/** Our zkServer.sh and Apache's, side by side: the same words on standard output, the same exit codes. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../harness/free-port.ts';
import { APACHE_CLASSPATH, missingPeer, suiteTitle } from '../harness/peers.ts';
import { runProcess } from '../harness/process.ts';

const OUR_SCRIPT = resolve(import.meta.dirname, '../../packages/cli/bin/zkServer.sh');
const APACHE_SCRIPT = '/usr/share/zookeeper/bin/zkServer.sh';

const missing =
  missingPeer('apache') ??
  (existsSync(APACHE_SCRIPT)
    ? undefined
    : `${APACHE_SCRIPT} is missing (Debian package zookeeper)`);

/** In the place of Debian's, which knows one configuration only. */
const APACHE_ENVIRONMENT = `
ZOOCFG="$ZOOCFGDIR/\${ZOOCFG:-zoo.cfg}"
JAVA=java
CLASSPATH=${APACHE_CLASSPATH}
`;

/** A script with a configuration and a data directory of its own. */
class Site {
  readonly #directory: string;
  #script: string;
  readonly #port: number;

  static async create(kind: 'ours' | 'apache'): Promise<Site> {
    const directory = await mkdtemp(join(tmpdir(), `zooid-script-${kind}-`));
    const port = await freePort();
    await mkdir(join(directory, 'conf'));
    const lines = [
      `clientPort=${port}`,
      'clientPortAddress=127.0.0.1',
      `dataDir=${directory}/data`,
      'admin.enableServer=false',
    ];
    await writeFile(join(directory, 'conf/zoo.cfg'), `${lines.join('\n')}\n`);
    let script = OUR_SCRIPT;
    if (kind === 'apache') {
      script = join(directory, 'zkServer.sh');
      await copyFile(APACHE_SCRIPT, script);
      await writeFile(join(directory, 'zkEnv.sh'), APACHE_ENVIRONMENT);
    }
    const site = new Site(directory, script, port);
    onTestFinished(() => site.#remove());
    return site;
  }

  private constructor(directory: string, script: string, port: number) {
    this.#directory = directory;
    this.#script = script;
    this.#port = port;
  }

  /** Runs the script. Process ids, directories and ports are made comparable. */
  async run(
    ...args: readonly string[]
  ): Promise<{ code: number | null; out: string; errors: string }> {
    const finished = await runProcess('bash', [this.#script, ...args], {
      env: {
        ...process.env,
        ZOOCFGDIR: join(this.#directory, 'conf'),
        ZOO_LOG_DIR: join(this.#directory, 'logs'),
        SERVER_JVMFLAGS: '-Xmx256m',
      },
    });
    const normalise = (text: string) =>
      text
        .replaceAll(this.#directory, 'DIRECTORY')
        .replaceAll(String(this.#port), 'PORT')
        .replaceAll(/process \d+/g, 'process PID');
    return {
      code: finished.code,
      out: normalise(finished.stdout),
      errors: normalise(finished.stderr),
    };
  }

  /** From now on it is our script that runs, on the same configuration. */
  useOurScript(): void {
    this.#script = OUR_SCRIPT;
  }

  async pid(): Promise<number | undefined> {
    const text = await readFile(join(this.#directory, 'data/zookeeper_server.pid'), 'utf8').catch(
      () => '',
    );
    return text === '' ? undefined : Number(text);
  }

  /** Ends the server as a crash would. */
  async crash(): Promise<void> {
    const pid = await this.pid();
    if (pid === undefined) return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }

  async #remove(): Promise<void> {
    await this.crash();
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

describe.skipIf(missing !== undefined)(suiteTitle('zkServer.sh', missing), () => {
  test('says the same as Apache’s through the life of a server', async () => {
    const sites = [await Site.create('ours'), await Site.create('apache')] as const;
    const steps = [
      ['status'],
      ['stop'],
      ['start'],
      ['start'],
      ['status'],
      ['status', 'zoo.cfg'],
      ['restart'],
      ['stop'],
      ['stop'],
      ['status'],
    ];
    const [ours, apache] = await Promise.all(
      sites.map(async (site) => {
        const seen: unknown[] = [];
        for (const step of steps) {
          const { code, out, errors } = await site.run(...step);
          // What our script adds, and what Apache's says of JMX, is on the standard error.
          seen.push({ step, code, out, config: /^Using config: .*$/m.exec(errors)?.[0] });
        }
        return seen;
      }),
    );
    expect(ours).toEqual(apache);
    expect(JSON.stringify(ours)).toContain('Mode: standalone');
  });

  test('says that a server without a configuration failed to start', async () => {
    // Apache's script looks once, after a second: on a busy machine its Java has not failed by then, and it says STARTED.
    const site = await Site.create('ours');
    const { code, out, errors } = await site.run('start', 'nothing.cfg');
    expect({ code, out }).toEqual({ code: 1, out: 'Starting zookeeper ... FAILED TO START\n' });
    expect(errors).toMatch(/^Using config: .*nothing\.cfg$/m);
  });

  test('starts over what a crash left', async () => {
    const site = await Site.create('ours');
    expect((await site.run('start')).code).toBe(0);
    const crashed = await site.pid();
    await site.crash();
    const { code, out } = await site.run('start');
    expect([code, out]).toEqual([0, 'Starting zookeeper ... STARTED\n']);
    expect(await site.pid()).not.toBe(crashed);
  });

  test('stops a server that Apache’s script started, so that ours can take its place', async () => {
    const apache = await Site.create('apache');
    await apache.run('start');
    const pid = await apache.pid();
    apache.useOurScript();
    expect((await apache.run('start')).out).toContain('already running as process PID.');
    expect((await apache.run('stop')).out).toBe('Stopping zookeeper ... STOPPED\n');
    expect((await apache.run('start')).out).toBe('Starting zookeeper ... STARTED\n');
    expect((await apache.run('status')).out).toContain('Mode: standalone');
    expect(await apache.pid()).not.toBe(pid);
  });

  test('prints a version that tools which look for Apache’s find', async () => {
    const ours = await (await Site.create('ours')).run('version');
    const apache = await (await Site.create('apache')).run('version');
    const version = /Apache ZooKeeper, version (\d+\.\d+\.\d+)/;
    expect(apache.out).toMatch(version);
    expect(ours.out).toMatch(version);
    expect([ours.code, apache.code]).toEqual([0, 0]);
  });
});
