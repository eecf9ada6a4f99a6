import type { Stat as WireStat } from '@zooid/protocol';

/** The facts of a znode. Zxids, times and the owner are 64-bit, hence Buffers of 8 bytes, big-endian. */
export interface Stat {
  /** Zxid of the transaction that created the znode. */
  readonly czxid: Buffer;
  /** Zxid of the last transaction that changed its data. */
  readonly mzxid: Buffer;
  /** When it was created, in ms since 1970. */
  readonly ctime: Buffer;
  /** When its data was last changed, in ms since 1970. */
  readonly mtime: Buffer;
  /** Changes of data. */
  readonly version: number;
  /** Creations and deletions of children. */
  readonly cversion: number;
  /** Changes of the ACL. */
  readonly aversion: number;
  /** The session that an ephemeral znode belongs to; zeros for others. */
  readonly ephemeralOwner: Buffer;
  /** Bytes of data. */
  readonly dataLength: number;
  readonly numChildren: number;
  /** Zxid of the last transaction that created or deleted a child. */
  readonly pzxid: Buffer;
}

/** The form of node-zookeeper-client. */
export function statOfWire(wire: WireStat): Stat {
  return {
    czxid: longBuffer(wire.czxid),
    mzxid: longBuffer(wire.mzxid),
    ctime: longBuffer(wire.ctime),
    mtime: longBuffer(wire.mtime),
    version: wire.version,
    cversion: wire.cversion,
    aversion: wire.aversion,
    ephemeralOwner: longBuffer(wire.ephemeralOwner),
    dataLength: wire.dataLength,
    numChildren: wire.numChildren,
    pzxid: longBuffer(wire.pzxid),
  };
}

/** A long as 8 bytes, big-endian. */
export function longBuffer(value: bigint | number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
