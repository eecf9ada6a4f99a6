/**
 * Lining up for a lock.
 *
 *     create own znode, list ──▶ nobody before it? ──▶ held
 *              ▲                       │
 *              │ own is gone           ▼
 *              └──────────── watch the last one before it, wait
 *
 * Only the successor of a znode watches it, so that no herd wakes when it goes.
 */

import {
  type Children,
  type DataInput,
  type NodeData,
  NoNodeError,
  type ZooKeeper,
} from '@zooid/client';
import { deleteInBackground } from '../guaranteed-delete.ts';
import { orAborted } from '../or-aborted.ts';
import { joinPath, nameOf } from '../paths.ts';
import { createFindable, isLostAnswer } from '../protected-create.ts';
import { sortBySequence } from '../sequence.ts';
import { SessionGuard } from '../session-guard.ts';
import { sessionHubOf } from '../session-hub.ts';
import type { HoldOptions } from './lock.ts';
import { newName, type QueueRule } from './queue-rule.ts';

/** The head of the queue: what was waited for. */
export interface Place {
  readonly path: string;
  /** Zxid that made its znode; of a reader under a write lock the one that made the writer's. */
  readonly token: bigint;
  readonly guard: SessionGuard;
}

export interface QueueOptions extends Pick<HoldOptions, 'acl' | 'errorPolicy'> {
  /** Whether to wait for those before us. */
  readonly waits: 'until-first' | 'never';
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** Is told of the data of our znode, now and when it has changed. */
  readonly onData?: ((node: NodeData) => void) | undefined;
}

/** Lines up below `base` and waits. @returns undefined when somebody is before us and we do not wait. */
export async function takePlace(
  zk: ZooKeeper,
  base: string,
  rule: QueueRule,
  data: DataInput,
  options: QueueOptions,
): Promise<Place | undefined> {
  const { acl, errorPolicy = 'session', signal } = options;
  const parents = rule.layout === 'kazoo' ? 'persistent' : 'container';
  for (;;) {
    const { name, prefix } = newName(rule);
    const creating = createFindable(zk, joinPath(base, name), prefix, data, {
      mode: 'ephemeral-sequential',
      acl,
      parents,
      signal,
    });
    // Sent together with the create and answered after it: it shows our znode, unless the connection breaks in between.
    const listing = zk.children(base).catch(() => undefined);
    const { path, stat } = await creating;
    // A place in the queue is not lost with the connection, whatever is to become of the lock then.
    const guard = new SessionGuard(zk);
    let outcome: Turn = 'not-ours';
    try {
      const first = await orAborted(listing, signal);
      outcome = await waitForTurn(zk, { base, path, rule, first, guard, options });
    } finally {
      if (outcome !== 'ours') {
        guard.close();
        deleteInBackground(zk, path);
      }
    }
    if (outcome === 'ours') {
      guard.useErrorPolicy(errorPolicy);
      return { path, token: stat.czxid, guard };
    }
    if (outcome === 'not-ours') return undefined;
  }
}

/** How a wait ended; `gone`: our znode is not there any more. */
type Turn = 'ours' | 'not-ours' | 'gone';

interface Waiting {
  readonly base: string;
  readonly path: string;
  readonly rule: QueueRule;
  /** A list that may have been made too early. */
  readonly first: Children | undefined;
  readonly guard: SessionGuard;
  readonly options: QueueOptions;
}

async function waitForTurn(zk: ZooKeeper, waiting: Waiting): Promise<Turn> {
  const { base, path, rule, guard, options } = waiting;
  const { signal, onData } = options;
  /** Whether the server watches our znode. */
  let watching = onData && guard.watchZnode(path, onData);
  const hub = sessionHubOf(zk);
  const own = nameOf(path);
  let names = waiting.first?.names;
  if (!names?.includes(own)) names = undefined;
  for (;;) {
    const lossCount = hub.lossCount;
    if (names === undefined) names = await listChildren(zk, base, signal);
    const queue = sortBySequence(names, rule.markers);
    const index = queue.findIndex(({ name }) => name === own);
    if (index < 0) {
      if (names.includes(own)) throw new Error(`${path} does not look like one of its queue`);
      return 'gone';
    }
    const before = queue.slice(0, index).filter(({ marker }) => rule.blockers.includes(marker));
    const last = before.at(-1);
    if (last === undefined) {
      if (watching === undefined) guard.watchZnodeSoon(path);
      return 'ours';
    }
    if (options.waits === 'never') return 'not-ours';
    names = undefined;
    // Sent together with the watch on the one before.
    watching ??= guard.watchZnode(path);
    const isGone = await waitForDeletion(zk, joinPath(base, last.name), guard, signal);
    const isWatched = await watching;
    if (guard.lost.aborted) {
      // With the session it is all over; a znode alone is made anew.
      zk.lost.throwIfAborted();
      return 'gone';
    }
    // Nobody can have come in before us, and were our own znode gone we had been told: no list needed. After a loss of
    // the connection events come in any order.
    const isCertain = isGone && isWatched && lossCount === hub.lossCount;
    if (isCertain && before.length === 1 && !rule.admitsEarlier) return 'ours';
  }
}

/**
 * Waits until the znode is deleted, or our own is lost.
 *
 * @returns whether it is certain that it is gone.
 */
async function waitForDeletion(
  zk: ZooKeeper,
  path: string,
  guard: SessionGuard,
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    let node: Awaited<ReturnType<typeof watchNode>>;
    const reading = watchNode(zk, path);
    try {
      node = await orAborted(reading, signal);
    } catch (error) {
      reading.then(
        (late) => late?.unwatch(),
        () => undefined,
      );
      throw error;
    }
    if (node === undefined) return true;
    try {
      const changed = orAborted(node.changed, guard.lost);
      const { type } = await orAborted(changed, signal);
      if (type === 'deleted') return true;
    } catch (error) {
      void node.unwatch();
      if (guard.lost.aborted && !signal.aborted) return false;
      throw error;
    }
  }
}

/** By reading the data: unlike `exists` that leaves no watch where nothing is. @returns undefined there. */
async function watchNode(zk: ZooKeeper, path: string) {
  for (;;) {
    try {
      return await zk.get(path, { watch: true });
    } catch (error) {
      if (error instanceof NoNodeError) return undefined;
      if (!isLostAnswer(error)) throw error;
    }
  }
}

/** Names of the children; none when the znode is not there. */
export async function listChildren(
  zk: ZooKeeper,
  path: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  for (;;) {
    try {
      return (await zk.children(path, { signal })).names;
    } catch (error) {
      if (error instanceof NoNodeError) return [];
      if (!isLostAnswer(error)) throw error;
    }
  }
}
