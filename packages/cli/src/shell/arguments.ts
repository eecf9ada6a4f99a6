// Options and operands of a command of the shell, by the rules of Apache's: `-s -w`, `-sw`, `-v 3`, `-v3`, `-v=3`, `--s`, anywhere
// in the line; `--` ends them. A word that begins with a hyphen and is no option is refused.
//
// Source: org.apache.commons.cli.DefaultParser.

import { ShellError } from './shell-error.ts';

/** An option. */
export interface OptionSpec {
  /** What it means, in a phrase. */
  readonly help: string;
  /** Name of its value in the help; undefined: it has none. */
  readonly value?: string;
}

/** Options by their names, without hyphens. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Words of a command, sorted out. */
export class Arguments {
  /** What is neither an option nor the value of one; without the name of the command. */
  readonly operands: readonly string[];
  readonly #options: ReadonlyMap<string, string>;

  constructor(operands: readonly string[], options: ReadonlyMap<string, string>) {
    this.operands = operands;
    this.#options = options;
  }

  has(option: string): boolean {
    return this.#options.has(option);
  }

  /** The value of an option; undefined when it was not given. */
  value(option: string): string | undefined {
    return this.#options.get(option);
  }

  /**
   * The value as a whole number of Java's int.
   *
   * @throws ShellError for anything else.
   */
  integer(option: string): number | undefined {
    const text = this.#options.get(option);
    if (text === undefined) return undefined;
    const number = Number(text);
    if (!/^[-+]?\d+$/.test(text) || number !== (number | 0))
      throw new ShellError(`-${option} must be a whole number, not ${JSON.stringify(text)}`, {
        code: 'USAGE',
      });
    return number;
  }
}

/**
 * Sorts out the words after the name of a command.
 *
 * @throws ShellError for an option that does not exist, and for one without its value.
 */
export function parseArguments(words: readonly string[], specs: OptionSpecs): Arguments {
  const operands: string[] = [];
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--') {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      continue;
    }
    const { flags, wanting, value } = readOption(word, specs);
    for (const flag of flags) options.set(flag, '');
    if (wanting === undefined) continue;
    const next = words[at + 1];
    if (value !== undefined) options.set(wanting, value);
    else if (next === undefined || isOption(next, specs)) {
      throw new ShellError(`Missing argument for option: ${wanting}`, { code: 'USAGE' });
    } else {
      options.set(wanting, next);
      at++;
    }
  }
  return new Arguments(operands, options);
}

interface OptionWord {
  /** Options without values. */
  readonly flags: readonly string[];
  /** The option that has a value. */
  readonly wanting?: string;
  /** Its value, when it stands in the same word. */
  readonly value?: string;
}

function readOption(word: string, specs: OptionSpecs): OptionWord {
  const body = word.replace(/^--?/, '');
  const [name = '', ...rest] = body.split('=');
  const spec = specOf(specs, name);
  if (spec?.value !== undefined)
    return rest.length > 0
      ? { flags: [], wanting: name, value: rest.join('=') }
      : { flags: [], wanting: name };
  if (spec !== undefined && rest.length === 0) return { flags: [name] };
  const flags: string[] = [];
  for (let at = 0; at < body.length; at++) {
    const letter = body[at]!;
    const one = specOf(specs, letter);
    if (one === undefined || word.startsWith('--')) break;
    if (one.value !== undefined) {
      const value = body.slice(at + 1);
      return value === '' ? { flags, wanting: letter } : { flags, wanting: letter, value };
    }
    flags.push(letter);
    if (at === body.length - 1) return { flags };
  }
  throw new ShellError(`Unrecognized option: ${word}`, { code: 'USAGE' });
}

function isOption(word: string, specs: OptionSpecs): boolean {
  return /^--?./.test(word) && !/^-[\d.]+$/.test(word) && canRead(word, specs);
}

function canRead(word: string, specs: OptionSpecs): boolean {
  try {
    readOption(word, specs);
    return true;
  } catch {
    return false;
  }
}

function specOf(specs: OptionSpecs, name: string): OptionSpec | undefined {
  return Object.hasOwn(specs, name) ? specs[name] : undefined;
}
