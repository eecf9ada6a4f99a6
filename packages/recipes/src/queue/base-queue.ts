import { type Acl, NoNodeError, type ZooKeeper } from '@zooid/client';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { type Codec, jsonCodec } from '../framework/codec.ts';
import { JoinedSignal } from '../joined-signal.ts';
import { orAborted } from '../or-aborted.ts';
import { joinPath } from '../paths.ts';
import { ensureParent } from '../protected-create.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';
import { untilChanged } from '../watching.ts';
import { listItems, type QueuePlaces } from './claim.ts';
import { Consumer, type QueueClock } from './consumer.ts';
import { decodeItems, encodeItems } from './item-format.ts';
import type { QueueItem } from './queue-item.ts';
import type { QueueLayout } from './queue-layout.ts';

/** What every queue can be told. */
export interface BaseQueueOptions<T> {
  /** How an item stands in its znode. Default: JSON, of which the type is the caller's word. */
  readonly codec?: Codec<T> | undefined;
  /** Of the znodes that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
  /** While there are so many, `put` waits. Not exact: several may put at once. No limit unless given. */
  readonly maxItems?: number | undefined;
  /** The time, for tests. */
  readonly clock?: QueueClock | undefined;
}

/** Options of the queues in Curator's layouts. */
export interface QueueOptions<T> extends BaseQueueOptions<T> {
  /**
   * Where items are locked while they are worked on, so that none is lost with its worker: each comes out at least once. Default
   * the queue's path with `-locks` at its end. `none`: an item leaves the queue when it is taken, and comes out at most once.
   *
   * All consumers of a queue must have the same: of Curator's, `none` is the default, and QueueBuilder's `lockPath` the other.
   */
  readonly lockPath?: string | undefined;
}

export interface PutOptions extends WaitOptions {
  /**
   * The caller's word that twice is as good as once: then it is sent again when its answer was lost. Otherwise that is an error with
   * the outcome `unknown`. Default false.
   */
  readonly idempotent?: boolean | undefined;
}

export interface ItemsOptions {
  /** Ends the iteration, quietly. Items that were handed out stay whose they are. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Items that may be taken, and locked, before they are asked for: quick work then does not wait for the servers, and slow work
   * keeps items from other workers. In a queue without locks they are lost with the process. Default 0.
   */
  readonly prefetch?: number | undefined;
  /** What becomes of an item that cannot be read: the iteration ends with `CorruptItemError`, or it is deleted as by Curator. Default `fail`. */
  readonly corrupt?: 'fail' | 'delete' | undefined;
}

export interface ConsumeOptions<T> extends ItemsOptions {
  /** Items worked on at a time. Default 1. */
  readonly concurrency?: number | undefined;
  /**
   * What becomes of an item whose work has failed: Curator's two error modes, or back where it was. Default `requeue`. A function is told
   * the error and decides; what it throws ends the consuming, and the item goes back to its place.
   */
  readonly onError?:
    | FailureMode
    | ((error: unknown, item: QueueItem<T>) => FailureMode)
    | undefined;
}

/** What becomes of an item whose work has failed: to the end of the queue, out of it, or back to its place. */
export type FailureMode = 'requeue' | 'delete' | 'release';

/** The time of this machine. */
export const wallClock: QueueClock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** What one kind of queue differs in. */
export interface QueueKind {
  readonly layout: QueueLayout;
  readonly itemsPath: string;
  readonly locksPath: string | undefined;
  readonly parents: 'container' | 'persistent';
}

/** What all queues have in common. */
export abstract class BaseQueue<T> {
  /** Where the items are. */
  readonly path: string;
  protected readonly source: SessionSource;
  protected readonly places: QueuePlaces;
  protected readonly clock: QueueClock;
  readonly #codec: Codec<T>;
  readonly #maxItems: number | undefined;

  constructor(source: SessionSource, kind: QueueKind, options: BaseQueueOptions<T>) {
    const { codec = jsonCodec<T>(), acl, maxItems, clock = wallClock } = options;
    this.path = kind.itemsPath;
    this.source = source;
    this.places = { ...kind, acl };
    this.clock = clock;
    this.#codec = codec;
    this.#maxItems = maxItems;
  }

  /**
   * Takes items, in their order, as they come: without end, until the loop is left or the signal fires.
   *
   *     for await (const item of queue.items({ signal })) {
   *       await work(item.value);
   *       await item.done();
   *     }
   *
   * Who works on several at a time calls `done` later; what is taken while an item is worked on, `prefetch` says.
   *
   * @throws the error of the session, if it is the only one; CorruptItemError; NoAuthError
   */
  items(options: ItemsOptions = {}): AsyncIterableIterator<QueueItem<T>> {
    const { prefetch = 0, corrupt = 'fail', signal } = options;
    return new Consumer(this.source, this.places, {
      decode: (data) => this.decode(data),
      corrupt,
      prefetch,
      clock: this.clock,
      signal,
    });
  }

  /** Waits for the next item. @throws the signal's reason, OperationTimeoutError, and as {@link items} */
  async take(options: WaitOptions = {}): Promise<QueueItem<T>> {
    using deadline = new Deadline('take', this.path, options);
    const { signal } = deadline;
    signal.throwIfAborted();
    const items = this.items({ signal });
    try {
      const { value, done } = await items.next();
      if (done) {
        signal.throwIfAborted();
        throw new Error('the items have ended');
      }
      return value;
    } finally {
      await items.return?.();
    }
  }

