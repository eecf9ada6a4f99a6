/** Takes watches off the server that nobody here needs any more, and none that somebody needs. */

import { OpCode, WatcherType } from '@zooid/protocol';
import { readNothing } from './replies.ts';
import type { Session } from './session/session.ts';
import type { LastingWatch, OneShotWatch, WatchKind } from './session/watch-registry.ts';

/** Which watches of a session at a path. */
export type WatchSelection = 'data' | 'children' | 'any';

/** What a server takes off for a selection. */
export const kindsOf: Readonly<Record<WatchSelection, readonly WatchKind[]>> = {
  data: ['data', 'exist'],
  children: ['children'],
  any: ['data', 'exist', 'children', 'persistent', 'recursive'],
};

/** Forgets a one-shot watch, here and on the server. Never rejects. */
export async function removeOneShot(session: Session, watch: OneShotWatch): Promise<void> {
  const { watches } = session;
  watches.removeOneShot(watch);
  const which = watch.kind === 'children' ? 'children' : 'data';
  const needed = watches.kindsAt(watch.path);
  const isShared = needed.some((kind) => isLasting(kind) || kindsOf[which].includes(kind));
  if (!isShared) await removeAt(session, watch.path, WatcherType[which]);
}

/** Forgets a lasting watch, here and on the server. Never rejects. */
export async function removeLasting(session: Session, watch: LastingWatch): Promise<void> {
  const { watches } = session;
  const { mode, path } = watch;
  watches.removeLasting(watch);
  const needed = watches.kindsAt(path);
  if (needed.includes(mode)) return;
  // Only servers from 3.9 on tell modes apart; with nothing else at the path all know how to remove all.
  const own = mode === 'recursive' ? WatcherType.persistentRecursive : WatcherType.persistent;
  await removeAt(session, path, needed.length === 0 ? WatcherType.any : own);
}

async function removeAt(session: Session, path: string, type: WatcherType): Promise<void> {
  if (session.endError !== undefined) return;
  try {
    await session.call({
      operation: 'unwatch',
      path,
      request: { op: OpCode.removeWatches, path, type },
      decode: readNothing,
      effect: 'none',
    });
  } catch {
    // It has fired meanwhile, an older server keeps it, or the session has ended: what it still tells of finds nobody.
  }
}

function isLasting(kind: WatchKind): boolean {
  return kind === 'persistent' || kind === 'recursive';
}
