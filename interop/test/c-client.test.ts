import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLI_MT, missingPeer, suiteTitle } from '../harness/peers.ts';
import { allOf, type Finished, pollUntil, runProcess, startProcess } from '../harness/process.ts';
import { TARGET, TestServer } from '../harness/server.ts';

const options = { config: { extendedTypesEnabled: 'true' } };

/** Runs the same thing on Apache's server and ours, each fresh. */
async function onBoth<T>(run: (server: TestServer) => Promise<T>): Promise<readonly [T, T]> {
  const [wanted, got] = await allOf([
    (async () => {
      await using server = await TestServer.start('apache', options);
      return await run(server);
    })(),
    (async () => {
      await using server = await TestServer.start(TARGET, options);
      return await run(server);
    })(),
  ]);
  return [wanted!, got!];
}

const missingLibrary = missingPeer('apache', 'cClient');

describe.skipIf(missingLibrary !== undefined)(suiteTitle('the C client', missingLibrary), () => {
  let directory = '';
  let program = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zooid-interop-c-'));
    program = join(directory, 'transcript');
    const source = resolve(import.meta.dirname, '../c/transcript.c');
    const compiled = await runProcess('gcc', [
      '-DTHREADED',
      '-Wall',
      '-o',
      program,
      source,
      '-lzookeeper_mt',
      '-lpthread',
    ]);
    expect(compiled.code, compiled.stderr).toBe(0);
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  test('its transcript of every operation is the same as with Apache', async () => {
    const [wanted, got] = await onBoth((server) => runProcess(program, [server.address]));
    expect(wanted.code, wanted.stdout).toBe(0);
    expect(wanted.stdout.split('\n').length).toBeGreaterThan(90);
    expect(got.stdout.split('\n')).toEqual(wanted.stdout.split('\n'));
    expect(got.code).toBe(0);
  });
});

const missingShell = missingPeer('apache', 'cliMt');

describe.skipIf(missingShell !== undefined)(
  suiteTitle("the C client's shell", missingShell),
  () => {
    const COMMANDS = [
      'create /c',
      'create +e /c/e',
      'create +s /c/s-',
      'create +s +e /c/es-',
      'create +c /c/container',
      'create +t 100000 /c/ttl',
      'create /absent/x',
      'ls /c',
      'ls2 /c',
      'get /c',
      'set /c new',
      'get /c',
      'exists /c',
      'exists /nope',
      'sync /c',
      'config',
      'reconfig -remove 1',
      'addauth digest a:b',
      'delete /c/e',
      'delete /c',
      'delete /nope',
      'create /last',
      'nosuch',
    ];

    /** Answers come from several threads: their order among each other is not fixed. */
    function normalise({ stdout, stderr }: Finished): string[] {
      return `${stdout}${stderr}`
        .replaceAll(/\b(?:0x)?[0-9a-f]{13,16}\b/g, 'SESSION')
        .replaceAll(/time = \d+ msec/g, 'TIME')
        .replaceAll(/\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, 'DATE')
        .replaceAll(/[cm]time=\S+( [\d:]+)?/g, 'TIME')
        .split('\n')
        .filter((line) => !/^\d{4}-\d\d-\d\d /.test(line)) // its log
        .sort();
    }

    test('its answers to every command are the same as with Apache', async () => {
      const [wanted, got] = await onBoth(async (server) => {
        const shell = startProcess(CLI_MT, [server.address], { cwd: server.directory });
        for (const command of COMMANDS) {
          shell.write(`${command}\n`);
          // One after the other: a command that waits and one that does not may overtake each other.
          shell.write('exists /\n');
        }
        await pollUntil(
          async () => (shell.output().includes('name = /last') ? true : undefined),
          20_000,
          () => shell.output(),
        );
        shell.write('quit\n');
        return normalise(await shell.finished);
      });
      expect(wanted.length).toBeGreaterThan(60);
      expect(got).toEqual(wanted);
    });
  },
);
