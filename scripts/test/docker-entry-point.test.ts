/** The entry point of the container image, run without an engine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadServerConfig, type ServerConfig } from '../../packages/server/src/config/config.ts';

const directory = resolve(import.meta.dirname, '../../packaging/docker');
const script = join(directory, 'docker-entrypoint.sh');

/** Directories as in the image, and the script with them. */
class Container {
  readonly root: string = mkdtempSync(join(tmpdir(), 'zooid-container-'));

  constructor() {
    for (const name of ['conf', 'data', 'datalog', 'logs']) mkdirSync(join(this.root, name));
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
  }

  /** Runs the entry point with a command in the place of the server's. */
  run(
    environment: Readonly<Record<string, string>>,
    ...command: readonly string[]
  ): { readonly stdout: string; readonly stderr: string; readonly status: number | null } {
    const env = {
      PATH: process.env['PATH'],
      ZOO_CONF_DIR: join(this.root, 'conf'),
      ZOO_DATA_DIR: join(this.root, 'data'),
      ZOO_DATA_LOG_DIR: join(this.root, 'datalog'),
      ZOO_LOG_DIR: join(this.root, 'logs'),
      ...environment,
    };
    return spawnSync(script, command.length === 0 ? ['true'] : command, { env, encoding: 'utf8' });
  }

  text(name: string): string {
    return readFileSync(join(this.root, name), 'utf8');
  }

  /** What the server makes of the generated file. */
  config(): ServerConfig {
    const parsed = loadServerConfig(join(this.root, 'conf/zoo.cfg'));
    expect(parsed).toMatchObject({ ok: true, warnings: [] });
    return (parsed as Extract<typeof parsed, { ok: true }>).config;
  }
}

describe('the entry point', () => {
  test('without any environment makes a standalone server with the defaults of the official image', () => {
    const container = new Container();
    expect(container.run({})).toMatchObject({ status: 0, stderr: '' });
    const { root } = container;
    expect(container.text('conf/zoo.cfg').split('\n')).toEqual([
      `dataDir=${root}/data`,
      `dataLogDir=${root}/datalog`,
      'tickTime=2000',
      'initLimit=5',
      'syncLimit=2',
      'autopurge.snapRetainCount=3',
      'autopurge.purgeInterval=0',
      'maxClientCnxns=60',
      'standaloneEnabled=true',
      'admin.enableServer=true',
      'server.1=localhost:2888:3888;2181',
      '',
    ]);
    expect(container.text('data/myid')).toBe('1\n');
    const config = container.config();
    expect(config.ensemble).toBeUndefined();
    expect(config.network.client).toEqual({ host: undefined, port: 2181 });
  });

  test('obeys every variable of the official image', () => {
    const container = new Container();
    container.run({
      ZOO_MY_ID: '2',
      ZOO_SERVERS:
        'server.1=zoo1:2888:3888;2181 server.2=0.0.0.0:2888:3888;2181\nserver.3=zoo3:2888:3888;2181',
      ZOO_TICK_TIME: '1000',
      ZOO_INIT_LIMIT: '7',
      ZOO_SYNC_LIMIT: '3',
      ZOO_MAX_CLIENT_CNXNS: '9',
      ZOO_STANDALONE_ENABLED: 'false',
      ZOO_ADMINSERVER_ENABLED: 'false',
      ZOO_AUTOPURGE_PURGEINTERVAL: '1',
      ZOO_AUTOPURGE_SNAPRETAINCOUNT: '5',
      ZOO_4LW_COMMANDS_WHITELIST: '*',
      ZOO_CFG_EXTRA: 'reconfigEnabled=true snapCount=1234',
      JMXDISABLE: 'true',
    });
    const config = container.config();
    expect(config).toMatchObject({
      network: { client: { host: undefined, port: 2181 }, connectionCountPerAddressMax: 9 },
      session: { tickTimeMs: 1000 },
      admin: { isOn: false },
      storage: { purgeRetainCount: 5, purgeIntervalMs: 3_600_000, snapshotTxnCount: 1234 },
      tree: { isReconfigOn: true },
      ensemble: {
        serverId: 2,
        role: 'participant',
        initLimitTicks: 7,
        syncLimitTicks: 3,
        isStandaloneAllowed: false,
      },
    });
    expect([...config.ensemble!.membership.servers.keys()]).toEqual([1, 2, 3]);
    expect(config.fourLetterWords.size).toBe(18);
  });

  test('leaves a configuration and a number that are there, and says when the number is another', () => {
    const container = new Container();
    writeFileSync(join(container.root, 'conf/zoo.cfg'), '# mine\n');
    writeFileSync(join(container.root, 'data/myid'), '3\n');
    expect(container.run({ ZOO_MY_ID: '3', ZOO_TICK_TIME: '5' }).stderr).toBe('');
    expect(container.run({ ZOO_MY_ID: '4' }).stderr).toMatch(
      /^warning: .*data\/myid says 3 and ZOO_MY_ID says 4: the file counts/,
    );
    expect(container.text('conf/zoo.cfg')).toBe('# mine\n');
    expect(container.text('data/myid')).toBe('3\n');
  });

  test('gives its place to the command, with its arguments and its exit code', () => {
    const container = new Container();
    const inner = 'echo "$1|$2|$ZOO_MY_ID|$PPID"; exit 7';
    const { stdout, status } = container.run(
      { ZOO_MY_ID: '6' },
      'sh',
      '-c',
      inner,
      'sh',
      'a b',
      '*',
    );
    // The parent of the command is this process, not a shell in between.
    expect(stdout).toBe(`a b|*|6|${process.pid}\n`);
    expect(status).toBe(7);
  });

  test('stops when a file cannot be written, and begins no server', () => {
    const container = new Container();
    rmSync(join(container.root, 'data'), { recursive: true });
    const { stdout, status } = container.run({}, 'echo', 'begun');
    expect(stdout).toBe('');
    expect(status).not.toBe(0);
  });
});

test('each server of the compose file becomes a member of one ensemble of three', () => {
  const text = readFileSync(join(directory, 'docker-compose.yaml'), 'utf8');
  const ids = [...text.matchAll(/ZOO_MY_ID: (\d)/g)].map((match) => match[1]!);
  const lists = [...text.matchAll(/ZOO_SERVERS: (.*)/g)].map((match) => match[1]!);
  expect(ids).toEqual(['1', '2', '3']);
  for (const [i, id] of ids.entries()) {
    const container = new Container();
    container.run({ ZOO_MY_ID: id, ZOO_SERVERS: lists[i]! });
    const { ensemble } = container.config();
    expect(ensemble?.serverId).toBe(Number(id));
    expect([...ensemble!.membership.servers.keys()]).toEqual([1, 2, 3]);
  }
});

test('the script is plain sh', () => {
  execFileSync('sh', ['-n', script]);
});
