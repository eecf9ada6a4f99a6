import { type Deferred, deferred } from '@zooid/client/waiting';

/** Values between one who cannot wait and one who takes them with `for await`. Those before the end are handed out after it, too. */
export class BoundedQueue<T> implements AsyncIterableIterator<T> {
  readonly #itemsMax: number;
  readonly #onFull: () => Error;
  readonly #onEnd: () => void;
  readonly #items: T[] = [];
  /** Where the first value is that was not taken yet. */
  #head = 0;
  readonly #takers: Deferred<IteratorResult<T>>[] = [];
  #end: { readonly error: unknown } | 'quiet' | undefined;

  /**
   * @param itemsMax - values that may wait; one more ends it with what `onFull` makes.
   * @param onEnd - is called once, when nobody will take any more or nothing more will come.
   */
  constructor(itemsMax: number, onFull: () => Error, onEnd: () => void) {
    this.#itemsMax = itemsMax;
    this.#onFull = onFull;
    this.#onEnd = onEnd;
  }

  push(value: T): void {
    if (this.#end !== undefined) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) taker.resolve({ value, done: false });
    else if (this.#items.length - this.#head < this.#itemsMax) this.#items.push(value);
    else this.fail(this.#onFull());
  }

  /** What is there at the beginning, however much it is. */
  fill(values: Iterable<T>): void {
    for (const value of values) this.#items.push(value);
  }

  end(): void {
    this.#finish('quiet');
  }

  fail(error: unknown): void {
    this.#finish({ error });
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#head < this.#items.length) {
      const value = this.#items[this.#head++]!;
      if (this.#head === this.#items.length) this.#drop();
      return Promise.resolve({ value, done: false });
    }
    if (this.#end !== undefined) return this.#takeEnd();
    const taker = deferred<IteratorResult<T>>();
    this.#takers.push(taker);
    return taker.promise;
  }

  return(): Promise<IteratorResult<T>> {
    this.#drop();
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #drop(): void {
    this.#items.length = 0;
    this.#head = 0;
  }

  #finish(end: { readonly error: unknown } | 'quiet'): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#onEnd();
    for (const taker of this.#takers.splice(0)) {
      this.#takeEnd().then(taker.resolve, taker.reject);
    }
  }

  /** The error is told once. */
  #takeEnd(): Promise<IteratorResult<T>> {
    const end = this.#end;
    this.#end = 'quiet';
    if (end === undefined || end === 'quiet') {
      return Promise.resolve({ value: undefined, done: true });
    }
    return Promise.reject(end.error);
  }
}
