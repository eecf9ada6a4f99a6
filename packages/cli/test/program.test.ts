import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commandTable } from '../src/command-table.ts';
import { exitCodeOf } from '../src/exit.ts';
import { runCommandLine } from '../src/program.ts';
import { FakeParts } from './support/fake-parts.ts';

let parts: FakeParts;
let directory: string;

beforeEach(() => {
  parts = new FakeParts();
  directory = mkdtempSync(join(tmpdir(), 'zooid-cli-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Stops the server as soon as it takes clients. */
function stopAtOnce(): void {
  parts.onServing = () => parts.signal('SIGTERM');
}

describe('zooid', () => {
  test('prints its version', async () => {
    expect(await runCommandLine(['--version'], parts)).toBe(0);
    expect(parts.out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('prints a help that leads a newcomer to a running server', async () => {
    expect(await runCommandLine(['--help'], parts)).toBe(0);
    expect(parts.out).toContain('zooid server 2181 ./data');
    expect(parts.out).toContain('zooid help server');
    parts.out = '';
    expect(await runCommandLine(['server', '--help'], parts)).toBe(0);
    for (const words of [
      'clientPort=2181',
      'zkCli.sh -server',
      'Ctrl-C',
      'Exit codes',
      '-D <key=value>',
    ]) {
      expect(parts.out).toContain(words);
    }
  });

  test('lists every command under a heading, but those that only scripts know', async () => {
    expect(await runCommandLine(['--help'], parts)).toBe(0);
    for (const { name, group, summary, isHidden } of commandTable) {
      const line = new RegExp(`^  ${name} .*${summary.split(' ')[0]}`, 'm');
      if (isHidden) expect(parts.out).not.toMatch(line);
      else expect(parts.out).toMatch(line);
      expect(parts.out).toContain(`\n${group}\n`);
    }
  });

  test.each(commandTable.map(({ name }) => name))(
    'has a help for %s, by option and by command',
    async (name) => {
      expect(await runCommandLine([name, '--help'], parts)).toBe(0);
      expect(parts.out).toContain(`Usage: zooid ${name} `);
      const byOption = parts.out;
      parts.out = '';
      expect(await runCommandLine(['help', name], parts)).toBe(0);
      expect(parts.out).toBe(byOption);
    },
  );

  test('suggests the command that was probably meant', async () => {
    expect(await runCommandLine(['serve'], parts)).toBe(2);
    expect(parts.errors).toContain('Did you mean server?');
  });

  test('says what stands in the place of an upgrade', async () => {
    expect(await runCommandLine(['upgrade', 'a', 'b'], parts)).toBe(1);
    expect(parts.errors).toContain('nothing to upgrade');
  });

  test.each([[[]], [['serve']], [['server', '--nope']], [['server', '1', '2', '3', '4', '5']]])(
    'ends with 2 for the words %j and says where help is',
    async (args) => {
      expect(await runCommandLine(args, parts)).toBe(2);
      expect(parts.out + parts.errors).toContain('--help');
      expect(parts.started).toEqual([]);
    },
  );
});

describe('zooid server', () => {
  test('starts from a file, with properties, and ends with 0 when it is told to stop', async () => {
    const file = join(directory, 'zoo.cfg');
    writeFileSync(file, `clientPort=2999\ndataDir=${directory}\n`);
    stopAtOnce();
    const args = [
      'server',
      file,
      '-Dzookeeper.snapCount=7',
      '-D',
      'jute.maxbuffer=2048',
      '-Dzookeeper.skipACL=',
    ];
    expect(await runCommandLine(args, parts)).toBe(0);
    const [config] = parts.started;
    expect(config?.network.client.port).toBe(2999);
    expect(config?.storage.snapshotTxnCount).toBe(7);
    expect(config?.network.frameBytesMax).toBe(2048);
    expect(parts.closeCount).toBe(1);
    expect(parts.isListening).toBe(false);
  });

  test('starts from plain arguments', async () => {
    stopAtOnce();
    expect(await runCommandLine(['server', '2181', directory, '500', '9'], parts)).toBe(0);
    const [config] = parts.started;
    expect(config?.storage.dataDir).toBe(resolve(directory));
    expect(config?.session.tickTimeMs).toBe(500);
    expect(config?.network.connectionCountPerAddressMax).toBe(9);
  });

  test('prints warnings and starts all the same', async () => {
    stopAtOnce();
    expect(await runCommandLine(['server', '0', directory, '-Dzookeeper.snapcount=1'], parts)).toBe(
      0,
    );
    expect(parts.errors).toMatch(
      /^warning: -Dzookeeper\.snapcount=1 .*Was zookeeper\.snapCount meant\?\n$/,
    );
  });

  test('prints every problem with its remedy, starts nothing and ends with 2', async () => {
    const file = join(directory, 'zoo.cfg');
    writeFileSync(file, 'tickTime=fast\nsecureClientPort=2281\n');
    expect(await runCommandLine(['server', file], parts)).toBe(2);
    expect(parts.started).toEqual([]);
    const lines = parts.errors.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe(
      `error: ${file}:1: tickTime=fast is not a whole number. Write digits only, without a unit.`,
    );
    expect(lines[2]).toBe(`error: ${file}: dataDir is not set. Add dataDir=/path/of/a/directory.`);
    expect(lines[3]).toBe('zooid: 3 problems in the configuration; not started.');
  });

  test('ends with 2 for a file that is not there', async () => {
    expect(await runCommandLine(['server', join(directory, 'nothing')], parts)).toBe(2);
    expect(parts.errors).toContain('cannot be read (ENOENT)');
  });

  test.each([
    ['DATA_DIR_LOCKED', 3],
    ['LOG_DAMAGED', 10],
    ['SNAPSHOT_MISSING', 10],
    ['ASSERTION', 1],
  ])('ends with Apache’s exit code when starting fails with %s', async (code, exitCode) => {
    parts.startError = Object.assign(new Error('it went wrong. Do this.'), { code });
    expect(await runCommandLine(['server', '0', directory], parts)).toBe(exitCode);
    expect(parts.errors).toBe('zooid: it went wrong. Do this.\n');
  });

  test('names the port that is in use, and the key to change it', async () => {
    parts.startError = Object.assign(new Error('listen'), { code: 'EADDRINUSE', port: 2181 });
    expect(await runCommandLine(['server', '2181', directory], parts)).toBe(1);
    expect(parts.errors).toContain(
      'port 2181 is in use: stop what uses it, or choose another with clientPort',
    );
  });

  test('ends with 4 when it is the port of the admin server', async () => {
    parts.startError = Object.assign(new Error('listen'), { code: 'EADDRINUSE', port: 8080 });
    expect(await runCommandLine(['server', '2181', directory], parts)).toBe(4);
    expect(parts.errors).toContain('admin.serverPort');
  });

  test('ends with the code of a fatal error of the running server', async () => {
    parts.onServing = () =>
      parts.fail(Object.assign(new Error('disk full. Free space.'), { code: 'LOG_WRITE_FAILED' }));
    expect(await runCommandLine(['server', '0', directory], parts)).toBe(10);
    expect(parts.errors).toBe('zooid: disk full. Free space.\n');
  });

  test('a signal while it starts stops it once it has started', async () => {
    let isServing = false;
    parts.onServing = () => {
      isServing = true;
    };
    parts.onStarting = () => parts.signal('SIGTERM');
    expect(await runCommandLine(['server', '0', directory], parts)).toBe(0);
    expect([isServing, parts.closeCount, parts.isListening]).toEqual([false, 1, false]);
  });

  test('a second signal ends the process at once', async () => {
    parts.canClose = false;
    const served = new Promise<void>((serving) => {
      parts.onServing = serving;
    });
    void runCommandLine(['server', '0', directory], parts);
    await served;
    parts.signal('SIGINT');
    expect(parts.exitedNow).toEqual([]);
    parts.signal('SIGINT');
    expect(parts.exitedNow).toEqual([1]);
    expect(parts.errors).toContain('SIGINT again');
  });
});

describe('the exit code of an error', () => {
  test('is the one that it names itself, if that can be one', () => {
    expect(exitCodeOf(Object.assign(new Error(), { exitCode: 12 }))).toBe(12);
    expect(exitCodeOf(Object.assign(new Error(), { exitCode: 0 }))).toBe(1);
    expect(exitCodeOf(Object.assign(new Error(), { exitCode: 'x', code: 'ADMIN_PORT' }))).toBe(4);
    expect(exitCodeOf('not an error')).toBe(1);
  });
});
