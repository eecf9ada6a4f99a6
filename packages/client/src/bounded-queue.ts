import { type Deferred, deferred } from './deferred.ts';

/**
 * A queue between somebody who cannot wait and one who takes with `for await`.
 *
 * Values that were queued before the end are still handed out after it. `return()` ends it from the taker's side.
 */
export class BoundedQueue<T> implements AsyncIterableIterator<T> {
  readonly #itemsMax: number;
  readonly #onReturn: (() => void) | undefined;
  #items: T[] = [];
  #head = 0;
  readonly #takers: Deferred<IteratorResult<T>>[] = [];
  #end: { readonly error: unknown } | 'done' | undefined;

  /**
   * @param itemsMax - values that may wait.
   * @param onReturn - the taker has had enough. Called at most once, not after {@link end} or {@link fail}.
   */
  constructor(itemsMax: number, onReturn?: () => void) {
    this.#itemsMax = itemsMax;
    this.#onReturn = onReturn;
  }

  /** Whether no value is taken in any more. */
  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  /** @returns false when the queue is full: the value is not taken in. After the end values are ignored. */
  push(value: T): boolean {
    if (this.#end !== undefined) return true;
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker.resolve({ value, done: false });
      return true;
    }
    if (this.#items.length - this.#head >= this.#itemsMax) return false;
    this.#items.push(value);
    return true;
  }

  /** No more values come. */
  end(): void {
    this.#finish('done');
  }

  /** No more values come, because of `error`, which the taker gets after the values before it, once. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#head < this.#items.length) {
      const value = this.#items[this.#head++]!;
      if (this.#head === this.#items.length) {
        this.#items = [];
        this.#head = 0;
      }
      return Promise.resolve({ value, done: false });
    }
    if (this.#end === undefined) {
      const taker = deferred<IteratorResult<T>>();
      this.#takers.push(taker);
      return taker.promise;
    }
    return this.#takeEnd();
  }

  return(): Promise<IteratorResult<T>> {
    if (this.#end === undefined) {
      this.#finish('done');
      this.#onReturn?.();
    }
    this.#end = 'done';
    this.#items = [];
    this.#head = 0;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: { readonly error: unknown } | 'done'): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const taker of this.#takers.splice(0)) {
      this.#takeEnd().then(taker.resolve, taker.reject);
    }
  }

  #takeEnd(): Promise<IteratorResult<T>> {
    const end = this.#end;
    this.#end = 'done';
    if (end === undefined || end === 'done') {
      return Promise.resolve({ value: undefined, done: true });
    }
    return Promise.reject(end.error);
  }
}
