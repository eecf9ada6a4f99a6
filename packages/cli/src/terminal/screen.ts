// A terminal that scrolls: where a person reads answers, and the keyboard before it.

import type { Colors } from '../output.ts';
import { printableLine } from './printable.ts';
import { type Line, renderLine } from './text-table.ts';

/** Shows lines with colours. */
export interface Screen {
  /** How many characters stand in a line. */
  readonly columns: number;
  /** Prints lines as wide as they are; what their texts hold cannot steer the terminal. */
  readonly show: (lines: readonly Line[]) => void;
}

/** The person. */
export interface Keyboard {
  /**
   * Asks, and waits for a line.
   *
   * @throws AbortError when the signal fires before.
   */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string>;
  /** Nothing is read from the keyboard until `work` is done: another program has it. */
  readonly lend: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A screen on a terminal. @param write - takes text with the sequences of colours in it. */
export function createScreen(
  write: (text: string) => void,
  columns: () => number,
  colors: Colors,
): Screen {
  return {
    get columns() {
      return columns();
    },
    show: (lines) => {
      const rendered = lines.map((line) => {
        const safe = line.map(({ text, style }) => ({ text: printableLine(text), style }));
        return `${renderLine(safe, colors).trimEnd()}\n`;
      });
      // At once: a line that is being typed below is drawn anew after each piece.
      if (rendered.length > 0) write(rendered.join(''));
    },
  };
}
