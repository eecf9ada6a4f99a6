// start, stop, restart and status with real processes.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readPidFile } from '../../src/life/pid-file.ts';
import { runZooid } from '../support/run-zooid.ts';
import { WordServer } from '../support/word-server.ts';

let directory: string;
let config: string;
let pidFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-life-'));
  config = join(directory, 'zoo.cfg');
  pidFile = join(directory, 'data/zookeeper_server.pid');
  configure('clientPort=0', 'clientPortAddress=127.0.0.1');
});

afterEach(() => {
  const pid = readPidFile(pidFile);
  if (pid !== undefined && pid !== process.pid) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

function configure(...lines: readonly string[]): void {
  const all = [`dataDir=${directory}/data`, 'admin.enableServer=false', ...lines];
  writeFileSync(config, all.join('\n'));
}

function log(): string {
  const logs = join(directory, 'data/logs');
  return readFileSync(join(logs, readdirSync(logs)[0]!), 'utf8');
}

describe('a server in the background', () => {
  test('starts once, restarts as another process, and stops', async () => {
    const started = await runZooid(['start', config, '-Dzookeeper.snapCount=77']);
    expect(started).toEqual({
      code: 0,
      out: 'Starting zookeeper ... STARTED\n',
      errors: `Using config: ${config}\n`,
    });
    expect(log()).toContain('server started');
    const pid = readPidFile(pidFile);

    const again = await runZooid(['start', config]);
    expect([again.code, again.out]).toEqual([
      1,
      `Starting zookeeper ... already running as process ${pid}.\n`,
    ]);

    const restarted = await runZooid(['restart', config]);
    expect([restarted.code, restarted.out]).toEqual([
      0,
      'Stopping zookeeper ... STOPPED\nStarting zookeeper ... STARTED\n',
    ]);
    expect(readPidFile(pidFile)).not.toBe(pid);

    const stopped = await runZooid(['stop', config]);
    expect([stopped.code, stopped.out]).toEqual([0, 'Stopping zookeeper ... STOPPED\n']);
    expect(log()).toContain('server stopped');

    const none = await runZooid(['stop', config]);
    expect([none.code, none.out]).toEqual([
      0,
      `Stopping zookeeper ... no zookeeper to stop (could not find file ${pidFile})\n`,
    ]);
  }, 120_000);

  test('that cannot start says why, and leaves no pid file', async () => {
    const taken = createServer();
    onTestFinished(() => void taken.close());
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
    const { port } = taken.address() as { port: number };
    configure(`clientPort=${port}`, 'clientPortAddress=127.0.0.1');
    const run = await runZooid(['start', config]);
    expect([run.code, run.out]).toEqual([1, 'Starting zookeeper ... FAILED TO START\n']);
    expect(run.errors).toContain(`  zooid: port ${port} is in use`);
    expect(existsSync(pidFile)).toBe(false);
  }, 60_000);

  test('starts over the pid file that a crash left, whoever has that number now', async () => {
    const { code } = await runZooid(['start', config]);
    expect(code).toBe(0);
    process.kill(readPidFile(pidFile)!, 'SIGKILL');
    writeFileSync(pidFile, String(process.pid)); // The number of this test, which is no server.
    const run = await runZooid(['start', config]);
    expect([run.code, run.out]).toEqual([0, 'Starting zookeeper ... STARTED\n']);
    expect(readPidFile(pidFile)).not.toBe(process.pid);
  }, 120_000);

  test('is one, of two that are started at the same moment', async () => {
    const runs = await Promise.all([runZooid(['start', config]), runZooid(['start', config])]);
    const [winner, loser] = runs.sort((left, right) => Number(left.code) - Number(right.code));
    expect([winner?.code, winner?.out]).toEqual([0, 'Starting zookeeper ... STARTED\n']);
    const pid = readPidFile(pidFile);
    expect([loser?.code, loser?.out]).toEqual([
      1,
      `Starting zookeeper ... already running as process ${pid}.\n`,
    ]);
    expect((await runZooid(['stop', config])).out).toBe('Stopping zookeeper ... STOPPED\n');
  }, 120_000);

  test('is not stopped through a number that belongs to another program', async () => {
    const { code } = await runZooid(['start', config]);
    expect(code).toBe(0);
    const pid = readPidFile(pidFile)!;
    writeFileSync(pidFile, String(process.pid));
    const run = await runZooid(['stop', config]);
    writeFileSync(pidFile, String(pid)); // For the end of this test.
    expect(run.code).toBe(0);
    expect(run.errors).toContain(`process ${process.pid} is another program`);
  }, 60_000);

  test('of a configuration that is not there fails to start', async () => {
    const run = await runZooid(['start', join(directory, 'none.cfg')]);
    expect([run.code, run.out]).toEqual([1, 'Starting zookeeper ... FAILED TO START\n']);
    expect(run.errors).toContain('none.cfg cannot be read (ENOENT)');
  }, 60_000);
});

test('what keeps a server from starting is told behind the words that scripts read', async () => {
  writeFileSync(join(directory, 'data'), 'a file, no directory');
  const run = await runZooid(['start', config]);
  expect([run.code, run.out]).toEqual([1, 'Starting zookeeper ... FAILED TO START\n']);
  expect(run.errors).toMatch(/zooid: E\w+: .*data/);
}, 60_000);

describe('status', () => {
  test('says the mode of a server that answers, and that one does not', async () => {
    const server = await WordServer.start(() => 'Latency: 0\nMode: standalone\nNode count: 5\n');
    configure(`clientPort=${server.port}`, 'clientPortAddress=127.0.0.1');
    const found = `Client port found: ${server.port}. Client address: 127.0.0.1. Client SSL: false.\n`;
    const up = await runZooid(['status', config]);
    expect([up.code, up.out]).toEqual([0, `${found}Mode: standalone\n`]);
    expect(server.words).toEqual(['srvr']);
    const report = { address: '127.0.0.1', port: server.port, tls: false };
    const json = await runZooid(['status', config, '--json']);
    expect([json.code, JSON.parse(json.out)]).toEqual([
      0,
      { ...report, mode: 'standalone', problem: null },
    ]);

    server.answers = () => 'This ZooKeeper instance is not currently serving requests\n';
    const starting = await runZooid(['status', config]);
    expect([starting.code, starting.out]).toEqual([
      1,
      `${found}Error contacting service. It is probably not running.\n`,
    ]);
    expect(starting.errors).toContain('not currently serving');

    await server.stop();
    const down = await runZooid(['status', config]);
    expect([down.code, down.out]).toEqual([
      1,
      `${found}Error contacting service. It is probably not running.\n`,
    ]);
    expect(down.errors).toContain('nothing listens there');

    const downJson = await runZooid(['status', config, '--json']);
    expect([downJson.code, JSON.parse(downJson.out)]).toEqual([
      1,
      { ...report, mode: null, problem: expect.stringContaining('nothing listens there') },
    ]);
  }, 60_000);
});

test('print-cmd prints a line that a shell can run', async () => {
  const run = await runZooid(['print-cmd', config, '-Da=b c'], { SERVER_JVMFLAGS: '-Xmx1g -Dd=e' });
  expect(run.code).toBe(0);
  expect(run.out).toContain(`zooid.ts server -Dd=e '-Da=b c' ${config} >> ${directory}/data/logs/`);
}, 60_000);
