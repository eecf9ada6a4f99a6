/**
 * Taking one item's znode, and what becomes of it.
 *
 *     with locks       create <locks>/<item>, ephemeral ──▶ held ──done──▶ delete both, in one transaction
 *                                                            ├──requeue──▶ delete both and create again, in one transaction
 *                                                            └──release──▶ delete the lock
 *     without locks    read and delete ──▶ nobody's but ours
 *
 * Whatever a lost answer leaves open is looked up: the lock has our id, and of an item that we hold only we decide.
 *
 * Source: Curator's DistributedQueue, kazoo's LockingQueue.
 */

import {
  type Acl,
  NodeExistsError,
  NoNodeError,
  TransactionError,
  type ZooKeeper,
} from '@zooid/client';
import { deleteInBackground, guaranteedDelete } from '../guaranteed-delete.ts';
import { joinPath } from '../paths.ts';
import { ensureParent, isLostAnswer } from '../protected-create.ts';
import { sessionHubOf } from '../session-hub.ts';
import { type ItemName, parseName, type QueueLayout } from './queue-layout.ts';

/** Where a queue's znodes are. */
export interface QueuePlaces {
  readonly itemsPath: string;
  /** undefined: the queue has no locks. */
  readonly locksPath: string | undefined;
  readonly layout: QueueLayout;
  /** What the queue's own znodes become that do not exist. */
  readonly parents: 'container' | 'persistent';
  readonly acl: readonly Acl[] | undefined;
}

/** What came of a claim. */
export type ClaimResult = Claim | 'locked' | 'gone';

/** What becomes of a claimed item. */
export type Settlement = 'done' | 'requeue' | 'release';

/** An item that is ours. */
export class Claim {
  readonly item: ItemName;
  readonly data: Uint8Array;
  readonly zk: ZooKeeper;
  readonly #places: QueuePlaces;
  readonly #id: string;
  readonly #lost = new AbortController();
  readonly #stopHub: () => void;
  #settling: Promise<void> | undefined;

