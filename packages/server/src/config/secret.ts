import { inspect } from 'node:util';

/** What every printed form of a secret shows. */
const MASK = '***';

/**
 * A text that must not be seen: a password or a password's digest.
 *
 * Every way of printing it gives `***`: template strings, JSON, `util.inspect`, a logger's serialiser.
 * Only `reveal()` gives the text, so that a search for that word finds every place that uses it.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. For the comparison or the key store that needs it, never for a message. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }
}

// Not a method of the class: declarations cannot name a symbol that is a property of another object.
Object.defineProperty(Secret.prototype, inspect.custom, { value: () => MASK });
