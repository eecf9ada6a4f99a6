import type { Client } from '../client.ts';
import { Queue } from '../queue.ts';
import type { AuditedRequest } from '../txn/audit-trail.ts';

/** A request of a client of this learner that its leader has not decided yet. */
export interface ForwardedRequest {
  /** Undefined when the server asked of itself: nobody is answered. */
  readonly client: Client | undefined;
  readonly op: number;
  readonly xid: number;
  readonly receivedAtMs: number;
  readonly requestBytes: number;
  readonly create2Indexes: ReadonlySet<number> | undefined;
  readonly audited: AuditedRequest | undefined;
}

/**
 * Requests that were handed to the leader, by session, oldest first. A commit of the same session and number answers the oldest: the
 * leader keeps the order, and refusals are transactions, too.
 *
 * Source: CommitProcessor.pendingRequests.
 */
export class ForwardedRequests {
  readonly #bySession = new Map<bigint, Queue<ForwardedRequest>>();
  readonly #spare: Queue<ForwardedRequest>[] = [];
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Everything that is not decided, in no order between sessions. */
  *all(): IterableIterator<ForwardedRequest> {
    for (const queue of this.#bySession.values()) yield* queue;
  }

  add(sessionId: bigint, request: ForwardedRequest): void {
    let queue = this.#bySession.get(sessionId);
    if (queue === undefined) {
      queue = this.#spare.pop() ?? new Queue(16);
      this.#bySession.set(sessionId, queue);
    }
    queue.push(request);
    this.#count++;
  }

  /** The request that a transaction of this session and number answers; undefined when it is none of ours. */
  take(sessionId: bigint, xid: number): ForwardedRequest | undefined {
    if (this.#count === 0) return undefined;
    const queue = this.#bySession.get(sessionId);
    if (queue?.peek()?.xid !== xid) return undefined;
    const request = queue.shift();
    this.#count--;
    if (queue.size === 0) {
      this.#bySession.delete(sessionId);
      if (this.#spare.length < 64) this.#spare.push(queue);
    }
    return request;
  }
}
