import { type CallOptions, type NodeData, NoNodeError, type ZooKeeper } from '@zooid/client';

/** What is written into the znode of a holder to ask for the lock. Source: Curator's Revoker and LockInternals. */
const REVOKE_MESSAGE = '__REVOKE__';

/**
 * Asks whoever holds a lock, or waits for it, to give it back. Only locks with `onRevoke`, and Curator's that are revocable, hear
 * of it, and they need not obey.
 *
 * @param path - of the znode: of a `Contender`, or `held.path`. That it is gone is as good.
 */
export async function revoke(zk: ZooKeeper, path: string, options?: CallOptions): Promise<void> {
  try {
    await zk.set(path, REVOKE_MESSAGE, { ...options, idempotent: true });
  } catch (error) {
    if (!(error instanceof NoNodeError)) throw error;
  }
}

/** Whether somebody has asked the owner of a znode with this data. */
export function isRevoked(node: NodeData): boolean {
  return node.text() === REVOKE_MESSAGE;
}
