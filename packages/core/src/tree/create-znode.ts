import { OPEN_ACL_ID } from './acl-store.ts';

const NO_BYTES = new Uint8Array(0);

/** What `DataTree.create` wants; one record is reused for all creations. */
export interface CreateZnode {
  parentRow: number;
  /** `[nameStart, nameEnd)`: the last component of the path, at least a byte. */
  nameBytes: Uint8Array;
  nameStart: number;
  nameEnd: number;
  /** Where the path begins in {@link nameBytes}: it is then asserted that the znode is new. -1: only the name is there. */
  pathStart: number;
  /** `[dataStart, dataEnd)`, or null for null data. */
  data: Uint8Array | null;
  dataStart: number;
  dataEnd: number;
  /** From AclStore.intern. */
  aclId: number;
  /** As stored: 0, a session id, or the mark of a container or TTL znode. */
  ephemeralOwner: bigint;
  zxid: number;
  timeMs: number;
  /** The parent's cversion after the creation; -1 for one more than it has (old CreateTxnV0). */
  parentCversion: number;
}

/** A record to be filled in. */
export function newCreateZnode(): CreateZnode {
  return {
    parentRow: 0,
    nameBytes: NO_BYTES,
    nameStart: 0,
    nameEnd: 0,
    pathStart: -1,
    data: null,
    dataStart: 0,
    dataEnd: 0,
    aclId: OPEN_ACL_ID,
    ephemeralOwner: 0n,
    zxid: 0,
    timeMs: 0,
    parentCversion: -1,
  };
}
