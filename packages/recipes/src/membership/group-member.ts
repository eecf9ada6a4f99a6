import type { Acl, DataInput } from '@zooid/client';
import { defaultData } from '../data-local.ts';
import { Deadline, type WaitOptions } from '../deadline.ts';
import type { ChangesOptions } from '../latest-feed.ts';
import { joinPath } from '../paths.ts';
import { openSession, type SessionSource } from '../sessions/session-source.ts';
import { dataOfChildren, namesAt, snapshots } from './members.ts';
import { PersistentNode } from './persistent-node.ts';

export interface GroupMemberOptions {
  /** The name of this member. No other one may have it. */
  readonly id: string;
  /** What the others see of it. Default: the address of this machine. */
  readonly payload?: DataInput | undefined;
  /** Of the member's znode and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

/** Payloads by member id. */
export type Members = ReadonlyMap<string, Uint8Array>;

/**
 * One member of a group, which all members see: Curator's GroupMember.
 *
 *     await using member = new GroupMember(sessions, '/cluster/members', { id: 'host-7', payload: '10.0.0.7:8080' });
 *     await member.start();
 *     for await (const members of member.changes({ signal })) balance([...members.keys()]);
 *
 * Its znode is ephemeral; it comes back when it was deleted, and in a new session.
 */
export class GroupMember implements AsyncDisposable {
  readonly id: string;
  readonly #source: SessionSource;
  readonly #path: string;
  readonly #node: PersistentNode;

  /** @param path - where the members of the group are. @throws RangeError for an id that is no name. */
  constructor(source: SessionSource, path: string, options: GroupMemberOptions) {
    const { id, payload = defaultData(), acl } = options;
    if (id === '' || id.includes('/')) throw new RangeError(`"${id}": a name without slashes`);
    this.id = id;
    this.#source = source;
    this.#path = path;
    this.#node = new PersistentNode(source, joinPath(path, id), payload, { acl });
  }

  /** Fires when this member cannot stay: its only session has ended, or it is not allowed to. Not by {@link close}. */
  get failed(): AbortSignal {
    return this.#node.failed;
  }

  /** Joins. Resolves when the others can see it. @throws as PersistentNode's `start` */
  async start(options: WaitOptions = {}): Promise<void> {
    await this.#node.start(options);
  }

  /** Changes what the others see of this member. @throws as PersistentNode's `setData` */
  setPayload(payload: DataInput, options: WaitOptions = {}): Promise<void> {
    return this.#node.setData(payload, options);
  }

  /** All members now, asked of a server; this one, too, when it has joined. */
  async members(options: WaitOptions = {}): Promise<Members> {
    using deadline = new Deadline('members', this.#path, options);
    const { signal } = deadline;
    const zk = await openSession(this.#source, signal);
    return dataOfChildren(zk, this.#path, await namesAt(zk, this.#path, signal), signal);
  }

  /** All members, now and whenever something has changed; of changes that follow each other fast only the last. */
  changes(options: ChangesOptions = {}): AsyncIterableIterator<Members> {
    const path = this.#path;
    return snapshots<Members>(
      this.#source,
      path,
      async (zk, signal) => dataOfChildren(zk, path, await namesAt(zk, path, signal), signal),
      options,
    );
  }

  /** Leaves. Resolves when its znode is gone. Iterations of {@link changes} go on. Again is harmless. */
  close(): Promise<void> {
    return this.#node.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
