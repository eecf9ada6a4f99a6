import {
  type Acl,
  type DataInput,
  type NodeData,
  NodeExistsError,
  NoNodeError,
  type Stat,
  type ZooKeeper,
} from '@zooid/client';
import { deferred, onAbort } from '@zooid/client/waiting';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { type ChangesOptions, LatestFeed } from '../latest-feed.ts';
import type { LeaseCount } from '../locks/lease-pool.ts';
import { orAborted } from '../or-aborted.ts';
import { parentOf } from '../paths.ts';
import { ensureParent, isLostAnswer } from '../protected-create.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';
import { follow } from '../watching.ts';
import { int32Format } from './atomic-number.ts';
import { setVersioned } from './versioned-set.ts';

/** A value, and which of all that it ever had. */
export interface Versioned<T> {
  readonly value: T;
  /** Of the znode's data. */
  readonly version: number;
  /** Zxid of the write: grows with every change, also when the znode was deleted and made again. */
  readonly mzxid: bigint;
}

export interface SharedOptions {
  /** Of the znode and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

/** How a value stands in a znode. */
interface Codec<T> {
  decode(bytes: Uint8Array): T;
  encode(value: T): Uint8Array;
}

/** What {@link SharedValue} and {@link SharedCount} have in common. */
abstract class Shared<T> implements AsyncDisposable {
  readonly path: string;
  readonly #source: SessionSource;
  readonly #seed: DataInput;
  readonly #codec: Codec<T>;
  readonly #options: SharedOptions;
  readonly #loop: SessionLoop;
  readonly #feed = new LatestFeed<Versioned<T>>();
  readonly #first = deferred<void>();
  readonly #listeners = new Set<() => void>();
  #newest: Versioned<T> | undefined;

  constructor(
    source: SessionSource,
    path: string,
    seed: T,
    codec: Codec<T>,
    options: SharedOptions,
  ) {
    this.path = path;
    this.#source = source;
    this.#seed = codec.encode(seed);
    this.#codec = codec;
    this.#options = options;
    this.#loop = new SessionLoop(source, (zk, scope) => this.#keep(zk, scope));
    const { failed, closing } = this.#loop;
    this.#first.promise.catch(() => undefined);
    onAbort(failed, () => {
      this.#first.reject(failed.reason);
      this.#feed.end({ error: failed.reason });
    });
    onAbort(closing, () => {
      this.#first.reject(closing.reason);
      this.#feed.end('quiet');
    });
  }

  /** Fires when it cannot follow the value any more; its reason is the error. Not by {@link close}. */
  get failed(): AbortSignal {
    return this.#loop.failed;
  }

  /** The newest value known here; while the znode is deleted, the last one. @throws Error before the start. */
  get current(): Versioned<T> {
    if (this.#newest === undefined) throw new Error(`${this.path}: it has not been read yet`);
    return this.#newest;
  }

  /** The value of {@link current}. @throws Error before the start. */
  get value(): T {
    return this.current.value;
  }

  /** Calls `listener` when the value has changed. What it throws is uncaught. @returns what stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes the znode with the seed, unless it exists, and follows it. Resolves when its value is known. */
  async start(options: WaitOptions = {}): Promise<void> {
    this.#loop.start();
    using deadline = new Deadline('start', this.path, options);
    await orAborted(this.#first.promise, deadline.signal);
  }

  /** The newest value, and each change; of changes that follow each other fast only the last. */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<Versioned<T>> {
    const newest = this.#newest;
    return this.#feed.follow(options, newest && { value: newest });
  }

  /** Sets it, whatever it is. To be started before. @returns what it became. @throws NoNodeError */
  async set(value: T, options: WaitOptions = {}): Promise<Versioned<T>> {
    using deadline = new Deadline('set', this.path, options);
    const { signal } = deadline;
    const zk = await openSession(this.#source, signal);
    const bytes = this.#codec.encode(value);
    return this.#take(bytes, await zk.set(this.path, bytes, { signal, idempotent: true }));
  }

  /**
   * Sets it if nobody has changed it since `previous`.
   *
   * @returns what it became; undefined when somebody has. Then {@link current} is newer.
   * @throws ConnectionLossError with outcome `unknown` when nobody can tell whether it was set.
   */
  async trySet(
    previous: Pick<Versioned<T>, 'version'>,
    value: T,
    options: WaitOptions = {},
  ): Promise<Versioned<T> | undefined> {
    using deadline = new Deadline('trySet', this.path, options);
    const { signal } = deadline;
    const zk = await openSession(this.#source, signal);
    const bytes = this.#codec.encode(value);
    const stat = await setVersioned(zk, this.path, bytes, previous.version, signal);
    if (stat !== undefined) return this.#take(bytes, stat);
    await this.#read(zk, signal);
    return undefined;
  }

  /** Ends it; the znode stays. Never rejects, again is harmless. */
  close(): Promise<void> {
    return this.#loop.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #keep(zk: ZooKeeper, scope: AbortSignal): Promise<void> {
    await this.#ensure(zk);
    await follow(zk, this.path, {}, scope, async () => {
      if (await this.#read(zk, scope)) this.#first.resolve();
    });
  }

  async #ensure(zk: ZooKeeper): Promise<void> {
    const { acl } = this.#options;
    for (;;) {
      try {
        await zk.create(this.path, this.#seed, { acl });
        return;
      } catch (error) {
        if (error instanceof NodeExistsError) return;
        if (error instanceof NoNodeError) {
          await ensureParent(zk, parentOf(this.path), 'container', acl);
        } else if (!isLostAnswer(error)) {
          throw error;
        }
      }
    }
  }

  /** @returns whether the znode is there. */
  async #read(zk: ZooKeeper, signal: AbortSignal): Promise<boolean> {
    let node: NodeData;
    try {
      node = await zk.get(this.path, { signal });
    } catch (error) {
      if (error instanceof NoNodeError) return false;
      throw error;
    }
    this.#take(node.data, node.stat);
    return true;
  }

  #take(bytes: Uint8Array, { version, mzxid }: Stat): Versioned<T> {
    const taken = { value: this.#codec.decode(bytes), version, mzxid };
    if (this.#newest === undefined || mzxid > this.#newest.mzxid) {
      this.#newest = taken;
      this.#feed.push(taken);
      // Not in here, where what they throw would be ours to catch.
      for (const listener of [...this.#listeners]) queueMicrotask(listener);
    }
    return taken;
  }
}

/** Bytes that many set, and that each has at hand: Curator's SharedValue. */
export class SharedValue extends Shared<Uint8Array> {
  constructor(source: SessionSource, path: string, seed: Uint8Array, options: SharedOptions = {}) {
    super(source, path, seed, { decode: (bytes) => bytes, encode: (bytes) => bytes }, options);
  }
}

/** A 32-bit integer that many set, and that each has at hand: Curator's SharedCount. It can be the count of a `Semaphore`. */
export class SharedCount extends Shared<number> implements LeaseCount {
  constructor(source: SessionSource, path: string, seed: number, options: SharedOptions = {}) {
    super(source, path, seed, int32Format, options);
  }
}
