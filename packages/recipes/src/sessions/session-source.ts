/**
 * Where recipes get their sessions from.
 *
 * A `ZooKeeper` is one session, and ends with it. What holds something for a moment takes one: when the session is gone, so is what was
 * held. What stands for longer than a session (membership, leadership, a cached value) takes a source, and begins anew with each session.
 */

import type { ZooKeeper } from '@zooid/client';
import { boundedExponentialBackoff, isRetryable } from '../framework/retry-policy.ts';
import { JoinedSignal } from '../joined-signal.ts';
import { orAborted } from '../or-aborted.ts';
import { pause } from '../pause.ts';

/**
 * Gives a client whose session is alive: a new one when the last one's has ended. It is called when a recipe begins, and whenever
 * the session that it got has ended. Clients stay the provider's: recipes do not close them. `keepSession` makes one.
 *
 * A rejection with an error after which another try may help (no server can be reached) is followed by one, after a pause;
 * any other ends the recipe.
 */
export type SessionProvider = () => Promise<ZooKeeper>;

/** One session, with which the recipe ends, or a provider, with which it goes on. */
export type SessionSource = ZooKeeper | SessionProvider;

/** Pauses between attempts to get a session. The count of tries is bounded in the policy, so its last pause goes on. */
const OPEN_PAUSE_MS_MIN = 20;
const OPEN_PAUSE_MS_MAX = 2_000;
const openBackoff = boundedExponentialBackoff({
  baseMs: OPEN_PAUSE_MS_MIN,
  pauseMsMax: OPEN_PAUSE_MS_MAX,
  retriesMax: 29,
});

/**
 * Does `work` with a session, and when that has ended with the next one, until it returns.
 *
 * @param signal - ends it: the promise rejects with the signal's reason.
 * @param work - gets a signal that fires with `signal`, or when this session has ended.
 * @throws what `work` failed of while its session was alive, unless another try may help; with a single client the reason why its session has ended.
 */
export async function onSessions(
  source: SessionSource,
  signal: AbortSignal,
  work: (zk: ZooKeeper, scope: AbortSignal) => Promise<void>,
): Promise<void> {
  for (;;) {
    const zk = await openSession(source, signal);
    using scope = new JoinedSignal(signal, zk.lost);
    try {
      await work(zk, scope.signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!zk.lost.aborted) {
        if (!isRetryable(error)) throw error;
        // Overload, or a connection that broke: with the same session once more.
        await pause(OPEN_PAUSE_MS_MIN, signal);
      } else if (typeof source !== 'function') {
        throw zk.lost.reason;
      }
    }
  }
}

/** A client whose session is alive. */
export async function openSession(source: SessionSource, signal: AbortSignal): Promise<ZooKeeper> {
  signal.throwIfAborted();
  if (typeof source !== 'function') {
    source.lost.throwIfAborted();
    return source;
  }
  for (let retryCount = 0; ; retryCount++) {
    try {
      const zk = await orAborted(source(), signal);
      if (!zk.lost.aborted) return zk;
    } catch (error) {
      if (signal.aborted || !isRetryable(error)) throw error;
    }
    await pause(openBackoff.pauseMs(retryCount, 0) ?? OPEN_PAUSE_MS_MAX, signal);
  }
}
