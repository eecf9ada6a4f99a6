import { NoNodeError } from '@zooid/client';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { joinPath } from '../paths.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';
import { BaseQueue, type BaseQueueOptions, type PutOptions } from './base-queue.ts';
import { listItems } from './claim.ts';
import { compareItems, simpleLayout } from './queue-layout.ts';

/**
 * ZooKeeper's own queue, and Curator's SimpleDistributedQueue: data as it is, no locks. An item leaves the queue when it is taken, and
 * comes out at most once.
 */
export class SimpleQueue<T = unknown> extends BaseQueue<T> {
  constructor(source: SessionSource, path: string, options: BaseQueueOptions<T> = {}) {
    const locksPath = undefined;
    super(
      source,
      { layout: simpleLayout, itemsPath: path, locksPath, parents: 'container' },
      options,
    );
  }

  /** Puts an item at the end. @returns the path of its znode. */
  put(value: T, options: PutOptions = {}): Promise<string> {
    return this.putNamed('qn-', [value], options);
  }

  /** The first item, which stays; undefined when there is none. @throws what the codec throws. */
  async peek(options: WaitOptions = {}): Promise<T | undefined> {
    using deadline = new Deadline('peek', this.path, options);
    const { signal } = deadline;
    const zk = await openSession(this.source, signal);
    const items = await listItems(zk, this.places, signal);
    for (const { name } of items.sort(compareItems)) {
      try {
        const { data } = await zk.get(joinPath(this.path, name), { signal });
        return this.decode(data)[0];
      } catch (error) {
        if (!(error instanceof NoNodeError)) throw error;
      }
    }
    return undefined;
  }
}
