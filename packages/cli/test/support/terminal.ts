import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { quoteForShell } from '../../src/life/quote-for-shell.ts';

/** Whether there is what holds a terminal. */
export const hasTmux: boolean = spawnSync('tmux', ['-V']).status === 0;

/** A shell of the system in a real terminal: tmux holds it, keys go in, the screen comes out. Its prompt is `READY> `. */
export class Terminal {
  /** For its files; gone when the test is. History of the shell of zooid is kept in it. */
  readonly directory: string = mkdtempSync(join(tmpdir(), 'zooid-tmux-'));

  constructor(columns: number, rows: number) {
    const setup = `PS1="READY> " XDG_STATE_HOME=${this.directory} exec sh`;
    const size = ['-x', `${columns}`, '-y', `${rows}`];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, setup);
    onTestFinished(() => {
      this.#tmux('kill-server');
      rmSync(this.directory, { recursive: true });
    });
  }

  /** Types a command, each word as it is. */
  run(command: readonly string[]): void {
    this.line(command.map(quoteForShell).join(' '));
  }

  line(text: string): void {
    this.#tmux('send-keys', '-l', text);
    this.keys('Enter');
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
    return execFileSync('tmux', ['-S', join(this.directory, 'socket'), ...args], {
      encoding: 'utf8',
    });
  }
}
