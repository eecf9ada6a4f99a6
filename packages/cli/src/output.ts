import picocolors from 'picocolors';
import type { ProcessParts } from './process-parts.ts';

/** Functions that colour a text, or leave it as it is where colours have no place. */
export type Colors = ReturnType<typeof picocolors.createColors>;

/** Help of the option `--json`, the same for every command that has it. */
export const JSON_OPTION_HELP = 'print JSON, for scripts';

/**
 * Where a command prints: plain text in a pipe or a file, coloured on a terminal. The answer goes to the standard output,
 * everything about the answer (complaints, remarks, progress) to the standard error.
 */
export class Output {
  /** For what goes to the standard output. */
  readonly colors: Colors;
  /** For what goes to the standard error. */
  readonly errorColors: Colors;
  readonly #parts: ProcessParts;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.colors = picocolors.createColors(hasColors(parts, parts.outTerminal()));
    this.errorColors = picocolors.createColors(hasColors(parts, parts.errorTerminal()));
  }

  /** Whether the answer is shown to a person. */
  get isTerminal(): boolean {
    return this.#parts.outTerminal() !== undefined;
  }

  /** Text of the answer as it is. */
  write(text: string): void {
    this.#parts.writeOut(text);
  }

  /** A line of the answer. */
  line(text = ''): void {
    this.#parts.writeOut(`${text}\n`);
  }

  /**
   * The answer of `--json`: one document, indented for a person, on one line for a program. A bigint becomes a decimal
   * string.
   */
  json(value: unknown): void {
    const plain = (_key: string, item: unknown) =>
      typeof item === 'bigint' ? item.toString() : item;
    this.line(JSON.stringify(value, plain, this.isTerminal ? 2 : undefined));
  }

  /** Says what went wrong, on the standard error; the command may go on. */
  complain(message: string): void {
    this.#parts.writeError(`${this.errorColors.red('zooid:')} ${message}\n`);
  }

  /** A remark about the answer, on the standard error. */
  note(message: string): void {
    this.#parts.writeError(`${message}\n`);
  }
}

// NO_COLOR: https://no-color.org; FORCE_COLOR as Node's own tools have it.
function hasColors({ environment }: ProcessParts, terminal: object | undefined): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return terminal !== undefined && environment['TERM'] !== 'dumb';
}
