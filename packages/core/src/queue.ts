/**
 * A first-in, first-out ring that grows by doubling. `Array.shift` moves every element; this moves none.
 */
export class Queue<T> {
  #slots: (T | undefined)[];
  #head = 0;
  #size = 0;

  constructor(capacity = 16) {
    this.#slots = new Array<T | undefined>(capacity).fill(undefined);
  }

  /** Elements waiting. */
  get size(): number {
    return this.#size;
  }

  push(element: T): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = element;
    this.#size++;
  }

  /** Puts an element where it has `index` elements before it, at the cost of moving those behind it. */
  insert(index: number, element: T): void {
    this.push(element);
    const mask = this.#slots.length - 1;
    for (let i = this.#size - 1; i > index; i--) {
      this.#slots[(this.#head + i) & mask] = this.#slots[(this.#head + i - 1) & mask];
    }
    this.#slots[(this.#head + index) & mask] = element;
  }

  /** The element that has `index` elements before it; undefined when there are not so many. */
  at(index: number): T | undefined {
    return index < this.#size
      ? this.#slots[(this.#head + index) & (this.#slots.length - 1)]
      : undefined;
  }

  /** The oldest element, still queued; undefined when empty. */
  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#slots[this.#head];
  }

  /** Takes the oldest element out; undefined when empty. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const element = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#size--;
    return element;
  }

  /** Takes the newest element out again; undefined when empty. */
  pop(): T | undefined {
    if (this.#size === 0) return undefined;
    const at = (this.#head + this.#size - 1) & (this.#slots.length - 1);
    const element = this.#slots[at];
    this.#slots[at] = undefined;
    this.#size--;
    return element;
  }

  /** The newest element, still queued; undefined when empty. */
  last(): T | undefined {
    return this.#size === 0
      ? undefined
      : this.#slots[(this.#head + this.#size - 1) & (this.#slots.length - 1)];
  }

  /** Visits from oldest to newest; the queue must not change meanwhile. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#size; i++) {
      yield this.#slots[(this.#head + i) & (this.#slots.length - 1)] as T;
    }
  }

  #grow(): void {
    const grown = new Array<T | undefined>(this.#slots.length * 2).fill(undefined);
    for (let i = 0; i < this.#size; i++) {
      grown[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
    }
    this.#slots = grown;
    this.#head = 0;
  }
}
