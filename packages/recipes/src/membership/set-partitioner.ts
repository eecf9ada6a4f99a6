/**
 * Divides a set among those who are there, and anew whenever somebody comes or goes: kazoo's SetPartitioner.
 *
 *     all members unchanged for a while ──▶ take the locks of one's share ──▶ allocation
 *                  ▲                                                             │
 *                  └────────── given back ◀── somebody came or went: `lost` ─────┘
 *
 * A member that is stopped, or whose server is one of Apache's that has lost its leader and not noticed, may work on for a moment after its
 * share went to another: otherwise `lost` fires no later than the servers give the locks away. Source: kazoo/recipe/partitioner.py.
 */

import type { Acl, ZooKeeper } from '@zooid/client';
import { JoinedSignal, untilAborted } from '../joined-signal.ts';
import type { HeldLock } from '../locks/lock.ts';
import { Mutex } from '../locks/mutex.ts';
import { joinPath } from '../paths.ts';
import { pause } from '../pause.ts';
import { onSessions, type SessionSource } from '../sessions/session-source.ts';
import { untilChanged, watched } from '../watching.ts';
import { defaultIdentifier, ShallowParty } from './party.ts';

export interface SetPartitionerOptions {
  /** The name of this member. No other one may have it. Default: host name and process id. */
  readonly identifier?: string | undefined;
  /** How long the members must have been the same before the set is divided, in ms. Default 30,000. */
  readonly timeBoundaryMs?: number | undefined;
  /** Divides: gives the share of `identifier`. All members need the same rule. Default: the sorted items in turn to the sorted members. */
  readonly partition?: PartitionRule | undefined;
  /** Of the znodes that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

export type PartitionRule = (
  identifier: string,
  members: readonly string[],
  items: readonly string[],
) => readonly string[];

/** A share of the set. */
export interface Allocation {
  /** What is this member's; may be empty. */
  readonly items: readonly string[];
  /** Fires when the set is to be divided anew, or the items are lost: work on them must end then. */
  readonly lost: AbortSignal;
}

const TIME_BOUNDARY_MS_DEFAULT = 30_000;

/**
 * One member among whom a set is divided.
 *
 *     const partitioner = new SetPartitioner(sessions, '/indexer', ['shard-1', 'shard-2', 'shard-3']);
 *     await partitioner.run(async ({ items, lost }) => {
 *       await indexUntil(lost, items);
 *     }, { signal });
 */
export class SetPartitioner {
  readonly identifier: string;
  readonly #source: SessionSource;
  readonly #path: string;
  readonly #items: readonly string[];
  readonly #options: SetPartitionerOptions;

  /** @param items - names of znodes; the same for all members. */
  constructor(
    source: SessionSource,
    path: string,
    items: readonly string[],
    options: SetPartitionerOptions = {},
  ) {
    this.identifier = options.identifier ?? defaultIdentifier();
    this.#source = source;
    this.#path = path;
    this.#items = items;
    this.#options = options;
  }

  /**
   * Takes part until the signal fires, which ends it quietly, and calls `work` with one share after the other. What `work` was
   * given is given back when it has returned and `lost` has fired; until then nobody else gets it.
   *
   * @throws what `work` throws; the end of the only session, NoAuthError, ...
   */
  async run(
    work: (allocation: Allocation) => Promise<void>,
    { signal = new AbortController().signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    try {
      await onSessions(this.#source, signal, (zk, scope) => this.#takePart(zk, scope, work));
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    }
  }

  async #takePart(
    zk: ZooKeeper,
    scope: AbortSignal,
    work: (allocation: Allocation) => Promise<void>,
  ): Promise<void> {
    const { acl } = this.#options;
    await zk.ensurePath(this.#pathOf('locks'), { acl, signal: scope });
    const options = { identifier: this.identifier, acl };
    await using party = new ShallowParty(zk, this.#pathOf('party'), options);
    await party.join({ signal: scope });
    for (;;) {
      const { members, changed } = await this.#untilStable(zk, scope);
      using lost = new JoinedSignal(scope, changed.signal);
      const items = this.#shareOf(members);
      const locks = await this.#lockAll(zk, items, lost);
      try {
        if (locks !== undefined) {
          await work({ items, lost: lost.signal });
          await untilAborted(lost.signal);
        }
      } finally {
        // Gives the watch up, unless it has fired.
        changed.abort(new Error('the share was given back'));
        await Promise.all((locks ?? []).map((lock) => lock.release()));
      }
      scope.throwIfAborted();
    }
  }

  /** Waits until nobody has come or gone for a while. `changed` fires when that is over. */
  async #untilStable(
    zk: ZooKeeper,
    scope: AbortSignal,
  ): Promise<{ readonly members: readonly string[]; readonly changed: JoinedSignal }> {
    const { timeBoundaryMs = TIME_BOUNDARY_MS_DEFAULT } = this.#options;
    for (;;) {
      const children = await watched(zk.children(this.#pathOf('party'), { watch: true }), scope);
      const changed = new JoinedSignal(scope);
      untilChanged(children, changed.signal).then(
        () => changed.abort(new Error('members have come or gone')),
        (error) => changed.abort(error),
      );
      try {
        await pause(timeBoundaryMs, changed.signal);
        const members = children.names.map((name) => name.slice(name.indexOf('-') + 1));
        // Deleted by somebody else, and not there again yet.
        if (members.includes(this.identifier)) return { members, changed };
        await untilAborted(changed.signal);
      } catch {
        // Somebody came or went: from the beginning.
      }
      scope.throwIfAborted();
    }
  }

  #shareOf(members: readonly string[]): readonly string[] {
    const { partition = inTurn } = this.#options;
    return partition(this.identifier, members, this.#items);
  }

  /** @returns undefined when that was over before all were held; then none is. */
  async #lockAll(
    zk: ZooKeeper,
    items: readonly string[],
    lost: JoinedSignal,
  ): Promise<HeldLock[] | undefined> {
    const { acl } = this.#options;
    const held: HeldLock[] = [];
    try {
      for (const item of items) {
        const path = joinPath(this.#pathOf('locks'), item);
        const mutex = new Mutex(zk, path, { layout: 'kazoo', acl });
        held.push(await mutex.acquire({ signal: lost.signal }));
      }
      for (const lock of held) onLost(lock, lost);
      return held;
    } catch (error) {
      await Promise.all(held.map((lock) => lock.release()));
      if (!lost.signal.aborted) throw error;
      return undefined;
    }
  }

  #pathOf(name: 'party' | 'locks'): string {
    return joinPath(this.#path, name);
  }
}

function onLost(lock: HeldLock, lost: JoinedSignal): void {
  if (lock.lost.aborted) lost.abort(lock.lost.reason);
  else lock.lost.addEventListener('abort', () => lost.abort(lock.lost.reason), { once: true });
}

/** The sorted items in turn to the sorted members, as kazoo has it. */
function inTurn(
  identifier: string,
  members: readonly string[],
  items: readonly string[],
): readonly string[] {
  const place = [...members].sort().indexOf(identifier);
  return [...items].sort().filter((_, index) => index % members.length === place);
}
