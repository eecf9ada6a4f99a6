/** An item that was taken from a queue, and has its value. */
export interface QueueItem<T> extends AsyncDisposable {
  readonly value: T;
  /** Of the item's znode. */
  readonly path: string;
  /**
   * Fires when somebody else may take the item: its lock is lost, with the session or because somebody has deleted it. Its reason is
   * the error. Never once the item is done, or given back; nor in a queue without locks.
   */
  readonly lost: AbortSignal;
  /**
   * The work is done: the item leaves the queue. Of several items that were put as one, all leave with the last. Again is harmless.
   *
   * @throws the reason of {@link lost}: somebody else may do it once more. NoAuthError
   */
  done(): Promise<void>;
  /** Back to the queue, at its end (of its rank): those that were put with it, too, in one transaction. @throws as `done` */
  requeue(): Promise<void>;
  /**
   * Back to the queue where it was, for whoever comes next; also what disposing does unless the item is done. In a queue without locks
   * nothing: there the item is gone.
   */
  release(): Promise<void>;
}

/** An item's data is not what it should be: not of the queue's format, or the codec refuses it (`cause`). It was left in the queue. */
export class CorruptItemError extends Error {
  readonly code = 'CORRUPT_ITEM';
  /** Of the item's znode. */
  readonly path: string;

  constructor(path: string, cause: unknown) {
    super(`${path} is not an item that this queue can read`, { cause });
    this.name = 'CorruptItemError';
    this.path = path;
  }
}
