import type { ZooKeeper } from '@zooid/client';
import { type Deferred, deferred, onAbort } from '@zooid/client/waiting';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { LeaderLatch } from '../election/leader-latch.ts';
import { JoinedSignal, untilAborted } from '../joined-signal.ts';
import { listChildren } from '../locks/queue.ts';
import { orAborted } from '../or-aborted.ts';
import { joinPath, nameOf } from '../paths.ts';
import { ensureParent } from '../protected-create.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import { type BaseQueue, type ConsumeOptions, wallClock } from './base-queue.ts';
import type { QueueClock } from './consumer.ts';
import type { QueueItem } from './queue-item.ts';

export interface QueueSharderOptions<Q> {
  /** Where those who have such an object elect the one that adds queues. Default the path with `-leader` at its end. */
  readonly leaderPath?: string | undefined;
  /**
   * Makes the object for one of the queues.
   *
   * @param lockPath - where its locks are best: below the path itself every child is a queue, for Curator, too.
   */
  readonly makeQueue: (path: string, lockPath: string) => Q;
  /** Items in a queue at which another one is added, and this one gets no more until half of them are gone. Default 10,000. */
  readonly itemsPerQueueMax?: number | undefined;
  /** Most queues. Default 10. */
  readonly queuesMax?: number | undefined;
  /** Between two looks at the queues, in ms. Default 30,000. */
  readonly checkIntervalMs?: number | undefined;
  /** The time, for tests. */
  readonly clock?: Pick<QueueClock, 'after'> | undefined;
}

const ITEMS_PER_QUEUE_MAX_DEFAULT = 10_000;
const QUEUES_MAX_DEFAULT = 10;
const CHECK_INTERVAL_MS_DEFAULT = 30_000;
const QUEUE_PREFIX = 'queue-';

/**
 * One queue made of several, so that none gets so long that listing it is too much: Curator's QueueSharder.
 *
 *     const makeQueue = (path: string, lockPath: string) => new Queue<Job>(sessions, path, { lockPath });
 *     await using jobs = new QueueSharder<Job, Queue<Job>>(sessions, '/jobs', { makeQueue });
 *     await jobs.start();
 *     await jobs.queue().put({ id: 7 });
 *
 * There is an order within each of the queues, and none between them.
 */
export class QueueSharder<T, Q extends BaseQueue<T>> implements AsyncDisposable {
  readonly path: string;
  readonly #options: QueueSharderOptions<Q>;
  readonly #itemsPerQueueMax: number;
  readonly #clock: Pick<QueueClock, 'after'>;
  readonly #latch: LeaderLatch;
  readonly #loop: SessionLoop;
  readonly #queues = new Map<string, Q>();
  /** Paths of the queues that have room. */
  readonly #roomy = new Set<string>();
  readonly #consumers = new Set<(queue: Q) => void>();
  readonly #checked: Deferred<void> = deferred();

