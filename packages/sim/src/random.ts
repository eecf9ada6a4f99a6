/**
 * Chance from a seed: the same seed gives the same numbers on every machine (sfc32, by Chris Doty-Humphrey).
 *
 * Each part of the simulator has a stream of its own ({@link SeededRandom.fork}), so that one more draw in one part leaves the others as they are.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;
  readonly #seed: number;
  readonly #stream: number;

  constructor(seed: number, stream = 0) {
    this.#seed = seed;
    this.#stream = stream;
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = stream | 0;
    for (let i = 0; i < 15; i++) this.#word();
  }

  /** A stream of its own, named so that it does not depend on who asked before. */
  fork(name: string): SeededRandom {
    let stream = 0x811c_9dc5;
    for (let i = 0; i < name.length; i++) {
      stream = Math.imul(stream ^ name.charCodeAt(i), 0x0100_0193);
    }
    return new SeededRandom(this.#seed, stream ^ Math.imul(this.#stream, 0x9e37_79b1));
  }

  /** In [0, 1). */
  next(): number {
    return this.#word() / 0x1_0000_0000;
  }

  /** An integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** In [min, max). */
  between(min: number, max: number): number {
    return min + this.next() * (max - min);
  }

  /** An integer in [min, max]. */
  integer(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** True so often: 0 never, 1 always. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** A copy in any order. */
  shuffled<T>(from: readonly T[]): T[] {
    const items = [...from];
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }

  #word(): number {
    const t = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }
}
