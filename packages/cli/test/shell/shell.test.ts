import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestServer, type TestServer } from '@zooid/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { runCommandLine } from '../../src/program.ts';
import { completeLine } from '../../src/shell/complete-line.ts';
import { HistoryFile } from '../../src/shell/history-file.ts';
import { runLine } from '../../src/shell/run-line.ts';
import { ShellState } from '../../src/shell/shell-state.ts';
import { FakeParts } from '../support/fake-parts.ts';

let server: TestServer;
let parts: FakeParts;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server[Symbol.asyncDispose]());

beforeEach(() => {
  parts = new FakeParts();
});

/** A shell that is not a process. */
async function beginShell(): Promise<{ shell: ShellState; run: (line: string) => Promise<void> }> {
  const streams = { out: parts.writeOut, error: parts.writeError };
  const modes = { usesJson: false, printsWatches: true };
  const shell = new ShellState(server.connectString, {}, streams, modes);
  await shell.connect(server.connectString);
  onTestFinished(() => shell.close());
  const signal = new AbortController().signal;
  return { shell, run: (line) => runLine(shell, streams, line, signal, 'person') };
}

describe('zooid shell with a command', () => {
  test('prints the answer alone after hosts, and the connection, too, after -server', async () => {
    expect(await runCommandLine(['shell', server.connectString, 'ls', '/'], parts)).toBe(0);
    expect(parts.out).toBe('[zookeeper]\n');
    parts.out = '';
    const args = ['shell', '-server', server.connectString, 'ls', '/'];
    expect(await runCommandLine(args, parts)).toBe(0);
    expect(parts.out).toMatch(/^Connecting to .*\n\nWATCHER::\n\nWatchedEvent state:SyncConnected/);
    expect(parts.out).toMatch(/\n\[zookeeper\]\n$/);
  });

  test('answers in JSON, with credentials', async () => {
    const options = ['--json', '--auth', 'digest:user:password'];
    const args = ['shell', ...options, server.connectString, 'whoami'];
    expect(await runCommandLine(args, parts)).toBe(0);
    expect(JSON.parse(parts.out)).toContainEqual({ authScheme: 'digest', user: 'user' });
  });

  test.each([
    [['get', '/absent'], 1, 'Node does not exist: /absent\n'],
    [['nonsense'], 127, /Command not found: nonsense\n$/],
    [['sett', '/'], 127, /Did you mean set\?\n$/],
    [['get'], 1, /^get \[-s\] \[-w\]/],
  ])('%j ends with %i', async (words, code, errors) => {
    expect(await runCommandLine(['shell', '-server', server.connectString, ...words], parts)).toBe(
      code,
    );
    expect(parts.errors).toMatch(errors);
  });

  test.each([
    [['-timeout', 'soon', 'ls', '/'], 'zooid: -timeout must be a number of milliseconds'],
    [['--nope'], 'zooid: there is no option --nope'],
    [['-server'], 'zooid: no argument found for option -server'],
    [['--ca', '/nonexistent', 'ls', '/'], 'zooid: /nonexistent cannot be read (ENOENT)'],
    [['--auth', 'secret', 'ls', '/'], 'zooid: --auth takes scheme:auth'],
  ])('refuses %j with 2', async (args, message) => {
    expect(await runCommandLine(['shell', ...args], parts)).toBe(2);
    expect(parts.errors).toContain(message);
  });

  test('says why there is no session, and ends with 1', async () => {
    await using gone = await startTestServer();
    await gone.stop();
    const args = ['shell', '-timeout', '300', '-server', gone.connectString, 'ls', '/'];
    expect(await runCommandLine(args, parts)).toBe(1);
    expect(parts.errors).toContain(`no session with ${gone.connectString}`);
    parts.errors = '';
    const json = ['shell', '--json', '-timeout', '300', gone.connectString, 'ls', '/'];
    expect(await runCommandLine(json, parts)).toBe(1);
    expect(JSON.parse(parts.errors)).toMatchObject({
      error: 'CONNECT_TIMEOUT',
      message: expect.stringContaining(`no session with ${gone.connectString}`),
    });
  });
});

describe('a shell', () => {
  test('whose session has expired says so, and begins a new one', async () => {
    const { shell, run } = await beginShell();
    await server.expireSession(shell.zk!);
    await shell.zk?.untilState('expired').catch(() => undefined);
    await run('ls /');
    expect(parts.out).toContain('WatchedEvent state:Expired');
    expect(parts.out).toMatch(/Not connected\n$/);
    expect(parts.errors).toContain('"connect" begins a new one');
    await run('connect');
    await run('ls /');
    expect(parts.out).toMatch(/\[zookeeper\]\n$/);
  });

  test('follows a subtree until it is cancelled', async () => {
    const { shell } = await beginShell();
    const cancel = new AbortController();
    const seen: string[] = [];
    let told = () => {};
    const streams = {
      out: (text: string) => {
        seen.push(text);
        told();
      },
      error: parts.writeError,
    };
    const zk = shell.zk!;
    const following = runLine(shell, streams, 'watch -f /', cancel.signal, 'person');
    // The server takes requests in order: once this is answered, the watch is there.
    await zk.sync('/');
    const both = new Promise<void>((resolve) => {
      told = () => {
        if (seen.length === 2) resolve();
      };
    });
    await zk.create('/followed');
    await zk.delete('/followed');
    await both;
    cancel.abort();
    await following;
    expect(seen).toEqual(['created       /followed\n', 'deleted       /followed\n']);
    expect(shell.exitCode).toBe(0);
  });

  test('completes commands and paths of the tree', async () => {
    const { shell, run } = await beginShell();
    await run('create /complete');
    await run('create /complete/one');
    await run('create /complete/other');
    expect(await completeLine(shell.zk, 'getA')).toEqual([
      ['getAcl ', 'getAllChildrenNumber '],
      'getA',
    ]);
    expect((await completeLine(shell.zk, 'ls /comp'))[0]).toEqual(['/complete']);
    expect((await completeLine(shell.zk, 'ls -s /complete/o'))[0]).toEqual([
      '/complete/one',
      '/complete/other',
    ]);
    expect((await completeLine(shell.zk, 'ls /absent/x'))[0]).toEqual([]);
    expect((await completeLine(undefined, 'ls /'))[0]).toEqual([]);
    await run('deleteall /complete');
  });
});

test('history is kept for its owner, without secrets', () => {
  const directory = mkdtempSync(join(tmpdir(), 'zooid-history-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const history = new HistoryFile({ XDG_STATE_HOME: directory });
  expect(history.read()).toEqual([]);
  for (const line of ['ls /', 'addauth digest user:secret', 'get /a']) history.add(line);
  expect(history.read()).toEqual(['get /a', 'ls /']);
  const file = join(directory, 'zooid/shell-history');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain('secret');
});
