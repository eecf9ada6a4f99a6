/** Watches that are given up with whoever waits for them. */

import type { WatchEvent, Watched, ZooKeeper } from '@zooid/client';
import { deferred, onAbort } from '@zooid/client/waiting';
import { orAborted } from './or-aborted.ts';

/** What a read that leaves a watch gives; when the signal fires first, the watch is given up as soon as it is there. */
export async function watched<T extends Watched>(
  reading: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await orAborted(reading, signal);
  } catch (error) {
    reading.then(
      (late) => late.unwatch(),
      () => undefined,
    );
    throw error;
  }
}

/** The event of a watch; when the signal fires first, the watch is given up. */
export async function untilChanged(watch: Watched, signal: AbortSignal): Promise<WatchEvent> {
  try {
    return await orAborted(watch.changed, signal);
  } catch (error) {
    void watch.unwatch();
    throw error;
  }
}

/** Waits until no znode is at `path`; the signal ends it. */
export async function untilDeleted(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const seen = await watched(zk.exists(path, { watch: true }), signal);
    if (seen.stat === undefined) {
      // It is now a watch for the creation, which nobody waits for.
      void seen.unwatch();
      return;
    }
    const { type } = await untilChanged(seen, signal);
    if (type === 'deleted') return;
  }
}

export interface FollowOptions {
  /** Whether changes below the path count, too. Default false. */
  readonly recursive?: boolean | undefined;
}

/**
 * Calls `refresh` now and after every change at `path`, one call after the other; changes during a call become one more call.
 *
 * @returns never: it rejects with the signal's reason, the error of the session, or what `refresh` failed of.
 */
export async function follow(
  zk: ZooKeeper,
  path: string,
  { recursive }: FollowOptions,
  signal: AbortSignal,
  refresh: () => Promise<void>,
): Promise<never> {
  signal.throwIfAborted();
  await using events = zk.watch(path, { recursive, signal });
  await orAborted(events.ready, signal);
  let change = deferred<void>();
  const listening = (async () => {
    for await (const _ of events) change.resolve();
  })();
  listening.then(
    () => change.resolve(),
    () => change.resolve(),
  );
  const stop = onAbort(signal, () => change.resolve());
  try {
    for (;;) {
      change = deferred();
      await refresh();
      await Promise.race([change.promise, listening]);
      signal.throwIfAborted();
    }
  } finally {
    stop();
  }
}
