/**
 * The digest of the whole tree after a txn, at the end of its record. Since 3.6, and only when digests
 * are on.
 *
 *     TxnDigest := int version · long treeDigest
 *
 * Source: zookeeper.jute (txn.TxnDigest), DigestCalculator.
 */

import type { JuteReader } from '../jute-reader.ts';
import type { JuteWriter } from '../jute-writer.ts';

/** Encoded size of a {@link TxnDigest}. */
export const TXN_DIGEST_BYTES = 12;

/** Version of the way in which digests are calculated. */
export const TXN_DIGEST_VERSION = 2;

export interface TxnDigest {
  /** {@link TXN_DIGEST_VERSION}; digests of another version cannot be compared. */
  readonly version: number;
  /** Signed, as Java has it; the encoder takes the unsigned form too. */
  readonly treeDigest: bigint;
}

/** Reads a digest. @throws MalformedError when it is cut short. */
export function decodeTxnDigest(reader: JuteReader): TxnDigest {
  const version = reader.int();
  return { version, treeDigest: reader.long() };
}

/** Appends a digest, {@link TXN_DIGEST_BYTES} bytes. */
export function encodeTxnDigest(writer: JuteWriter, digest: TxnDigest): void {
  writer.int(digest.version);
  writer.long(digest.treeDigest);
}
