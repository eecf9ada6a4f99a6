/**
 * A znode that stays for as long as its owner wants it.
 *
 *     create ──▶ watch ──deleted──▶ create again        a new session: create again
 *        │ exists already
 *        └──▶ set its data ──▶ watch
 *
 * Source: Curator's PersistentNode.
 */

import {
  type Acl,
  type CreateModeName,
  type DataInput,
  NodeExistsError,
  NoNodeError,
  type ZooKeeper,
} from '@zooid/client';
import { type Deferred, deferred, onAbort } from '@zooid/client/waiting';
import { defaultData } from '../data-local.ts';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { guaranteedDelete } from '../guaranteed-delete.ts';
import { JoinedSignal } from '../joined-signal.ts';
import { orAborted } from '../or-aborted.ts';
import { parentOf } from '../paths.ts';
import { createProtected, ensureParent, isLostAnswer } from '../protected-create.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import { untilDeleted } from '../watching.ts';

export interface PersistentNodeOptions {
  /** Default `ephemeral`. A sequential znode keeps the number that it first got. */
  readonly mode?: CreateModeName | undefined;
  /** Of the znode and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
  /** For a znode of a persistent mode without a number; see `CreateOptions` of the client. */
  readonly ttlMs?: number | undefined;
  /** Whether the name gets `_c_<uuid>-` in front, as it always does in sequential modes. Default false. */
  readonly protection?: boolean | undefined;
  /** What parents become that do not exist. Default `container`, as with Curator. */
  readonly parents?: 'container' | 'persistent' | undefined;
  /** What becomes of the znode when this is closed. Default `delete`. */
  readonly onClose?: 'delete' | 'keep' | undefined;
  /** Is called with the path whenever the znode was made, or taken over. What it throws ends the recipe. */
  readonly onCreated?: ((path: string) => void) | undefined;
}

/** Where the znode is now. */
interface Presence {
  readonly zk: ZooKeeper;
  readonly path: string;
}

/**
 * Keeps a znode in existence: it is created again whenever it was deleted, by whomever, or its session has ended.
 *
 *     await using node = new PersistentNode(sessions, '/services/mail/host-7', '10.0.0.7:25');
 *     await node.start();
 *
 * That somebody else changes its data is left as it is. A znode that is there already is taken over, with new data.
 */
export class PersistentNode implements AsyncDisposable {
  /** The path that it was made for, without what the mode or the protection add to it. */
  readonly basePath: string;
  readonly #options: PersistentNodeOptions;
  readonly #mode: CreateModeName;
  readonly #loop: SessionLoop;
  readonly #id: string = crypto.randomUUID();
  #data: DataInput;
  /** Where it was made first; undefined until then. Later ones get the same name. */
  #path: string | undefined;
  /** Resolved while the znode is there. Its promise never is unheard when it rejects. */
  #presence: Deferred<Presence> = quietDeferred();
  #present: Presence | undefined;
  /** By which it was made last. */
  #maker: ZooKeeper | undefined;
  #removal: Promise<void> | undefined;

