import {
  BadArgumentsError,
  type Children,
  type DataInput,
  NodeExistsError,
  NoNodeError,
  type Watched,
  type ZooKeeper,
} from '@zooid/client';
import { joinPath, parentOf } from '../paths.ts';
import { createFindable, ensureParent, isLostAnswer } from '../protected-create.ts';
import { SessionGuard } from '../session-guard.ts';
import {
  type LeaseCount,
  type LeaseOptions,
  type LeasePool,
  waitForChange,
  watchChildren,
} from './lease-pool.ts';
import type { HoldOptions } from './lock.ts';
import { listChildren, type Place } from './queue.ts';

/** Wait until there are fewer than may be, then own znode. The count is the text of the parent. Source: kazoo/recipe/lock.py, Semaphore. */
export class KazooLeases implements LeasePool {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #count: LeaseCount;
  readonly #options: HoldOptions;
  #isChecked = false;

  constructor(zk: ZooKeeper, path: string, count: LeaseCount, options: HoldOptions) {
    this.path = path;
    this.#zk = zk;
    this.#count = count;
    this.#options = options;
  }

  /** @throws BadArgumentsError when others were told another count. */
  async take(
    data: DataInput,
    { waits, signal, turn }: LeaseOptions,
  ): Promise<Place | 'none' | 'gone'> {
    const { acl, errorPolicy } = this.#options;
    if (!this.#isChecked) await this.#agreeOnCount();
    this.#isChecked = true;
    for (;;) {
      let names = await listChildren(this.#zk, this.path, signal);
      if (turn.aborted) return 'gone';
      if (names.length < this.#count.value) break;
      if (waits === 'never') return 'none';
      const watched: (Children & Watched) | undefined = await watchChildren(
        this.#zk,
        this.path,
        signal,
      );
      names = watched?.names ?? [];
      if (names.length < this.#count.value) void watched?.unwatch();
      else if (watched !== undefined) {
        await waitForChange(watched, this.#count, signal, [turn]);
      }
    }
    const prefix = crypto.randomUUID().replaceAll('-', '');
    const path = joinPath(this.path, prefix);
    const { stat } = await createFindable(this.#zk, path, prefix, data, {
      mode: 'ephemeral',
      acl,
      parents: 'persistent',
      signal,
    });
    const guard = new SessionGuard(this.#zk, { errorPolicy });
    void guard.watchZnode(path);
    return { path, token: stat.czxid, guard };
  }

  async #agreeOnCount(): Promise<void> {
    const text = String(this.#count.value);
    for (;;) {
      try {
        await this.#zk.create(this.path, text, { acl: this.#options.acl });
        return;
      } catch (error) {
        if (error instanceof NoNodeError) {
          await ensureParent(this.#zk, parentOf(this.path), 'persistent', this.#options.acl);
        } else if (error instanceof NodeExistsError) {
          await this.#checkCount(text);
          return;
        } else if (!isLostAnswer(error)) {
          throw error;
        }
      }
    }
  }

  async #checkCount(expected: string): Promise<void> {
    const text = (await this.#zk.get(this.path)).text().trim();
    // Whatever is no number belongs to somebody else.
    if (!/^[+-]?\d+$/.test(text) || Number(text) === Number(expected)) return;
    throw new BadArgumentsError({
      operation: 'acquire',
      path: this.path,
      sentence: `the semaphore has ${text} leases, not ${expected}`,
    });
  }
}
