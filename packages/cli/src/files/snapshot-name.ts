import fs from 'node:fs';
import path from 'node:path';
import {
  parseSnapshotName,
  type SnapshotCompression,
  type SnapshotName,
} from '@zooid/server/files';
import { readableFileBytes } from './arguments.ts';

/**
 * A snapshot of any name: what it is compressed with shows in its first bytes, its zxid in its name, as far as it has
 * that of a snapshot (else NaN).
 *
 * @throws CommandError if there is no such file.
 */
export function snapshotNamed(file: string): SnapshotName {
  readableFileBytes(file);
  const zxid = parseSnapshotName(path.basename(file))?.zxid ?? Number.NaN;
  return { path: file, zxid, compression: compressionOf(file) };
}

function compressionOf(file: string): SnapshotCompression {
  const first = new Uint8Array(8);
  const fd = fs.openSync(file, 'r');
  try {
    fs.readSync(fd, first, 0, 8, 0);
  } finally {
    fs.closeSync(fd);
  }
  if (first[0] === 0x1f && first[1] === 0x8b) return 'gz';
  // -126 "SNAPPY" 0
  return first[0] === 0x82 && first[1] === 0x53 && first[2] === 0x4e ? 'snappy' : 'none';
}
