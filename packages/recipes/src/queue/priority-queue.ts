import type { SessionSource } from '../sessions/session-source.ts';
import { BaseQueue, curatorKind, type PutOptions, type QueueOptions } from './base-queue.ts';
import { priorityLayout } from './queue-layout.ts';

/** The least number first, and of one number first in, first out: Curator's DistributedPriorityQueue. */
export class PriorityQueue<T = unknown> extends BaseQueue<T> {
  constructor(source: SessionSource, path: string, options: QueueOptions<T> = {}) {
    super(source, curatorKind(priorityLayout, path, options.lockPath), options);
  }

  /** @param priority - less is sooner; a signed 32-bit integer. @throws RangeError when it is none. */
  async put(value: T, priority: number, options: PutOptions = {}): Promise<string> {
    return this.putNamed(baseOf(priority), [value], options);
  }

  /** Puts several at once, in one znode: they come out together, and are requeued together. */
  async putAll(values: readonly T[], priority: number, options: PutOptions = {}): Promise<string> {
    return this.putNamed(baseOf(priority), values, options);
  }
}

/** The sign first, so that texts are in the order of numbers: two's complement alone would put negative ones last. */
function baseOf(priority: number): string {
  if ((priority | 0) !== priority) {
    throw new RangeError(`priority of ${priority}: a signed 32-bit integer`);
  }
  const digits = (priority >>> 0).toString(16).toUpperCase().padStart(8, '0');
  return `queue-${priority >= 0 ? '1' : '0'}${digits}`;
}