  /**
   * @param data - the address of this machine unless given.
   * @throws RangeError for a TTL in a mode that has none.
   */
  constructor(
    source: SessionSource,
    path: string,
    data: DataInput = defaultData(),
    options: PersistentNodeOptions = {},
  ) {
    const { mode = 'ephemeral', ttlMs } = options;
    if (ttlMs !== undefined && (mode !== 'persistent' || options.protection)) {
      throw new RangeError('a time to live is for a persistent znode of a fixed name');
    }
    this.basePath = path;
    this.#options = options;
    this.#mode = mode;
    this.#data = data;
    this.#loop = new SessionLoop(source, (zk, scope) => this.#keep(zk, scope));
    onAbort(this.#loop.failed, () => this.#presence.reject(this.#loop.failed.reason));
    onAbort(this.#loop.closing, () => this.#presence.reject(this.#loop.closing.reason));
  }

  /** Fires when the znode cannot be kept any more: the only session has ended, the ACL does not allow it, ... Not by {@link close}. */
  get failed(): AbortSignal {
    return this.#loop.failed;
  }

  /** Where the znode is, or was last; undefined before it was created. */
  get path(): string | undefined {
    return this.#path;
  }

  /** What it is to hold. */
  get data(): DataInput {
    return this.#data;
  }

  /** By which client and path it can be reached now; undefined while it is not there. */
  get present(): { readonly zk: ZooKeeper; readonly path: string } | undefined {
    return this.#present;
  }

  /**
   * Begins. Again is harmless.
   *
   * @returns its path, when it exists. The limits end this wait, not the recipe.
   * @throws what {@link failed} has as its reason; ClosedError; the signal's reason; OperationTimeoutError
   */
  async start(options: WaitOptions = {}): Promise<string> {
    this.#loop.start();
    using deadline = new Deadline('start', this.basePath, options);
    return (await orAborted(this.#presence.promise, deadline.signal)).path;
  }

  /**
   * Changes what it holds, now and whenever it is created again. To be started before.
   *
   * @returns when a server has it. The limits end this wait: the data is what it will be all the same.
   * @throws as {@link start}
   */
  async setData(data: DataInput, options: WaitOptions = {}): Promise<void> {
    this.#data = data;
    using deadline = new Deadline('setData', this.basePath, options);
    for (;;) {
      const { zk, path } = await orAborted(this.#presence.promise, deadline.signal);
      try {
        await orAborted(zk.set(path, this.#data, { idempotent: true }), deadline.signal);
        return;
      } catch (error) {
        deadline.signal.throwIfAborted();
        const isGone = error instanceof NoNodeError || zk.lost.aborted;
        if (!isGone && !isLostAnswer(error)) throw error;
        // Until it was seen here, too, that it is gone.
        if (isGone) await this.#untilRenewed(zk, deadline.signal);
      }
    }
  }

  /**
   * Ends it and, unless told otherwise, deletes the znode. Again is harmless. When the session has just ended, nothing is left to delete it
   * with: an ephemeral one goes with the session, one of another mode stays.
   *
   * @throws NoAuthError when the ACL does not allow that.
   */
  close(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #keep(zk: ZooKeeper, scope: AbortSignal): Promise<void> {
    try {
      for (;;) {
        // Not ended by the signal: whoever closes this deletes what it makes.
        const path = await this.#create(zk);
        this.#path = path;
        this.#maker = zk;
        this.#present = { zk, path };
        this.#presence.resolve(this.#present);
        scope.throwIfAborted();
        this.#options.onCreated?.(path);
        await untilDeleted(zk, path, scope);
        this.#leave();
      }
    } finally {
      this.#leave();
    }
  }

  /** From now on it is not there. */
  #leave(): void {
    if (this.#present === undefined) return;
    this.#present = undefined;
    this.#presence = quietDeferred();
    const { closing, failed } = this.#loop;
    if (closing.aborted) this.#presence.reject(closing.reason);
    if (failed.aborted) this.#presence.reject(failed.reason);
  }

  async #create(zk: ZooKeeper): Promise<string> {
    const { acl, protection = false } = this.#options;
    const isSequential = this.#mode.endsWith('-sequential');
    if (this.#path === undefined && (isSequential || protection)) {
      const options = { mode: this.#mode, acl, id: this.#id };
      return (await createProtected(zk, this.basePath, this.#data, options)).path;
    }
    const path = this.#path ?? this.basePath;
    await this.#createAt(zk, path);
    return path;
  }

  async #createAt(zk: ZooKeeper, path: string): Promise<void> {
    const { acl, ttlMs, parents = 'container' } = this.#options;
    const mode = this.#mode.replace('-sequential', '') as CreateModeName;
    for (;;) {
      try {
        await zk.create(path, this.#data, { mode, acl, ttlMs });
        return;
      } catch (error) {
        if (error instanceof NoNodeError) await ensureParent(zk, parentOf(path), parents, acl);
        else if (!(error instanceof NodeExistsError) && !isLostAnswer(error)) throw error;
        else if (await takeOver(zk, path, this.#data)) return;
      }
    }
  }

  /** Waits until the znode was made anew, if `zk` was the one by which it was there. */
  async #untilRenewed(zk: ZooKeeper, signal: AbortSignal): Promise<void> {
    const present = this.#present;
    if (present?.zk !== zk) return;
    using scope = new JoinedSignal(signal, this.#loop.closing, this.#loop.failed);
    scope.signal.throwIfAborted();
    if (!zk.lost.aborted) await untilDeleted(zk, present.path, scope.signal);
  }

  async #remove(): Promise<void> {
    await this.#loop.close();
    const zk = this.#maker;
    if (this.#options.onClose === 'keep' || zk === undefined || this.#path === undefined) return;
    await guaranteedDelete(zk, this.#path);
  }
}

/** Gives an existing znode its data. @returns false when it is not there. */
async function takeOver(zk: ZooKeeper, path: string, data: DataInput): Promise<boolean> {
  try {
    await zk.set(path, data, { idempotent: true });
    return true;
  } catch (error) {
    if (error instanceof NoNodeError || isLostAnswer(error)) return false;
    throw error;
  }
}

function quietDeferred(): Deferred<Presence> {
  const quiet = deferred<Presence>();
  quiet.promise.catch(() => undefined);
  return quiet;
}
