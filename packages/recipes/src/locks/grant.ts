import type { ZooKeeper } from '@zooid/client';
import { guaranteedDelete } from '../guaranteed-delete.ts';
import type { HeldLock, HeldZnode } from './lock.ts';
import type { Place } from './queue.ts';

/**
 * A place that was granted, and how many hold it.
 *
 * Invariant: its znode is deleted when the last of them has released it, and not before.
 */
export class Grant {
  readonly #zk: ZooKeeper;
  readonly #place: Place;
  #holderCount = 0;
  #ending: Promise<void> | undefined;
  readonly #onEnd: () => void;

  /** @param onEnd - is called once, when the last holder has left. */
  constructor(zk: ZooKeeper, place: Place, onEnd: () => void) {
    this.#zk = zk;
    this.#place = place;
    this.#onEnd = onEnd;
  }

  get path(): string {
    return this.#place.path;
  }

  get token(): bigint {
    return this.#place.token;
  }

  get lost(): AbortSignal {
    return this.#place.guard.lost;
  }

  get isHeld(): boolean {
    return this.#ending === undefined && !this.lost.aborted;
  }

  /** One more holder. Only while {@link isHeld}. */
  enter(): void {
    this.#holderCount++;
  }

  /** One holder less. */
  leave(): Promise<void> {
    if (--this.#holderCount > 0) return Promise.resolve();
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#place.guard.close();
    this.#onEnd();
    await guaranteedDelete(this.#zk, this.path);
  }
}

/** A share of a grant. */
export class GrantShare implements HeldLock {
  readonly #grant: Grant;
  #releasing: Promise<void> | undefined;

  constructor(grant: Grant) {
    this.#grant = grant;
    grant.enter();
  }

  get path(): string {
    return this.#grant.path;
  }

  get fencingToken(): bigint {
    return this.#grant.token;
  }

  get lost(): AbortSignal {
    return this.#grant.lost;
  }

  get isHeld(): boolean {
    return this.#releasing === undefined && this.#grant.isHeld;
  }

  reenter(): HeldLock {
    assertHeld(this);
    return new GrantShare(this.#grant);
  }

  release(): Promise<void> {
    this.#releasing ??= this.#grant.leave();
    return this.#releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

/** @throws the reason of the loss, or an Error when it was released. */
export function assertHeld(held: HeldZnode): void {
  held.lost.throwIfAborted();
  if (!held.isHeld) throw new Error(`${held.path} was released`);
}
