import {
  type Acl,
  BadVersionError,
  type CreateModeName,
  type NodeData,
  NodeExistsError,
  NoNodeError,
  type Stat,
  type ZooKeeper,
} from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { type ChangesOptions, LatestFeed } from '../latest-feed.ts';
import { joinPath, parentOf } from '../paths.ts';
import { ensureParent, isLostAnswer } from '../protected-create.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import { follow } from '../watching.ts';
import { type Codec, jsonCodec } from './codec.ts';

export interface ModelOptions<T> {
  /** How values stand in znodes. Default: JSON, of which the type is the caller's word. */
  readonly codec?: Codec<T> | undefined;
  /** Of new znodes. Default `persistent`. */
  readonly mode?: CreateModeName | undefined;
  readonly acl?: readonly Acl[] | undefined;
  /** See `CreateOptions` of the client. */
  readonly ttlMs?: number | undefined;
}

/** A value, and the stat of the znode that it was read from. */
export interface Modeled<T> {
  readonly value: T;
  readonly stat: Stat;
}

export interface ModelWriteOptions extends WaitOptions {
  /** The version that the znode must have. Default: any. */
  readonly version?: number | undefined;
}

export interface ModelUpdateOptions extends WaitOptions {
  /** How often to try before the `BadVersionError` is the caller's. Default 100. */
  readonly maxAttempts?: number | undefined;
}

/** What a znode holds is none of the model's values. `cause` is what the codec says. */
export class ModelDecodeError extends Error {
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`${path}: what it holds cannot be read (${(cause as Error)?.message ?? cause})`, {
      cause,
    });
    this.name = 'ModelDecodeError';
    this.path = path;
  }
}

/**
 * Typed values in znodes.
 *
 *     const settings = new Model<Settings>(zk, '/shop/settings');
 *     await settings.set({ currency: 'EUR' });
 *     await settings.update((before) => ({ ...before, currency: 'CHF' }));
 *     for await (const now of settings.changes({ signal })) apply(now?.value);
 */
export class Model<T> {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #options: ModelOptions<T>;
  readonly #codec: Codec<T>;

  constructor(zk: ZooKeeper, path: string, options: ModelOptions<T> = {}) {
    this.path = path;
    this.#zk = zk;
    this.#options = options;
    this.#codec = options.codec ?? jsonCodec<T>();
  }

  /** The model of a child, with the same type and options. */
  child(name: string): Model<T> {
    return new Model(this.#zk, joinPath(this.path, name), this.#options);
  }

  /** The value. @throws NoNodeError, ModelDecodeError */
  async read(options: WaitOptions = {}): Promise<Modeled<T>> {
    return this.#decode(await this.#zk.get(this.path, options));
  }

  /** The value; undefined when the znode does not exist. @throws ModelDecodeError */
  async tryRead(options: WaitOptions = {}): Promise<Modeled<T> | undefined> {
    return orAbsent(this.read(options));
  }

  /** Makes the znode, and the parents that do not exist, as containers. @returns its path. @throws NodeExistsError */
  async create(value: T, options: WaitOptions = {}): Promise<string> {
    using deadline = new Deadline('create', this.path, options);
    const { mode, acl, ttlMs } = this.#options;
    const data = this.#codec.encode(value);
    for (;;) {
      try {
        const { signal } = deadline;
        return (await this.#zk.create(this.path, data, { mode, acl, ttlMs, signal })).path;
      } catch (error) {
        if (!(error instanceof NoNodeError)) throw error;
      }
      await ensureParent(this.#zk, parentOf(this.path), 'container', acl);
    }
  }

  /** Sets the value, and makes the znode when it does not exist and no version was asked for. @throws BadVersionError, NoNodeError */
  async set(value: T, options: ModelWriteOptions = {}): Promise<void> {
    using deadline = new Deadline('set', this.path, options);
    const { signal } = deadline;
    const { version } = options;
    const data = this.#codec.encode(value);
    for (;;) {
      try {
        await this.#zk.set(this.path, data, { version, signal, idempotent: version === undefined });
        return;
      } catch (error) {
        if (!(error instanceof NoNodeError) || version !== undefined) throw error;
      }
      try {
        await this.create(value, { signal });
        return;
      } catch (error) {
        // In either case the znode may be there by now: then it is set.
        if (!(error instanceof NodeExistsError) && !isLostAnswer(error)) throw error;
      }
    }
  }

  /**
   * Changes the value: reads, lets `change` make a new one, and writes that if nobody was faster; otherwise once more.
   *
   * @param change - may be called several times.
   * @returns what it became.
   * @throws NoNodeError, ModelDecodeError, what `change` throws
   */
  async update(
    change: (before: T) => T | Promise<T>,
    options: ModelUpdateOptions = {},
  ): Promise<T> {
    using deadline = new Deadline('update', this.path, options);
    const { signal } = deadline;
    const { maxAttempts = 100 } = options;
    for (let attempt = 1; ; attempt++) {
      const { value, stat } = await this.read({ signal });
      const after = await change(value);
      try {
        await this.set(after, { version: stat.version, signal });
        return after;
      } catch (error) {
        if (!(error instanceof BadVersionError) || attempt >= maxAttempts) throw error;
      }
    }
  }

  /** Removes the znode. @throws NoNodeError, NotEmptyError, BadVersionError */
  async delete(options: ModelWriteOptions = {}): Promise<void> {
    await this.#zk.delete(this.path, options);
  }

  async exists(options: WaitOptions = {}): Promise<boolean> {
    return (await this.#zk.exists(this.path, options)) !== undefined;
  }

  /** Names of the children; none when the znode does not exist. */
  async children(options: WaitOptions = {}): Promise<readonly string[]> {
    return (await orAbsent(this.#zk.children(this.path, options)))?.names ?? [];
  }

  /** The children's values by name. Those that vanish meanwhile are left out. @throws ModelDecodeError */
  async childValues(options: WaitOptions = {}): Promise<Map<string, Modeled<T>>> {
    const names = await this.children(options);
    const reads = names.map(
      async (name) => [name, await this.child(name).tryRead(options)] as const,
    );
    const values = new Map<string, Modeled<T>>();
    for (const [name, modeled] of await Promise.all(reads)) {
      if (modeled !== undefined) values.set(name, modeled);
    }
    return values;
  }

  /**
   * The value now and after each change, undefined while the znode does not exist; of changes that follow each other fast only the
   * last. Ends with an error when the session does, or when a value cannot be read.
   */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<Modeled<T> | undefined> {
    const feed = new LatestFeed<Modeled<T> | undefined>();
    const loop = new SessionLoop(this.#zk, (zk, scope) =>
      follow(zk, this.path, {}, scope, async () => {
        feed.push(await this.tryRead({ signal: scope }));
      }),
    );
    onAbort(loop.failed, () => feed.end({ error: loop.failed.reason }));
    const values = feed.follow({ signal: options.signal, onEnd: () => void loop.close() });
    if (!options.signal?.aborted) loop.start();
    return values;
  }

  #decode(node: NodeData): Modeled<T> {
    try {
      return { value: this.#codec.decode(node.data), stat: node.stat };
    } catch (error) {
      throw new ModelDecodeError(this.path, error);
    }
  }
}

/** undefined when the znode does not exist. */
async function orAbsent<R>(reading: Promise<R>): Promise<R | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof NoNodeError) return undefined;
    throw error;
  }
}
