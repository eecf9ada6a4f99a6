import type { Call } from './call.ts';

const CAPACITY_MIN = 64;

/** Calls in order: a ring that grows by doubling. */
export class CallQueue {
  #ring: (Call | undefined)[] = new Array(CAPACITY_MIN);
  // Invariant: the calls are at #head, #head + 1, ... (modulo the ring's length, a power of two).
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(call: Call): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = call;
    this.#size++;
  }

  /** The oldest call; undefined when there is none. */
  peek(): Call | undefined {
    return this.#ring[this.#head];
  }

  /** Takes the oldest call out. */
  shift(): Call | undefined {
    const call = this.#ring[this.#head];
    if (call === undefined) return undefined;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size--;
    return call;
  }

  /** The call `index` places behind the oldest. */
  at(index: number): Call {
    const call = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    if (index < 0 || index >= this.#size || call === undefined) {
      throw new RangeError(`call ${index} of ${this.#size}`);
    }
    return call;
  }

  /** Takes all calls out, oldest first. */
  drain(): Call[] {
    const calls: Call[] = [];
    for (let call = this.shift(); call !== undefined; call = this.shift()) calls.push(call);
    return calls;
  }

  #grow(): void {
    const calls: (Call | undefined)[] = new Array(this.#ring.length * 2);
    for (let i = 0; i < this.#size; i++) {
      calls[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)];
    }
    this.#ring = calls;
    this.#head = 0;
  }
}
