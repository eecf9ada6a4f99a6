import { type Deferred, deferred } from '@zooid/client/waiting';

/** The newest of many values, for `for await`: whoever takes slowly misses those in between, never the last one. */
export class Latest<T> implements AsyncIterableIterator<T> {
  #value: { readonly value: T } | undefined;
  #waiting: Deferred<IteratorResult<T>>[] = [];
  #end: { readonly error: unknown } | 'quiet' | undefined;
  readonly #onEnd: () => void;

  /** @param onEnd - is called once, when nobody will take any more or nothing more will come. */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  push(value: T): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#value = { value };
    else waiting.resolve({ value, done: false });
  }

  /** No more values; the one that waits to be taken still is. */
  end(): void {
    this.#finish('quiet');
  }

  /** The same, with an error at the end. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  next(): Promise<IteratorResult<T>> {
    const held = this.#value;
    if (held !== undefined) {
      this.#value = undefined;
      return Promise.resolve({ value: held.value, done: false });
    }
    if (this.#end === 'quiet') return Promise.resolve({ value: undefined, done: true });
    if (this.#end !== undefined) {
      const { error } = this.#end;
      this.#end = 'quiet';
      return Promise.reject(error);
    }
    const waiting = deferred<IteratorResult<T>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  return(): Promise<IteratorResult<T>> {
    this.#value = undefined;
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: { readonly error: unknown } | 'quiet'): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#onEnd();
    // Those who wait have found no value: only the first hears of the error.
    const [first, ...others] = this.#waiting.splice(0);
    if (first === undefined) return;
    if (end === 'quiet') {
      first.resolve({ value: undefined, done: true });
    } else {
      this.#end = 'quiet';
      first.reject(end.error);
    }
    for (const waiting of others) waiting.resolve({ value: undefined, done: true });
  }
}
