import type { Acl, DataInput, ZooKeeper } from '@zooid/client';
import { NodeExistsError, NoNodeError } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import { defaultData } from '../data-local.ts';
import type { WaitOptions } from '../deadline.ts';
import { joinPath } from '../paths.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import { PersistentNode } from './persistent-node.ts';

export interface PersistentTtlNodeOptions {
  /** How long it outlives its owner, in ms. */
  readonly ttlMs: number;
  /** The child that is touched. Default `touch`. */
  readonly childName?: string | undefined;
  /** How often it is touched within one `ttlMs`. Default 2. */
  readonly touchesPerTtl?: number | undefined;
  /** Of both znodes and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
}

/**
 * A znode that stays while its owner lives, and for a while longer: {@link PersistentNode} with a time to live, kept fresh by writes to
 * a child. The owner may leave and come back in time, and its session does not matter. Curator's PersistentTtlNode.
 *
 * The servers must allow times to live: `extendedTypesEnabled` in their configuration, which is off by default.
 */
export class PersistentTtlNode implements AsyncDisposable {
  readonly #node: PersistentNode;
  readonly #options: PersistentTtlNodeOptions;
  readonly #childPath: string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isTouching = false;
  #isClosed = false;

  /** @param data - the address of this machine unless given. */
  constructor(
    source: SessionSource,
    path: string,
    options: PersistentTtlNodeOptions,
    data: DataInput = defaultData(),
  ) {
    const { ttlMs, acl, childName = 'touch' } = options;
    this.#options = options;
    this.#childPath = joinPath(path, childName);
    this.#node = new PersistentNode(source, path, data, {
      mode: 'persistent',
      ttlMs,
      acl,
      onClose: 'keep',
    });
    onAbort(this.#node.failed, () => clearInterval(this.#timer));
  }

  /** Fires when it cannot be kept any more; its reason is the error. */
  get failed(): AbortSignal {
    return this.#node.failed;
  }

  /** What it is to hold. */
  get data(): DataInput {
    return this.#node.data;
  }

  /** Begins, and touches from now on. @returns the path, when it exists. @throws as PersistentNode's `start` */
  async start(options: WaitOptions = {}): Promise<string> {
    const started = this.#node.start(options);
    if (this.#timer === undefined && !this.#isClosed && !this.failed.aborted) {
      const { ttlMs, touchesPerTtl = 2 } = this.#options;
      this.#timer = setInterval(() => void this.touch(), ttlMs / touchesPerTtl);
    }
    return started;
  }

  /** Changes what it holds. @throws as PersistentNode's `setData` */
  setData(data: DataInput, options: WaitOptions = {}): Promise<void> {
    return this.#node.setData(data, options);
  }

  /** Writes to the child now. Never rejects: what fails is tried again when the next touch is due. */
  async touch(): Promise<void> {
    const present = this.#node.present;
    if (present === undefined || this.#isTouching || this.failed.aborted) return;
    this.#isTouching = true;
    try {
      await this.#touch(present.zk);
    } catch {
      // The next one is due well before the time is over.
    } finally {
      this.#isTouching = false;
    }
  }

  async #touch(zk: ZooKeeper): Promise<void> {
    const data = defaultData();
    try {
      await zk.set(this.#childPath, data, { idempotent: true });
    } catch (error) {
      if (!(error instanceof NoNodeError)) throw error;
      const { ttlMs, acl } = this.#options;
      await zk.create(this.#childPath, data, { ttlMs, acl }).catch((refusal) => {
        if (!(refusal instanceof NodeExistsError)) throw refusal;
      });
    }
  }

  /** Ends the touching: both znodes go when their time is over, unless somebody else takes over. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#node.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
