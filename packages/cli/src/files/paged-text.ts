import type { Output } from '../output.ts';
import { printable } from '../terminal/printable.ts';

/** What gathers before it is written. */
const PAGE_CHARACTERS = 64 * 1024;

/**
 * The answer of a tool that may have gigabytes to say: written in pages, with the event loop free in between, so that
 * Ctrl-C and a reader that goes away are noticed.
 */
export class PagedText {
  readonly #output: Output;
  #page = '';

  constructor(output: Output) {
    this.#output = output;
  }

  /** Adds text as it is. */
  add(text: string): void {
    this.#page += text;
  }

  line(text: string): void {
    this.#page += `${text}\n`;
  }

  /** A value as one line of JSON; a bigint as a decimal string. */
  json(value: unknown): void {
    this.line(
      JSON.stringify(value, (_key, item: unknown) =>
        typeof item === 'bigint' ? item.toString() : item,
      ),
    );
  }

  /** Whether {@link flush} is due. */
  get isFull(): boolean {
    return this.#page.length >= PAGE_CHARACTERS;
  }

  /** Writes what gathered, and lets others in. To be called when it is full, and at the end. */
  async flush(): Promise<void> {
    this.end();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Writes what gathered; what a file holds must not move the cursor of a terminal. */
  end(): void {
    const { isTerminal } = this.#output;
    if (this.#page !== '') this.#output.write(isTerminal ? printable(this.#page) : this.#page);
    this.#page = '';
  }
}
