/**
 * The four-letter words: what a client that never speaks the protocol sends as its first four bytes.
 *
 * Decides which bytes are a word, whether it may run, and what it answers. The network shell looks for a word in the
 * first four bytes of a connection only, waits for `argumentBytes` more, writes the answer and closes.
 * Names and texts: FourLetterCommands and the classes beside it. `word-text.ts` has the texts themselves.
 */
import type { AdminView } from './admin-view.ts';
import { TraceMask } from './trace-mask.ts';
import { FOUR_LETTER_WORD_NAMES, type FourLetterWordName } from './word-names.ts';
import { NOT_SERVING, type WordText, wordTexts } from './word-text.ts';

/** A known word, whether it may run or not. */
export interface FourLetterWord {
  readonly name: FourLetterWordName;
  /** Bytes that follow the word and belong to it: 8 for `stmk`, else 0. */
  readonly argumentBytes: number;
}

const TELNET_CLOSE = 0xff_f4_ff_fd | 0;

const WORDS: ReadonlyMap<number, FourLetterWord> = new Map<number, FourLetterWord>([
  ...FOUR_LETTER_WORD_NAMES.map((name): [number, FourLetterWord] => [
    Buffer.from(name, 'latin1').readInt32BE(),
    { name, argumentBytes: name === 'stmk' ? 8 : 0 },
  ]),
  [TELNET_CLOSE, { name: 'telnet close', argumentBytes: 0 }],
]);

/**
 * The word that the first four bytes of a connection spell.
 *
 * @param fourBytes - the four bytes as a big-endian 32-bit integer, signed or unsigned.
 * @returns undefined when they are no word: then they are the length of a connect request.
 */
export function tryFourLetterWord(fourBytes: number): FourLetterWord | undefined {
  return WORDS.get(fourBytes | 0);
}

/** What the words need beside the view of the server. */
export interface FourLetterOptions {
  /** `4lw.commands.whitelist`, `*` already spelled out. `srvr` runs even when it is not listed, as in Apache's server. */
  readonly enabled: ReadonlySet<string>;
  readonly traceMask?: TraceMask;
}

/** Answers words about one server. */
export class FourLetterWords {
  readonly #view: AdminView;
  readonly #enabled: ReadonlySet<string>;
  readonly #traceMask: TraceMask;
  readonly #texts: ReadonlyMap<FourLetterWordName, WordText>;

  constructor(options: FourLetterOptions, view: AdminView) {
    this.#view = view;
    this.#enabled = options.enabled;
    this.#traceMask = options.traceMask ?? new TraceMask();
    this.#texts = wordTexts(this.#traceMask);
  }

  /** Whether this word runs, or is answered with the text about the whitelist. */
  isEnabled(word: FourLetterWord): boolean {
    // zkServer.sh depends on srvr, so Apache never switches it off.
    return word.name === 'srvr' || this.#enabled.has(word.name);
  }

  /**
   * The whole answer; the connection is closed after it. Never throws: a defect in one word must not end the server.
   *
   * @param argument - the `argumentBytes` that follow the word; `stmk` without them changes nothing.
   */
  answer(word: FourLetterWord, argument?: Uint8Array): string {
    if (word.name === 'telnet close') return '';
    if (!this.isEnabled(word)) {
      return `${word.name} is not executed because it is not in the whitelist.\n`;
    }
    if (word.name === 'stmk' && argument !== undefined && argument.length >= 8) {
      const mask = new DataView(argument.buffer, argument.byteOffset, 8).getBigInt64(0);
      this.#traceMask.value = mask;
    }
    const text = this.#texts.get(word.name)!;
    if (text.needsServer && !this.#view.isServing) return text.whenNotServing ?? `${NOT_SERVING}\n`;
    try {
      return text.print(this.#view);
    } catch (error) {
      return `${word.name} failed: ${error instanceof Error ? error.message : 'unknown error'}\n`;
    }
  }
}
