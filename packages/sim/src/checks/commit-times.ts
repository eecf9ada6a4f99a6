/** When what was committed, for promises that speak of time. */

export class CommitTimes {
  readonly #zxids: number[] = [];
  readonly #times: number[] = [];

  /** Told of each transaction when it is committed. */
  onCommitted(zxid: number, nowMs: number): void {
    this.#zxids.push(zxid);
    this.#times.push(nowMs);
  }

  /** When this one was committed. */
  msOf(zxid: number): number {
    return this.#times[countWhile(this.#zxids, (one) => one < zxid)] ?? Number.POSITIVE_INFINITY;
  }

  /** The newest that was committed by then; 0 before all. */
  zxidAt(ms: number): number {
    return this.#zxids[countWhile(this.#times, (one) => one <= ms) - 1] ?? 0;
  }
}

/** How many come before the first, in an order that grows, of which it does not hold. */
function countWhile(values: readonly number[], holds: (value: number) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
