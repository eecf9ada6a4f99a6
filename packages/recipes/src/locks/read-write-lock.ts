import type { ZooKeeper } from '@zooid/client';
import { deleteInBackground } from '../guaranteed-delete.ts';
import { joinPath } from '../paths.ts';
import { createFindable } from '../protected-create.ts';
import { sequenceDigitsOf } from '../sequence.ts';
import { SessionGuard } from '../session-guard.ts';
import { assertHeld, Grant, GrantShare } from './grant.ts';
import type { HeldLock, Lock, LockOptions } from './lock.ts';
import { dataOf, type EnterOptions, QueueLock } from './queue-lock.ts';
import { newName, readRule, writeRule } from './queue-rule.ts';

/** A write lock held. */
export interface HeldWriteLock extends HeldLock {
  /**
   * Takes the read lock, too, at once. When the write lock is released it stays: others may read then, and nobody has written in
   * between. Its token is the writer's.
   *
   * @throws the reason of the loss, or an Error when the write lock was released.
   */
  acquireRead(): Promise<HeldLock>;
  reenter(): HeldWriteLock;
}

/**
 * A lock that many hold to read, or one to write, in the order in which they asked: Curator's InterProcessReadWriteLock, or
 * kazoo's ReadLock and WriteLock.
 *
 * A writer may read. A reader may not write: asking for it while it reads, it would wait for itself.
 */
export class ReadWriteLock {
  readonly path: string;
  readonly read: Lock<HeldLock> & Pick<QueueLock<HeldLock>, 'contenders'>;
  readonly write: Lock<HeldWriteLock> & Pick<QueueLock<HeldLock>, 'contenders'>;

  constructor(zk: ZooKeeper, path: string, options: LockOptions = {}) {
    this.path = path;
    const write = new WriteLock(zk, path, options);
    this.write = write;
    this.read = write.read;
  }
}

class WriteLock extends QueueLock<HeldWriteLock> {
  readonly read: ReadLock;

  constructor(zk: ZooKeeper, path: string, options: LockOptions) {
    super(zk, path, writeRule(options), options);
    this.read = new ReadLock(zk, path, options, (owner) => this.grantOf(owner));
  }

  protected override share(grant: Grant): HeldWriteLock {
    return new WriteShare(grant, this.read);
  }
}

class ReadLock extends QueueLock<HeldLock> {
  readonly #writeGrantOf: (owner: unknown) => Grant | undefined;

  constructor(
    zk: ZooKeeper,
    path: string,
    options: LockOptions,
    writeGrantOf: (owner: unknown) => Grant | undefined,
  ) {
    super(zk, path, readRule(options), options);
    this.#writeGrantOf = writeGrantOf;
  }

  /** A reader that does not wait for `write`, whose number it has. */
  async enterUnder(write: Grant, onEnd: () => void): Promise<Grant> {
    const { acl, errorPolicy } = this.options;
    const { name, prefix } = newName(this.rule);
    const path = joinPath(this.path, name + sequenceDigitsOf(write.path));
    const created = await createFindable(this.zk, path, prefix, dataOf(this.options), {
      mode: 'ephemeral',
      acl,
    });
    if (!write.isHeld) {
      // Somebody else may have been let in before our znode was there.
      deleteInBackground(this.zk, created.path);
      write.lost.throwIfAborted();
      throw new Error(`${write.path} was released`);
    }
    const guard = new SessionGuard(this.zk, { errorPolicy });
    void guard.watchZnode(created.path);
    return new Grant(this.zk, { path: created.path, token: write.token, guard }, onEnd);
  }

  protected override enter(options: EnterOptions): Promise<Grant | undefined> {
    const { owner, onEnd } = options;
    const write = owner === undefined ? undefined : this.#writeGrantOf(owner);
    return write === undefined ? super.enter(options) : this.enterUnder(write, onEnd);
  }

  protected override share(grant: Grant): HeldLock {
    return new GrantShare(grant);
  }
}

class WriteShare extends GrantShare implements HeldWriteLock {
  readonly #grant: Grant;
  readonly #read: ReadLock;

  constructor(grant: Grant, read: ReadLock) {
    super(grant);
    this.#grant = grant;
    this.#read = read;
  }

  async acquireRead(): Promise<HeldLock> {
    assertHeld(this);
    return new GrantShare(await this.#read.enterUnder(this.#grant, () => undefined));
  }

  override reenter(): HeldWriteLock {
    assertHeld(this);
    return new WriteShare(this.#grant, this.#read);
  }
}
