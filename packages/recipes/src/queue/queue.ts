import type { SessionSource } from '../sessions/session-source.ts';
import { BaseQueue, curatorKind, type PutOptions, type QueueOptions } from './base-queue.ts';
import { plainLayout } from './queue-layout.ts';

/**
 * First in, first out: Curator's DistributedQueue.
 *
 *     const queue = new Queue<Job>(sessions, '/jobs');
 *     await queue.put({ id: 7 });
 *     for await (const item of queue.items({ signal })) {
 *       await work(item.value);
 *       await item.done();
 *     }
 *
 * One consumer gets items in the order in which they were put. Several share them: each item goes to one, and to another if that one's
 * session ends before it is done.
 */
export class Queue<T = unknown> extends BaseQueue<T> {
  /** @param source - one session, or a provider, with which its iterations go on. */
  constructor(source: SessionSource, path: string, options: QueueOptions<T> = {}) {
    super(source, curatorKind(plainLayout, path, options.lockPath), options);
  }

  /** Puts an item at the end. @returns the path of its znode. */
  put(value: T, options: PutOptions = {}): Promise<string> {
    return this.putNamed('queue-', [value], options);
  }

  /** Puts several at once, in one znode: they come out together, and are requeued together. Curator's putMulti. */
  putAll(values: readonly T[], options: PutOptions = {}): Promise<string> {
    return this.putNamed('queue-', values, options);
  }
}
