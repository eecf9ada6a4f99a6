import { RunningHash } from './hash.ts';
import type { Scheduler } from './scheduler.ts';

/**
 * Everything that happens, one line for each event: a hash of it always, the lines for whoever wants them. Two runs with the same hash were the
 * same. Columns: docs/internals/simulator.md.
 */
export class Trace {
  readonly #scheduler: Scheduler;
  readonly #print: ((line: string) => void) | undefined;
  readonly #hash = new RunningHash();
  readonly #words = new Map<string, number>();
  /** The last lines, for the report of a violation. */
  readonly #recent: string[] = [];
  readonly #keepCount: number;

  /** @param print - gets every line; undefined for nobody. @param keepCount - how many of the last lines to keep; 0 is fastest. */
  constructor(
    scheduler: Scheduler,
    print: ((line: string) => void) | undefined,
    keepCount: number,
  ) {
    this.#scheduler = scheduler;
    this.#print = print;
    this.#keepCount = keepCount;
  }

  get hash(): number {
    return this.#hash.value;
  }

  /** Somebody reads the lines: only then are details worth their making. */
  get hasReader(): boolean {
    return this.#print !== undefined || this.#keepCount > 0;
  }

  get recent(): readonly string[] {
    return this.#recent;
  }

  /** @param who - `s1` for a server, `c1` for a client, `-` for the world. */
  add(who: string, what: string, a = 0, b = 0, text = ''): void {
    const hash = this.#hash;
    hash.number(this.#scheduler.nowMs);
    hash.word(this.#wordOf(who));
    hash.word(this.#wordOf(what));
    hash.number(a);
    hash.number(b);
    if (!this.hasReader) return;
    const line = `${this.#scheduler.nowMs.toFixed(3).padStart(12)} ${who.padEnd(3)} ${what.padEnd(16)} ${hex(a)} ${hex(b)} ${text}`;
    this.#print?.(line);
    if (this.#keepCount === 0) return;
    this.#recent.push(line);
    if (this.#recent.length > 2 * this.#keepCount) this.#recent.splice(0, this.#keepCount);
  }

  #wordOf(word: string): number {
    let number = this.#words.get(word);
    if (number === undefined) {
      number = this.#words.size + 1;
      this.#words.set(word, number);
    }
    return number;
  }
}

/** A zxid as epoch:counter, any other number as it is. */
function hex(value: number): string {
  if (value < 0x1_0000_0000) return String(value);
  return `${Math.floor(value / 0x1_0000_0000)}:${value % 0x1_0000_0000}`;
}
