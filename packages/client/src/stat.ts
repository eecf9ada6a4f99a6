import type { Stat as WireStat } from '@zooid/protocol';

/** The facts of a znode. Zxids and session ids are 64-bit, hence bigints. */
export interface Stat {
  /** Zxid of the transaction that created the znode. */
  readonly czxid: bigint;
  /** Zxid of the last transaction that changed its data. */
  readonly mzxid: bigint;
  /** Zxid of the last transaction that created or deleted a child. */
  readonly pzxid: bigint;
  /** When it was created, in ms since 1970, by the server's clock. */
  readonly ctime: number;
  /** When its data was last changed, in ms since 1970, by the server's clock. */
  readonly mtime: number;
  /** Changes of data. */
  readonly version: number;
  /** Creations and deletions of children. */
  readonly cversion: number;
  /** Changes of the ACL. */
  readonly aversion: number;
  /** The session that an ephemeral znode belongs to; 0n for others. */
  readonly ephemeralOwner: bigint;
  /** Bytes of data. */
  readonly dataLength: number;
  readonly numChildren: number;
}

/** The public form of a stat. */
export function statOf(wire: WireStat): Stat {
  return {
    czxid: BigInt(wire.czxid),
    mzxid: BigInt(wire.mzxid),
    pzxid: BigInt(wire.pzxid),
    ctime: wire.ctime,
    mtime: wire.mtime,
    version: wire.version,
    cversion: wire.cversion,
    aversion: wire.aversion,
    ephemeralOwner: wire.ephemeralOwner,
    dataLength: wire.dataLength,
    numChildren: wire.numChildren,
  };
}
