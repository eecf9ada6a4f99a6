import { AddWatchMode, OpCode } from '@zooid/protocol';
import type { Session } from './session.ts';
import type { LastingWatch, OneShotWatch } from './watch-registry.ts';

/**
 * Right behind a read that leaves a one-shot watch, registers the lasting watches of the same path once more.
 *
 * Servers before 3.9 know one kind of watch for each connection and path: the one-shot watch takes the lasting one's place
 * (ZOOKEEPER-4466). If it fires before the lasting one is back, a second change may have gone untold: that is a gap.
 */
export function renewLasting(session: Session, oneShot: OneShotWatch): void {
  const { watches } = session;
  for (const watch of watches.lastingAt(oneShot.path)) {
    // These do not share a table of the server, and registering the recursive one would take the other's place.
    if (watch.mode === 'recursive' && oneShot.kind === 'children') continue;
    const renewal = session.call({
      operation: 'watch',
      path: watch.path,
      request: { op: OpCode.addWatch, path: watch.path, mode: modeOf(watch) },
      decode: () => {
        const isHeld = watches.lastingAt(watch.path).includes(watch);
        if (isHeld && watches.hasFired(oneShot)) watch.onGap();
      },
      effect: 'none',
    });
    // The connection or the session was lost: on the next connection both are registered.
    renewal.catch(() => undefined);
  }
}

/** What the wire calls the mode. */
export function modeOf(watch: LastingWatch): AddWatchMode {
  return watch.mode === 'recursive' ? AddWatchMode.persistentRecursive : AddWatchMode.persistent;
}
