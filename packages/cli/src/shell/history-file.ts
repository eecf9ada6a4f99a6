import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isSystemError } from '../exit.ts';
import { findCommand } from './command-list.ts';
import { splitLine } from './split-line.ts';

/**
 * The lines of earlier shells, in the directory for such files (XDG_STATE_HOME), readable to its owner only. Lines with secrets
 * are not kept. A file that cannot be written is done without.
 */
export class HistoryFile {
  static readonly LINES_MAX = 1000;
  readonly #file: string;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const stateHome = environment['XDG_STATE_HOME'] ?? '';
    const base =
      stateHome === '' ? join(environment['HOME'] ?? homedir(), '.local/state') : stateHome;
    this.#file = join(base, 'zooid', 'shell-history');
  }

  /** The lines, the newest first. */
  read(): readonly string[] {
    try {
      const lines = readFileSync(this.#file, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
      const kept = lines.slice(-HistoryFile.LINES_MAX);
      if (lines.length > 2 * kept.length) writeFileSync(this.#file, `${kept.join('\n')}\n`);
      return kept.reverse();
    } catch (error) {
      if (isSystemError(error)) return [];
      throw error;
    }
  }

  /** Keeps a line, unless it holds a secret. */
  add(line: string): void {
    const [name] = splitLine(line);
    if (name === undefined || findCommand(name)?.isSecret) return;
    try {
      mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
      appendFileSync(this.#file, `${line}\n`, { mode: 0o600 });
      chmodSync(this.#file, 0o600);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}
