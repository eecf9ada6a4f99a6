/**
 * The digest of a znode, as Apache computes it: CRC-32 over path, data and 60 bytes of stat. The digest of a
 * tree is the sum of its znodes' digests, modulo 2^64. Source: DigestCalculator (version 2), AdHash.
 *
 *     digest := crc32(path · data · czxid · mzxid · pzxid · ctime · mtime ·
 *                     version · cversion · aversion · ephemeralOwner)      integers big-endian
 *
 * The path of the root is empty here ("/" and "" are one znode), and null data is no bytes at all.
 * Znodes whose path begins with "/zookeeper/" do not count.
 */

import { crc32OfStat } from './crc32.ts';
import { STAT_WORDS } from './row.ts';

const TWO_32 = 0x1_0000_0000;
/** The stat being hashed, in the order of its words in a row. */
const words = new Int32Array(STAT_WORDS);

/** Whether the znode of this path counts in the digest. */
export function hasDigest(path: string): boolean {
  return !path.startsWith('/zookeeper/');
}

/**
 * The digest of a znode that is in no tree. All facts as stored: cversion counts creations, the owner has the marks of
 * containers and TTL znodes.
 *
 * @param prefixCrc - CRC-32 of path ("" for the root) and data (nothing for null): `crc32` of both.
 * @returns a uint32.
 */
export function statDigest(
  prefixCrc: number,
  czxid: number,
  mzxid: number,
  pzxid: number,
  ctimeMs: number,
  mtimeMs: number,
  version: number,
  cversion: number,
  aversion: number,
  ephemeralOwner: bigint,
): number {
  setLong(0, czxid);
  setLong(2, mzxid);
  setLong(4, pzxid);
  setLong(6, ctimeMs);
  setLong(8, mtimeMs);
  words[10] = version;
  words[11] = cversion;
  words[12] = aversion;
  words[13] = ephemeralOwner === 0n ? 0 : Number(BigInt.asIntN(32, ephemeralOwner >> 32n));
  words[14] = ephemeralOwner === 0n ? 0 : Number(BigInt.asIntN(32, ephemeralOwner));
  return crc32OfStat(prefixCrc, words, 0) >>> 0;
}

function setLong(at: number, value: number): void {
  words[at] = Math.floor(value / TWO_32);
  words[at + 1] = value;
}
