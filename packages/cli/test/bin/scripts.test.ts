// What zkServer.sh, zkCli.sh and zkCleanup.sh make of their arguments and their environment: a program in the place of
// Node prints what it is given.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const bin = join(import.meta.dirname, '../../bin');
const zooid = join(bin, 'zooid.mjs');

let directory: string;
let conf: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-scripts-'));
  conf = join(directory, 'conf');
  mkdirSync(conf);
  const fake = join(directory, 'node');
  const words = 'printf "<%s>" "$@"; printf "\\n%s\\n" "$SERVER_JVMFLAGS|$JVMFLAGS|$ZOO_LOG_DIR"';
  writeFileSync(fake, `#!/bin/sh\n${words}\n`);
  chmodSync(fake, 0o755);
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

interface ScriptRun {
  readonly code: number | null;
  /** What Node would have been given. */
  readonly args: readonly string[];
  /** SERVER_JVMFLAGS|JVMFLAGS|ZOO_LOG_DIR as zooid sees them. */
  readonly environment: string | undefined;
  readonly errors: string;
}

function run(
  script: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ScriptRun {
  const { status, stdout, stderr } = spawnSync('bash', [script, ...args], {
    encoding: 'utf8',
    cwd: directory,
    env: { PATH: process.env['PATH'] ?? '', NODE: join(directory, 'node'), ...environment },
  });
  const [first = '', second] = stdout.split('\n');
  return {
    code: status,
    args: [...first.matchAll(/<([^>]*)>/g)].map((match) => match[1]!),
    environment: second,
    errors: stderr,
  };
}

function writeConfig(name: string, ...lines: readonly string[]): void {
  writeFileSync(join(conf, name), `${lines.join('\n')}\n`);
}

describe('zkServer.sh', () => {
  const script = join(bin, 'zkServer.sh');

  test.each(['start', 'start-foreground', 'stop', 'restart', 'status', 'print-cmd'])(
    'calls zooid %s with the configuration of its directory',
    (command) => {
      const { args, code } = run(script, ['--config', conf, command]);
      expect([code, args]).toEqual([0, [zooid, command, join(conf, 'zoo.cfg')]]);
    },
  );

  test('takes directory and name from the environment, and a name or a path from its argument', () => {
    const environment = { ZOOCFGDIR: conf, ZOOCFG: 'my.cfg' };
    const configOf = (args: readonly string[]) => run(script, args, environment).args[2];
    expect(configOf(['start'])).toBe(join(conf, 'my.cfg'));
    expect(configOf(['start', 'other.cfg'])).toBe(join(conf, 'other.cfg'));
    expect(configOf(['start', './here.cfg'])).toBe('./here.cfg');
    expect(configOf(['--config', '/etc/else', 'start'])).toBe('/etc/else/my.cfg');
  });

  test('reads zookeeper-env.sh and java.env, exported or not', () => {
    writeConfig('zookeeper-env.sh', 'ZOO_LOG_DIR=/var/log/z', 'SERVER_JVMFLAGS="-Da=b -Xmx1g"');
    writeConfig('java.env', 'export JVMFLAGS="-Dc=d $JVMFLAGS"');
    const { environment } = run(script, ['--config', conf, 'start'], { JVMFLAGS: '-De=f' });
    expect(environment).toBe('-Da=b -Xmx1g|-Dc=d -De=f|/var/log/z');
  });

  test('may be called through a link, with blanks in names', () => {
    const link = join(directory, 'a link');
    symlinkSync(script, link);
    const { args } = run(link, ['start', './a name.cfg']);
    expect(args).toEqual([zooid, 'start', './a name.cfg']);
  });

  test('calls zooid version, without a configuration', () => {
    expect(run(script, ['version']).args).toEqual([zooid, 'version']);
  });

  test.each([[[]], [['begin']], [['--config']]])('ends with 2 and its usage for %j', (args) => {
    const { code, errors } = run(script, args);
    expect([code, errors]).toEqual([2, expect.stringContaining('Usage: ')]);
    expect(errors).toContain('{start|start-foreground|stop|version|restart|status|print-cmd}');
  });

  test('says so when there is no Node', () => {
    const { code, errors } = run(script, ['start'], { NODE: join(directory, 'nothing') });
    expect([code, errors]).toEqual([1, expect.stringContaining('node could not be found')]);
  });
});

test('zkCli.sh hands its arguments to zooid shell as they are', () => {
  const args = ['-server', 'a:1,b:2/c', '-timeout', '5000', 'create', '/a b', '', '*'];
  expect(run(join(bin, 'zkCli.sh'), args).args).toEqual([zooid, 'shell', ...args]);
});

describe('zkCleanup.sh', () => {
  const script = join(bin, 'zkCleanup.sh');

  test('takes the directories of the configuration, that of the log first', () => {
    writeConfig('zoo.cfg', ' dataDir = /data dir ', '#dataLogDir=/no', 'dataDirX=/no');
    const environment = { ZOOCFGDIR: conf };
    expect(run(script, ['-n', '3'], environment).args).toEqual([
      zooid,
      'purge',
      '/data dir',
      '-n',
      '3',
    ]);
    writeConfig('zoo.cfg', 'dataDir=/old', 'dataDir=/data', 'dataLogDir=/log');
    const expected = [zooid, 'purge', '/log', '/data', '-n', '3'];
    expect(run(script, ['-n', '3'], environment).args).toEqual(expected);
  });

  test('takes those of its arguments instead, and needs no configuration then', () => {
    writeConfig('zoo.cfg', 'dataDir=/data');
    const args = ['/log', '/snap', '-n', '5'];
    expect(run(script, args, { ZOOCFGDIR: conf }).args).toEqual([zooid, 'purge', ...args]);
    expect(run(script, args).args).toEqual([zooid, 'purge', ...args]);
  });
});

test('the scripts may be executed', () => {
  for (const name of ['zkServer.sh', 'zkCli.sh', 'zkCleanup.sh'])
    execFileSync('test', ['-x', join(bin, name)]);
});
