// The shell in a real terminal: tmux holds it, keys go in, the screen comes out.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@zooid/client';
import { startTestServer } from '@zooid/testing';
import { describe, expect, test } from 'vitest';
import { zooidCommand } from '../support/run-zooid.ts';
import { hasTmux, Terminal } from '../support/terminal.ts';

if (!hasTmux) console.warn('SKIPPED: the shell in a real terminal: tmux is missing');

/** A terminal, with the shell of zooid in it as soon as it is begun. */
function newTerminal() {
  const terminal = new Terminal(100, 30);
  return { terminal, begin: (hosts: string) => terminal.run([...zooidCommand, 'shell', hosts]) };
}

describe.skipIf(!hasTmux)('zooid shell in a terminal', () => {
  test('completes paths, tells of events without breaking the line, keeps history, and ends with Ctrl-D', async () => {
    await using server = await startTestServer();
    await using zk = await connect(server.connectString);
    await zk.create('/long-name', 'x');
    const { terminal, begin } = newTerminal();
    await terminal.until(/READY>/);
    begin(server.connectString);
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
    begin(server.connectString);
    await terminal.until(/\) 0\] ?$/m);
    terminal.keys('Up', 'Up');
    await terminal.until(/\) 0\] get -w \/long-name/);
  }, 60_000);

  test('Ctrl-C cancels the command that waits for a server, and the shell goes on', async () => {
    await using server = await startTestServer();
    const { terminal, begin } = newTerminal();
    await terminal.until(/READY>/);
    begin(server.connectString);
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
    const { terminal, begin } = newTerminal();
    await terminal.until(/READY>/);
    // An editor that asks on the terminal, with the line editing of the system.
    const editor = join(terminal.directory, 'editor');
    writeFileSync(editor, `printf 'new text: '; read line; echo "$line" > "$1"`);
    terminal.line(`export VISUAL="sh ${editor}"`);
    begin(server.connectString);
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
