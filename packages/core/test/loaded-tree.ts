import {
  encodeSnapshotZnode,
  JuteReader,
  JuteWriter,
  OPEN_ACL_ID,
  type StatPersisted,
} from '@zooid/protocol';
import type { ServerCore } from '../src/server-core.ts';

/** A znode as a snapshot has it; what is left out is zero. */
export interface LoadedZnode {
  readonly path: string;
  readonly data?: Uint8Array | null;
  readonly stat?: Partial<StatPersisted>;
}

/** The znodes as the core would find them in a snapshot: before its first turn. */
export function treeWith(
  core: ServerCore,
  znodes: readonly LoadedZnode[],
  options: {
    readonly zxid?: number;
    readonly sessions?: readonly (readonly [bigint, number])[];
  } = {},
): void {
  const out = new JuteWriter();
  for (const { path, data = null, stat } of [{ path: '' }, ...znodes] as LoadedZnode[]) {
    encodeSnapshotZnode(out, {
      path,
      data,
      aclId: OPEN_ACL_ID,
      stat: {
        czxid: 0,
        mzxid: 0,
        ctime: 0,
        mtime: 0,
        version: 0,
        cversion: 0,
        aversion: 0,
        ephemeralOwner: 0n,
        pzxid: 0,
        ...stat,
      },
    });
  }
  out.ustring('/');
  core.tree.clearForLoad();
  const reader = new JuteReader(out.copy());
  core.tree.loadNodes(reader);
  core.tree.finishLoad();
  for (const [id, timeoutMs] of options.sessions ?? []) core.restoreSession(id, timeoutMs);
  core.restoredSnapshot(options.zxid ?? 0);
  core.finishRestore(1_000_000);
}
