import type { Acl } from '@zooid/protocol';
import type { SnapshotSession } from './storage/snapshot-format.ts';
import type { DataTree } from './tree/data-tree.ts';

/** What a snapshot says besides the znodes: all of one moment. */
export interface SnapshotHead {
  readonly zxid: number;
  /** The tree's digest; undefined when it keeps none. */
  readonly digest: bigint | undefined;
  /** Sessions with their timeouts, as they were committed. */
  readonly sessions: readonly SnapshotSession[];
  readonly acls: readonly (readonly [id: number, acls: readonly Acl[]])[];
}

/**
 * A whole state beside the one in force: read from a snapshot, judged and put on disk while the server goes on, and then
 * taken over in one turn (`ServerCore.replaceState`).
 */
export class NewState {
  readonly tree: DataTree;
  /** Zxid of the last transaction in it. */
  readonly zxid: number;
  /** Sessions with their timeouts in ms. */
  readonly sessions: ReadonlyMap<bigint, number>;

  /** @param tree - made by `ServerCore.newTree` and loaded; it belongs to this state from now on. */
  constructor(tree: DataTree, zxid: number, sessions: ReadonlyMap<bigint, number>) {
    this.tree = tree;
    this.zxid = zxid;
    this.sessions = sessions;
  }

  /** Removes the ephemerals of sessions that the state does not know: nobody could ever end those. @returns how many. */
  removeOrphans(): number {
    const { tree, sessions, zxid } = this;
    const orphans: number[] = [];
    for (const [sessionId, rows] of tree.ephemeralSessions()) {
      if (!sessions.has(sessionId)) for (const row of rows) orphans.push(row);
    }
    for (const row of orphans) tree.delete(row, zxid);
    return orphans.length;
  }

  /** What a snapshot of it says besides the znodes. @param digest - whether its tree keeps one. */
  head(digest: 'kept' | 'none'): SnapshotHead {
    return {
      zxid: this.zxid,
      digest: digest === 'kept' ? this.tree.digest : undefined,
      sessions: Array.from(this.sessions, ([id, timeoutMs]) => ({ id, timeoutMs })),
      acls: [...this.tree.acls.entries()],
    };
  }
}