  /**
   * Works on items as they come, until the signal fires: then those that were begun are finished, and it resolves.
   *
   * An item is done when `work` returns. When it throws, see `onError`. With `prefetch` so many ends of items may be on their way to the
   * servers while the next ones are worked on.
   *
   * @throws as {@link items}, when the work in hand is finished.
   */
  async consume(
    work: (value: T, item: QueueItem<T>) => void | Promise<void>,
    options: ConsumeOptions<T> = {},
  ): Promise<void> {
    const { concurrency = 1, onError = 'requeue', signal, ...others } = options;
    using ending = new JoinedSignal(signal);
    const items = this.items({ ...others, signal: ending.signal });
    const settling = new Settling(others.prefetch ?? 0);
    const worker = async () => {
      for (;;) {
        const { value: item, done } = await items.next();
        if (done) return;
        const mode = await workOn(item, work, onError);
        await settling.add(settle(item, mode));
      }
    };
    const guarded = async () => {
      try {
        await worker();
      } catch (error) {
        ending.abort(error);
        throw error;
      }
    };
    const results = await Promise.allSettled(Array.from({ length: concurrency }, guarded));
    await items.return?.();
    await settling.end();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Items in the queue now, those that are worked on included. */
  async size(options: WaitOptions = {}): Promise<number> {
    using deadline = new Deadline('size', this.path, options);
    const { signal } = deadline;
    const zk = await openSession(this.source, signal);
    return (await listItems(zk, this.places, signal)).length;
  }

  /**
   * Puts one znode.
   *
   * @param base - its name without the number.
   * @returns its path.
   */
  protected async putNamed(
    base: string,
    values: readonly T[],
    options: PutOptions,
  ): Promise<string> {
    const data = this.encode(values);
    using deadline = new Deadline('put', this.path, options);
    const { signal } = deadline;
    const zk = await openSession(this.source, signal);
    if (this.#maxItems !== undefined) await this.#untilRoom(zk, this.#maxItems, signal);
    const { acl } = this.places;
    const { idempotent } = options;
    const path = joinPath(this.path, base);
    for (;;) {
      try {
        const mode = 'persistent-sequential';
        return (await zk.create(path, data, { mode, acl, signal, idempotent })).path;
      } catch (error) {
        if (!(error instanceof NoNodeError)) throw error;
        await this.ensurePath(zk, signal);
      }
    }
  }

  /** The data of a znode that holds these. */
  protected encode(values: readonly T[]): Uint8Array {
    const encoded = values.map((value) => this.#codec.encode(value));
    return this.places.layout.payload === 'items' ? encodeItems(encoded) : encoded[0]!;
  }

  /** Creates the znode of the queue, and those above it that are missing. */
  protected async ensurePath(zk: ZooKeeper, signal: AbortSignal): Promise<void> {
    const { parents, acl } = this.places;
    await orAborted(ensureParent(zk, this.path, parents, acl), signal);
  }

  /** The items in a znode's data. */
  protected decode(data: Uint8Array): readonly T[] {
    const items = this.places.layout.payload === 'items' ? decodeItems(data) : [data];
    return items.map((item) => this.#codec.decode(item));
  }

  async #untilRoom(zk: ZooKeeper, maxItems: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const stat = await zk.exists(this.path, { signal });
      if (stat === undefined || stat.numChildren < maxItems) return;
      const seen = await zk.children(this.path, { watch: true, signal });
      if (seen.names.length < maxItems) {
        void seen.unwatch();
        return;
      }
      await untilChanged(seen, signal);
    }
  }
}

/** Ends of items that the servers do not have yet. */
class Settling {
  readonly #max: number;
  readonly #pending = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /** @param max - how many may be under way while others are worked on. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves when few enough are under way. @throws what one of them has failed of. */
  async add(settling: Promise<void>): Promise<void> {
    const guarded = settling
      .catch((error) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#pending.delete(guarded));
    this.#pending.add(guarded);
    if (this.#max === 0) await guarded;
    while (this.#pending.size > this.#max && this.#max > 0) await Promise.race(this.#pending);
    this.#throwFailure();
  }

  /** Resolves when none is. @throws likewise */
  async end(): Promise<void> {
    await Promise.all(this.#pending);
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Does the work. @returns what becomes of the item. */
async function workOn<T>(
  item: QueueItem<T>,
  work: (value: T, item: QueueItem<T>) => void | Promise<void>,
  onError: NonNullable<ConsumeOptions<T>['onError']>,
): Promise<FailureMode> {
  try {
    await work(item.value, item);
    return 'delete';
  } catch (error) {
    if (typeof onError !== 'function') return onError;
    try {
      return onError(error, item);
    } catch (final) {
      await settle(item, 'release');
      throw final;
    }
  }
}

async function settle<T>(item: QueueItem<T>, mode: FailureMode): Promise<void> {
  try {
    if (mode === 'requeue') await item.requeue();
    else if (mode === 'release') await item.release();
    else await item.done();
  } catch (error) {
    // Somebody else has it by now.
    if (!item.lost.aborted) throw error;
  }
}

/** Where a queue in one of Curator's layouts is. */
export function curatorKind(
  layout: QueueLayout,
  path: string,
  lockPath: string | undefined = `${path}-locks`,
): QueueKind {
  const locksPath = lockPath === 'none' ? undefined : lockPath;
  return { layout, itemsPath: path, locksPath, parents: 'container' };
}