  constructor(source: SessionSource, path: string, options: QueueSharderOptions<Q>) {
    const { leaderPath = `${path}-leader`, clock = wallClock } = options;
    this.path = path;
    this.#options = options;
    this.#itemsPerQueueMax = options.itemsPerQueueMax ?? ITEMS_PER_QUEUE_MAX_DEFAULT;
    this.#clock = clock;
    this.#latch = new LeaderLatch(source, leaderPath);
    this.#loop = new SessionLoop(source, (zk, scope) => this.#watchOver(zk, scope));
    this.#checked.promise.catch(() => undefined);
    const { failed, closing } = this.#loop;
    onAbort(failed, () => this.#checked.reject(failed.reason));
    onAbort(closing, () => this.#checked.reject(closing.reason));
  }

  /** Fires when it cannot look after its queues any more; its reason is the error. Not by {@link close}. */
  get failed(): AbortSignal {
    return this.#loop.failed;
  }

  /**
   * Begins. Again is harmless.
   *
   * @returns when the queues are known, and there is one.
   * @throws what {@link failed} has as its reason; ClosedError; the signal's reason; OperationTimeoutError
   */
  async start(options: WaitOptions = {}): Promise<void> {
    this.#loop.start();
    using deadline = new Deadline('start', this.path, options);
    await orAborted(this.#checked.promise, deadline.signal);
    await this.#latch.start({ signal: deadline.signal });
  }

  /** One of the queues, by chance: to put an item into one that has room if any has. @throws Error before it has started. */
  queue(): Q {
    const paths = [...(this.#roomy.size > 0 ? this.#roomy : this.#queues.keys())];
    const path = paths[Math.floor(Math.random() * paths.length)];
    const queue = path === undefined ? undefined : this.#queues.get(path);
    if (queue === undefined) throw new Error(`the queues below ${this.path} are not known yet`);
    return queue;
  }

  /** All queues that are known here, by path. */
  get queues(): ReadonlyMap<string, Q> {
    return this.#queues;
  }

  /**
   * Works on the items of all queues, also of those that are added later, until the signal fires or this is closed. Each queue has so many
   * workers as `concurrency` says.
   *
   * @throws what one of the queues throws.
   */
  async consume(
    work: (value: T, item: QueueItem<T>) => void | Promise<void>,
    options: ConsumeOptions<T> = {},
  ): Promise<void> {
    const { failed, closing } = this.#loop;
    using ending = new JoinedSignal(options.signal, failed, closing);
    const { signal } = ending;
    let failure: { readonly error: unknown } | undefined;
    const running: Promise<void>[] = [];
    const begin = (queue: Q) => {
      const consuming = queue.consume(work, { ...options, signal });
      const guarded = consuming.catch((error) => {
        failure ??= { error };
        ending.abort(error);
      });
      running.push(guarded);
    };
    for (const queue of this.#queues.values()) begin(queue);
    this.#consumers.add(begin);
    await untilAborted(signal);
    this.#consumers.delete(begin);
    await Promise.all(running);
    if (failure !== undefined) throw failure.error;
    failed.throwIfAborted();
  }

  /** Ends it. Items and queues stay. Never rejects; again is harmless. */
  async close(): Promise<void> {
    await Promise.all([this.#loop.close(), this.#latch.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Looks at the queues again and again, for as long as a session lives. */
  async #watchOver(zk: ZooKeeper, scope: AbortSignal): Promise<void> {
    const { checkIntervalMs = CHECK_INTERVAL_MS_DEFAULT } = this.#options;
    await ensureParent(zk, this.path, 'container');
    for (;;) {
      await this.#check(zk, scope);
      this.#checked.resolve();
      await this.#pause(checkIntervalMs, scope);
    }
  }

  async #check(zk: ZooKeeper, signal: AbortSignal): Promise<void> {
    const names = await listChildren(zk, this.path, signal);
    let isOneFull = false;
    for (const name of names) {
      const path = joinPath(this.path, name);
      this.#learnOf(path);
      const stat = await zk.exists(path, { signal });
      const itemCount = stat?.numChildren ?? 0;
      if (itemCount >= this.#itemsPerQueueMax) {
        isOneFull = true;
        this.#roomy.delete(path);
      } else if (itemCount <= this.#itemsPerQueueMax / 2) {
        this.#roomy.add(path);
      }
    }
    const { queuesMax = QUEUES_MAX_DEFAULT } = this.#options;
    const mayAdd = this.#latch.isLeader && this.#queues.size < queuesMax;
    if (names.length === 0 || (isOneFull && mayAdd)) await this.#add(zk);
  }

  async #add(zk: ZooKeeper): Promise<void> {
    const path = joinPath(this.path, QUEUE_PREFIX + crypto.randomUUID());
    await ensureParent(zk, path, 'container');
    this.#learnOf(path);
  }

  #learnOf(path: string): void {
    if (this.#queues.has(path)) return;
    const queue = this.#options.makeQueue(path, joinPath(`${this.path}-locks`, nameOf(path)));
    this.#queues.set(path, queue);
    this.#roomy.add(path);
    for (const begin of this.#consumers) begin(queue);
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const over = deferred<void>();
    const stop = this.#clock.after(ms, () => over.resolve());
    try {
      await orAborted(over.promise, signal);
    } finally {
      stop();
    }
  }
}
