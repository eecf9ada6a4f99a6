/**
 * The facts of a znode: as a client sees them, and as a snapshot keeps them.
 *
 *     Stat          := long czxid · long mzxid · long ctime · long mtime · int version · int cversion ·
 *                      int aversion · long ephemeralOwner · int dataLength · int numChildren · long pzxid
 *     StatPersisted := the same without dataLength and numChildren
 *
 * Source: zookeeper.jute (data.Stat, data.StatPersisted).
 */

import type { JuteReader } from './jute-reader.ts';
import type { JuteWriter } from './jute-writer.ts';

/** Encoded size of a {@link Stat}. */
export const STAT_BYTES = 68;
/** Encoded size of a {@link StatPersisted}; also what a znode's digest covers after path and data. */
export const STAT_PERSISTED_BYTES = 60;

/** What a snapshot keeps of a znode. */
export interface StatPersisted {
  /** Zxid of the txn that created the znode. */
  readonly czxid: number;
  /** Zxid of the last txn that changed its data. */
  readonly mzxid: number;
  /** Wall-clock time of creation, in ms since 1970. */
  readonly ctime: number;
  /** Wall-clock time of the last change of data, in ms since 1970. */
  readonly mtime: number;
  /** Changes of data; an int32 that wraps. */
  readonly version: number;
  /** In a snapshot: creations of children. In a reply: creations and deletions of children. */
  readonly cversion: number;
  /** Changes of the ACL. */
  readonly aversion: number;
  /** Session id of an ephemeral; 0 for others. In a snapshot also the marks of create-mode.ts. */
  readonly ephemeralOwner: bigint;
  /** Zxid of the last txn that created or deleted a child. */
  readonly pzxid: number;
}

/** What a client is told of a znode. */
export interface Stat extends StatPersisted {
  /** Bytes of data; 0 for null data too. */
  readonly dataLength: number;
  /** Children, not descendants. */
  readonly numChildren: number;
}

/** Reads a Stat. @throws MalformedError when it is cut short or a zxid or time is not exact. */
export function decodeStat(reader: JuteReader): Stat {
  const czxid = reader.longAsNumber();
  const mzxid = reader.longAsNumber();
  const ctime = reader.longAsNumber();
  const mtime = reader.longAsNumber();
  const version = reader.int();
  const cversion = reader.int();
  const aversion = reader.int();
  const ephemeralOwner = reader.long();
  const dataLength = reader.int();
  const numChildren = reader.int();
  const pzxid = reader.longAsNumber();
  return {
    czxid,
    mzxid,
    ctime,
    mtime,
    version,
    cversion,
    aversion,
    ephemeralOwner,
    dataLength,
    numChildren,
    pzxid,
  };
}

/** Appends a Stat, {@link STAT_BYTES} bytes. */
export function encodeStat(writer: JuteWriter, stat: Stat): void {
  writer.ensure(STAT_BYTES);
  writer.longFromNumber(stat.czxid);
  writer.longFromNumber(stat.mzxid);
  writer.longFromNumber(stat.ctime);
  writer.longFromNumber(stat.mtime);
  writer.int(stat.version);
  writer.int(stat.cversion);
  writer.int(stat.aversion);
  writer.long(stat.ephemeralOwner);
  writer.int(stat.dataLength);
  writer.int(stat.numChildren);
  writer.longFromNumber(stat.pzxid);
}

/** Reads a StatPersisted. @throws MalformedError when it is cut short or a zxid or time is not exact. */
export function decodeStatPersisted(reader: JuteReader): StatPersisted {
  const czxid = reader.longAsNumber();
  const mzxid = reader.longAsNumber();
  const ctime = reader.longAsNumber();
  const mtime = reader.longAsNumber();
  const version = reader.int();
  const cversion = reader.int();
  const aversion = reader.int();
  const ephemeralOwner = reader.long();
  const pzxid = reader.longAsNumber();
  return { czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid };
}

/** Appends a StatPersisted, {@link STAT_PERSISTED_BYTES} bytes. */
export function encodeStatPersisted(writer: JuteWriter, stat: StatPersisted): void {
  writer.ensure(STAT_PERSISTED_BYTES);
  writer.longFromNumber(stat.czxid);
  writer.longFromNumber(stat.mzxid);
  writer.longFromNumber(stat.ctime);
  writer.longFromNumber(stat.mtime);
  writer.int(stat.version);
  writer.int(stat.cversion);
  writer.int(stat.aversion);
  writer.long(stat.ephemeralOwner);
  writer.longFromNumber(stat.pzxid);
}
