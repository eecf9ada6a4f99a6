/**
 * The parts of a snapshot.
 *
 *     snapshot := FileHeader · int n · SnapshotSession* · int n · SnapshotAcl* · SnapshotZnode* · ustring "/" ·
 *                 seal · [ZxidDigest · seal] · [long lastProcessedZxid · seal]
 *     SnapshotSession := long sessionId · int timeout
 *     SnapshotAcl     := long aclId · vector<ACL>
 *     SnapshotZnode   := ustring path · buffer data · long aclId · StatPersisted
 *     ZxidDigest      := long zxid · int digestVersion · long digest      (below version 2: ustring, in hex)
 *     seal            := long checksum · ustring "/"
 *
 * Parents stand before their children and the root has the empty path. The checksum is the Adler-32 of
 * everything before it, earlier seals included. The stream of a SNAP has only sessions, ACLs and znodes.
 * Source: FileSnap, SerializeUtils, DataTree.serialize, ReferenceCountedACLCache, SnapStream.
 */

import { type Acl, decodeAcls, encodeAcls } from '../acl.ts';
import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';
import { MalformedError } from '../malformed-error.ts';
import { decodeStatPersisted, encodeStatPersisted, type StatPersisted } from '../stat.ts';

/** Path that ends the znodes, and text that ends a seal. */
export const SNAPSHOT_TERMINATOR = '/';
/** Encoded size of a seal. */
export const SNAPSHOT_SEAL_BYTES = 13;
/** ACL id of the open ACL (world:anyone may do all), which is not listed. */
export const OPEN_ACL_ID = -1n;
/** Version of the digest that is kept now. */
export const ZXID_DIGEST_VERSION = 2;

/** A session that lives. */
export interface SnapshotSession {
  readonly sessionId: bigint;
  readonly timeoutMs: number;
}

/** Reads a session. @throws MalformedError when it is cut short. */
export function decodeSnapshotSession(reader: JuteReader): SnapshotSession {
  const sessionId = reader.long();
  return { sessionId, timeoutMs: reader.int() };
}

/** Appends a session. */
export function encodeSnapshotSession(writer: JuteWriter, session: SnapshotSession): void {
  writer.long(session.sessionId);
  writer.int(session.timeoutMs);
}

/** An ACL that znodes refer to. */
export interface SnapshotAcl {
  readonly aclId: bigint;
  readonly acl: readonly Acl[];
}

/** Reads an ACL. @throws MalformedError when it is cut short. */
export function decodeSnapshotAcl(reader: JuteReader): SnapshotAcl {
  const aclId = reader.long();
  return { aclId, acl: decodeAcls(reader) };
}

/** Appends an ACL. */
export function encodeSnapshotAcl(writer: JuteWriter, entry: SnapshotAcl): void {
  writer.long(entry.aclId);
  encodeAcls(writer, entry.acl);
}

/** A znode. */
export interface SnapshotZnode {
  /** Empty for the root. */
  readonly path: string;
  /** A view of the bytes read; null is kept as null. */
  readonly data: Uint8Array | null;
  /** {@link OPEN_ACL_ID}, or the id of a {@link SnapshotAcl}. */
  readonly aclId: bigint;
  readonly stat: StatPersisted;
}

/** Reads a znode; undefined at the terminator. @throws MalformedError when it is cut short. */
export function decodeSnapshotZnode(reader: JuteReader): SnapshotZnode | undefined {
  const path = reader.text();
  if (path === SNAPSHOT_TERMINATOR) return undefined;
  const data = reader.buffer();
  const aclId = reader.long();
  return { path, data, aclId, stat: decodeStatPersisted(reader) };
}

/** Appends a znode; undefined appends the terminator. */
export function encodeSnapshotZnode(writer: JuteWriter, znode: SnapshotZnode | undefined): void {
  if (znode === undefined) {
    writer.ustring(SNAPSHOT_TERMINATOR);
    return;
  }
  writer.ustring(znode.path);
  writer.buffer(znode.data);
  writer.long(znode.aclId);
  encodeStatPersisted(writer, znode.stat);
}

/** The digest that the tree has at a zxid. */
export interface ZxidDigest {
  /** 0 when the server had none. */
  readonly zxid: number;
  readonly digestVersion: number;
  /** Signed, as Java has it; the encoder takes the unsigned form too. */
  readonly digest: bigint;
}

/** Reads a digest of any version. @throws MalformedError when it is cut short or not a number. */
export function decodeZxidDigest(reader: JuteReader): ZxidDigest {
  const zxid = reader.longAsNumber();
  const digestVersion = reader.int();
  if (digestVersion >= ZXID_DIGEST_VERSION) {
    return { zxid, digestVersion, digest: reader.long() };
  }
  const text = reader.text();
  if (text === '') return { zxid, digestVersion, digest: 0n };
  if (!/^-?[0-9a-fA-F]{1,16}$/.test(text)) {
    throw new MalformedError('a digest that is not a hexadecimal number');
  }
  const magnitude = BigInt(`0x${text.replace('-', '')}`);
  return { zxid, digestVersion, digest: text.startsWith('-') ? -magnitude : magnitude };
}

/** Appends a digest, which must be of {@link ZXID_DIGEST_VERSION} or later: no server writes the older form. */
export function encodeZxidDigest(writer: JuteWriter, digest: ZxidDigest): void {
  writer.longFromNumber(digest.zxid);
  writer.int(digest.digestVersion);
  writer.long(digest.digest);
}

/** What proves that all bytes before it are as they were written. */
export interface SnapshotSeal {
  /** As stored: whoever reads compares. */
  readonly checksum: number;
}

/** Reads a seal. @throws MalformedError when it is cut short or does not end as it should. */
export function decodeSnapshotSeal(reader: JuteReader): SnapshotSeal {
  const checksum = reader.longAsNumber();
  if (reader.text() !== SNAPSHOT_TERMINATOR) {
    throw new MalformedError(`a seal without its end at byte ${reader.position}`);
  }
  return { checksum };
}

/** Appends a seal, {@link SNAPSHOT_SEAL_BYTES} bytes. */
export function encodeSnapshotSeal(writer: JuteWriter, seal: SnapshotSeal): void {
  writer.longFromNumber(seal.checksum);
  writer.ustring(SNAPSHOT_TERMINATOR);
}
