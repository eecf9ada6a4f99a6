import type { ZooKeeper } from '@zooid/client';
import { type Grant, GrantShare } from './grant.ts';
import type { HeldLock, LockOptions } from './lock.ts';
import { QueueLock } from './queue-lock.ts';
import { mutexRule } from './queue-rule.ts';

/**
 * A lock that one holds at a time, in the order in which they asked: Curator's InterProcessMutex, or kazoo's Lock.
 *
 *     const mutex = new Mutex(zk, '/locks/reindex');
 *     await using held = await mutex.acquire({ signal, timeoutMs: 30_000 });
 *     await reindex(held.lost);
 *
 * Every `acquire` lines up for itself, also in one process and on one object. What calls one another while it is held goes on with
 * `held.reenter()`, or names the same `owner`.
 */
export class Mutex extends QueueLock<HeldLock> {
  constructor(zk: ZooKeeper, path: string, options: LockOptions = {}) {
    super(zk, path, mutexRule(options), options);
  }

  protected override share(grant: Grant): HeldLock {
    return new GrantShare(grant);
  }
}
