import { Queue } from '../queue.ts';

/**
 * What a leader knows of a learner by its answers to pings, which come in the order of the pings. Each tells which clients the learner has
 * heard of since the one before.
 *
 * NEWLEADER counts as the first ping: its acknowledgement tells of no clients, and there were none.
 */
export class PingAnswers {
  readonly #askedAtMs = new Queue<number>();
  #count = 0;
  #provenMs = Number.NEGATIVE_INFINITY;
  #answeredMs = Number.NEGATIVE_INFINITY;

  /** So many have come. */
  get count(): number {
    return this.#count;
  }

  /** The learner followed at this time (monotonic, ms), and has told of all clients that it had heard of by then. */
  get provenMs(): number {
    return this.#provenMs;
  }

  /** When the last one came (monotonic, ms). */
  get answeredMs(): number {
    return this.#answeredMs;
  }

  onAsked(nowMs: number): void {
    this.#askedAtMs.push(nowMs);
  }

  /** One that nobody asked for proves nothing. */
  onAnswered(nowMs: number): void {
    const askedAtMs = this.#askedAtMs.shift();
    if (askedAtMs === undefined) return;
    this.#provenMs = askedAtMs;
    this.#answeredMs = nowMs;
    this.#count++;
  }
}
