/**
 * Taking items one after the other, for `for await`.
 *
 *     names of items and locks ──▶ available, in order ──claim──▶ slots, in order ──▶ whoever calls next()
 *
 * Decides what is claimed and when; `claim.ts` how. A slot is an item that is being claimed, or waits to be handed out.
 */

import type { ZooKeeper } from '@zooid/client';
import { type Deferred, deferred, onAbort } from '@zooid/client/waiting';
import { JoinedSignal } from '../joined-signal.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import { AvailableNames } from './available-names.ts';
import { type Claim, claimItem, type QueuePlaces } from './claim.ts';
import { LiveNames } from './live-names.ts';
import { CorruptItemError, type QueueItem } from './queue-item.ts';
import type { ItemName } from './queue-layout.ts';

/** The longest that a timer of Node can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The time, as the queue of delayed items needs it. */
export interface QueueClock {
  /** Now, in ms since 1970. */
  readonly now: () => number;
  /** Calls back after so many ms. @returns what stops it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

export interface ConsumerOptions<T> {
  /** The items in a znode's data. @throws what it likes. */
  readonly decode: (data: Uint8Array) => readonly T[];
  /** What becomes of an item that cannot be decoded. */
  readonly corrupt: 'fail' | 'delete';
  /** Items that may be taken before anybody asks for them. */
  readonly prefetch: number;
  readonly clock: QueueClock;
  readonly signal: AbortSignal | undefined;
}

/** A claim on its way to the taker. */
interface Slot<T> {
  /** undefined while it is being claimed. */
  items: QueueItem<T>[] | undefined;
  claim: Claim | undefined;
  /** Whether some of its items have been handed out. */
  isBegun: boolean;
}

/** What there is to take in one session. */
interface Supply {
  readonly zk: ZooKeeper;
  readonly names: AvailableNames;
  /** Fires when there is no more to take in this session. */
  readonly signal: AbortSignal;
  readonly fail: (error: unknown) => void;
}

export class Consumer<T> implements AsyncIterableIterator<QueueItem<T>> {
  readonly #places: QueuePlaces;
  readonly #options: ConsumerOptions<T>;
  /** Of the locks. */
  readonly #id: string = crypto.randomUUID().replaceAll('-', '');
  readonly #loop: SessionLoop;
  readonly #stopSignal: (() => void) | undefined;
  #supply: Supply | undefined;
  #slots: Slot<T>[] = [];
  /** Claims that nobody has settled, by the name of the item: those in slots and those handed out. */
  readonly #held = new Map<string, Claim>();
  /** Claims under way. They do not reject. */
  readonly #claiming = new Set<Promise<void>>();
  readonly #takers: Deferred<IteratorResult<QueueItem<T>>>[] = [];
  #stopTimer: (() => void) | undefined;
  /** Of the item that the timer waits for. */
  #timerDueMs = 0;
  #end: { readonly error: unknown } | 'quiet' | undefined;
  #closing: Promise<void> | undefined;

