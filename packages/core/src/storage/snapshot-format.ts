/**
 * The snapshot file: bytes in, bytes out.
 *
 *     file     := header sessions acls nodes seal (digest seal)? (lastZxid seal)?
 *     header   := int "ZKSN" · int version 2 · long dbid -1
 *     sessions := int n · n × (long sessionId · int timeoutMs)
 *     acls     := int n · n × (long id · vector<ACL>)
 *     nodes    := (ustring path · buffer data · long acl · StatPersisted)* · ustring "/"
 *     digest   := long zxid · int version 2 · long digest          version < 2: ustring hex instead of the long
 *     lastZxid := long
 *     seal     := long adler32 of everything before it · ustring "/"
 *
 * The checksum runs on through earlier seals and over uncompressed bytes. The root's path is written as "".
 * The digest came with 3.6, lastZxid with 3.9; each is there or not as its writer was configured.
 * Sources: FileSnap, SnapStream, DataTree.serialize*, ReferenceCountedACLCache.
 *
 * Node records are the tree's business (`DataTree.loadNode`, `TreeImage`); here is what surrounds them.
 */

import {
  type Acl,
  decodeAcls,
  encodeAcls,
  type JuteReader,
  type JuteWriter,
  MalformedError,
} from '@zooid/protocol';

/** "ZKSN". */
export const SNAPSHOT_MAGIC = 0x5a4b_534e;
/** A seal: checksum and the text "/". */
export const SEAL_BYTES = 13;
/** The version of the tree digest that servers from 3.6 on write: `DigestCalculator.DIGEST_VERSION`. */
export const DIGEST_VERSION = 2;
/** A file that is shorter is no snapshot; source: `SnapStream.isValidCheckedStream`. */
export const SNAPSHOT_BYTES_MIN = 10;

const SNAPSHOT_VERSION = 2;
const SNAPSHOT_DB_ID = -1;
const SESSION_BYTES = 12;
const ACL_ENTRY_BYTES_MIN = 12;
const LAST_ZXID_BYTES = 8;
/** path length, data length, acl id, and the 60 bytes of StatPersisted. */
const NODE_BYTES_FIXED = 4 + 4 + 8 + 60;

/** A live session as a snapshot keeps it. */
export interface SnapshotSession {
  readonly id: bigint;
  readonly timeoutMs: number;
}

/** The tree's digest at one zxid. */
export interface ZxidDigest {
  readonly zxid: number;
  readonly version: number;
  /** The sum as an unsigned 64-bit number. */
  readonly digest: bigint;
}

/** What follows the nodes. */
export interface SnapshotTail {
  /** undefined when the writer kept no digest, or had none yet. */
  readonly digest: ZxidDigest | undefined;
  /** Zxid up to which transactions are in the snapshot: for a fuzzy one, later than its name. */
  readonly lastZxid: number | undefined;
}

/** Writes everything that precedes the nodes. */
export function writeSnapshotHead(
  writer: JuteWriter,
  sessions: Iterable<SnapshotSession>,
  acls: Iterable<readonly [id: number, acls: readonly Acl[]]>,
): void {
  writer.int(SNAPSHOT_MAGIC);
  writer.int(SNAPSHOT_VERSION);
  writer.longFromNumber(SNAPSHOT_DB_ID);
  writeSessionsAndAcls(writer, sessions, acls);
}

/** Writes what precedes the nodes in the stream of a SNAP, which has no header. */
export function writeSessionsAndAcls(
  writer: JuteWriter,
  sessions: Iterable<SnapshotSession>,
  acls: Iterable<readonly [id: number, acls: readonly Acl[]]>,
): void {
  const sessionCountAt = writer.length;
  let sessionCount = 0;
  writer.int(0);
  for (const session of sessions) {
    writer.long(session.id);
    writer.int(session.timeoutMs);
    sessionCount++;
  }
  writer.patchInt(sessionCountAt, sessionCount);
  const aclCountAt = writer.length;
  let aclCount = 0;
  writer.int(0);
  for (const [id, list] of acls) {
    writer.longFromNumber(id);
    encodeAcls(writer, list);
    aclCount++;
  }
  writer.patchInt(aclCountAt, aclCount);
}

/** Writes a seal. `checksum` is the Adler-32 of every byte of the file before it. */
export function writeSeal(writer: JuteWriter, checksum: number): void {
  writer.longFromNumber(checksum);
  writer.ustring('/');
}

/** Writes the digest that stands between the first seal and the second. */
export function writeZxidDigest(writer: JuteWriter, zxid: number, digest: bigint): void {
  writer.longFromNumber(zxid);
  writer.int(DIGEST_VERSION);
  writer.long(BigInt.asIntN(64, digest));
}

/** Whether the last five bytes of an uncompressed snapshot are the end of a seal: Apache's quick test. */
export function hasSealEnd(lastFive: Uint8Array): boolean {
  return (
    lastFive.byteLength === 5 &&
    lastFive[0] === 0 &&
    lastFive[1] === 0 &&
    lastFive[2] === 0 &&
    lastFive[3] === 1 &&
    lastFive[4] === 0x2f
  );
}

/** The least bytes a reader must hold for {@link readSnapshotHeader}. */
export const SNAPSHOT_HEADER_BYTES = 16;

