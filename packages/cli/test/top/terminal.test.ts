// The live view in a real terminal: tmux holds it, keys go in, the screen comes out.

import { describe, expect, test } from 'vitest';
import { zooidCommand } from '../support/run-zooid.ts';
import { hasTmux, Terminal } from '../support/terminal.ts';
import { WordServer } from '../support/word-server.ts';

if (!hasTmux) console.warn('SKIPPED: the live view in a real terminal: tmux is missing');

describe.skipIf(!hasTmux)('zooid top in a terminal', () => {
  test('draws, obeys keys, follows the size, and leaves the terminal as it was', async () => {
    const server = await WordServer.start(
      () =>
        'Zookeeper version: 3.9.4, built on x\nLatency min/avg/max: 0/0/0\nZxid: 0x2a\nMode: standalone\n',
    );
    const terminal = new Terminal(120, 20);
    await terminal.until(/READY>/);
    terminal.run([...zooidCommand, 'top', server.host, '--interval', '0.1']);
    const first = await terminal.until(/standalone .* 0x2a/);
    expect(first).not.toContain('READY>');
    expect(first.trimEnd().split('\n')).toHaveLength(20);

    terminal.keys('s');
    await terminal.until(/ROLE\*/);
    terminal.keys('Left');
    await terminal.until(/SERVER\*/);

    terminal.resize(60, 10);
    const small = await terminal.until(/^(?:.*\n){9}q quit/);
    expect(small).toMatch(/^zooid top/);

    terminal.keys('q');
    expect(await terminal.until(/READY>\s*$/)).not.toContain('standalone');
    // Typing is echoed again, and a line is a line: the terminal is no longer raw.
    terminal.keys('echo $((40 + 2))', 'Enter');
    expect(await terminal.until(/^42$/m)).toContain('echo $((40 + 2))');
  }, 60_000);
});
