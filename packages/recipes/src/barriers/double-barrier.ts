/**
 * A barrier at both ends of a piece of work.
 *
 *     enter:  make own znode ──▶ all there? ──yes──▶ make `ready` ──▶ work
 *                                    └──no──▶ wait for `ready` ──▶ work
 *     leave:  lowest of this round: wait for the highest, until it is the last ──▶ delete own
 *             others: delete own, wait for the lowest          all gone ──▶ delete `ready`
 *
 * Sources: Curator's DistributedDoubleBarrier; kazoo/recipe/barrier.py; the recipe in ZooKeeper's documentation.
 */

import {
  type Acl,
  type DataInput,
  NodeExistsError,
  NoNodeError,
  SessionExpiredError,
  type ZooKeeper,
} from '@zooid/client';
import { defaultData } from '../data-local.ts';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { deleteInBackground, guaranteedDelete } from '../guaranteed-delete.ts';
import type { LockLayout } from '../locks/lock.ts';
import { orAborted } from '../or-aborted.ts';
import { joinPath } from '../paths.ts';
import { createFindable, isLostAnswer } from '../protected-create.ts';
import { untilChanged, untilDeleted, watched } from '../watching.ts';

export interface DoubleBarrierOptions {
  /** How many take part. */
  readonly memberCount: number;
  /** Whose names the znodes get; all members need the same. Default `curator`. */
  readonly layout?: LockLayout | undefined;
  /** Data of the member's znode. In Curator's layout the address of this machine unless given, in kazoo's nothing. */
  readonly identifier?: DataInput | undefined;
  /** Of the znodes and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

const READY = 'ready';

/**
 * Lets nobody begin before all are there, and nobody go before all have done.
 *
 *     const barrier = new DoubleBarrier(zk, '/jobs/17', { memberCount: 5 });
 *     await barrier.enter({ signal });
 *     await work();
 *     await barrier.leave({ signal });
 *
 * A member whose session ends counts as one that has left. One object is one member; it may enter again after it has left.
 */
export class DoubleBarrier {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #options: DoubleBarrierOptions;
  readonly #readyPath: string;
  /** Znode of this member; undefined while it is outside. */
  #own: string | undefined;

  /** @throws RangeError for a count below 1. */
  constructor(zk: ZooKeeper, path: string, options: DoubleBarrierOptions) {
    const { memberCount } = options;
    if (!Number.isSafeInteger(memberCount) || memberCount < 1) {
      throw new RangeError(`memberCount of ${memberCount}: a whole number from 1`);
    }
    this.path = path;
    this.#zk = zk;
    this.#options = options;
    this.#readyPath = joinPath(path, READY);
  }

  /** Whether this member is inside: it has entered, and not begun to leave. */
  get isInside(): boolean {
    return this.#own !== undefined;
  }

  /**
   * Waits until all have entered. An end without success leaves no znode: others may have counted this member, though.
   *
   * @throws the signal's reason, OperationTimeoutError, the error of the session, an Error when it is inside already
   */
  async enter(options: WaitOptions = {}): Promise<void> {
    if (this.#own !== undefined) throw new Error(`${this.path}: this member has entered already`);
    using deadline = new Deadline('enter', this.path, options);
    const { signal } = deadline;
    const { layout = 'curator', acl, identifier } = this.#options;
    const uuid = crypto.randomUUID();
    const name = layout === 'curator' ? uuid : uuid.replaceAll('-', '');
    const data = identifier ?? (layout === 'curator' ? defaultData() : '');
    const own = joinPath(this.path, name);
    // Watched before our own znode is there: who comes last makes it, and may be gone with it before we look again.
    const ready = await watched(this.#zk.exists(this.#readyPath, { watch: true }), signal);
    this.#own = own;
    try {
      await createFindable(this.#zk, own, name, data, {
        mode: 'ephemeral',
        acl,
        parents: layout === 'kazoo' ? 'persistent' : 'container',
        signal,
      });
      if (ready.stat === undefined && !(await this.#isComplete(signal))) {
        // Its creation is enough: that all were there does not become untrue.
        await untilChanged(ready, signal);
      } else {
        void ready.unwatch();
      }
    } catch (error) {
      void ready.unwatch();
      this.#own = undefined;
      deleteInBackground(this.#zk, own);
      throw error;
    }
  }

  /**
   * Waits until all have left. An end without success leaves no znode of this member, so that the others can go.
   *
   * @throws the signal's reason, OperationTimeoutError, the error of the session, an Error when it is not inside
   */
  async leave(options: WaitOptions = {}): Promise<void> {
    const own = this.#own;
    if (own === undefined) throw new Error(`${this.path}: this member is not inside`);
    this.#own = undefined;
    try {
      using deadline = new Deadline('leave', this.path, options);
      await this.#leave(own, deadline.signal);
    } catch (error) {
      deleteInBackground(this.#zk, own);
      throw error;
    }
  }

  /** Whether all are there; then they are told. */
  async #isComplete(signal: AbortSignal): Promise<boolean> {
    const { memberCount, acl } = this.#options;
    const members = await this.#members(signal);
    if (members.length < memberCount) return false;
    for (;;) {
      try {
        await this.#zk.create(this.#readyPath, undefined, { acl, signal });
        return true;
      } catch (error) {
        if (error instanceof NodeExistsError) return true;
        if (!isLostAnswer(error)) throw error;
      }
    }
  }

  async #leave(own: string, signal: AbortSignal): Promise<void> {
    // While our znode is there, nobody of this round is through: those of the next are not there yet.
    let round = await this.#members(signal);
    if (!round.includes(own)) {
      this.#zk.lost.throwIfAborted();
      throw new SessionExpiredError({
        operation: 'leave',
        path: own,
        sentence: 'the znode of this member is gone',
      });
    }
    while (round.length > 0) {
      const [lowest, highest] = [round[0]!, round.at(-1)!];
      if (lowest === own && highest !== own) {
        await untilDeleted(this.#zk, highest, signal);
      } else {
        await orAborted(guaranteedDelete(this.#zk, own), signal);
        if (lowest === own) break;
        await untilDeleted(this.#zk, lowest, signal);
      }
      const present = new Set(await this.#members(signal));
      round = round.filter((path) => present.has(path));
    }
    await this.#finishRound(signal);
  }

  /** Who is through first takes `ready` away; those of the next round must not find it. */
  async #finishRound(signal: AbortSignal): Promise<void> {
    await orAborted(guaranteedDelete(this.#zk, this.#readyPath), signal);
    this.#zk.lost.throwIfAborted();
  }

  /** Paths of the members' znodes, in the order of their names. */
  async #members(signal: AbortSignal): Promise<string[]> {
    try {
      const { names } = await this.#zk.children(this.path, { signal });
      const members = names.filter((name) => name !== READY).sort();
      return members.map((name) => joinPath(this.path, name));
    } catch (error) {
      if (error instanceof NoNodeError) return [];
      throw error;
    }
  }
}
