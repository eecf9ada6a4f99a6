import {
  type Acl,
  type CreateModeName,
  NodeExistsError,
  NoNodeError,
  type ZooKeeper,
} from '@zooid/client';
import { type Deferred, deferred, onAbort } from '@zooid/client/waiting';
import { guaranteedDelete } from '../guaranteed-delete.ts';
import { orAborted } from '../or-aborted.ts';
import { nameOf, parentOf } from '../paths.ts';
import { createFindable, ensureParent, isLostAnswer } from '../protected-create.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import type { ServiceType } from './service-instance.ts';

const modes: Readonly<Record<ServiceType, CreateModeName>> = {
  dynamic: 'ephemeral',
  'dynamic-sequential': 'ephemeral-sequential',
  static: 'persistent',
  permanent: 'persistent',
};

/** Where a registration's znode is. */
interface Place {
  readonly zk: ZooKeeper;
  readonly path: string;
}

/** One instance's znode, made anew in each session; one that somebody deletes in between stays deleted, as with Curator. */
export class Registration {
  readonly #path: string;
  readonly #mode: CreateModeName;
  readonly #acl: readonly Acl[] | undefined;
  readonly #loop: SessionLoop;
  #data: Uint8Array;
  #place: Place | undefined;
  /** {@link #place} while its session is alive, as far as is known here. */
  #present: Place | undefined;
  #made: Deferred<Place> = quietDeferred();

  constructor(
    source: SessionSource,
    path: string,
    type: ServiceType,
    data: Uint8Array,
    acl: readonly Acl[] | undefined,
  ) {
    this.#path = path;
    this.#mode = modes[type];
    this.#data = data;
    this.#acl = acl;
    this.#loop = new SessionLoop(source, (zk, scope) => this.#keep(zk, scope));
    onAbort(this.#loop.failed, () => this.#made.reject(this.#loop.failed.reason));
    onAbort(this.#loop.closing, () => this.#made.reject(this.#loop.closing.reason));
  }

  /** Fires when it cannot be made again. */
  get failed(): AbortSignal {
    return this.#loop.failed;
  }

  /** Resolves when it is there. */
  async start(signal: AbortSignal): Promise<void> {
    this.#loop.start();
    await orAborted(this.#made.promise, signal);
  }

  /** Resolves when a server has it: in the next session, when this one ends meanwhile. @throws NoNodeError when somebody has deleted it. */
  async update(data: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#data = data;
    for (;;) {
      const place = await orAborted(this.#made.promise, signal);
      try {
        await place.zk.set(place.path, this.#data, { signal, idempotent: true });
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!place.zk.lost.aborted) throw error;
        this.#leave(place);
      }
    }
  }

  async remove(): Promise<void> {
    await this.#loop.close();
    if (this.#place !== undefined) await guaranteedDelete(this.#place.zk, this.#place.path);
  }

  async #keep(zk: ZooKeeper, scope: AbortSignal): Promise<void> {
    scope.throwIfAborted();
    const place = { zk, path: await this.#create(zk) };
    this.#place = place;
    this.#present = place;
    this.#made.resolve(place);
    if (!scope.aborted) await new Promise<void>((resolve) => onAbort(scope, resolve));
    this.#leave(place);
    throw scope.reason;
  }

  /** The session in which it was there has ended. */
  #leave(place: Place): void {
    if (this.#present !== place) return;
    this.#present = undefined;
    this.#made = quietDeferred();
    const { closing, failed } = this.#loop;
    if (closing.aborted) this.#made.reject(closing.reason);
    if (failed.aborted) this.#made.reject(failed.reason);
  }

  async #create(zk: ZooKeeper): Promise<string> {
    const [path, mode, acl] = [this.#path, this.#mode, this.#acl];
    if (mode === 'ephemeral-sequential') {
      const created = await createFindable(zk, path, nameOf(path), this.#data, { mode, acl });
      return created.path;
    }
    for (;;) {
      try {
        return (await zk.create(path, this.#data, { mode, acl })).path;
      } catch (error) {
        if (error instanceof NoNodeError) await ensureParent(zk, parentOf(path), 'container', acl);
        // An older session's is made anew, so that those who watch see that something has happened.
        else if (error instanceof NodeExistsError) await guaranteedDelete(zk, path);
        else if (!isLostAnswer(error)) throw error;
      }
    }
  }
}

function quietDeferred(): Deferred<Place> {
  const quiet = deferred<Place>();
  quiet.promise.catch(() => undefined);
  return quiet;
}
