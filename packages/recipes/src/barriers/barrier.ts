import { type Acl, NodeExistsError, NoNodeError, type ZooKeeper } from '@zooid/client';
import { Deadline, type WaitOptions } from '../deadline.ts';
import { guaranteedDelete } from '../guaranteed-delete.ts';
import { parentOf } from '../paths.ts';
import { ensureParent, isLostAnswer } from '../protected-create.ts';
import { untilDeleted } from '../watching.ts';

export interface BarrierOptions {
  /** Of the znode and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

/**
 * Stops all until it is removed: while the znode exists the barrier is closed. Curator's DistributedBarrier, and kazoo's Barrier.
 *
 * It belongs to nobody, and outlives whoever set it.
 */
export class Barrier {
  readonly path: string;
  readonly #zk: ZooKeeper;
  readonly #acl: readonly Acl[] | undefined;

  constructor(zk: ZooKeeper, path: string, { acl }: BarrierOptions = {}) {
    this.path = path;
    this.#zk = zk;
    this.#acl = acl;
  }

  /** Closes it. That it is closed is as good. */
  async set(): Promise<void> {
    for (;;) {
      try {
        await this.#zk.create(this.path, undefined, { acl: this.#acl });
        return;
      } catch (error) {
        if (error instanceof NodeExistsError) return;
        if (error instanceof NoNodeError) {
          await ensureParent(this.#zk, parentOf(this.path), 'container', this.#acl);
        } else if (!isLostAnswer(error)) {
          throw error;
        }
      }
    }
  }

  /** Opens it: all who wait go on. That it is open is as good. @throws the reason why the session has ended. */
  async remove(): Promise<void> {
    if (!(await guaranteedDelete(this.#zk, this.path))) throw this.#zk.lost.reason;
  }

  /** Whether it is closed now. */
  async isSet(options: WaitOptions = {}): Promise<boolean> {
    using deadline = new Deadline('isSet', this.path, options);
    return (await this.#zk.exists(this.path, { signal: deadline.signal })) !== undefined;
  }

  /** Waits until it is open. @throws the signal's reason, OperationTimeoutError, the error of the session */
  async wait(options: WaitOptions = {}): Promise<void> {
    using deadline = new Deadline('wait', this.path, options);
    await untilDeleted(this.#zk, this.path, deadline.signal);
  }
}
