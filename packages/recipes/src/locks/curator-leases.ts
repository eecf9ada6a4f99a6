import type { Children, DataInput, ZooKeeper } from '@zooid/client';
import { deleteInBackground } from '../guaranteed-delete.ts';
import { orAborted } from '../or-aborted.ts';
import { joinPath, nameOf } from '../paths.ts';
import { createProtected } from '../protected-create.ts';
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

/** Own znode first, then wait until there are no more than may be. Source: Curator's InterProcessSemaphoreV2. */
export class CuratorLeases implements LeasePool {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #count: LeaseCount;
  readonly #options: HoldOptions;

  constructor(zk: ZooKeeper, path: string, count: LeaseCount, options: HoldOptions) {
    this.path = path;
    this.#zk = zk;
    this.#count = count;
    this.#options = options;
  }

  async take(data: DataInput, options: LeaseOptions): Promise<Place | 'none' | 'gone'> {
    const { signal } = options;
    const { acl, errorPolicy = 'session' } = this.#options;
    const creating = createProtected(this.#zk, joinPath(this.path, 'lease-'), data, {
      mode: 'ephemeral-sequential',
      acl,
      signal,
    });
    // Sent together with the create, answered after it.
    const listing = this.#zk.children(this.path).catch(() => undefined);
    const { path, stat } = await creating;
    const guard = new SessionGuard(this.#zk);
    void guard.watchZnode(path);
    let outcome: 'ours' | 'none' | 'gone' = 'none';
    try {
      const first = await orAborted(listing, signal);
      outcome = await this.#waitFor(nameOf(path), first, guard, options);
    } finally {
      if (outcome !== 'ours') {
        guard.close();
        deleteInBackground(this.#zk, path);
      }
    }
    if (outcome !== 'ours') return outcome;
    guard.useErrorPolicy(errorPolicy);
    return { path, token: stat.czxid, guard };
  }

  async #waitFor(
    own: string,
    first: Children | undefined,
    guard: SessionGuard,
    { waits, signal, turn }: LeaseOptions,
  ): Promise<'ours' | 'none' | 'gone'> {
    // A list that does not show our znode was made too early.
    let names = first?.names.includes(own)
      ? first.names
      : await listChildren(this.#zk, this.path, signal);
    for (;;) {
      if (!names.includes(own) || turn.aborted || guard.lost.aborted) return 'gone';
      if (names.length <= this.#count.value) return 'ours';
      if (waits === 'never') return 'none';
      const watched = await watchChildren(this.#zk, this.path, signal);
      if (watched === undefined) return 'gone';
      names = watched.names;
      if (!names.includes(own) || names.length <= this.#count.value) {
        void watched.unwatch();
        continue;
      }
      await waitForChange(watched, this.#count, signal, [turn, guard.lost]);
      names = await listChildren(this.#zk, this.path, signal);
    }
  }
}
