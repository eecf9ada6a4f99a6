import { crc32, hasDigest, statDigest } from '@zooid/core';
import { encodeUtf8, type SnapshotZnode } from '@zooid/protocol';

/**
 * What one znode of a snapshot adds to the digest of the tree, a uint32; 0 for those that do not count. So the digest
 * of a file can be had without a tree.
 */
export function znodeDigest(znode: SnapshotZnode): number {
  if (!hasDigest(znode.path)) return 0;
  const path = encodeUtf8(znode.path);
  const pathCrc = crc32(0, path, 0, path.byteLength);
  const { data, stat } = znode;
  return statDigest(
    data === null ? pathCrc : crc32(pathCrc, data, 0, data.byteLength),
    stat.czxid,
    stat.mzxid,
    stat.pzxid,
    stat.ctime,
    stat.mtime,
    stat.version,
    stat.cversion,
    stat.aversion,
    stat.ephemeralOwner,
  );
}
