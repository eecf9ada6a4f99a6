// The live view in a real terminal: tmux holds it, keys go in, the screen comes out.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { quoteForShell } from '../../src/life/quote-for-shell.ts';
import { zooidCommand } from '../support/run-zooid.ts';
import { WordServer } from '../support/word-server.ts';

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux) console.warn('SKIPPED: the live view in a real terminal: tmux is missing');

/** A shell in a terminal of tmux's. */
class Terminal {
  readonly #directory = mkdtempSync(join(tmpdir(), 'zooid-tmux-'));

  constructor(columns: number, rows: number) {
    this.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      `${columns}`,
      '-y',
      `${rows}`,
      'PS1="READY> " exec sh',
    );
    onTestFinished(() => {
      this.#tmux('kill-server');
      rmSync(this.#directory, { recursive: true });
    });
  }

  keys(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** The screen, as soon as it matches. */
  async until(pattern: RegExp): Promise<string> {
    for (let left = 1000; ; left--) {
      const screen = this.#tmux('capture-pane', '-p');
      if (pattern.test(screen)) return screen;
      if (left === 0) throw new Error(`never ${pattern}:\n${screen}`);
      await wait(20);
    }
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-S', join(this.#directory, 'socket'), ...args], {
      encoding: 'utf8',
    });
  }
}

describe.skipIf(!hasTmux)('zooid top in a terminal', () => {
  test('draws, obeys keys, follows the size, and leaves the terminal as it was', async () => {
    const server = await WordServer.start(
      () =>
        'Zookeeper version: 3.9.4, built on x\nLatency min/avg/max: 0/0/0\nZxid: 0x2a\nMode: standalone\n',
    );
    const terminal = new Terminal(120, 20);
    await terminal.until(/READY>/);
    const command = [...zooidCommand, 'top', server.host, '--interval', '0.1'];
    terminal.keys(command.map(quoteForShell).join(' '), 'Enter');
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