/** Reads the file header. @throws MalformedError if this is no snapshot. */
export function readSnapshotHeader(reader: JuteReader): void {
  const magic = reader.int();
  if (magic !== SNAPSHOT_MAGIC)
    throw new MalformedError('the file does not begin as a snapshot does');
  // Version and dbid: Apache reads past them whatever they say.
  reader.int();
  reader.long();
}

/** Bytes of `count` sessions. @throws MalformedError for a negative count. */
export function sessionsBytes(count: number): number {
  if (count < 0) throw new MalformedError(`a snapshot with ${count} sessions`);
  return count * SESSION_BYTES;
}

/** Reads one session. */
export function readSession(reader: JuteReader): SnapshotSession {
  const id = reader.long();
  return { id, timeoutMs: reader.int() };
}

/** The least bytes that `count` entries of the ACL table take. @throws MalformedError for a negative count. */
export function aclTableBytesMin(count: number): number {
  if (count < 0) throw new MalformedError(`a snapshot with ${count} ACLs`);
  return count * ACL_ENTRY_BYTES_MIN;
}

/** Reads one entry of the ACL table. */
export function readAclEntry(reader: JuteReader): readonly [id: number, acls: readonly Acl[]] {
  const id = reader.longAsNumber();
  return [id, decodeAcls(reader)];
}

/**
 * How many bytes the entry of the ACL table at `position` takes, as far as the bytes at hand tell.
 *
 * @returns bytes of the entry when its lengths are at hand, or how many are needed at least to know more: always more than
 *   remain, then.
 * @throws MalformedError for lengths that no entry has.
 */
export function aclEntryBytes(view: DataView, position: number, end: number): number {
  let at = position + ACL_ENTRY_BYTES_MIN;
  if (at > end) return ACL_ENTRY_BYTES_MIN;
  const count = view.getInt32(at - 4);
  if (count < -1) throw new MalformedError(`an ACL of ${count} entries`);
  for (let i = 0; i < count; i++) {
    // Permissions, then scheme and id, each with its length.
    at += 4;
    for (let text = 0; text < 2; text++) {
      if (at + 4 > end) return at + 4 - position;
      const length = view.getInt32(at);
      if (length < -1) throw new MalformedError(`a text of length ${length} in an ACL`);
      at += 4 + Math.max(length, 0);
    }
  }
  return at - position;
}

/**
 * How many bytes the node record at the reader's position takes, as far as the bytes at hand tell.
 *
 * @returns bytes of the record (or of the terminator) when its lengths are at hand, or how many are
 *   needed at least to know more: always more than remain, then.
 * @throws MalformedError for lengths that no record has.
 */
export function nodeRecordBytes(view: DataView, position: number, end: number): number {
  if (end - position < 4) return 4;
  const pathBytes = view.getInt32(position);
  if (pathBytes < 0) throw new MalformedError(`a path of length ${pathBytes}`);
  if (pathBytes === 1) return 5; // Only "/" has one byte: it ends the nodes.
  const dataLengthAt = 4 + pathBytes;
  if (end - position < dataLengthAt + 4) return dataLengthAt + 4;
  const dataBytes = view.getInt32(position + dataLengthAt);
  if (dataBytes < -1) throw new MalformedError(`data of length ${dataBytes}`);
  return NODE_BYTES_FIXED + pathBytes + Math.max(dataBytes, 0);
}

/**
 * Reads what follows the nodes, from the first seal on.
 *
 * Compares no checksum: the last seal covers the whole file, earlier seals included, so the caller
 * verifies that one before anything is loaded.
 *
 * @param reader - holds the rest of the file and nothing else: which parts are there shows in its length.
 * @throws MalformedError if the rest has no known form.
 */
export function readSnapshotTail(reader: JuteReader): SnapshotTail {
  let digest: ZxidDigest | undefined;
  let lastZxid: number | undefined;
  readSeal(reader);
  if (reader.remaining > LAST_ZXID_BYTES + SEAL_BYTES) {
    digest = readZxidDigest(reader);
    readSeal(reader);
  }
  if (reader.remaining > 0) {
    lastZxid = reader.longAsNumber();
    readSeal(reader);
  }
  if (reader.remaining > 0)
    throw new MalformedError(`${reader.remaining} bytes after the last seal`);
  return { digest, lastZxid };
}

/**
 * Reads a seal.
 *
 * @returns the checksum that it states for every byte of the file before it.
 * @throws MalformedError if this is no seal.
 */
export function readSeal(reader: JuteReader): number {
  const checksum = reader.longAsNumber();
  if (reader.ustring() !== '/' || checksum < 0 || checksum > 0xffff_ffff) {
    throw new MalformedError('a seal is missing');
  }
  return checksum;
}

function readZxidDigest(reader: JuteReader): ZxidDigest | undefined {
  const zxid = reader.longAsNumber();
  const version = reader.int();
  let digest: bigint;
  if (version < 2) {
    const hex = reader.text();
    if (!/^[0-9a-f]{0,16}$/i.test(hex)) throw new MalformedError('a digest that is no number');
    digest = BigInt(`0x${hex === '' ? '0' : hex}`);
  } else {
    digest = BigInt.asUintN(64, reader.long());
  }
  // A server that has processed nothing yet writes an empty one.
  return zxid > 0 ? { zxid, version, digest } : undefined;
}
