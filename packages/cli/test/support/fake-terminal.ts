import { stripVTControlCharacters } from 'node:util';
import type { LiveTerminal, TerminalSize } from '../../src/terminal/live-screen.ts';

/** A terminal in memory, for views that write whole frames. */
export class FakeTerminal implements LiveTerminal {
  isTaken = false;
  /** The last frame, without colours. */
  lines: readonly string[] = [];
  #size: TerminalSize;
  #onKey: ((text: string) => void) | undefined;
  #onResize: (() => void) | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor(size: TerminalSize) {
    this.#size = size;
  }

  readonly write = (text: string): void => {
    if (text.includes('\u001b[?1049h')) this.isTaken = true;
    if (text.includes('\u001b[?1049l')) this.isTaken = false;
    if (text.startsWith('\u001b[H')) this.lines = stripVTControlCharacters(text).split('\r\n');
    for (const wake of this.#waiting.splice(0)) wake();
  };

  readonly size = (): TerminalSize => this.#size;

  readonly listen = (onKey: (text: string) => void, onResize: () => void): (() => void) => {
    this.#onKey = onKey;
    this.#onResize = onResize;
    return () => {
      this.#onKey = undefined;
      this.#onResize = undefined;
    };
  };

  get isListening(): boolean {
    return this.#onKey !== undefined;
  }

  get text(): string {
    return this.lines.join('\n');
  }

  type(text: string): void {
    this.#onKey?.(text);
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#onResize?.();
  }

  /** Resolves as soon as a frame matches. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) await new Promise<void>((wake) => this.#waiting.push(wake));
  }
}
