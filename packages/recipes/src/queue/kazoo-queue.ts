import { Deadline } from '../deadline.ts';
import { joinPath } from '../paths.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';
import { BaseQueue, type BaseQueueOptions, type PutOptions } from './base-queue.ts';
import { kazooLayout } from './queue-layout.ts';

export interface KazooPutOptions extends PutOptions {
  /** From 0 to 999; less is sooner. Default 100. */
  readonly priority?: number | undefined;
}

const PRIORITY_DEFAULT = 100;

/** kazoo's Queue, for Python processes at the other end: an item leaves the queue when it is taken, and comes out at most once. */
export class KazooQueue<T = unknown> extends BaseQueue<T> {
  constructor(source: SessionSource, path: string, options: BaseQueueOptions<T> = {}) {
    const locksPath = undefined;
    super(
      source,
      { layout: kazooLayout, itemsPath: path, locksPath, parents: 'persistent' },
      options,
    );
  }

  /** @throws RangeError for a priority that is none. */
  async put(value: T, options: KazooPutOptions = {}): Promise<string> {
    return this.putNamed(baseOf(options), [value], options);
  }
}

/** kazoo's LockingQueue: items at `entries`, locks at `taken`; each comes out at least once. */
export class LockingQueue<T = unknown> extends BaseQueue<T> {
  constructor(source: SessionSource, path: string, options: BaseQueueOptions<T> = {}) {
    const itemsPath = joinPath(path, 'entries');
    const locksPath = joinPath(path, 'taken');
    super(source, { layout: kazooLayout, itemsPath, locksPath, parents: 'persistent' }, options);
  }

  /** @throws RangeError for a priority that is none. */
  async put(value: T, options: KazooPutOptions = {}): Promise<string> {
    return this.putNamed(baseOf(options), [value], options);
  }

  /** Puts several as one transaction: all are there at the same moment, or none. Each is an item of its own. */
  async putAll(values: readonly T[], options: KazooPutOptions = {}): Promise<void> {
    const base = baseOf(options);
    const data = values.map((value) => this.encode([value]));
    using deadline = new Deadline('put', this.path, options);
    const { signal } = deadline;
    const zk = await openSession(this.source, signal);
    await this.ensurePath(zk, signal);
    const { acl } = this.places;
    const transaction = zk.transaction();
    for (const one of data) {
      transaction.create(joinPath(this.path, base), one, { mode: 'persistent-sequential', acl });
    }
    await transaction.commit({ signal });
  }
}

function baseOf({ priority = PRIORITY_DEFAULT }: KazooPutOptions): string {
  if (!(Number.isInteger(priority) && priority >= 0 && priority <= 999)) {
    throw new RangeError(`priority of ${priority}: an integer from 0 to 999`);
  }
  return `entry-${String(priority).padStart(3, '0')}-`;
}
