import { Deadline, type WaitOptions } from '../deadline.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';
import { BaseQueue, curatorKind, type PutOptions, type QueueOptions } from './base-queue.ts';
import { claimItem, listItems } from './claim.ts';
import { idLayout } from './queue-layout.ts';

/** First in, first out, with items that can be found by an id of yours: Curator's DistributedIdQueue. Several may have the same. */
export class IdQueue<T = unknown> extends BaseQueue<T> {
  constructor(source: SessionSource, path: string, options: QueueOptions<T> = {}) {
    super(source, curatorKind(idLayout, path, options.lockPath), options);
  }

  /** Puts an item at the end. @param id - a `/` or `|` in it counts as `_`. @throws RangeError when it is empty. */
  async put(value: T, id: string, options: PutOptions = {}): Promise<string> {
    return this.putNamed(baseOf(id), [value], options);
  }

  /** Takes all items of this id out of the queue that nobody works on. @returns how many. */
  async remove(id: string, options: WaitOptions = {}): Promise<number> {
    const base = baseOf(id);
    using deadline = new Deadline('remove', this.path, options);
    const { signal } = deadline;
    const zk = await openSession(this.source, signal);
    let count = 0;
    for (const item of await listItems(zk, this.places, signal)) {
      if (item.base !== base) continue;
      signal.throwIfAborted();
      const claim = await claimItem(zk, this.places, item, crypto.randomUUID());
      if (typeof claim === 'string') continue;
      await claim.settle('done');
      count++;
    }
    return count;
  }
}

function baseOf(id: string): string {
  if (id === '') throw new RangeError('the id of an item is empty');
  return `queue-|${id.replaceAll(/[/|]/g, '_')}|`;
}