  constructor(source: SessionSource, places: QueuePlaces, options: ConsumerOptions<T>) {
    this.#places = places;
    this.#options = options;
    this.#loop = new SessionLoop(source, (zk, scope) => this.#work(zk, scope));
    onAbort(this.#loop.failed, () => this.#finish({ error: this.#loop.failed.reason }));
    const { signal } = options;
    if (signal?.aborted) this.#finish('quiet');
    else this.#stopSignal = signal && onAbort(signal, () => this.#finish('quiet'));
  }

  next(): Promise<IteratorResult<QueueItem<T>>> {
    if (this.#end !== undefined) return this.#takeEnd();
    this.#loop.start();
    const taker = deferred<IteratorResult<QueueItem<T>>>();
    this.#takers.push(taker);
    this.#handOut();
    return taker.promise;
  }

  /** Ends it. Items that were taken ahead go back; those handed out stay whose they are. */
  async return(): Promise<IteratorResult<QueueItem<T>>> {
    this.#finish('quiet');
    this.#end = 'quiet';
    await this.#closing;
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #work(zk: ZooKeeper, scope: AbortSignal): Promise<void> {
    using ending = new JoinedSignal(scope);
    const { signal } = ending;
    const { itemsPath, locksPath, layout } = this.#places;
    const names = new AvailableNames(layout);
    const supply: Supply = { zk, names, signal, fail: (error) => ending.abort(error) };
    for (const [name, claim] of this.#held) if (claim.zk === zk) names.claim(name);
    let unlisted = locksPath === undefined ? 1 : 2;
    const onListed = () => {
      // Before all locks are known, much would be claimed in vain.
      if (unlisted > 0) unlisted--;
      if (unlisted > 0 || signal.aborted) return;
      this.#supply = supply;
      this.#claimMore();
    };
    const onItem = () => {
      if (this.#supply === supply) this.#claimMore();
    };
    const items = new LiveNames(zk, itemsPath, {
      onAdded: (name) => {
        names.addItem(name);
        onItem();
      },
      onRemoved: (name) => names.removeItem(name),
      onListed,
    });
    const following = [items.follow(signal)];
    if (locksPath !== undefined) {
      const locks = new LiveNames(zk, locksPath, {
        onAdded: (name) => names.addLock(name),
        onRemoved: (name) => {
          names.removeLock(name);
          const claim = this.#held.get(name);
          if (claim?.zk === zk) void claim.checkLock();
          onItem();
        },
        onListed,
      });
      following.push(locks.follow(signal));
    }
    for (const one of following) one.catch((error) => ending.abort(error));
    await Promise.allSettled(following);
    this.#supply = undefined;
    this.#disarm();
    await this.#giveBack(this.#slots.splice(0));
    throw signal.reason;
  }

  /** Claims as many as are asked for, or may be held ahead. */
  #claimMore(): void {
    const supply = this.#supply;
    if (supply === undefined || this.#end !== undefined) return;
    const { prefetch, clock } = this.#options;
    while (this.#slots.length < Math.max(prefetch, this.#takers.length)) {
      const item = supply.names.peek();
      if (item === undefined) return;
      const waitMs = this.#places.layout.isDelayed ? Number(item.rank) - clock.now() : 0;
      if (waitMs > 0) {
        this.#arm(Number(item.rank), waitMs);
        return;
      }
      supply.names.claim(item.name);
      const slot: Slot<T> = { items: undefined, claim: undefined, isBegun: false };
      this.#slots.push(slot);
      const claiming = this.#claim(supply, slot, item);
      this.#claiming.add(claiming);
      void claiming.then(() => this.#claiming.delete(claiming));
    }
  }

  async #claim(supply: Supply, slot: Slot<T>, item: ItemName): Promise<void> {
    try {
      const result = await claimItem(supply.zk, this.#places, item, this.#id);
      if (result === 'locked') supply.names.endClaimLocked(item.name);
      else if (result === 'gone') supply.names.endClaimGone(item.name);
      else await this.#onClaimed(supply, slot, result);
    } catch (error) {
      supply.fail(error);
    }
    if (this.#supply !== supply) return;
    if (slot.items === undefined) this.#slots.splice(this.#slots.indexOf(slot), 1);
    this.#handOut();
  }

  async #onClaimed(supply: Supply, slot: Slot<T>, claim: Claim): Promise<void> {
    const { name } = claim.item;
    this.#held.set(name, claim);
    if (this.#end !== undefined || this.#supply !== supply) {
      // Nobody will take it.
      await this.#settle(supply, claim, this.#unwanted);
      return;
    }
    let values: readonly T[];
    try {
      values = this.#options.decode(claim.data);
    } catch (error) {
      await this.#onCorrupt(supply, claim, error);
      return;
    }
    if (values.length === 0) {
      await this.#settle(supply, claim, 'done');
      return;
    }
    slot.claim = claim;
    slot.items = this.#itemsOf(supply, claim, values);
  }

  async #onCorrupt(supply: Supply, claim: Claim, error: unknown): Promise<void> {
    if (this.#options.corrupt === 'delete') {
      await this.#settle(supply, claim, 'done');
      return;
    }
    await this.#settle(supply, claim, this.#unwanted);
    throw new CorruptItemError(claim.path, error);
  }

  /** What is done with an item that was taken for nobody: without a lock it is in the queue no more. */
  get #unwanted(): 'release' | 'requeue' {
    return this.#places.locksPath === undefined ? 'requeue' : 'release';
  }

  async #settle(
    supply: Supply,
    claim: Claim,
    settlement: 'done' | 'requeue' | 'release',
  ): Promise<void> {
    const { name } = claim.item;
    let isGone = false;
    try {
      await claim.settle(settlement);
      isGone = settlement !== 'release';
    } finally {
      if (this.#held.get(name) === claim) this.#held.delete(name);
      if (isGone) supply.names.endClaimGone(name);
      else supply.names.endClaim(name);
      this.#claimMore();
      this.#endIfIdle();
    }
  }

  /** One for each value; the znode is settled with the last of them. */
  #itemsOf(supply: Supply, claim: Claim, values: readonly T[]): QueueItem<T>[] {
    let left = values.length;
    return values.map((value) => {
      let isDone = false;
      const settle = (settlement: 'requeue' | 'release') => this.#settle(supply, claim, settlement);
      return {
        value,
        path: claim.path,
        lost: claim.lost,
        done: async () => {
          if (!isDone) left--;
          isDone = true;
          if (left === 0) await this.#settle(supply, claim, 'done');
          else claim.lost.throwIfAborted();
        },
        requeue: () => settle('requeue'),
        release: () => settle('release'),
        [Symbol.asyncDispose]: async () => {
          if (!isDone) await settle('release');
        },
      };
    });
  }

  #handOut(): void {
    while (this.#takers.length > 0) {
      const [slot] = this.#slots;
      const item = slot?.items?.shift();
      if (slot === undefined || item === undefined) break;
      slot.isBegun = true;
      if (slot.items?.length === 0) this.#slots.shift();
      this.#takers.shift()?.resolve({ value: item, done: false });
    }
    this.#claimMore();
  }

  #arm(dueMs: number, waitMs: number): void {
    if (this.#stopTimer !== undefined && this.#timerDueMs <= dueMs) return;
    this.#disarm();
    this.#timerDueMs = dueMs;
    this.#stopTimer = this.#options.clock.after(Math.min(waitMs, TIMER_MS_MAX), () => {
      this.#stopTimer = undefined;
      this.#claimMore();
    });
  }

  #disarm(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #finish(end: { readonly error: unknown } | 'quiet'): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#stopSignal?.();
    this.#disarm();
    this.#closing = this.#giveBack(this.#slots.splice(0)).then(() => this.#endIfIdle());
    for (const taker of this.#takers.splice(0)) {
      this.#takeEnd().then(taker.resolve, taker.reject);
    }
  }

  /** What was taken for nobody goes back. Never rejects. */
  async #giveBack(slots: readonly Slot<T>[]): Promise<void> {
    const returning = slots.map(async ({ claim, isBegun }) => {
      if (claim === undefined) return;
      this.#held.delete(claim.item.name);
      // Part of it has been handed out: without a lock it must not come out twice.
      if (!isBegun || this.#places.locksPath !== undefined) await claim.settle(this.#unwanted);
    });
    await Promise.allSettled([...returning, ...this.#claiming]);
  }

  /** What was handed out is watched over until it is settled. */
  #endIfIdle(): void {
    if (this.#end !== undefined && this.#held.size === 0) void this.#loop.close();
  }

  #takeEnd(): Promise<IteratorResult<QueueItem<T>>> {
    const end = this.#end;
    this.#end = 'quiet';
    if (end === undefined || end === 'quiet') {
      return Promise.resolve({ value: undefined, done: true });
    }
    return Promise.reject(end.error);
  }
}
