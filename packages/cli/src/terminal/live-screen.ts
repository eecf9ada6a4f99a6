// A view that takes the whole terminal, and gives it back as it was. Plain ANSI: what is needed is a dozen sequences that
// every terminal has known for decades. Each frame is written whole, over the one before, each line cleared to its end:
// nothing flickers, and nothing has to be known of what stands there.

const ENTER = '\u001b[?1049h\u001b[?25l'; // The other screen, no cursor.
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** How much a terminal shows, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal that tells of keys and of its size. */
export interface LiveTerminal {
  readonly write: (text: string) => void;
  readonly size: () => TerminalSize;
  /**
   * Gives every key as it is pressed, and says when the size has changed, until the returned function is called, which
   * leaves the terminal as it was found.
   */
  readonly listen: (onKey: (key: string) => void, onResize: () => void) => () => void;
}

/** Takes the terminal until `close`. */
export class LiveScreen {
  readonly #terminal: LiveTerminal;
  readonly #forget: () => void;

  /**
   * @param onKey - a key: the character, or one of `ctrl-c`, `escape`, `enter`, `up`, `down`, `left`, `right`.
   */
  constructor(terminal: LiveTerminal, onKey: (key: string) => void, onResize: () => void) {
    this.#terminal = terminal;
    this.#forget = terminal.listen((text) => {
      for (const key of keysOf(text)) onKey(key);
    }, onResize);
    terminal.write(ENTER);
  }

  get size(): TerminalSize {
    return this.#terminal.size();
  }

  /** Shows these lines, which are no wider than the terminal; those that it has no room for are left out. */
  show(lines: readonly string[]): void {
    const shown = lines.slice(0, this.size.rows).map((line) => `${line}${CLEAR_LINE}`);
    this.#terminal.write(`${HOME}${shown.join('\r\n')}${CLEAR_BELOW}`);
  }

  /** Gives the terminal back. */
  close(): void {
    this.#terminal.write(LEAVE);
    this.#forget();
  }
}

const namedKeys: ReadonlyMap<string, string> = new Map([
  ['\u0003', 'ctrl-c'],
  ['\u001b', 'escape'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\u001b[A', 'up'],
  ['\u001b[B', 'down'],
  ['\u001b[C', 'right'],
  ['\u001b[D', 'left'],
]);

/** What a terminal sends, as keys. Sequences without a name here, such as those of function keys, are left out. */
export function keysOf(text: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what terminals send.
  const pieces = text.match(/\u001b(?:[[O][0-9;?]*[ -/]*[@-~])?|[^\u001b]/gu) ?? [];
  return pieces.flatMap((piece) => {
    const name = namedKeys.get(piece);
    if (name !== undefined) return [name];
    return /^[ -~]$/.test(piece) ? [piece] : [];
  });
}
