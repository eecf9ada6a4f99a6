import {
  type Children,
  type DataInput,
  NoNodeError,
  type Watched,
  type ZooKeeper,
} from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import { orAborted } from '../or-aborted.ts';
import { isLostAnswer } from '../protected-create.ts';
import type { Place, QueueOptions } from './queue.ts';

/** How many leases there are. */
export interface LeaseCount {
  /** The present count. */
  readonly value: number;
  /** Calls `listener` when it has changed. @returns what stops it. */
  onChange(listener: () => void): () => void;
}

export interface LeaseOptions extends Pick<QueueOptions, 'waits' | 'signal'> {
  /** Fires when the queue's head is not ours any more. */
  readonly turn: AbortSignal;
}

/** The leases of a semaphore. Whoever takes one has its turn: nobody else takes one at the same time. */
export interface LeasePool {
  /** Where its znodes are. */
  readonly path: string;
  /**
   * Waits until there is one.
   *
   * @returns `none` when there is none and we do not wait; `gone` when our znode, or our turn, is not ours any more.
   */
  take(data: DataInput, options: LeaseOptions): Promise<Place | 'none' | 'gone'>;
}

/** A count that never changes. @throws RangeError when it is none. */
export function fixedCount(value: number): LeaseCount {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`a semaphore of ${value} leases`);
  return { value, onChange: () => () => undefined };
}

/**
 * Waits until the watch has fired, the count has changed, or one of the `ends` has fired. The watch is gone then.
 *
 * @throws the error of the session, or the signal's reason.
 */
export function waitForChange(
  { changed, unwatch }: Watched,
  count: LeaseCount,
  signal: AbortSignal,
  ends: readonly AbortSignal[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      for (const stopOne of stops) stopOne();
    };
    const settle = (act: () => void) => {
      stop();
      void unwatch();
      act();
    };
    const fail = () => settle(() => reject(signal.reason));
    const wake = () => settle(resolve);
    const stops = [
      count.onChange(wake),
      onAbort(signal, fail),
      ...ends.map((end) => onAbort(end, wake)),
    ];
    changed.then(() => resolve(), reject).finally(stop);
    if (signal.aborted) fail();
    else if (ends.some((end) => end.aborted)) wake();
  });
}

/** The children with a watch, which is given up when the signal fires first. @returns undefined when the znode is not there. */
export async function watchChildren(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal,
): Promise<(Children & Watched) | undefined> {
  for (;;) {
    const reading = zk.children(path, { watch: true });
    try {
      return await orAborted(reading, signal);
    } catch (error) {
      if (signal.aborted) {
        reading.then(
          (late) => late.unwatch(),
          () => undefined,
        );
      } else if (error instanceof NoNodeError) {
        return undefined;
      } else if (isLostAnswer(error)) {
        continue;
      }
      throw error;
    }
  }
}
