/** Reading who is there, once or whenever it changes: what groups and parties have in common. */

import { NoNodeError, type ZooKeeper } from '@zooid/client';
import { onAbort } from '@zooid/client/waiting';
import { type ChangesOptions, LatestFeed } from '../latest-feed.ts';
import { joinPath } from '../paths.ts';
import { SessionLoop } from '../sessions/session-loop.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import { follow } from '../watching.ts';

/** The names of the children; none when the parent is not there. */
export async function namesAt(
  zk: ZooKeeper,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  try {
    return (await zk.children(path, { signal })).names;
  } catch (error) {
    if (error instanceof NoNodeError) return [];
    throw error;
  }
}

/** The data of children by name; those that vanish meanwhile are left out. */
export async function dataOfChildren(
  zk: ZooKeeper,
  path: string,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Map<string, Uint8Array>> {
  const reads = names.map(async (name) => {
    try {
      return { name, data: (await zk.get(joinPath(path, name), { signal })).data };
    } catch (error) {
      if (error instanceof NoNodeError) return undefined;
      throw error;
    }
  });
  const found = new Map<string, Uint8Array>();
  for (const one of await Promise.all(reads)) {
    if (one !== undefined) found.set(one.name, one.data);
  }
  return found;
}

/**
 * What `read` gives, now and after each change at or below `path`, through all sessions. Values that nobody has taken yet make
 * way for newer ones.
 */
export function snapshots<T>(
  source: SessionSource,
  path: string,
  read: (zk: ZooKeeper, signal: AbortSignal) => Promise<T>,
  options: ChangesOptions = {},
): AsyncIterableIterator<T> {
  const feed = new LatestFeed<T>();
  const loop = new SessionLoop(source, (zk, scope) => {
    return follow(zk, path, { recursive: true }, scope, async () => {
      feed.push(await read(zk, scope));
    });
  });
  onAbort(loop.failed, () => feed.end({ error: loop.failed.reason }));
  const values = feed.follow({ signal: options.signal, onEnd: () => void loop.close() });
  if (!options.signal?.aborted) loop.start();
  return values;
}
