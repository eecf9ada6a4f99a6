/**
 * The only clock: what is to happen, ordered by time and, at the same time, by who asked first. Time jumps from one event to the next, so
 * idle hours cost nothing.
 */

/** Something that is to happen. */
export class ScheduledEvent {
  readonly atMs: number;
  readonly sequence: number;
  /** Undefined once it was cancelled. */
  run: (() => void) | undefined;

  constructor(atMs: number, sequence: number, run: () => void) {
    this.atMs = atMs;
    this.sequence = sequence;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
  }
}

/** Code that goes on after its event, in promises: the next event waits until nothing of it is left. */
export interface Settling {
  readonly isUnsettled: boolean;
  settle(onSettled: (failure: { readonly error: unknown } | undefined) => void): void;
}

export class Scheduler {
  /** Undefined where no event sets anything off that goes on after it. */
  settling: Settling | undefined;
  #nowMs = 0;
  #sequence = 0;
  /** A binary heap: no event is later than the two that hang below it. */
  readonly #heap: ScheduledEvent[] = [];
  #eventCount = 0;

  /** Milliseconds since the beginning; a fraction is a fraction of one. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How much has happened. */
  get eventCount(): number {
    return this.#eventCount;
  }

  at(atMs: number, run: () => void): ScheduledEvent {
    const event = new ScheduledEvent(Math.max(atMs, this.#nowMs), this.#sequence++, run);
    this.#push(event);
    return event;
  }

  after(delayMs: number, run: () => void): ScheduledEvent {
    return this.at(this.#nowMs + delayMs, run);
  }

  /**
   * Everything that is due up to `untilMs` happens, what comes of it included.
   *
   * @returns undefined when it has happened; otherwise what resolves then.
   */
  runUntil(untilMs: number): Promise<void> | undefined {
    if (this.#advance(untilMs)) return undefined;
    return new Promise((resolve, reject) => this.#goOn(untilMs, resolve, reject));
  }

  /** @returns false when an event has to settle first. */
  #advance(untilMs: number): boolean {
    const { settling } = this;
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      const { run } = next;
      if (run === undefined) continue;
      this.#nowMs = next.atMs;
      this.#eventCount++;
      run();
      if (settling?.isUnsettled) return false;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
    return true;
  }

  #goOn(untilMs: number, resolve: () => void, reject: (error: unknown) => void): void {
    this.settling?.settle((failure) => {
      if (failure !== undefined) {
        reject(failure.error);
        return;
      }
      try {
        if (this.#advance(untilMs)) resolve();
        else this.#goOn(untilMs, resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
  }

  #push(event: ScheduledEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (!isEarlier(event, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isEarlier(heap[below + 1]!, heap[below]!)) below++;
      if (!isEarlier(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
  }
}

function isEarlier(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
