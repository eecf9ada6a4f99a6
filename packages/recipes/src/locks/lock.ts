/** What all locks have in common. */

import type { Acl, DataInput } from '@zooid/client';
import type { WaitOptions } from '../deadline.ts';
import type { ErrorPolicy } from '../session-guard.ts';

/**
 * Whose names the znodes get, so that processes of both sides queue for the same lock.
 *
 * - `curator`: of Apache Curator, for Java; parents are containers.
 * - `kazoo`: of kazoo, for Python; parents are persistent.
 */
export type LockLayout = 'curator' | 'kazoo';

/** What every recipe that holds something can be told. */
export interface HoldOptions {
  /**
   * Data of the znode, for those who look who holds or waits. In Curator's layout the address of this machine unless given, in kazoo's
   * nothing.
   */
  readonly identifier?: DataInput | undefined;
  /** Default `curator`. */
  readonly layout?: LockLayout | undefined;
  /** Of the znodes and of the parents that are created. Default: everybody everything. */
  readonly acl?: readonly Acl[] | undefined;
  /** When `lost` fires. Default `session`. */
  readonly errorPolicy?: ErrorPolicy | undefined;
}

export interface LockOptions extends HoldOptions {
  /**
   * Names of others that queue here, too: the text before the number. With `['__lock__']` a lock in Curator's layout waits for kazoo's
   * locks. They wait for it when kazoo's Lock is told `extra_lock_patterns=["-lock-"]`.
   */
  readonly extraPatterns?: readonly string[] | undefined;
  /**
   * Called when somebody asks the holder to give the lock back (`revoke`), at the earliest when it is held. A lock with it has no data,
   * whatever `identifier` is, as Curator's. What it throws is uncaught.
   */
  readonly onRevoke?: ((held: HeldLock) => void) | undefined;
}

/**
 * Something held.
 *
 * It ends with `release`, or is lost: `lost` fires no later than a server could give it to somebody else. What is done under it
 * belongs under that signal, and what it changes elsewhere should carry the token: a process that stood still sees the signal late, and so does
 * one whose server is one of Apache's that has lost its leader and not noticed.
 */
export interface Held extends AsyncDisposable {
  /**
   * Greater than that of every grant before: the zxid of the transaction that made its znode. Zxids grow for the whole service and for
   * ever, and znodes are granted in the order in which they were made. Whoever keeps the greatest token it has seen, and
   * refuses smaller ones, is safe from holders that were stopped for too long to see their signal.
   */
  readonly fencingToken: bigint;
  /** Fires when it is lost; its reason is the error. Not when it is released. */
  readonly lost: AbortSignal;
  /** Whether it is neither released nor lost. */
  readonly isHeld: boolean;
  /**
   * Gives it back; again is harmless. Resolves when the servers have it: with the connection lost, when that is back or the
   * session ended.
   *
   * @throws NoAuthError when the ACL does not let its znode be deleted.
   */
  release(): Promise<void>;
}

/** Something held that one znode stands for. */
export interface HeldZnode extends Held {
  readonly path: string;
}

/** A lock held. */
export interface HeldLock extends HeldZnode {
  /**
   * Holds it once more: it is given back when all have released. For a caller that hands it to somebody who releases.
   *
   * @throws the reason of the loss, or an Error when it was released.
   */
  reenter(): HeldLock;
}

export interface AcquireOptions extends WaitOptions {
  /**
   * On whose behalf: any value, compared as keys of a `Map` are. The same owner gets what it holds by this object once more, at once.
   * Without one, every call lines up for itself.
   */
  readonly owner?: unknown;
}

/** What can be held by one, or by few, at a time. */
export interface Lock<H extends Held = Held> {
  /**
   * Waits until it is held. An end without success leaves no znode: it is deleted at once, or when the connection is back.
   *
   * @throws the signal's reason, OperationTimeoutError, the error of the session, NoAuthError
   */
  acquire(options?: AcquireOptions): Promise<H>;
  /** The same, but if somebody else has it, undefined. */
  tryAcquire(options?: AcquireOptions): Promise<H | undefined>;
}

/** Somebody who holds a lock or waits for it. */
export interface Contender {
  readonly path: string;
  /** The number in the queue. */
  readonly sequence: number;
  /** The data of its znode as text. */
  readonly identifier: string;
}