  constructor(zk: ZooKeeper, places: QueuePlaces, item: ItemName, data: Uint8Array, id: string) {
    this.zk = zk;
    this.item = item;
    this.data = data;
    this.#places = places;
    this.#id = id;
    this.#stopHub =
      places.locksPath === undefined
        ? () => undefined
        : sessionHubOf(zk).onLost((reason) => this.#lose(reason));
    if (places.locksPath !== undefined && zk.lost.aborted) this.#lose(zk.lost.reason);
  }

  get path(): string {
    return joinPath(this.#places.itemsPath, this.item.name);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Somebody has deleted a lock of this name; perhaps one before ours. */
  async checkLock(): Promise<void> {
    if (this.#lockPath === undefined || this.#settling !== undefined) return;
    try {
      if ((await this.zk.get(this.#lockPath)).text() === this.#id) return;
    } catch (error) {
      if (!(error instanceof NoNodeError)) return;
    }
    if (this.#settling === undefined) this.#loseLock();
  }

  /** Only the first call counts; later ones wait for it. */
  settle(settlement: Settlement): Promise<void> {
    this.#settling ??= this.#settle(settlement).catch((error) => {
      // Whether it was carried out, nobody can tell: if not, somebody else takes the item.
      if (this.#lockPath !== undefined && this.zk.lost.aborted) this.#lose(this.zk.lost.reason);
      throw error;
    });
    return this.#settling;
  }

  get #lockPath(): string | undefined {
    const { locksPath } = this.#places;
    return locksPath === undefined ? undefined : joinPath(locksPath, this.item.name);
  }

  async #settle(settlement: Settlement): Promise<void> {
    const lockPath = this.#lockPath;
    this.#stopHub();
    if (lockPath === undefined) {
      if (settlement === 'requeue') await this.#putAgain();
      return;
    }
    if (settlement === 'release') {
      // A lock that is lost may be somebody else's by now.
      if (!this.lost.aborted) await guaranteedDelete(this.zk, lockPath);
      return;
    }
    for (;;) {
      this.lost.throwIfAborted();
      try {
        await this.#commit(settlement, lockPath);
        return;
      } catch (error) {
        if (isLostAnswer(error)) {
          if (!(await this.#isThere())) return;
        } else if (error instanceof TransactionError && error.cause instanceof NoNodeError) {
          await this.#onMissing(error.index, lockPath);
          return;
        } else {
          deleteInBackground(this.zk, lockPath);
          throw error;
        }
      }
    }
  }

  async #commit(settlement: 'done' | 'requeue', lockPath: string): Promise<void> {
    const { acl } = this.#places;
    const transaction = this.zk.transaction().delete(this.path).delete(lockPath);
    if (settlement === 'done') {
      await transaction.commit();
    } else {
      const again = joinPath(this.#places.itemsPath, this.item.base);
      await transaction.create(again, this.data, { mode: 'persistent-sequential', acl }).commit();
    }
  }

  /** One of the two znodes was not there, so nothing was changed. */
  async #onMissing(index: number, lockPath: string): Promise<void> {
    // Whoever deleted the item has not cared for the lock: it is out of the queue, which is what was wanted.
    if (index === 0) await guaranteedDelete(this.zk, lockPath);
    else throw this.#loseLock();
  }

  /** Whether the item is still in the queue: the transaction has not been carried out. */
  async #isThere(): Promise<boolean> {
    await this.zk.sync(this.path);
    return (await this.zk.exists(this.path)) !== undefined;
  }

  async #putAgain(): Promise<void> {
    const { itemsPath, acl } = this.#places;
    const path = joinPath(itemsPath, this.item.base);
    await this.zk.create(path, this.data, { mode: 'persistent-sequential', acl });
  }

  #loseLock(): NoNodeError {
    const sentence = 'somebody else has deleted the lock of the item';
    const error = new NoNodeError({ operation: 'hold', path: this.path, sentence });
    this.#lose(error);
    return error;
  }

  #lose(reason: unknown): void {
    this.#stopHub();
    this.#lost.abort(reason);
  }
}

/**
 * Tries to take an item.
 *
 * @param id - of whoever takes: nobody else has it.
 * @returns why not, when somebody else has it, or had.
 */
export function claimItem(
  zk: ZooKeeper,
  places: QueuePlaces,
  item: ItemName,
  id: string,
): Promise<ClaimResult> {
  const { locksPath } = places;
  if (locksPath === undefined) return claimWithoutLock(zk, places, item, id);
  return claimWithLock(zk, places, item, id, joinPath(locksPath, item.name));
}

async function claimWithLock(
  zk: ZooKeeper,
  places: QueuePlaces,
  item: ItemName,
  id: string,
  lockPath: string,
): Promise<ClaimResult> {
  const { acl } = places;
  const itemPath = joinPath(places.itemsPath, item.name);
  for (;;) {
    // Both at once: the servers keep the order, so what is read was read under the lock.
    const [locked, read] = await Promise.allSettled([
      zk.create(lockPath, id, { mode: 'ephemeral', acl }),
      zk.get(itemPath),
    ]);
    if (locked.status === 'fulfilled') {
      if (read.status === 'fulfilled') return new Claim(zk, places, item, read.value.data, id);
      // Waited for, so that whoever has ended has left nothing.
      await guaranteedDelete(zk, lockPath);
      if (read.reason instanceof NoNodeError) return 'gone';
      throw read.reason;
    }
    const error = locked.reason;
    if (error instanceof NodeExistsError) return 'locked';
    if (error instanceof NoNodeError) {
      await ensureParent(zk, places.locksPath!, places.parents, acl);
    } else if (isLostAnswer(error)) {
      const owner = await ownerOf(zk, lockPath);
      if (owner === id) return readHeld(zk, places, item, id, lockPath);
      if (owner !== undefined) return 'locked';
    } else {
      throw error;
    }
  }
}

/** The lock is ours, as it turned out after a lost answer. */
async function readHeld(
  zk: ZooKeeper,
  places: QueuePlaces,
  item: ItemName,
  id: string,
  lockPath: string,
): Promise<ClaimResult> {
  try {
    const { data } = await zk.get(joinPath(places.itemsPath, item.name));
    return new Claim(zk, places, item, data, id);
  } catch (error) {
    await guaranteedDelete(zk, lockPath);
    if (error instanceof NoNodeError) return 'gone';
    throw error;
  }
}

async function ownerOf(zk: ZooKeeper, lockPath: string): Promise<string | undefined> {
  try {
    // The new connection may be with a server that has not yet heard of what the old one carried out.
    await zk.sync(lockPath);
    return (await zk.get(lockPath)).text();
  } catch (error) {
    if (error instanceof NoNodeError) return undefined;
    throw error;
  }
}

async function claimWithoutLock(
  zk: ZooKeeper,
  places: QueuePlaces,
  item: ItemName,
  id: string,
): Promise<ClaimResult> {
  const path = joinPath(places.itemsPath, item.name);
  for (;;) {
    const [read, deleted] = await Promise.allSettled([zk.get(path), zk.delete(path)]);
    if (deleted.status === 'fulfilled' && read.status === 'fulfilled') {
      return new Claim(zk, places, item, read.value.data, id);
    }
    const error: unknown = deleted.status === 'rejected' ? deleted.reason : undefined;
    if (error instanceof NoNodeError) return 'gone';
    if (!isLostAnswer(error)) throw error ?? (read.status === 'rejected' && read.reason);
    // If it is gone now, somebody has it, perhaps we: at most once means that it is nobody's then.
  }
}

/** Names of the items of a queue, in their order. */
export async function listItems(
  zk: ZooKeeper,
  { itemsPath, layout }: QueuePlaces,
  signal: AbortSignal | undefined,
): Promise<ItemName[]> {
  const names = await namesOf(zk, itemsPath, signal);
  return names.map((name) => parseName(layout, name)).filter((item) => item !== undefined);
}

export async function namesOf(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  try {
    return (await zk.children(path, { signal })).names;
  } catch (error) {
    if (error instanceof NoNodeError) return [];
    throw error;
  }
}
