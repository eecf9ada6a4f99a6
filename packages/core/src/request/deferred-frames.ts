/**
 * The frames of one connection that wait behind its own writes, oldest first. Their bytes stand one after
 * the other in one buffer, so that a frame costs a copy and no object.
 *
 *     bytes   [ ... | frame | frame | frame | room ]
 *     facts   for each frame: start, length, writes to wait for, time of arrival
 */
const FACTS = 4;
/** A buffer larger than this is let go when the queue is empty. */
const KEPT_BYTES_MAX = 64 * 1024;

const noBytes = new Uint8Array(0);

export class DeferredFrames {
  /** Holds the frame that {@link start} and {@link end} delimit; valid until the next push. */
  bytes: Uint8Array = noBytes;
  #used = 0;
  readonly #facts: number[] = [];
  /** First fact of the oldest frame. */
  #head = 0;

  get size(): number {
    return (this.#facts.length - this.#head) / FACTS;
  }

  /** Where the oldest frame lies. */
  get start(): number {
    return this.#facts[this.#head]!;
  }

  get end(): number {
    return this.#facts[this.#head]! + this.#facts[this.#head + 1]!;
  }

  /** The oldest frame may run once this many writes of its connection are done. */
  get afterWrites(): number {
    return this.#facts[this.#head + 2]!;
  }

  /** When the oldest frame arrived, ms of the monotonic clock. */
  get receivedAtMs(): number {
    return this.#facts[this.#head + 3]!;
  }

  /** Queues a copy of `[start, end)` of `source`. */
  push(
    source: Uint8Array,
    start: number,
    end: number,
    afterWrites: number,
    receivedAtMs: number,
  ): void {
    const length = end - start;
    if (this.#used + length > this.bytes.byteLength) this.#grow(length);
    this.bytes.set(source.subarray(start, end), this.#used);
    this.#facts.push(this.#used, length, afterWrites, receivedAtMs);
    this.#used += length;
  }

  /** Drops the oldest frame; its bytes stay where they are until the next push. */
  shift(): void {
    this.#head += FACTS;
    if (this.#head < this.#facts.length) return;
    this.clear();
  }

  clear(): void {
    this.#facts.length = 0;
    this.#head = 0;
    this.#used = 0;
    if (this.bytes.byteLength > KEPT_BYTES_MAX) this.bytes = noBytes;
  }

  #grow(length: number): void {
    // What was shifted needs no room any more, so it often suffices to move the rest to the front.
    const first = this.size === 0 ? this.#used : this.start;
    const live = this.#used - first;
    const isRoomy = (live + length) * 2 <= this.bytes.byteLength;
    const target = isRoomy ? this.bytes : new Uint8Array(Math.max(1024, (live + length) * 2));
    target.set(this.bytes.subarray(first, this.#used), 0);
    this.bytes = target;
    this.#facts.splice(0, this.#head);
    this.#head = 0;
    for (let i = 0; i < this.#facts.length; i += FACTS) this.#facts[i]! -= first;
    this.#used = live;
  }
}
