// The shell in a real terminal: tmux holds it, keys go in, the screen comes out.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { quoteForShell } from '../../src/life/quote-for-shell.ts';
import { zooidCommand } from '../support/run-zooid.ts';

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux) console.warn('SKIPPED: the shell in a real terminal: tmux is missing');

/** A shell of the system in a terminal of tmux's, with its files in a directory of its own. */
class Terminal {
  readonly directory = mkdtempSync(join(tmpdir(), 'zooid-tmux-'));

  constructor() {
    const setup = `PS1="READY> " XDG_STATE_HOME=${this.directory} exec sh`;
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', '100', '-y', '30', setup);
    onTestFinished(() => {
      this.#tmux('kill-server');
      rmSync(this.directory, { recursive: true });
    });
  }

  /** Runs the shell of zooid. */
  begin(hosts: string): void {
    this.line([...zooidCommand, 'shell', hosts].map(quoteForShell).join(' '));
  }

  line(text: string): void {
    this.#tmux('send-keys', '-l', text);
    this.keys('Enter');
  }

  keys(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  /** The screen, as soon as it matches. */
  async until(pattern: RegExp): Promise<string> {
    for (let left = 600; ; left--) {
      const screen = this.#tmux('capture-pane', '-p');
      if (pattern.test(screen)) return screen;
      if (left === 0) throw new Error(`never ${pattern}:\n${screen}`);
      await wait(20);
    }
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', join(this.directory, 'socket'), ...args], {
      encoding: 'utf8',
    });
  }
}

describe.skipIf(!hasTmux)('zooid shell in a terminal', () => {
  test('completes paths, tells of events without breaking the line, keeps history, and ends with Ctrl-D', async () => {
    await using server = await startTestServer();
    await using zk = await connect(server.connectString);
    await zk.create('/long-name', 'x');
    const terminal = new Terminal();
    await terminal.until(/READY>/);
    terminal.begin(server.connectString);
    await terminal.until(/\[zk: 127\.0\.0\.1:\d+\(CONNECTED\) 0\] ?$/m);

    terminal.keys('get -w /lon', 'Tab');
    await terminal.until(/\) 0\] get -w \/long-name/);
    terminal.keys('Enter');
    await terminal.until(/^x\n.*\) 1\] ?$/m);

    terminal.keys('half a li');
    await terminal.until(/\) 1\] half a li/);
    await zk.set('/long-name', 'y');
    const screen = await terminal.until(/type:NodeDataChanged path:\/long-name/);
    expect(await terminal.until(/NodeDataChanged.*\n(?:.*\n)*.*\) 1\] half a li/)).toContain(
      'WATCHER::',
    );
    expect(screen).not.toMatch(/half a li.*WATCHER/);

    terminal.keys('C-c');
    await terminal.until(/\^C\n.*\) 1\] ?$/m);
    terminal.line('gett /');
    await terminal.until(/Command not found: gett\nDid you mean get\?\n.*\) 2\] ?$/m);

    terminal.keys('C-d');
    await terminal.until(/READY>\s*$/);
    terminal.begin(server.connectString);
    await terminal.until(/\) 0\] ?$/m);
    terminal.keys('Up', 'Up');
    await terminal.until(/\) 0\] get -w \/long-name/);
  }, 60_000);

  test('Ctrl-C cancels the command that waits for a server, and the shell goes on', async () => {
    await using server = await startTestServer();
    const terminal = new Terminal();
    await terminal.until(/READY>/);
    terminal.begin(server.connectString);
    await terminal.until(/\) 0\] ?$/m);
    await server.stop();
    await terminal.until(/\(CONNECTING\) 0\] ?$/m);
    terminal.line('ls /');
    terminal.keys('C-c');
    await terminal.until(/Cancelled\n.*\(CONNECTING\) 1\] ?$/m);
    terminal.line('quit');
    await terminal.until(/READY>\s*$/);
  }, 60_000);

  test('lends the keyboard to the editor, asks before it applies a file, and shows tables', async () => {
    await using server = await startTestServer();
    await using zk = await connect(server.connectString);
    await zk.create('/config', 'port 80');
    const terminal = new Terminal();
    await terminal.until(/READY>/);
    // An editor that asks on the terminal, with the line editing of the system.
    const editor = join(terminal.directory, 'editor');
    writeFileSync(editor, `printf 'new text: '; read line; echo "$line" > "$1"`);
    terminal.line(`export VISUAL="sh ${editor}"`);
    terminal.begin(server.connectString);
    await terminal.until(/\) 0\] ?$/m);
    terminal.line('edit /config');
    await terminal.until(/new text:$/m);
    terminal.line('port 81');
    await terminal.until(/\) 1\] ?$/m);
    terminal.line('get /config');
    await terminal.until(/^port 81\n.*\) 2\] ?$/m);

    terminal.line('getAcl /config');
    await terminal.until(
      /^SCHEME {2}ID {6}MAY\nworld {3}anyone {2}create delete read write admin\n/m,
    );
    const file = join(terminal.directory, 'config.json');
    terminal.line(`export /config ${file}/none`);
    await terminal.until(/cannot be written \(ENOENT\)/);
    terminal.line(`export /config ${file}`);
    await terminal.until(/1 znode exported to/);
    await zk.set('/config', 'port 82');
    terminal.line(`apply -f ${file}`);
    await terminal.until(/^~ \/config {2}"port 82" -> "port 81"\nMake this change\? \[y\/N\] ?$/m);
    terminal.keys('C-c');
    await terminal.until(/Cancelled\n.*\) 6\] ?$/m);
    terminal.line(`apply -f ${file}`);
    await terminal.until(/\) 6\] apply.*\n.*\n?.*Make this change\? \[y\/N\] ?$/m);
    terminal.line('y');
    await terminal.until(/1 change made\.\n.*\) 7\] ?$/m);
    // The answer is no line of the history.
    terminal.keys('Up');
    await terminal.until(/\) 7\] apply -f /);
    terminal.keys('C-c', 'C-d');
    await terminal.until(/READY>\s*$/);
  }, 60_000);
});
