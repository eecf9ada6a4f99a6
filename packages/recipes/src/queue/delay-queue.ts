import type { SessionSource } from '../sessions/session-source.ts';
import { BaseQueue, curatorKind, type PutOptions, type QueueOptions } from './base-queue.ts';
import { delayLayout } from './queue-layout.ts';

/** When an item is due: at a time, in ms since 1970 or as a Date, or so many ms from now. */
export type Due = { readonly at: number | Date } | { readonly afterMs: number };

/**
 * Items that come out when they are due, soonest first: Curator's DistributedDelayQueue. The clock is the consumer's; for `afterMs`, that
 * of the one who puts, too.
 */
export class DelayQueue<T = unknown> extends BaseQueue<T> {
  constructor(source: SessionSource, path: string, options: QueueOptions<T> = {}) {
    super(source, curatorKind(delayLayout, path, options.lockPath), options);
  }

  /** @throws RangeError for a time that is not after 1970. */
  async put(value: T, due: Due, options: PutOptions = {}): Promise<string> {
    return this.putNamed(this.#baseOf(due), [value], options);
  }

  /** Puts several at once, in one znode: they come out together, and are requeued together. */
  async putAll(values: readonly T[], due: Due, options: PutOptions = {}): Promise<string> {
    return this.putNamed(this.#baseOf(due), values, options);
  }

  #baseOf(due: Due): string {
    const at = Math.ceil('at' in due ? Number(due.at) : this.clock.now() + due.afterMs);
    if (!(at > 0 && Number.isSafeInteger(at))) throw new RangeError(`${at} is no time`);
    return `queue-|${at.toString(16).toUpperCase().padStart(8, '0')}|`;
  }
}
