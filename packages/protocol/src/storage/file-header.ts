/**
 * How logs and snapshots begin.
 *
 *     FileHeader := int magic · int version · long dbid
 *
 * Source: zookeeper.jute (persistence.FileHeader), FileTxnLog, FileSnap.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** Encoded size of a {@link FileHeader}. */
export const FILE_HEADER_BYTES = 16;
/** `ZKLG`. */
export const LOG_MAGIC = 0x5a4b4c47;
/** `ZKSN`. */
export const SNAPSHOT_MAGIC = 0x5a4b534e;
/** Version of both formats. */
export const FILE_VERSION = 2;
/** `dbid` of a log; not looked at. */
export const LOG_DBID = 0n;
/** `dbid` of a snapshot; not looked at. */
export const SNAPSHOT_DBID = -1n;

export interface FileHeader {
  /** {@link LOG_MAGIC} or {@link SNAPSHOT_MAGIC}, or it is another file. */
  readonly magic: number;
  /** {@link FILE_VERSION}. */
  readonly version: number;
  readonly dbid: bigint;
}

/** Reads a file header. @throws MalformedError when it is cut short. */
export function decodeFileHeader(reader: JuteReader): FileHeader {
  const magic = reader.int();
  const version = reader.int();
  return { magic, version, dbid: reader.long() };
}

/** Appends a file header, {@link FILE_HEADER_BYTES} bytes. */
export function encodeFileHeader(writer: JuteWriter, header: FileHeader): void {
  writer.int(header.magic);
  writer.int(header.version);
  writer.long(header.dbid);
}
